"""The stored status alone determines the next step of a broadcast, also after a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.app.ports import UnpaidError
from bot.broadcast.lifecycle import BroadcastCommand
from bot.broadcast.model import (
    AdminAction,
    BroadcastSnapshot,
    BroadcastStatus,
    HistoryEntry,
    RecipientCounts,
    RecipientStatus,
)
from bot.broadcast.ports import Admin, ProgressMessage, StatusUpdate
from bot.broadcast.recaller import Recaller
from bot.broadcast.runner import BroadcastRunner
from bot.broadcast.sender import SendLoop
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import DAY, PLAN, Clock, FakeBroadcasts, FakeRecipients, FakeSender, SharedLimits

ADMIN, OTHER = Admin(900, "Ibrahima"), Admin(901, "Hawa")
PROGRESS = ProgressMessage(1, 900, 70, "fr")
RATE = 10.0


class RunnerSetup:
    """A runner of broadcasts on fakes."""

    def __init__(self, *chats: int, status: RecipientStatus = RecipientStatus.PENDING) -> None:
        self.recipients, self.sender = FakeRecipients.of(*chats, status=status), FakeSender()
        self.repository = FakeBroadcasts(recipients=self.recipients)
        self.clock = Clock()
        self.ended: list[int] = []
        self.changed: list[int] = []
        self.broadcasts = self.made()

    def made(self) -> BroadcastRunner:
        """A new process, on the same database."""
        limits, left = SharedLimits(self.sender, rate=RATE), self.changed.append
        return BroadcastRunner(
            self.repository,
            self.recipients,
            self.sender,
            SendLoop(
                self.recipients,
                self.sender,
                limits.throttle(),
                limits.chat_limiter,
                on_left=left,
                office_time=self.clock,
            ),
            Recaller(self.recipients, self.sender, limits.throttle(), limits.chat_limiter),
            office_time=self.clock,
            locales=("fr", "en"),
            rate=RATE,
            changed=self.changed.append,
            ended=self._end,
        )

    async def _end(self, number: int) -> None:
        self.ended.append(number)
        self.repository.reported(self.repository.broadcasts[number])(None)

    def stopped(self) -> None:
        """Somebody had stopped it."""
        found = self.repository.broadcasts[1]
        self.repository.broadcasts[1] = replace(
            found, history=(*found.history, HistoryEntry("Hawa", AdminAction.STOPPED, DAY))
        )

    def status(self) -> BroadcastStatus:
        return self.repository.broadcasts[1].status

    def history(self) -> list[tuple[str, AdminAction]]:
        return [(each.who, each.action) for each in self.repository.broadcasts[1].history]

    async def snapshot(self) -> BroadcastSnapshot:
        found = await self.broadcasts.snapshot(1)
        assert found
        return found


@asynccontextmanager
async def press(*chats: int, status: RecipientStatus = RecipientStatus.PENDING) -> AsyncIterator[RunnerSetup]:
    here = RunnerSetup(*chats, status=status)
    try:
        yield here
    finally:
        await here.broadcasts.stop(5)


@in_no_time
async def test_a_broadcast_runs_from_confirmation_to_report() -> None:
    async with press(1, 2, 3) as here:
        here.recipients.to_prepare = 3
        assert await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        assert not await here.broadcasts.launch(PLAN, OTHER, PROGRESS)
        await asyncio.sleep(10)
        assert here.sender.chats() == [1, 2, 3]
        assert here.status() is BroadcastStatus.DONE
        assert here.ended == [1]
        assert here.history() == [("Ibrahima", AdminAction.CONFIRMED)]


@in_no_time
async def test_a_scheduled_broadcast_waits_for_its_start() -> None:
    async with press(1) as here:
        await here.broadcasts.launch(replace(PLAN, starts=DAY + timedelta(hours=2)), ADMIN, PROGRESS)
        await asyncio.sleep(3600)
        assert here.status() is BroadcastStatus.SCHEDULED
        assert here.sender.sent == []
        here.clock.now += timedelta(hours=3)
        await asyncio.sleep(700)
        assert here.status() is BroadcastStatus.DONE


@in_no_time
async def test_a_clock_that_is_days_ahead_for_a_while_starts_nothing() -> None:
    async with press(1) as here:
        await here.broadcasts.launch(replace(PLAN, starts=DAY + timedelta(days=7)), ADMIN, PROGRESS)
        await asyncio.sleep(60)
        here.clock.now += timedelta(days=8)
        await asyncio.sleep(60)
        here.clock.now -= timedelta(days=8)
        await asyncio.sleep(3600)
        assert here.status() is BroadcastStatus.SCHEDULED
        assert here.sender.sent == []


@in_no_time
async def test_an_admin_can_start_a_scheduled_broadcast_early() -> None:
    async with press(1) as here:
        await here.broadcasts.launch(replace(PLAN, starts=DAY + timedelta(hours=2)), ADMIN, PROGRESS)
        await asyncio.sleep(1)
        assert await here.broadcasts.apply(1, BroadcastCommand.REALLY_START, OTHER)
        await asyncio.sleep(5)
        assert here.sender.chats() == [1]
        assert here.history()[-1] == ("Hawa", AdminAction.STARTED)


@in_no_time
async def test_a_broadcast_can_be_paused_and_resumed() -> None:
    async with press(*range(1, 101)) as here:
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(3)
        assert await here.broadcasts.apply(1, BroadcastCommand.PAUSE, ADMIN)
        await asyncio.sleep(60)
        held = len(here.sender.sent)
        assert 10 < held < 100
        assert await here.broadcasts.apply(1, BroadcastCommand.RESUME, OTHER)
        await asyncio.sleep(60)
        assert here.sender.chats() == list(range(1, 101))
        assert here.history()[1:] == [("Ibrahima", AdminAction.PAUSED), ("Hawa", AdminAction.RESUMED)]


@in_no_time
async def test_an_unpaid_broadcast_is_paused_and_fails_nobody() -> None:
    async with press(*range(1, 101)) as here:
        for each in range(20, 101):
            here.sender.fails(each, UnpaidError("BALANCE_TOO_LOW"))
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(30)
        assert here.status() is BroadcastStatus.PAUSED
        assert here.history()[-1] == ("", AdminAction.UNPAID)
        assert here.recipients.tally() == {"sent": 19, "pending": 81}
        for each in range(20, 101):
            here.sender.fails(each)
        assert await here.broadcasts.apply(1, BroadcastCommand.RESUME, OTHER)
        await asyncio.sleep(60)
        assert here.sender.chats() == list(range(1, 101))


@in_no_time
async def test_two_admins_who_press_at_once_cause_one_transition() -> None:
    async with press(*range(1, 101)) as here:
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(1)
        steered = await asyncio.gather(
            *(here.broadcasts.apply(1, BroadcastCommand.PAUSE, each) for each in (ADMIN, OTHER))
        )
        assert sorted(steered) == [False, True]
        assert len(here.history()) == 2


@in_no_time
async def test_a_command_that_does_not_apply_changes_nothing() -> None:
    async with press() as here:
        here.repository.has(BroadcastStatus.DONE)
        assert not await here.broadcasts.apply(1, BroadcastCommand.PAUSE, ADMIN)
        assert not await here.broadcasts.apply(2, BroadcastCommand.PAUSE, ADMIN)
        assert await here.broadcasts.snapshot(2) is None


@in_no_time
async def test_a_broadcast_can_be_stopped_while_the_list_is_stored() -> None:
    async with press(1) as here:
        here.recipients.to_prepare = 10**6
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(0.1)
        assert await here.broadcasts.apply(1, BroadcastCommand.REALLY_STOP, ADMIN)
        await asyncio.sleep(1)
        assert here.status() is BroadcastStatus.STOPPED
        assert here.ended == [1]
        assert here.sender.sent == []


@in_no_time
async def test_after_a_kill_sending_resumes_and_calls_in_flight_are_unknown() -> None:
    async with press(1, 2, 3) as here:
        here.repository.has(BroadcastStatus.RUNNING)
        here.recipients.statuses[1] = replace(here.recipients.statuses[1], status=RecipientStatus.SENDING)
        here.recipients.statuses[2] = replace(here.recipients.statuses[2], status=RecipientStatus.SENT)
        assert await here.broadcasts.resume() == 1
        await asyncio.sleep(5)
        assert here.sender.chats() == [3]
        assert here.recipients.tally() == {"unknown": 1, "sent": 2}
        assert here.recipients.statuses[1].error == "being sent when the bot was stopped"
        assert here.status() is BroadcastStatus.DONE


@in_no_time
async def test_unknown_recipients_get_it_again_when_the_admin_asks() -> None:
    async with press(1, 2) as here:
        here.repository.has(
            BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.UNKNOWN, 1), (RecipientStatus.SENT, 1)))
        )
        here.recipients.statuses[1] = replace(here.recipients.statuses[1], status=RecipientStatus.SENT)
        here.recipients.statuses[2] = replace(here.recipients.statuses[2], status=RecipientStatus.UNKNOWN)
        assert await here.broadcasts.apply(1, BroadcastCommand.RESEND, ADMIN)
        await asyncio.sleep(5)
        assert here.sender.chats() == [2]
        assert here.status() is BroadcastStatus.DONE


@in_no_time
async def test_after_a_stop_only_unknown_recipients_get_it_again() -> None:
    async with press(1, 2, 3) as here:
        here.repository.has(
            BroadcastStatus.STOPPED,
            RecipientCounts(((RecipientStatus.UNKNOWN, 1), (RecipientStatus.PENDING, 1), (RecipientStatus.SENT, 1))),
        )
        here.stopped()
        here.recipients.statuses |= {
            1: StatusUpdate(1, RecipientStatus.SENT, 10),
            2: StatusUpdate(2, RecipientStatus.UNKNOWN),
        }
        assert await here.broadcasts.apply(1, BroadcastCommand.RESEND, ADMIN)
        await asyncio.sleep(5)
        assert here.sender.chats() == [2]
        assert here.status() is BroadcastStatus.STOPPED
        assert here.recipients.tally() == {"sent": 2, "pending": 1}
        assert here.ended == [1]


@in_no_time
async def test_a_resend_waits_while_the_broadcast_is_paused() -> None:
    async with press(1, 2, 3) as here:
        here.repository.has(
            BroadcastStatus.PAUSED, RecipientCounts(((RecipientStatus.UNKNOWN, 1), (RecipientStatus.PENDING, 2)))
        )
        here.recipients.statuses[2] = StatusUpdate(2, RecipientStatus.UNKNOWN)
        await here.broadcasts.resume()
        assert await here.broadcasts.apply(1, BroadcastCommand.RESEND, ADMIN)
        await asyncio.sleep(5)
        assert here.status() is BroadcastStatus.PAUSED
        assert here.sender.sent == []
        assert await here.broadcasts.apply(1, BroadcastCommand.RESUME, ADMIN)
        await asyncio.sleep(5)
        assert here.sender.chats() == [1, 2, 3]
        assert here.status() is BroadcastStatus.DONE


@in_no_time
async def test_a_recall_runs_to_its_end() -> None:
    async with press(1, 2, status=RecipientStatus.SENT) as here:
        here.repository.has(BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.SENT, 2),)))
        assert await here.broadcasts.apply(1, BroadcastCommand.REALLY_RECALL, ADMIN)
        await asyncio.sleep(5)
        assert sorted(here.sender.recalled) == [1, 2]
        assert here.status() is BroadcastStatus.RECALLED


@in_no_time
async def test_an_admin_can_allow_sending_at_night() -> None:
    async with press(1, 2) as here:
        here.clock.now = datetime.fromisoformat("2026-03-02T22:00")
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(5)
        assert (await here.snapshot()).resumes_at == datetime.fromisoformat("2026-03-03T07:00")
        assert await here.broadcasts.apply(1, BroadcastCommand.NIGHT, ADMIN)
        await asyncio.sleep(5)
        assert here.sender.chats() == [1, 2]


@in_no_time
async def test_a_snapshot_has_the_present_counts() -> None:
    async with press(*range(1, 101)) as here:
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(5)
        snapshot = await here.snapshot()
        assert here.broadcasts.moving() == (1,)
        assert 40 <= snapshot.broadcast.counts.of(RecipientStatus.SENT) <= 60
        assert snapshot.seconds is not None
        assert 3 < snapshot.seconds < 8
        assert (await here.broadcasts.recent(3))[0].broadcast.counts.total == 100
        assert here.broadcasts.seconds_for(100) == 10


@in_no_time
async def test_the_next_process_continues_a_running_broadcast() -> None:
    here = RunnerSetup(*range(1, 101))
    await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
    await asyncio.sleep(3)
    await here.broadcasts.stop(5)
    assert here.status() is BroadcastStatus.RUNNING
    assert set(here.recipients.tally()) == {"sent", "pending"}
    here.broadcasts = here.made()
    await here.broadcasts.resume()
    await asyncio.sleep(30)
    assert here.sender.chats() == list(range(1, 101))
    await here.broadcasts.stop(5)


@in_no_time
async def test_a_paused_broadcast_ends_with_the_process() -> None:
    here = RunnerSetup(1)
    here.repository.has(BroadcastStatus.PAUSED)
    await here.broadcasts.resume()
    await asyncio.sleep(1)
    await here.broadcasts.stop(5)
    assert here.status() is BroadcastStatus.PAUSED
    assert await here.broadcasts.resume() == 1
    await asyncio.sleep(1)


@in_no_time
async def test_a_broadcast_resumes_when_the_database_can_be_written_again(caplog: pytest.LogCaptureFixture) -> None:
    async with press(1, 2) as here:
        here.recipients.broken = True
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(60)
        assert here.status() is BroadcastStatus.RUNNING
        assert here.sender.sent == []
        here.recipients.broken = False
        await asyncio.sleep(60)
        assert here.sender.chats() == [1, 2]
        assert here.status() is BroadcastStatus.DONE
    assert [record.getMessage() for record in caplog.records] == [
        "broadcast 1 cannot go on: OSError; retrying",
        "broadcast 1 resumed",
    ]


@in_no_time
async def test_a_broadcast_resumes_when_the_list_can_be_read_again() -> None:
    async with press(*range(1, 601)) as here:
        here.recipients.unreadable = 3
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(30)
        here.recipients.unreadable = 1
        await asyncio.sleep(90)
        assert here.sender.chats() == list(range(1, 601))
        assert here.recipients.tally() == {"sent": 600}


@in_no_time
async def test_a_failing_broadcast_can_be_stopped_at_once() -> None:
    async with press(1, 2) as here:
        here.recipients.unreadable = 10**6
        await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
        await asyncio.sleep(300)
        assert await here.broadcasts.apply(1, BroadcastCommand.REALLY_STOP, ADMIN)
        await asyncio.sleep(0.1)
        assert here.ended == [1]
        assert here.status() is BroadcastStatus.STOPPED


@in_no_time
async def test_stopping_the_process_does_not_wait_for_slow_calls() -> None:
    here = RunnerSetup(1, 2, 3)
    here.sender.lag = 60.0
    await here.broadcasts.launch(PLAN, ADMIN, PROGRESS)
    await asyncio.sleep(2)
    began = asyncio.get_running_loop().time()
    await here.broadcasts.stop(1)
    assert asyncio.get_running_loop().time() - began < 2
    assert here.recipients.tally() == {"sending": 3}
    assert len(asyncio.all_tasks()) == 1
