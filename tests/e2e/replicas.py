"""Two processes of the bot on one PostgreSQL database, under faults: killed, frozen, cut off, the server restarted.

Each process has wires of its own to the database, to Telegram and to the API. A process that ends is started again, as
a supervisor does. The wires tell afterwards whether a process sent a request when it had no right to.
"""

import asyncio
import contextlib
import random
import signal
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bot.app.failpoints import LEASE_POINTS, POINTS
from bot.storage.lease import MARGIN, TTL
from tests.e2e.bot_process import BotProcess
from tests.e2e.fault_injection import Kills
from tests.e2e.services import Services
from tests.e2e.waiting import eventually
from tests.e2e.wires import Request, Wire, one_of, socket_file, tcp
from tests.storage.cluster import BOT, PASSWORD, Cluster, free_port
from tests.storage.databases import Database

TRUST = TTL - MARGIN
"""Seconds after a renewal for which the leader may send."""
ON_ITS_WAY = 1.0
"""Seconds that a request may take to the wire on a busy machine."""
NOTICED = 2.0
"""Seconds until a web server notices that a process is frozen."""
RESTART_SECONDS = 0.5
SAMPLE_SECONDS = 0.1
WITHIN = 90.0
"""Seconds for each step; a busy machine may need several times the usual three."""
FREEZES = (5.0, 20.0, 60.0)
CUTS = (2.0, 18.0)
LATEST = 6.0
"""Seconds. After a longer cut the connections are gone: an API that gets a request later than the bot's last look is a
limit that `docs/guarantees.md` names."""
CALM = (0.5, 3.0)
"""Seconds between two faults."""
DEEPEST = 3
"""How often a failpoint is reached at most before the fault."""
CANNOT_START, NOT_LEADING = 1, 3
SECRET = "whsec_replicas"
UPDATE_FAULTS = (
    {"kind": "drop_after", "method": "webhook", "probability": 0.05},
    {"kind": "drop_before", "method": "webhook", "probability": 0.05},
    {"kind": "delay", "method": "webhook", "seconds": 0.3, "probability": 0.2},
)
"""Updates that come twice, late, and in another order."""
WEBHOOK_FAULTS = (
    {"kind": "duplicate", "count": 2, "probability": 0.3},
    {"kind": "shuffle", "count": 4, "probability": 0.3},
    {"kind": "delay", "seconds": 3, "probability": 0.2},
    {"kind": "drop", "probability": 0.05},
)
MESSAGES = ("/sendMessage", "/sendPhoto", "/sendDocument")
LOOK = "SELECT replica, renewed_at FROM lease WHERE NOT is_released"
Fault = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Life:
    """One run of a process, from its start to its end (Unix seconds)."""

    pid: int
    began: float
    ended: float = float("inf")


@dataclass(slots=True)
class Replica:
    """A process with its wires. `crash_at` is the failpoint of its next start."""

    process: BotProcess
    database: Wire
    telegram: Wire
    moncreneau: Wire
    port: int
    """Where it receives webhooks."""
    lives: list[Life] = field(default_factory=list)
    crash_at: str = ""


