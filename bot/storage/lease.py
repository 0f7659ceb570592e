"""The lease: which of several processes leads, on PostgreSQL. The leader acts; the others, its standbys, wait.

A replica is one process. The leader holds an advisory lock on a session of its own, and a row with an `epoch` (a
fencing token) that it renews. Two things end a leader's right to act:

- `fence`, at the beginning of each transaction that writes: when the epoch has moved on, nothing is stored.
- `may_send`, immediately before a request leaves: the leader trusts its lease until some seconds before it expires. It
  reads a clock that also counts the time for which the machine was suspended.

A standby takes over when the leader resigned, when its process is gone, or when its lease has expired. It first ends
the old leader's sessions and only then moves the epoch on: a process that was frozen within a transaction would commit
it when it thaws. All times in the row are Unix seconds by the database's clock. Knows nothing of what the leader does.
"""

import asyncio
import contextlib
import logging
import os
import re
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.app.failpoints import reach
from bot.app.reachability import ReachabilityLog
from bot.core.health import ReplicaHealth, Role
from bot.storage import engines, migrate, postgresql

log = logging.getLogger(__name__)
TTL = 10.0
"""Seconds from a renewal to the end of the lease, by the database's clock."""
MARGIN = 3.0
"""Seconds before that end at which the leader itself stops to act. What it sent before is then answered, mostly."""
RENEW_SECONDS = 2.0
RETRY_SECONDS = 0.5
"""Seconds between two renewals, and after one that failed."""
LOOK_SECONDS = 0.2
"""Seconds between two looks of a standby."""
GONE_SECONDS = 2.0
"""Seconds in which a living leader connects again after the server ended all sessions, as it does when one crashes."""
UNSEEN = 5.0
"""Seconds after which what a standby saw last says nothing about the database."""
WIRE = {"tcp_user_timeout": "5000", "keepalives_idle": "2", "keepalives_interval": "1", "keepalives_count": "3"}
"""libpq's parameters of the lease's session: a cut must be noticed before the lease ends. Those in the address win."""
ERRORS = (SQLAlchemyError, OSError)

NOW = "extract(epoch FROM clock_timestamp())::float8"
SERVER = "extract(epoch FROM pg_postmaster_start_time())::float8"
"""Tells a server from itself after a restart, and from the one that took its place."""
SESSIONS_OF = f"pg_stat_activity WHERE datname = current_database() AND application_name = '{postgresql.PROGRAM} ' || "
IS_SERVED = f"""NOT EXISTS (SELECT FROM facts
    WHERE name = '{migrate.SERVES}' AND split_part(value, ' ', 1) > '{migrate.newest()}')"""
"""Whether the tables serve this release: a newer one may have taken away what this one needs."""
STANDBYS = f"""(SELECT count(DISTINCT application_name) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE '{postgresql.PROGRAM} %'
        AND application_name <> '{postgresql.PROGRAM} ' || replica)"""  # noqa: S608
LOOK = text(f"""SELECT {IS_SERVED} AS is_served, epoch, replica, since, takeovers, clock_gap, {NOW} - renewed_at AS age,
        is_released, {NOW} >= expires_at AS is_expired,
        NOT EXISTS (SELECT FROM {SESSIONS_OF} replica) AS is_gone, {STANDBYS} AS standbys,
        server_started = {SERVER} AS is_same_server
    FROM lease""")  # noqa: S608 — our own constants
"""`is_gone`: the replica has no session. `is_same_server`: the server was not restarted since the last renewal, but it
may have ended all sessions."""
FIRST = text(f"""INSERT INTO lease (epoch, replica, since, renewed_at, expires_at, is_released, takeovers, clock_gap,
        server_started)
    SELECT 1, :replica, {NOW}, {NOW}, {NOW} + {TTL}, false, 0, :time - {NOW}, {SERVER}
    WHERE NOT EXISTS (SELECT FROM lease) RETURNING epoch, since, takeovers, {STANDBYS} AS standbys""")  # noqa: S608
NEXT = text(f"""UPDATE lease SET epoch = epoch + 1, replica = :replica, since = {NOW}, renewed_at = {NOW},
        expires_at = {NOW} + {TTL}, takeovers = takeovers + (NOT is_released)::int, is_released = false,
        clock_gap = :time - {NOW}, server_started = {SERVER}
    WHERE epoch = :epoch AND {IS_SERVED} RETURNING epoch, since, takeovers, {STANDBYS} AS standbys""")  # noqa: S608
