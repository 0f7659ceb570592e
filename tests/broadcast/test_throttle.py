"""Room on the wire and a turn for an announcement."""

import asyncio

from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import FakeHerald, Ways


@in_no_time
async def test_no_more_are_let_in_than_there_is_room_for() -> None:
    throttle, halted = Ways(FakeHerald()).throttle(2), asyncio.Event()
    assert await throttle.enter(halted)
    assert await throttle.enter(halted)
    third = asyncio.create_task(throttle.enter(halted))
    await asyncio.sleep(5)
    assert not third.done()
    throttle.leave()
    assert await third


@in_no_time
async def test_who_waits_for_room_can_be_halted_and_takes_none() -> None:
    throttle, halted = Ways(FakeHerald()).throttle(1), asyncio.Event()
    assert await throttle.enter(halted)
    second = asyncio.create_task(throttle.enter(halted))
    await asyncio.sleep(5)
    halted.set()
    assert not await second
    throttle.leave()
    assert await throttle.enter(asyncio.Event())


@in_no_time
async def test_who_was_halted_before_takes_no_room() -> None:
    throttle, halted = Ways(FakeHerald()).throttle(1), asyncio.Event()
    halted.set()
    assert not await throttle.enter(halted)
    assert await throttle.enter(asyncio.Event())


@in_no_time
async def test_what_is_halted_while_it_waits_for_its_turn_is_not_let_in() -> None:
    throttle, halted = Ways(FakeHerald(), rate=0.1).throttle(1), asyncio.Event()
    assert await throttle.enter(halted)
    throttle.leave()
    second = asyncio.create_task(throttle.enter(halted))
    await asyncio.sleep(1)
    halted.set()
    assert not await second