@dataclass(slots=True)
class Replicas:
    """The processes and their faults. With `every_point` the leader is frozen at each failpoint, and nothing else."""

    both: tuple[Replica, Replica]
    cluster: Cluster
    place: str
    """The URL of the database, past the wires."""
    rng: random.Random
    entrance: Wire
    """Where webhooks come in."""
    every_point: bool = False
    kills: Kills = field(default_factory=Kills)
    ends: Counter[int] = field(default_factory=Counter)
    renewals: dict[int, list[float]] = field(default_factory=dict)
    """By process id: when it renewed the lease."""
    wrong: list[str] = field(default_factory=list)
    _leading: int = 0
    _away_until: float = 0.0
    _is_over: bool = False

    # --- what a run needs of it ----------------------------------------------------------------------------------

    async def run(self, enough: Callable[[], bool]) -> None:
        """Disturb until it is enough, then leave both running."""
        await self._both_work()
        plan: list[tuple[str, Fault]] = []
        while not enough():
            plan = plan or self._plan()
            name, fault = plan.pop()
            await fault()
            self.kills.named[name] += 1
            # Not until the other one stands by again: the next fault may find only one process.
            await self._within("one leads", self._is_led)
            await asyncio.sleep(self.rng.uniform(*CALM))
        await self._both_work()

    async def stop(self) -> bool:
        """Stop both; whether both ended as they should."""
        self._is_over = True
        return [await each.process.stop() for each in self.both] == [0, 0]

    @property
    def log(self) -> str:
        """The logs of both."""
        return "".join(each.process.log for each in self.both)

    @property
    def faults(self) -> list[str]:
        """What went wrong: wrong ends, requests of a process that had no right to send, tracebacks."""
        traces = ["there is a traceback in the log"] if "Traceback" in self.log else []
        return [*self.wrong, *self.untrusted(), *traces]

    # --- what the wires tell -------------------------------------------------------------------------------------

    def untrusted(self) -> list[str]:
        """The requests that left after the trust of their process had ended."""
        found = []
        for each in self.both:
            for request in [*each.telegram.requests, *each.moncreneau.requests]:
                life = next((life for life in each.lives if life.began <= request.at <= life.ended), None)
                renewals = self.renewals.get(life.pid, []) if life else []
                before = bisect_right(renewals, request.at)
                if before and (late := request.at - renewals[before - 1] - TRUST - ON_ITS_WAY) > 0:
                    found.append(f"{request.path} left {late:.1f} s after the trust of its process had ended")
        return found

    @property
    def messages_a_second(self) -> int:
        """The most messages that both sent within any second."""
        return most_within(1.0, [each.at for each in self._sent("telegram") if each.path.startswith(MESSAGES)])

    def requests_a_window(self, window: float) -> int:
        """The most requests that both sent to the API within one of its windows."""
        return most_in_a_window(window, [each.at for each in self._sent("moncreneau")])

    def _sent(self, wire: str) -> list[Request]:
        return sorted(request for each in self.both for request in getattr(each, wire).requests)

    # --- the faults ----------------------------------------------------------------------------------------------

    def _plan(self) -> list[tuple[str, Fault]]:
        """One of each fault in random order, to be taken from the end."""
        if self.every_point:
            points = self.rng.sample((*POINTS, *LEASE_POINTS), len((*POINTS, *LEASE_POINTS)))
            return [  # every point once, then every point for another time
                (f"frozen at {point} for {seconds:.0f} s", partial(self._freeze_at, point, seconds))
                for turn in range(len(FREEZES))
                for number, point in enumerate(points)
                for seconds in [FREEZES[(turn + number) % len(FREEZES)]]
            ]
        plan: list[tuple[str, Fault]] = [
            *[("killed", self._kill)] * 2,
            *[("stopped", self._stop)] * 2,
            *[(f"killed at {point}", partial(self._kill_at, point)) for point in self.rng.sample(POINTS, 3)],
            *[(f"frozen for {each:.0f} s", partial(self._freeze, each)) for each in (*FREEZES, *FREEZES[:2])],
            *[(f"cut from {wire}", partial(self._cut, wire)) for wire in ("database", "telegram", "moncreneau")] * 2,
            ("PostgreSQL restarted", self._restart_server),
        ]
        self.rng.shuffle(plan)
        return plan

    async def _kill(self) -> None:
        await self._one().process.kill()

    async def _stop(self) -> None:
        replica = self._one()
        number = len(replica.lives)
        replica.process.terminate()
        await self._within("it is started again", lambda: len(replica.lives) > number)

    async def _kill_at(self, point: str) -> None:
        replica = await self._leader_with(f"{point}:{self.rng.randint(1, DEEPEST)}")
        number = len(replica.lives)
        await self._within(f"killed at {point}", lambda: len(replica.lives) > number)

    async def _freeze(self, seconds: float) -> None:
        replica = self._one()
        replica.process.freeze()
        await self._thaw(replica, seconds)

    async def _freeze_at(self, point: str, seconds: float) -> None:
        times = 1 if point == "lease taken" else self.rng.randint(1, DEEPEST)  # a process takes it once
        replica = await self._leader_with(f"{point}:{times}:STOP")
        if await self._within(f"frozen at {point}", lambda: replica.process.is_frozen):
            await self._thaw(replica, seconds)

    async def _thaw(self, replica: Replica, seconds: float) -> None:
        end = time.monotonic() + seconds
        await asyncio.sleep(NOTICED)
        self.entrance.drop()
        await asyncio.sleep(end - time.monotonic())
        replica.process.thaw()

    async def _cut(self, what: str) -> None:
        wire: Wire = getattr(self._one(), what)
        seconds = self.rng.uniform(*CUTS)
        wire.cut()
        await asyncio.sleep(seconds)
        wire.mend(late=seconds < LATEST and self.rng.random() < 0.5)

    async def _restart_server(self) -> None:
        self._away_until = float("inf")
        await asyncio.to_thread(self.cluster.stop, self.rng.choice((signal.SIGINT, signal.SIGQUIT)))
        await asyncio.sleep(self.rng.uniform(0.0, 5.0))
        await asyncio.to_thread(self.cluster.start)
        self._away_until = time.time() + RESTART_SECONDS

    # --- the processes -------------------------------------------------------------------------------------------

    @property
    def leader(self) -> Replica | None:
        """The one that leads, as far as the database says."""
        return next((each for each in self.both if each.process.running and each.process.pid == self._leading), None)

    def _one(self) -> Replica:
        """Mostly the leader."""
        if self.leader and self.rng.random() < 0.8:
            return self.leader
        return self.rng.choice([each for each in self.both if each.process.running])

    def present_ports(self) -> Sequence[int]:
        """Where a web server sends webhooks: it has noticed who is frozen."""
        return [each.port for each in self.both if not each.process.is_frozen]

    async def _both_work(self) -> None:
        """Wait until one leads and both run."""
        await self._within("both run", lambda: all(each.process.running for each in self.both))
        await self._within("one leads, and the other stands by", self._is_settled)

    def _is_led(self) -> bool:
        return self.leader is not None and self.leader.process.is_ready_or_dead()

    def _is_settled(self) -> bool:
        return self._is_led() and all(each.process.is_standby() for each in self.both if each is not self.leader)

    async def _leader_with(self, crash_at: str) -> Replica:
        """Let the standby lead, started anew with this failpoint."""
        leader = self.leader
        chosen = next(each for each in self.both if each is not leader)
        number, chosen.crash_at = len(chosen.lives), crash_at
        await chosen.process.kill()
        await self._within("it is started again", lambda: len(chosen.lives) > number)
        await self._within("it stands by", lambda: chosen.process.is_standby() or len(chosen.lives) > number + 1)
        if leader and leader.process.running:
            leader.process.terminate()
        return chosen

    async def _within(self, what: str, look: Callable[[], bool]) -> bool:
        try:
            await eventually(what, look, within=WITHIN)
        except AssertionError as error:
            self.wrong.append(str(error))
            return False
        return True

    async def keep(self, replica: Replica) -> None:
        """Start it, and again whenever it ends."""
        while not self._is_over:
            crash_at, replica.crash_at = replica.crash_at, ""
            began = time.time()
            await replica.process.start(ready=False, crash_at=crash_at, HTTP_PORT=str(replica.port))
            life = Life(replica.process.pid, began)
            replica.lives.append(life)
            code = None
            while code is None:
                code = await replica.process.ended(WITHIN)
            life.ended = time.time()
            self.ends[code] += 1
            was_away = began <= self._away_until
            if code not in {0, NOT_LEADING, -signal.SIGKILL} and not (code == CANNOT_START and was_away):
                self.wrong.append(f"a process ended with {code}")
            await asyncio.sleep(RESTART_SECONDS)

    async def watch(self) -> None:
        """Note who renews the lease, and when."""
        while True:
            with contextlib.suppress(psycopg.Error):
                async with await psycopg.AsyncConnection.connect(self.place, autocommit=True) as session:
                    while True:
                        self._note(await (await session.execute(LOOK)).fetchone())
                        await asyncio.sleep(SAMPLE_SECONDS)
            await asyncio.sleep(SAMPLE_SECONDS)

    def _note(self, row: tuple[Any, ...] | None) -> None:
        if row is None:
            return
        replica, renewed_at = row
        self._leading = int(replica.split("-")[-2])
        known = self.renewals.setdefault(self._leading, [])
        if not known or known[-1] < renewed_at:
            known.append(renewed_at)


