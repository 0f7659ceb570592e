"""Shared by sending and recalling: the state of one run, the order of its recipients, the writer of their statuses.

Knows nothing of what is done with a recipient.
"""

import asyncio
import heapq
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from bot.app.backoff import wait_event
from bot.broadcast.model import Plan, RecipientCounts, RecipientStatus
from bot.broadcast.ports import PreparedMessage, Recipient, RecipientRepository, StatusUpdate

PAGE = 500
MAX_DEFERRED = 50_000
"""Deferred recipients in memory (some 20 MB); beyond that, no page is read until some of them are due."""
LONG_AGO = float("-inf")


@dataclass(slots=True)
class BroadcastRun:
    """The state of one run of sending or recalling, in memory.

    Recipients of `statuses` are processed. Once `halted` is set no other recipient is begun, and those in flight are
    waited for. `counts` are the present counts. `done` recipients were processed since `began` (the loop's time).
    `resumes_at`: it pauses for the night until then; `nights` are those in which it does not pause. `unrecallable`
    messages could not be deleted. `error` is the error that halted it. `unpaid`: Telegram refused a paid broadcast.
    `listed` is when the recipients were listed (office time), None if they need not be booked.
    """

    plan: Plan
    prepared: dict[str, PreparedMessage]
    statuses: frozenset[RecipientStatus]
    counts: Counter[RecipientStatus] = field(default_factory=Counter)
    resumes_at: datetime | None = None
    halted: asyncio.Event = field(default_factory=asyncio.Event)
    deferred: list[tuple[float, int, Recipient]] = field(default_factory=list)
    in_flight: set[asyncio.Task[None]] = field(default_factory=set)
    done: int = 0
    began: float = 0.0
    unrecallable: int = 0
    error: Exception | None = None
    nights: frozenset[datetime] = frozenset()
    unpaid: bool = False
    listed: datetime | None = None

    def recipient_counts(self) -> RecipientCounts:
        """How many recipients have which status at this moment."""
        return RecipientCounts(tuple((status, number) for status, number in self.counts.items() if number))

    def left(self) -> int:
        """How many are still to be processed."""
        return sum(self.counts[each] for each in self.statuses | {RecipientStatus.SENDING}) - self.unrecallable

    def moved(self, before: RecipientStatus, after: RecipientStatus) -> None:
        """Count the change of one recipient's status."""
        self.counts[before] -= 1
        self.counts[after] += 1

    def defer(self, recipient: Recipient, due: float) -> None:
        """Process the recipient again at `due` (the loop's time)."""
        heapq.heappush(self.deferred, (due, recipient.chat_id, recipient))

    def due(self, now: float) -> Recipient | None:
        """Take the next deferred recipient who is due, if any."""
        return heapq.heappop(self.deferred)[2] if self.deferred and self.deferred[0][0] <= now else None

    def abort(self, error: Exception) -> None:
        """Halt because of an error; the first one is kept."""
        self.error = self.error or error
        self.halted.set()


async def recipients_to_send(
    recipients: RecipientRepository, run: BroadcastRun
) -> AsyncIterator[tuple[Recipient, float]]:
    """Deferred recipients who are due, then the list page by page, until nobody is left or the run is halted.

    Each comes with the time of the loop at which it was read.
    """
    loop = asyncio.get_running_loop()
    after, exhausted = 0, False
    while not run.halted.is_set():
        if recipient := run.due(loop.time()):
            yield recipient, LONG_AGO
        elif not exhausted and len(run.deferred) < MAX_DEFERRED:
            page, read_at = (
                await recipients.page(run.plan.number, run.statuses, after, PAGE),
                loop.time(),
            )
            exhausted = len(page) < PAGE
            for each in page:
                after = each.chat_id
                yield each, read_at
                if run.halted.is_set():
                    return
                while recipient := run.due(loop.time()):
                    yield recipient, LONG_AGO
        elif run.in_flight:
            # One in flight may be deferred, and be due before the others.
            wait = run.deferred[0][0] - loop.time() if run.deferred else None
            await asyncio.wait(run.in_flight, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        elif run.deferred:
            await wait_event(run.halted, run.deferred[0][0] - loop.time())
        else:
            return


class StatusWriter:
    """Records new statuses of recipients in batches: while one batch is written, the next one gathers.

    The updates of one recipient are written in their order. After `close` all of them are on the disk.
    """

    def __init__(self, recipients: RecipientRepository, number: int) -> None:
        self._recipients = recipients
        self._number = number
        self._gathered: list[StatusUpdate] = []
        self._written: asyncio.Future[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    def record(self, update: StatusUpdate) -> None:
        """Record it soon."""
        self._add(update)

    async def record_and_wait(self, update: StatusUpdate) -> None:
        """Record it; returns when it is on the disk."""
        await asyncio.shield(self._add(update))

    async def close(self) -> None:
        """Wait until everything is on the disk. Raises what writing raised."""
        if self._writing:
            await asyncio.shield(self._writing)
        if self._error:
            raise self._error

    def _add(self, update: StatusUpdate) -> "asyncio.Future[None]":
        self._gathered.append(update)
        if self._written is None:
            self._written = asyncio.get_running_loop().create_future()
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return self._written

    async def _write(self) -> None:
        while self._gathered:
            batch, self._gathered = tuple(self._gathered), []
            written, self._written = self._written, None
            try:
                await self._recipients.record(self._number, batch)
            except Exception as error:  # noqa: BLE001 — raised to the waiters and by `close`
                self._error = error
                if written and not written.done():
                    written.set_exception(error)
                    written.exception()  # retrieved: nobody has to wait for it
            if written and not written.done():
                written.set_result(None)