RENEW = text(f"""UPDATE lease SET renewed_at = {NOW}, expires_at = {NOW} + {TTL}, clock_gap = :time - {NOW},
        server_started = {SERVER}
    WHERE epoch = :epoch AND replica = :replica AND NOT is_released AND {IS_SERVED} RETURNING {STANDBYS}""")  # noqa: S608
RESIGN = text("UPDATE lease SET is_released = true WHERE epoch = :epoch AND replica = :replica")
FENCE = text(f"""SELECT 1 FROM lease WHERE epoch = :epoch AND replica = :replica AND NOT is_released AND {IS_SERVED}
    FOR KEY SHARE""")  # noqa: S608
"""The epoch is the primary key: moving it on waits for the transactions that hold this lock, and renewing does not."""
END_SESSIONS = text(f"SELECT pg_terminate_backend(pid) FROM {SESSIONS_OF} CAST(:replica AS text)")  # noqa: S608
END_OWN_LOCK = text(f"""SELECT pg_terminate_backend(pid) FROM {SESSIONS_OF} CAST(:replica AS text)
    AND pid <> pg_backend_pid() AND pid IN (SELECT pid FROM pg_locks
        WHERE locktype = 'advisory' AND classid = 0 AND objid = {postgresql.RUNNING})""")  # noqa: S608


AT_END = ": another process leads, or a newer release has changed the tables"


class LeaseLostError(Exception):
    """Another replica leads, so nothing was stored."""


