"""Room on the wire and a turn for an announcement."""

import asyncio

from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import FakeHerald, Ways


@in_no_time
async def test_no_more_are_let_in_than_there_is_room_for() -> None:
    lane, halted = Ways(FakeHerald()).lane(2), asyncio.Event()
    assert await lane.enter(halted)
    assert await lane.enter(halted)
    third = asyncio.create_task(lane.enter(halted))
    await asyncio.sleep(5)
    assert not third.done()
    lane.leave()
    assert await third


@in_no_time
async def test_who_waits_for_room_can_be_halted_and_takes_none() -> None:
    lane, halted = Ways(FakeHerald()).lane(1), asyncio.Event()
    assert await lane.enter(halted)
    second = asyncio.create_task(lane.enter(halted))
    await asyncio.sleep(5)
    halted.set()
    assert not await second
    lane.leave()
    assert await lane.enter(asyncio.Event())


@in_no_time
async def test_who_was_halted_before_takes_no_room() -> None:
    lane, halted = Ways(FakeHerald()).lane(1), asyncio.Event()
    halted.set()
    assert not await lane.enter(halted)
    assert await lane.enter(asyncio.Event())


@in_no_time
async def test_what_is_halted_while_it_waits_for_its_turn_is_not_let_in() -> None:
    lane, halted = Ways(FakeHerald(), rate=0.1).lane(1), asyncio.Event()
    assert await lane.enter(halted)
    lane.leave()
    second = asyncio.create_task(lane.enter(halted))
    await asyncio.sleep(1)
    halted.set()
    assert not await second