@asynccontextmanager
async def two_replicas(  # noqa: PLR0913 — what a run has
    services: Services,
    first: BotProcess,
    rng: random.Random,
    *,
    folder: Path,
    cluster: Cluster,
    database: Database,
    webhook: bool = False,
    every_point: bool = False,
) -> AsyncIterator[Replicas]:
    """Two processes that run while the block does, on a database of this cluster."""
    async with AsyncExitStack() as stack:
        both = []
        for number in range(2):
            place = folder / f"replica-{number}"
            place.mkdir()
            there = (urlsplit(str(each.base_url)).port or 0 for each in (services.telegram, services.moncreneau))
            reaches = (socket_file(cluster.folder / ".s.PGSQL.5432"), *map(tcp, there))
            ends, telegram, moncreneau = [await stack.enter_async_context(Wire(each).open()) for each in reaches]
            own = {
                "DATABASE_URL": f"postgresql://{BOT}:{PASSWORD}@127.0.0.1:{ends.port}/{database.name}",
                "TELEGRAM_API_URL": f"http://127.0.0.1:{telegram.port}",
                "MONCRENEAU_API_URL": f"http://127.0.0.1:{moncreneau.port}/api/v1",
                "TELEGRAM_RATE": "30",
            }
            process = BotProcess(place, first.settings | own, database)
            process.settings |= own
            both.append(Replica(process, ends, telegram, moncreneau, port=free_port()))
        replicas = Replicas(
            (both[0], both[1]), cluster, database.place, rng, Wire(one_of(list)), every_point=every_point
        )
        replicas.entrance = Wire(one_of(replicas.present_ports))
        await stack.enter_async_context(replicas.entrance.open())
        if webhook:
            await _send_webhooks(services, replicas)
        tasks = [asyncio.create_task(each) for each in (replicas.watch(), *map(replicas.keep, replicas.both))]
        try:
            yield replicas
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for replica in replicas.both:
                await replica.process.kill()


