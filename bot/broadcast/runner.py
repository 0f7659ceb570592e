"""All broadcasts, from their confirmation to their report: what each does next is read off its stored status.

So a restart goes on where the last process was killed, and two admins who press at once press one button: a status is
left only once. Knows neither Telegram nor SQL, and no words.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.app.backoff import run_unless, wait_event
from bot.broadcast.lifecycle import (
    ENDED,
    UNPAID,
    BroadcastCommand,
    ListCursor,
    move,
    next_status,
    night_rest_ends,
    statuses_to_process,
)
from bot.broadcast.model import (
    AdminAction,
    Broadcast,
    BroadcastSnapshot,
    BroadcastStatus,
    HistoryEntry,
    Plan,
    RecipientStatus,
    content_for,
)
from bot.broadcast.ports import Admin, BroadcastRepository, BroadcastSender, ProgressMessage, RecipientRepository
from bot.broadcast.recaller import Recaller
from bot.broadcast.run import BroadcastRun
from bot.broadcast.sender import SendLoop
from bot.logs import scrubbed

log = logging.getLogger(__name__)
LOOK = 30.0
"""Seconds between two looks at the clock while waiting for a start."""
BREATH = 0.005
"""Seconds between two pages of recipients that are written: room for citizens."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before what went wrong is tried again."""
LOST = "on its way when the bot was stopped"
NOBODY = Admin(0, "")
"""Who pauses a broadcast that cannot be paid for."""
LIVE = frozenset(BroadcastStatus) - ENDED


