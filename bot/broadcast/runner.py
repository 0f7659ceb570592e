"""Runs every broadcast from its confirmation to its report; the stored status alone determines the next step.

So a restart resumes where the last process ended, and two admins who press at once cause one transition. Knows neither
Telegram nor SQL, and no texts.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.app.backoff import Backoff, wait_event
from bot.app.steady_clock import SteadyClock
from bot.broadcast.lifecycle import (
    ENDED,
    UNPAID,
    BroadcastCommand,
    ListCursor,
    listed_at,
    next_status,
    nights_allowed,
    statuses_to_process,
    transition,
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
from bot.broadcast.ports import (
    Admin,
    BroadcastRepository,
    BroadcastSender,
    OwnBroadcasts,
    ProgressMessage,
    RecipientRepository,
)
from bot.broadcast.recaller import Recaller
from bot.broadcast.run import BroadcastRun
from bot.broadcast.sender import SendLoop
from bot.logs import scrubbed

log = logging.getLogger(__name__)
CLOCK_CHECK = 30.0
"""Seconds between two checks of the clock while a scheduled broadcast waits."""
PAGE_PAUSE = 0.005
"""Seconds between two pages of recipients that are written, so that citizens' writes get through."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before a failed step is tried again."""
INTERRUPTED = "being sent when the bot was stopped"
"""The reason in the report."""
NO_ADMIN = Admin(0, "")
"""The admin of history entries that no admin caused."""
ACTIVE = frozenset(BroadcastStatus) - ENDED