def boot_time() -> float:
    """Seconds since the machine started, those included for which it was suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def replica_name() -> str:
    """A new name for this process: its host and process id, and four digits against repetition."""
    host = re.sub(r"[^A-Za-z0-9.-]", "", socket.gethostname())[:24]
    return f"{host}-{os.getpid()}-{secrets.token_hex(2)}"


class Lease:
    """The lease of the database at `url`, as the replica `name` sees it. `on_lost` is called once, with the reason.

    `now` returns seconds of a clock that never stands still.
    """

    def __init__(
        self, url: str, name: str, on_lost: Callable[[str], None], now: Callable[[], float] = boot_time
    ) -> None:
        self.name = name
        self.url = postgresql.url_of_replica(url, name)
        """The address for all sessions of this replica: they carry its name, so that another one can end them."""
        self._engine = engines.engine_for(postgresql.url_with(self.url, WIRE))
        self._on_lost = on_lost
        self._now = now
        self._session: AsyncConnection | None = None
        self._met: str | None = None
        """The leader that had sessions when our own session looked. If it then has none, its process has ended: after a
        restart of the server nobody has a session, but ours would have ended too."""
        self._epoch: int | None = None
        self._trusted_until = float("-inf")
        self._is_lost = False
        self._gone: tuple[int, float] | None = None
        """The epoch whose leader has had no session since this time."""
        self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._reachability = ReachabilityLog("the database (lease)", failures=2)
        self._seen: ReplicaHealth | None = None
        self._seen_at = float("-inf")

    # --- the leader's rights -------------------------------------------------------------------------------------

    def may_send(self) -> bool:
        """Whether a request may leave now. A standby sends none but those that prepare it, which change nothing."""
        return self._epoch is None or self._now() < self._trusted_until

    def fence(self, connection: Connection) -> None:
        """Begin a transaction that writes. Raises `LeaseLostError`, so that nothing of it is stored."""
        if connection.scalar(FENCE, {"epoch": self._epoch, "replica": self.name}) is None:
            self._loop.call_soon_threadsafe(self._lose, f"epoch {self._epoch} is over{AT_END}")
            raise LeaseLostError

    def health(self) -> ReplicaHealth | None:
        """What is known of the leadership; None before the first look."""
        if self._seen is None:
            return None
        age = None if self._seen.lease_age is None else self._seen.lease_age + self._now() - self._seen_at
        return self._seen.at_age(age, database=self._now() - self._seen_at < UNSEEN)

    # --- its life ------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Stand by until this replica leads; lead while the block runs; then resign, so that another leads at once."""
        renewing: asyncio.Task[None] | None = None
        try:
            await self._acquire()
            renewing = asyncio.create_task(self._keep(), name="lease")
            yield
        finally:
            self._stopping.set()
            if renewing:
                await asyncio.wait({renewing}, timeout=RENEW_SECONDS)
                renewing.cancel()
                await self._resign()
            await self._drop_session()
            await self._engine.dispose()

    async def _acquire(self) -> None:
        is_told = False
        while True:
            try:
                session = await self._connected()
                row = (await session.execute(LOOK)).one_or_none()
                self._reachability.succeeded()
                self._note_standby(row)
                if row is not None and not row.is_served:
                    self._lose("a newer release has changed the tables, and they no longer serve this one")
                    raise LeaseLostError
                if await self._take(session, row):
                    return
                if not is_told:
                    is_told = True
                    log.info("standby: %s", _leads(row))
            except ERRORS as error:
                self._reachability.failed(engines.cause(error))
                await self._drop_session()
            await asyncio.sleep(LOOK_SECONDS)

    async def _take(self, session: AsyncConnection, row: Row[Any] | None) -> bool:
        """Take over if the leader has ended; returns whether this replica leads now."""
        if row is not None and not row.is_released:
            if not row.is_expired and not self._has_ended(row):
                return False
            if not row.is_gone:
                log.warning("%s has not renewed its lease for %.0f s: ending its sessions", row.replica, row.age)
                await session.execute(END_SESSIONS, {"replica": row.replica})
                return False  # the next look shows whether they have ended
        if not await session.scalar(postgresql.TRY_PROCESS_LOCK):
            return False
        started = self._now()
        values = {"replica": self.name, "time": time.time()}
        begin = (FIRST, values) if row is None else (NEXT, {**values, "epoch": row.epoch})
        begun = (await session.execute(*begin)).one_or_none()
        if begun is None:  # another replica led since the look
            await session.execute(postgresql.RELEASE_PROCESS_LOCK)
            return False
        self._epoch = begun.epoch
        reach("lease taken")
        self._note_leader(started, begun.standbys, since=begun.since, takeovers=begun.takeovers)
        log.info("leader, epoch %d: %s%s", begun.epoch, self.name, _after(row))
        return True

    def _has_ended(self, row: Row[Any]) -> bool:
        """Whether the leader's process has surely ended."""
        if not row.is_gone:
            self._met, self._gone = row.replica, None
            return False
        if self._gone is None or self._gone[0] != row.epoch:
            self._gone = row.epoch, self._now()
        is_long_gone = self._now() - self._gone[1] >= GONE_SECONDS
        return row.replica == self._met or (row.is_same_server and is_long_gone)

    async def _keep(self) -> None:
        """Renew the lease until it is lost or this replica stops."""
        pause = RENEW_SECONDS
        while not self._is_lost:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
                    return
            try:
                pause = RENEW_SECONDS if await self._renew() else RETRY_SECONDS
            except ERRORS as error:
                pause = RETRY_SECONDS
                self._reachability.failed(f"{engines.cause(error)}; nothing is sent once the lease has run out")
                await self._drop_session()

    async def _renew(self) -> bool:
        """Renew the lease once; on a new session only if the lock is still ours to take."""
        is_new = self._session is None
        session = await self._connected()
        if is_new and not await session.scalar(postgresql.TRY_PROCESS_LOCK):
            # The server may not have missed our last session yet. If another replica has the lock, the epoch tells.
            await session.execute(END_OWN_LOCK, {"replica": self.name})
            row = (await session.execute(LOOK)).one_or_none()
            await self._drop_session()
            if row is None or (row.epoch, row.replica) != (self._epoch, self.name):
                self._lose(f"epoch {self._epoch} is over: {_leads(row)}")
            return False
        started = self._now()
        values = {"epoch": self._epoch, "replica": self.name, "time": time.time()}
        standbys = await session.scalar(RENEW, values)
        if standbys is None:
            self._lose(f"epoch {self._epoch} is over{AT_END}")
            return False
        reach("lease renewed")
        self._note_leader(started, standbys)
        self._reachability.succeeded()
        return True

    async def _resign(self) -> None:
        self._trusted_until = float("-inf")
        if self._session is not None and not self._is_lost:
            try:
                await self._session.execute(RESIGN, {"epoch": self._epoch, "replica": self.name})
            except ERRORS as error:
                log.warning("the lease could not be given back, it ends by itself: %s", engines.cause(error))
            else:
                log.info("resigned, epoch %d", self._epoch)

    def _lose(self, why: str) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._trusted_until = float("-inf")
            self._on_lost(why)

    # --- the session ---------------------------------------------------------------------------------------------

    async def _connected(self) -> AsyncConnection:
        if self._session is None:
            # No transaction is open on it: the server ends sessions that are idle within one.
            self._session = await (await self._engine.connect()).execution_options(isolation_level="AUTOCOMMIT")
        return self._session

    async def _drop_session(self) -> None:
        """Close the session; the server then releases the lock."""
        session, self._session, self._met = self._session, None, None
        if session is not None:
            with contextlib.suppress(*ERRORS):
                await session.invalidate()
            with contextlib.suppress(*ERRORS):
                await session.close()

    # --- what health reports show --------------------------------------------------------------------------------

    def _note_standby(self, row: Row[Any] | None) -> None:
        self._seen_at = self._now()
        is_led = row is not None and not row.is_released
        self._seen = ReplicaHealth(
            role=Role.STANDBY,
            replica=self.name,
            leader=row.replica if row is not None and is_led else None,
            since=datetime.fromtimestamp(row.since, UTC) if row is not None and is_led else None,
            epoch=0 if row is None else row.epoch,
            lease_age=row.age if row is not None and is_led else None,
            takeovers=0 if row is None else row.takeovers,
            standbys=1 if row is None else row.standbys,
        )

    def _note_leader(self, renewed: float, standbys: int, since: float = 0.0, takeovers: int = 0) -> None:
        """The lease was renewed by an attempt that began at `renewed`; `since` is given once, when it begins."""
        self._seen_at, self._trusted_until = renewed, renewed + TTL - MARGIN
        if since:
            self._seen = ReplicaHealth(
                role=Role.LEADER,
                replica=self.name,
                leader=self.name,
                since=datetime.fromtimestamp(since, UTC),
                epoch=self._epoch or 0,
                lease_age=0.0,
                takeovers=takeovers,
                standbys=standbys,
            )
        elif self._seen:
            self._seen = replace(self._seen, standbys=standbys)