class BroadcastRunner:
    """Every broadcast that has something left to do. `changed` hears of each that an admin should see anew."""

    def __init__(  # noqa: PLR0913 — what it needs from the house
        self,
        repository: BroadcastRepository,
        recipients_repository: RecipientRepository,
        sender: BroadcastSender,
        send_loop: SendLoop,
        recaller: Recaller,
        *,
        office_time: Callable[[], datetime],
        locales: tuple[str, ...],
        rate: float,
        changed: Callable[[int], None],
        ended: Callable[[int], Coroutine[Any, Any, None]],
    ) -> None:
        self._books = repository
        self._roll = recipients_repository
        self._herald = sender
        self._courier = send_loop
        self._recaller = recaller
        self._now = office_time
        self._locales = locales
        self._rate = rate
        self._changed = changed
        self._ended = ended
        self._lives: dict[int, asyncio.Task[None]] = {}
        self._nudges: dict[int, asyncio.Event] = {}
        self._rounds: dict[int, BroadcastRun] = {}
        self._stopping = False

    async def resume(self) -> int:
        """Take up what an earlier process left; returns how many there are."""
        numbers = await self._books.numbers(LIVE)
        for number in numbers:
            self._begin(number)
        return len(numbers)

    async def stop(self, grace: float) -> None:
        """Hear of those who are on the wire, for at most `grace` seconds; the rest is stored."""
        self._stopping = True
        for number in tuple(self._lives):
            self._nudge(number)
        if tasks := set(self._lives.values()):
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    def seconds_for(self, count: int) -> float:
        """How long it takes to send to so many."""
        return count / self._rate

    def moving(self) -> tuple[int, ...]:
        """The broadcasts whose figures change by themselves just now."""
        return tuple(self._rounds)

    async def launch(self, plan: Plan, admin: Admin, card: ProgressMessage) -> bool:
        """It was confirmed. False: it had been before, and goes out once."""
        done = HistoryEntry(admin.name, AdminAction.CONFIRMED, self._now())
        if not await self._books.confirm(plan, admin, done, card):
            return False
        self._begin(plan.number)
        return True

    async def steer(self, number: int, verb: BroadcastCommand, admin: Admin) -> bool:
        """An admin asks for something. False: it makes no sense as the broadcast stands now."""
        snapshot = await self.look(number)
        found = move(snapshot.broadcast, verb) if snapshot else None
        if not snapshot or not found:
            return False
        after, action = found
        done = HistoryEntry(admin.name, action, self._now())
        before = snapshot.broadcast.status
        if not await self._books.move(number, before, after, (admin, done), again=verb is BroadcastCommand.RESEND):
            return False
        self._begin(number)
        return True

    async def look(self, number: int) -> BroadcastSnapshot | None:
        """How it stands at this moment."""
        broadcast = await self._books.broadcast(number)
        return self._seen(broadcast) if broadcast else None

    async def recent(self, most: int) -> tuple[BroadcastSnapshot, ...]:
        """The newest broadcasts as they stand at this moment, newest first."""
        return tuple(self._seen(each) for each in await self._books.recent(most))

    async def listed(self, most: int, after: ListCursor | None = None) -> tuple[BroadcastSnapshot, ...]:
        """Broadcasts as they stand at this moment, as `BroadcastRepository.listed` orders them."""
        return tuple(self._seen(each) for each in await self._books.listed(most, after))

    def _seen(self, broadcast: Broadcast) -> BroadcastSnapshot:
        rounds = self._rounds.get(broadcast.plan.number)
        if not rounds:
            return BroadcastSnapshot(broadcast)
        figures = rounds.figures()
        elapsed = asyncio.get_running_loop().time() - rounds.began if rounds.began else 0.0
        measured = rounds.done / elapsed if elapsed > 1 and rounds.done else self._rate
        return BroadcastSnapshot(
            replace(broadcast, figures=figures), rounds.resting, rounds.left() / min(measured, self._rate)
        )

    # --- one broadcast's life ------------------------------------------------------------------------------------

    def _begin(self, number: int) -> None:
        """Let it live; one that does already looks at its status anew."""
        if (life := self._lives.get(number)) and not life.done():
            self._nudge(number)
        elif not self._stopping:
            self._nudges[number] = asyncio.Event()
            self._lives[number] = asyncio.create_task(self._live(number), name=f"broadcast {number}")

    def _nudge(self, number: int) -> None:
        self._nudges[number].set()
        if rounds := self._rounds.get(number):
            rounds.halted.set()

    async def _live(self, number: int) -> None:
        """Step by step to its end. What goes wrong is tried again until it can be done, and said once."""
        wake, pause, fine = self._nudges[number], FIRST_PAUSE, True
        while not self._stopping:
            try:
                # Whoever was on the wire when it went wrong, or when an earlier process was killed: nobody knows what
                # came of it, so nobody gets it twice.
                await self._roll.change_fates(number, RecipientStatus.SENDING, RecipientStatus.UNKNOWN, LOST)
                while not self._stopping and await self._take_step(number):
                    self._changed(number)
                    pause = FIRST_PAUSE
                    if not fine:
                        log.warning("broadcast %d goes on", number)
                    fine = True
            except Exception as error:
                if fine:
                    name = type(error).__name__
                    log.exception("broadcast %d is held up: %s", number, name, exc_info=scrubbed(error))
                fine = False
                wake.clear()
                await wait_event(wake, pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                return

    async def _take_step(self, number: int) -> bool:
        """What the status asks for; returns whether there is more to do."""
        wake = self._nudges[number]
        wake.clear()
        broadcast = await self._books.broadcast(number)
        if broadcast is None:
            return False
        match broadcast.status:
            case BroadcastStatus.PREPARING:
                await self._prepare(broadcast, wake)
            case BroadcastStatus.SCHEDULED:
                await self._wait_for_start(broadcast, wake)
            case BroadcastStatus.RUNNING | BroadcastStatus.RECALLING:
                await self._carry(broadcast, wake)
            case BroadcastStatus.PAUSED:
                await self._rest(number)
                await wake.wait()
            case BroadcastStatus.STOPPED | BroadcastStatus.DONE | BroadcastStatus.RECALLED:
                await self._rest(number)
                # An admin who leads it on meanwhile gets the report of the next end.
                await run_unless(wake, self._ended(number))
                return wake.is_set()
        return True

    async def _prepare(self, broadcast: Broadcast, wake: asyncio.Event) -> None:
        number = broadcast.plan.number
        while await self._roll.prepare(number, self._now()):
            if wake.is_set() or self._stopping:
                return
            await asyncio.sleep(BREATH)
        await self._rest(number)
        await self._go_on(broadcast)

    async def _wait_for_start(self, broadcast: Broadcast, wake: asyncio.Event) -> None:
        starts = broadcast.plan.starts or self._now()
        while (wait := (starts - self._now()).total_seconds()) > 0:
            await wait_event(wake, min(wait, LOOK))
            if wake.is_set():
                return
        await self._go_on(broadcast)

    async def _carry(self, broadcast: Broadcast, wake: asyncio.Event) -> None:
        plan, status = broadcast.plan, broadcast.status
        recalling = status is BroadcastStatus.RECALLING
        prepared = {each: self._herald.prepared(content_for(plan.versions, each), each) for each in self._locales}
        figures = await self._roll.count_fates(plan.number)
        statuses = frozenset({RecipientStatus.SENT}) if recalling else statuses_to_process(broadcast)
        rounds = BroadcastRun(
            plan, prepared, statuses, Counter(dict(figures.counts)), nights=night_rest_ends(broadcast)
        )
        self._rounds[plan.number] = rounds
        try:
            if wake.is_set():
                return
            finished = await (self._recaller if recalling else self._courier).carry(rounds)
        finally:
            del self._rounds[plan.number]
        if rounds.unpaid:
            after, action = UNPAID
            await self._books.move(plan.number, status, after, (NOBODY, HistoryEntry("", action, self._now())))
        elif finished:
            figures = await self._roll.count_fates(plan.number)
            await self._go_on(replace(broadcast, figures=figures))

    async def _go_on(self, broadcast: Broadcast) -> None:
        """It did all that its status asks for."""
        await self._books.move(broadcast.plan.number, broadcast.status, next_status(broadcast))

    async def _rest(self, number: int) -> None:
        """Write the figures down, for they stay as they are for a while."""
        await self._roll.count_fates(number)
        self._changed(number)
