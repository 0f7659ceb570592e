"""Nothing scheduled starts because a clock jumps."""

import asyncio
from datetime import datetime, timedelta

from bot.app.steady_clock import DOUBTED, SteadyClock
from tests.app.virtual_clock import in_no_time

NOON = datetime(2026, 3, 2, 12, 0)  # noqa: DTZ001 — office time


class Wall:
    """The clock on the machine: goes with the loop's, and can be set."""

    def __init__(self) -> None:
        self._began = asyncio.get_running_loop().time()
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=asyncio.get_running_loop().time() - self._began) + self.ahead


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=1)


@in_no_time
async def test_the_steady_clock_follows_the_machines_clock() -> None:
    clock = SteadyClock(Wall())
    assert near(clock(), NOON)
    await asyncio.sleep(86400)
    assert near(clock(), NOON + timedelta(days=1))


@in_no_time
async def test_a_corrected_jump_ahead_was_never_shown() -> None:
    wall = Wall()
    clock = SteadyClock(wall)
    clock()
    for _ in range(5):
        wall.ahead = timedelta(days=8)
        await asyncio.sleep(30)
        assert clock() < NOON + timedelta(hours=1)
        wall.ahead = timedelta()
        await asyncio.sleep(30)
        assert near(clock(), wall())


@in_no_time
async def test_a_jump_that_lasts_is_believed_in_the_end() -> None:
    wall = Wall()
    clock = SteadyClock(wall)
    clock()
    wall.ahead = timedelta(days=8)
    clock()
    await asyncio.sleep(DOUBTED.total_seconds())
    assert near(clock(), wall())
    await asyncio.sleep(60)
    assert near(clock(), wall())


@in_no_time
async def test_a_clock_that_is_set_back_is_believed_at_once() -> None:
    wall = Wall()
    clock = SteadyClock(wall)
    clock()
    wall.ahead = timedelta(days=-8)
    assert near(clock(), wall())


@in_no_time
async def test_a_machine_whose_clock_is_known_to_be_wrong_from_the_start_is_corrected() -> None:
    wall = Wall()
    wall.ahead = timedelta(days=8)
    clock = SteadyClock(wall, wall.ahead.total_seconds)
    assert near(clock(), NOON)
    slightly = SteadyClock(wall, lambda: 2.0)
    assert near(slightly(), wall()), "seconds are the network's"