@dataclass(frozen=True, slots=True)
class Leadership:
    """Who leads, as a process sees it that takes no part. `leader` is the last one if none leads now."""

    leader: str
    since: datetime
    """Aware, in UTC."""
    epoch: int
    age: float
    """Seconds since it renewed its lease."""
    is_over: bool
    """Whether it resigned, or its lease has expired."""
    standbys: int
    leaders_clock_gap: float
    """Seconds by which the leader's clock is ahead of the database's."""
    clock_gap: float
    """Seconds by which our own clock is."""


async def leadership(url: str) -> Leadership | None:
    """Who leads on the PostgreSQL database at `url`; None if no process ever did. Raises the database's errors."""
    engine = engines.engine_for(url)
    try:
        async with engine.connect() as session:
            before = time.time()
            now = await session.scalar(text(f"SELECT {NOW}"))
            after = time.time()
            row = (await session.execute(LOOK)).one_or_none()
    finally:
        await engine.dispose()
    return (
        None
        if row is None
        else Leadership(
            leader=row.replica,
            since=datetime.fromtimestamp(row.since, UTC),
            epoch=row.epoch,
            age=row.age,
            is_over=row.is_released or row.is_expired,
            standbys=row.standbys,
            leaders_clock_gap=row.clock_gap,
            clock_gap=(before + after) / 2 - now,
        )
    )


def _leads(row: Row[Any] | None) -> str:
    """Who leads, in words."""
    if row is None or row.is_released:
        return "another process works on the database"
    return (
        f"{row.replica} leads since {datetime.fromtimestamp(row.since, UTC):%Y-%m-%d %H:%M:%S} UTC, epoch {row.epoch}"
    )


def _after(row: Row[Any] | None) -> str:
    """How the last leader ended, for the log."""
    if row is None:
        return ""
    if row.is_released:
        return f" (after {row.replica} resigned)"
    return f" (after {row.replica} ended without resigning)"