class BroadcastRunner:
    """One task per broadcast with work left. `changed` is called when its progress should be redrawn.

    `clock_ahead` gives the seconds by which the machine's clock is ahead of Telegram's, as far as is known.
    """

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        repository: BroadcastRepository,
        recipients: RecipientRepository,
        sender: BroadcastSender,
        send_loop: SendLoop,
        recaller: Recaller,
        *,
        office_time: Callable[[], datetime],
        locales: tuple[str, ...],
        rate: float,
        changed: Callable[[int], None],
        ended: Callable[[int], Coroutine[Any, Any, None]],
        clock_ahead: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._repository = repository
        self._recipients = recipients
        self._sender = sender
        self._send_loop = send_loop
        self._recaller = recaller
        self._now = office_time
        self._locales = locales
        self._rate = rate
        self._changed = changed
        self._ended = ended
        self._clock_ahead = clock_ahead
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._wake_events: dict[int, asyncio.Event] = {}
        self._runs: dict[int, BroadcastRun] = {}
        self._stopping = False

    async def resume(self) -> int:
        """Resume what an earlier process left; returns how many broadcasts that are."""
        numbers = await self._repository.numbers(ACTIVE)
        for number in numbers:
            self._begin(number)
        return len(numbers)

    async def stop(self, grace: float) -> None:
        """Wait for calls in flight, for at most `grace` seconds; everything else is stored."""
        self._stopping = True
        for number in tuple(self._tasks):
            self._wake(number)
        if tasks := set(self._tasks.values()):
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    def seconds_for(self, count: int) -> float:
        """Seconds it takes to send to so many recipients."""
        return count / self._rate

    def moving(self) -> tuple[int, ...]:
        """The broadcasts that are being sent or recalled now."""
        return tuple(self._runs)

    async def launch(self, plan: Plan, admin: Admin, progress: ProgressMessage) -> bool:
        """Store a confirmed broadcast and begin it. False: it was confirmed before."""
        entry = HistoryEntry(admin.name, AdminAction.CONFIRMED, self._now())
        if not await self._repository.confirm(plan, admin, entry, progress):
            return False
        self._begin(plan.number)
        return True

    async def apply(self, number: int, command: BroadcastCommand, admin: Admin) -> bool:
        """Carry out an admin's command. False: it does not apply to the present status."""
        snapshot = await self.snapshot(number)
        found = transition(snapshot.broadcast, command) if snapshot else None
        if not snapshot or not found:
            return False
        after, action = found
        entry = HistoryEntry(admin.name, action, self._now())
        before = snapshot.broadcast.status
        if not await self._repository.move(
            number, before, after, (admin, entry), again=command is BroadcastCommand.RESEND
        ):
            return False
        self._begin(number)
        return True

    async def snapshot(self, number: int) -> BroadcastSnapshot | None:
        """The broadcast at this moment."""
        broadcast = await self._repository.broadcast(number)
        return self._snapshot_of(broadcast) if broadcast else None

    async def recent(self, most: int) -> tuple[BroadcastSnapshot, ...]:
        """The newest broadcasts at this moment, newest first."""
        return tuple(self._snapshot_of(each) for each in await self._repository.recent(most))

    async def listed(
        self, most: int, after: ListCursor | None = None, own: OwnBroadcasts | None = None
    ) -> tuple[BroadcastSnapshot, ...]:
        """Broadcasts at this moment, see `BroadcastRepository.listed`."""
        return tuple(self._snapshot_of(each) for each in await self._repository.listed(most, after, own))

    def _snapshot_of(self, broadcast: Broadcast) -> BroadcastSnapshot:
        run = self._runs.get(broadcast.plan.number)
        if not run:
            return BroadcastSnapshot(broadcast)
        counts = run.recipient_counts()
        elapsed = asyncio.get_running_loop().time() - run.began if run.began else 0.0
        measured = run.done / elapsed if elapsed > 1 and run.done else self._rate
        return BroadcastSnapshot(
            replace(broadcast, counts=counts), run.resumes_at, run.left() / min(measured, self._rate)
        )

    # --- the task of one broadcast -------------------------------------------------------------------------------

    def _begin(self, number: int) -> None:
        """Start its task; if it runs already, wake it, so that it reads the status again."""
        if (task := self._tasks.get(number)) and not task.done():
            self._wake(number)
        elif not self._stopping:
            self._wake_events[number] = asyncio.Event()
            self._tasks[number] = asyncio.create_task(self._run(number), name=f"broadcast {number}")

    def _wake(self, number: int) -> None:
        self._wake_events[number].set()
        if run := self._runs.get(number):
            run.halted.set()

    async def _run(self, number: int) -> None:
        """Take step after step. A step that fails is tried again until it works; that is logged once."""
        wake, backoff, failing = self._wake_events[number], Backoff(FIRST_PAUSE, LONGEST_PAUSE), False
        while not self._stopping:
            try:
                # Calls that were in flight when an earlier process ended may have arrived: nobody gets it twice.
                await self._recipients.change_statuses(
                    number, RecipientStatus.SENDING, RecipientStatus.UNKNOWN, INTERRUPTED
                )
                while not self._stopping and await self._take_step(number):
                    self._changed(number)
                    backoff.reset()
                    if failing:
                        log.warning("broadcast %d resumed", number)
                    failing = False
            except Exception as error:
                if not failing:
                    name = type(error).__name__
                    log.exception("broadcast %d cannot go on: %s; retrying", number, name, exc_info=scrubbed(error))
                failing = True
                wake.clear()
                await wait_event(wake, backoff.pause())
            else:
                return

    async def _take_step(self, number: int) -> bool:
        """Do what the status asks for; returns whether there is more to do."""
        wake = self._wake_events[number]
        wake.clear()
        broadcast = await self._repository.broadcast(number)
        if broadcast is None:
            return False
        match broadcast.status:
            case BroadcastStatus.PREPARING:
                await self._prepare(broadcast, wake)
            case BroadcastStatus.SCHEDULED:
                await self._wait_for_start(broadcast, wake)
            case BroadcastStatus.RUNNING | BroadcastStatus.RECALLING:
                await self._send_or_recall(broadcast, wake)
            case BroadcastStatus.PAUSED:
                await self._write_counts(number)
                await wake.wait()
            case BroadcastStatus.STOPPED | BroadcastStatus.DONE | BroadcastStatus.RECALLED:
                await self._write_counts(number)
                await self._ended(number)
                return wake.is_set()
        return True

    async def _prepare(self, broadcast: Broadcast, wake: asyncio.Event) -> None:
        number = broadcast.plan.number
        while await self._recipients.prepare(number, self._now()):
            if wake.is_set() or self._stopping:
                return
            await asyncio.sleep(PAGE_PAUSE)
        await self._write_counts(number)
        await self._advance(broadcast)

    async def _wait_for_start(self, broadcast: Broadcast, wake: asyncio.Event) -> None:
        clock = SteadyClock(self._now, self._clock_ahead)
        starts = broadcast.plan.starts or clock()
        while (wait := (starts - clock()).total_seconds()) > 0:
            await wait_event(wake, min(wait, CLOCK_CHECK))
            if wake.is_set():
                return
        await self._advance(broadcast)

    async def _send_or_recall(self, broadcast: Broadcast, wake: asyncio.Event) -> None:
        plan, status = broadcast.plan, broadcast.status
        recalling = status is BroadcastStatus.RECALLING
        prepared = {each: self._sender.prepared(content_for(plan.versions, each), each) for each in self._locales}
        counts = await self._recipients.count_by_status(plan.number)
        statuses = frozenset({RecipientStatus.SENT}) if recalling else statuses_to_process(broadcast)
        run = BroadcastRun(
            plan,
            prepared,
            statuses,
            Counter(dict(counts.by_status)),
            nights=nights_allowed(broadcast),
            listed=listed_at(broadcast),
        )
        self._runs[plan.number] = run
        try:
            if wake.is_set():
                return
            finished = await (self._recaller.recall_all(run) if recalling else self._send_loop.send_all(run))
        finally:
            del self._runs[plan.number]
        if run.unpaid:
            after, action = UNPAID
            await self._repository.move(plan.number, status, after, (NO_ADMIN, HistoryEntry("", action, self._now())))
        elif finished:
            counts = await self._recipients.count_by_status(plan.number)
            await self._advance(replace(broadcast, counts=counts))

    async def _advance(self, broadcast: Broadcast) -> None:
        """Go to the next status: the work of the present one is done."""
        await self._repository.move(broadcast.plan.number, broadcast.status, next_status(broadcast))

    async def _write_counts(self, number: int) -> None:
        """Store the counts; they do not change for a while."""
        await self._recipients.count_by_status(number)
        self._changed(number)
