"""Slots and turns for broadcasts' calls."""

import asyncio

from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import FakeSender, SharedLimits


@in_no_time
async def test_no_more_calls_than_slots() -> None:
    throttle, halted = SharedLimits(FakeSender()).throttle(2), asyncio.Event()
    first = await throttle.acquire(halted)
    assert first
    assert await throttle.acquire(halted)
    third = asyncio.create_task(throttle.acquire(halted))
    await asyncio.sleep(5)
    assert not third.done()
    throttle.release(first)
    assert await third


@in_no_time
async def test_a_halt_ends_the_wait_for_a_slot() -> None:
    throttle, halted = SharedLimits(FakeSender()).throttle(1), asyncio.Event()
    first = await throttle.acquire(halted)
    assert first
    second = asyncio.create_task(throttle.acquire(halted))
    await asyncio.sleep(5)
    halted.set()
    assert not await second
    throttle.release(first)
    assert await throttle.acquire(asyncio.Event())


@in_no_time
async def test_a_halted_run_takes_no_slot() -> None:
    throttle, halted = SharedLimits(FakeSender()).throttle(1), asyncio.Event()
    halted.set()
    assert not await throttle.acquire(halted)
    assert await throttle.acquire(asyncio.Event())


@in_no_time
async def test_a_halt_during_the_wait_for_a_turn_releases_the_slot() -> None:
    throttle, halted = SharedLimits(FakeSender(), rate=0.1).throttle(1), asyncio.Event()
    first = await throttle.acquire(halted)
    assert first
    throttle.release(first)
    second = asyncio.create_task(throttle.acquire(halted))
    await asyncio.sleep(1)
    halted.set()
    assert not await second
