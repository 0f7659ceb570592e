"""Admins hear once that updates wait for long, and once that it is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.core.health import OperatorIssue
from bot.operations.inbox_lag import LATE, LONGEST, LOOK_EVERY, READ_TIMEOUT, InboxLag
from tests.app.virtual_clock import in_no_time


@dataclass
class Inbox:
    """When the oldest update came, by the loop's clock, and what admins were told."""

    oldest: float | None = None
    told: list[bool] = field(default_factory=list)
    hangs: bool = False

    async def look(self) -> float | None:
        if self.hangs:
            await asyncio.Event().wait()
        return self.oldest

    def changed(self, issue: OperatorIssue, present: bool) -> None:  # noqa: FBT001 — the callback's
        assert issue == LATE
        self.told.append(present)


@asynccontextmanager
async def watching(*, is_told: bool = False) -> AsyncIterator[tuple[Inbox, InboxLag]]:
    inbox = Inbox()
    lag = InboxLag(inbox.look, asyncio.get_running_loop().time, inbox.changed)
    lag.restore(is_told=is_told)
    task = asyncio.create_task(lag.run())
    try:
        yield inbox, lag
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@in_no_time
async def test_admins_are_told_once_that_updates_are_late_and_once_that_they_are_not() -> None:
    async with watching() as (inbox, _):
        inbox.oldest = 0.0
        await asyncio.sleep(LONGEST)
        assert inbox.told == []
        await asyncio.sleep(60)
        assert inbox.told == [True]
        inbox.oldest = None
        await asyncio.sleep(60)
        assert inbox.told == [True, False]


@in_no_time
async def test_one_look_at_old_updates_is_no_alarm() -> None:
    async with watching() as (inbox, _):
        inbox.oldest = -100.0
        await asyncio.sleep(LOOK_EVERY * 1.5)
        inbox.oldest = None
        await asyncio.sleep(60)
        assert inbox.told == []


@in_no_time
async def test_the_end_is_told_by_a_process_that_starts_later() -> None:
    async with watching(is_told=True) as (inbox, _):
        await asyncio.sleep(LOOK_EVERY * 1.5)
        assert inbox.told == [False]


@in_no_time
async def test_what_is_late_is_not_over_while_nobody_knows() -> None:
    async with watching(is_told=True) as (inbox, lag):
        inbox.hangs = True
        await asyncio.sleep(60)
        assert inbox.told == []
        assert await lag.age() is None


@in_no_time
async def test_the_age_is_that_of_the_oldest_update() -> None:
    async with watching() as (inbox, lag):
        assert await lag.age() == 0.0
        inbox.oldest = asyncio.get_running_loop().time() - 7
        assert await lag.age() == 7.0
        inbox.oldest += 100
        assert await lag.age() == 0.0, "a clock that was set back"
        assert READ_TIMEOUT < LOOK_EVERY