async def _send_webhooks(services: Services, replicas: Replicas) -> None:
    """Let Telegram and the API deliver to both, late, twice, in another order or never."""
    url = f"http://127.0.0.1:{replicas.entrance.port}"
    for each in replicas.both:
        each.process.settings |= {
            "TELEGRAM_WEBHOOK": "1",
            "PUBLIC_URL": url,
            "MONCRENEAU_WEBHOOK_SECRET": SECRET,
        }
    await services.inject_faults(telegram=list(UPDATE_FAULTS))
    endpoint = {"url": f"{url}/hooks/moncreneau", "secret": SECRET, "timeFactor": 0.01}
    for what, body in (("webhooks", endpoint), ("webhooks/faults", list(WEBHOOK_FAULTS))):
        (await services.moncreneau.post(f"/__sandbox/{what}", json=body)).raise_for_status()


def most_within(seconds: float, times: Sequence[float]) -> int:
    """The most of these sorted times within any span of so many seconds."""
    return max((number + 1 - bisect_right(times, at - seconds) for number, at in enumerate(times)), default=0)


def most_in_a_window(seconds: float, times: Sequence[float]) -> int:
    """The most of these sorted times in one window; each begins with the first time after the one before."""
    most = count = 0
    ends = float("-inf")
    for at in times:
        if at >= ends:
            count, ends = 0, at + seconds
        count += 1
        most = max(most, count)
    return most
