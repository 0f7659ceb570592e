"""One broadcast on its way, sent or taken back: what the running process knows of it beyond the books. Asks nobody.

In which order a broadcast's recipients come up: those who had to wait and are due, then the list, page by page.

Knows nothing of what is done with them.

Notes what becomes of a broadcast's recipients, many at a time: while one batch is written the next one gathers.

Notes of one recipient are written in the order in which they were made. Knows nothing of what they mean.
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


@dataclass(slots=True)
class BroadcastRun:
    """`halted` is set, and nobody more gets it; who is on the wire is still heard of.

    `statuses` are the fates whose turn it is; `counts` are the figures as they are now; `resting` says until when the
    night holds it up; `done` and `began` tell how fast it goes; `kept` counts the messages that could not be taken
    back; `error` is why it had to be halted, where nobody asked for it; `nights` are those in which it need not rest
    (`nights_of`); `unpaid` says that it has to be paid for first.
    """

    plan: Plan
    prepared: dict[str, PreparedMessage]
    statuses: frozenset[RecipientStatus]
    counts: Counter[RecipientStatus] = field(default_factory=Counter)
    resting: datetime | None = None
    halted: asyncio.Event = field(default_factory=asyncio.Event)
    later: list[tuple[float, int, Recipient]] = field(default_factory=list)
    on_wire: set[asyncio.Task[None]] = field(default_factory=set)
    done: int = 0
    began: float = 0.0
    kept: int = 0
    error: Exception | None = None
    nights: frozenset[datetime] = frozenset()
    unpaid: bool = False

    def figures(self) -> RecipientCounts:
        """How many have which fate at this moment."""
        return RecipientCounts(tuple((status, number) for status, number in self.counts.items() if number))

    def left(self) -> int:
        """How many have to be worked on yet."""
        return sum(self.counts[each] for each in self.statuses | {RecipientStatus.SENDING}) - self.kept

    def moved(self, before: RecipientStatus, after: RecipientStatus) -> None:
        """Somebody's fate changes."""
        self.counts[before] -= 1
        self.counts[after] += 1

    def defer(self, recipient: Recipient, due: float) -> None:
        """Somebody has to wait until `due` (the loop's time)."""
        heapq.heappush(self.later, (due, recipient.chat_id, recipient))

    def due(self, now: float) -> Recipient | None:
        """Take the next of those who had to wait, if they need not any longer."""
        return heapq.heappop(self.later)[2] if self.later and self.later[0][0] <= now else None

    def fails(self, error: Exception) -> None:
        """Nobody more gets it, for this reason; the first one counts."""
        self.error = self.error or error
        self.halted.set()


PAGE = 500
MOST_WAITING = 50_000
"""Recipients put off at once (some 20 MB); with more of them the list is read no further until some are due."""
LONG_AGO = float("-inf")


async def recipients_to_send(
    recipients_repository: RecipientRepository, rounds: BroadcastRun
) -> AsyncIterator[tuple[Recipient, float]]:
    """Whoever is next, and when that was known of them (the loop's time), until nobody is left or it is halted."""
    loop = asyncio.get_running_loop()
    after, exhausted = 0, False
    while not rounds.halted.is_set():
        if recipient := rounds.due(loop.time()):
            yield recipient, LONG_AGO
        elif not exhausted and len(rounds.later) < MOST_WAITING:
            page, read_at = (
                await recipients_repository.page(rounds.plan.number, rounds.statuses, after, PAGE),
                loop.time(),
            )
            exhausted = len(page) < PAGE
            for each in page:
                after = each.chat_id
                yield each, read_at
                if rounds.halted.is_set():
                    return
                while recipient := rounds.due(loop.time()):
                    yield recipient, LONG_AGO
        elif rounds.on_wire:
            # Any of them may be put off, and be due before those who were.
            wait = rounds.later[0][0] - loop.time() if rounds.later else None
            await asyncio.wait(rounds.on_wire, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        elif rounds.later:
            await wait_event(rounds.halted, rounds.later[0][0] - loop.time())
        else:
            return


class StatusWriter:
    """The notes of one broadcast. `close` it, and all of them are on the disk."""

    def __init__(self, recipients_repository: RecipientRepository, number: int) -> None:
        self._roll = recipients_repository
        self._number = number
        self._gathered: list[StatusUpdate] = []
        self._written: asyncio.Future[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    def soon(self, entry: StatusUpdate) -> None:
        """Note it; nobody waits."""
        self._note(entry)

    async def now(self, entry: StatusUpdate) -> None:
        """Note it; returns when it is on the disk."""
        await asyncio.shield(self._note(entry))

    async def close(self) -> None:
        """Wait until everything is on the disk. Raises what writing raised."""
        if self._writing:
            await asyncio.shield(self._writing)
        if self._error:
            raise self._error

    def _note(self, entry: StatusUpdate) -> "asyncio.Future[None]":
        self._gathered.append(entry)
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
                await self._roll.note(self._number, batch)
            except Exception as error:  # noqa: BLE001 — whatever it is, whoever waits and whoever closes must hear it
                self._error = error
                if written and not written.done():
                    written.set_exception(error)
                    written.exception()  # nobody need wait
            if written and not written.done():
                written.set_result(None)
