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


class Desk:
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

    async def due(self, now: datetime, limit: int) -> tuple[Timer, ...]:
        self.looks.append(asyncio.get_running_loop().time())
        if self.failing:
            raise OSError("the database is gone")
        return tuple(each for each in self.timers if each.due_at <= now)[:limit]

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
    desk = Desk(7, 8, 7)
    for _ in range(3):
        assert await desk.scheduler.look() == 3
    assert desk.queued == [7, 8]
    desk.ends[0]()  # its turn failed, or its change is stored
    await desk.scheduler.look()
    assert desk.queued == [7, 8, 7]


async def test_nothing_is_due_before_its_minute_nor_at_night() -> None:
    desk = Desk(7)
    desk.now = NOON - timedelta(minutes=1)
    assert await desk.scheduler.look() == 0
    desk.now = NOON.replace(hour=21)
    assert await desk.scheduler.look() == 0
    assert desk.queued == []
    desk.now = NOON.replace(hour=7) + timedelta(days=1)
    assert await desk.scheduler.look() == 1


async def test_a_look_takes_so_many_and_those_that_wait_for_their_turn_are_not_counted() -> None:
    desk = Desk(*range(AT_ONCE + 20))
    assert await desk.scheduler.look() == AT_ONCE
    await desk.scheduler.look()
    assert desk.queued == list(range(AT_ONCE + 20))


@in_no_time
async def test_it_looks_again_soon_while_there_is_more_and_after_a_failure() -> None:
    desk = Desk(*range(AT_ONCE))
    running = asyncio.create_task(desk.scheduler.run())
    await asyncio.sleep(SHORT_PAUSE * 1.5)
    assert len(desk.looks) == 2
    desk.failing = True
    await asyncio.sleep(SHORT_PAUSE)
    assert len(desk.looks) == 3
    desk.failing, desk.timers = False, []
    await asyncio.sleep(PAUSE)
    assert len(desk.looks) == 4
    assert desk.forgotten == [NOON - KEEP]
    desk.now += FORGET_EVERY
    await asyncio.sleep(PAUSE)
    assert desk.forgotten == [NOON - KEEP, NOON + FORGET_EVERY - KEEP]
    running.cancel()
