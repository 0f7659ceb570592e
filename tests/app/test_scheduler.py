"""The scheduler gives each chat with due timers one turn, by day, and goes on whatever fails."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.app.conversations import ChatTurn
from bot.app.records import Change
from bot.app.scheduler import AT_ONCE, FORGET_EVERY, KEEP, PAUSE, SHORT_PAUSE, Scheduler
from bot.core.reminders import Timer, TimerKind
from tests.app.virtual_clock import in_no_time

NOON = datetime.fromisoformat("2026-03-10T12:00")


class SchedulerSetup:
    """Timers in memory, and the turns that the scheduler queued."""

    def __init__(self, *chats: int) -> None:
        self.now = NOON
        self.timers = [Timer(chat, TimerKind.HOURS, chat, 0, NOON, NOON + timedelta(hours=2)) for chat in chats]
        self.failing = False
        self.looks: list[float] = []
        self.queued: list[int] = []
        self.forgotten: list[datetime] = []
        self.ends: list[Callable[[], None]] = []
        self.scheduler = Scheduler(self, self.turn, self._play, lambda: self.now)

    async def due(self, now: datetime, limit: int) -> tuple[int, ...]:
        self.looks.append(asyncio.get_running_loop().time())
        if self.failing:
            raise OSError("the database is gone")
        return tuple(each.chat_id for each in self.timers if each.due_at <= now)[:limit]

    async def of_chat(self, chat_id: int) -> tuple[Timer, ...]:
        return tuple(each for each in self.timers if each.chat_id == chat_id)

    async def forget(self, before: datetime) -> None:
        self.forgotten.append(before)

    async def turn(self, chat_id: int) -> Change:
        return Change(fired=await self.of_chat(chat_id))

    def _play(self, chat_id: int, _turn: ChatTurn, then: Callable[[], None]) -> None:
        self.queued.append(chat_id)
        self.ends.append(then)


async def test_a_chat_has_one_turn_queued_however_often_it_looks() -> None:
    setup = SchedulerSetup(7, 8, 7)
    for _ in range(3):
        assert await setup.scheduler.look() == 3
    assert setup.queued == [7, 8]
    setup.ends[0]()  # its turn failed, or its change is stored
    await setup.scheduler.look()
    assert setup.queued == [7, 8, 7]


async def test_nothing_is_due_before_its_minute_nor_at_night() -> None:
    setup = SchedulerSetup(7)
    setup.now = NOON - timedelta(minutes=1)
    assert await setup.scheduler.look() == 0
    setup.now = NOON.replace(hour=21)
    assert await setup.scheduler.look() == 0
    assert setup.queued == []
    setup.now = NOON.replace(hour=7) + timedelta(days=1)
    assert await setup.scheduler.look() == 1


async def test_a_look_takes_so_many_and_those_that_wait_for_their_turn_are_not_counted() -> None:
    setup = SchedulerSetup(*range(AT_ONCE + 20))
    assert await setup.scheduler.look() == AT_ONCE
    await setup.scheduler.look()
    assert setup.queued == list(range(AT_ONCE + 20))


@in_no_time
async def test_it_looks_again_soon_while_there_is_more_and_after_a_failure() -> None:
    setup = SchedulerSetup(*range(AT_ONCE))
    running = asyncio.create_task(setup.scheduler.run())
    await asyncio.sleep(SHORT_PAUSE * 1.5)
    assert len(setup.looks) == 2
    setup.failing = True
    await asyncio.sleep(SHORT_PAUSE)
    assert len(setup.looks) == 3
    setup.failing, setup.timers = False, []
    await asyncio.sleep(PAUSE)
    assert len(setup.looks) == 4
    assert setup.forgotten == [NOON - KEEP]
    setup.now += FORGET_EVERY
    await asyncio.sleep(PAUSE)
    assert setup.forgotten == [NOON - KEEP, NOON + FORGET_EVERY - KEEP]
    running.cancel()
