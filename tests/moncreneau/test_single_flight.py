"""Concurrent identical reads run once, and a cancelled or failed caller does not affect the others."""

import asyncio

import pytest

from bot.moncreneau.cache import SingleFlight


class Work:
    """Something slow that ends when the test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> str:
        self.begun += 1
        await self.gate.wait()
        if self.error:
            raise self.error
        return "done"


async def test_concurrent_identical_calls_run_once() -> None:
    single_flight, work = SingleFlight[str, str](), Work()
    waiting = [asyncio.create_task(single_flight.join("a", work)) for _ in range(10)]
    other = asyncio.create_task(single_flight.join("b", work))
    await asyncio.sleep(0)
    work.gate.set()
    assert await asyncio.gather(*waiting, other) == ["done"] * 11
    assert work.begun == 2


async def test_a_cancelled_waiter_does_not_cancel_the_others() -> None:
    single_flight, work = SingleFlight[str, str](), Work()
    first, second = (asyncio.create_task(single_flight.join("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    work.gate.set()
    assert await second == "done"
    assert first.cancelled()


async def test_an_error_reaches_all_waiters_and_is_not_cached() -> None:
    single_flight, work = SingleFlight[str, str](), Work()
    work.error = LookupError("gone")
    waiting = [asyncio.create_task(single_flight.join("a", work)) for _ in range(3)]
    await asyncio.sleep(0)
    work.gate.set()
    assert all(isinstance(one, LookupError) for one in await asyncio.gather(*waiting, return_exceptions=True))
    work.error = None
    assert await single_flight.join("a", work) == "done"


async def test_closing_cancels_running_calls() -> None:
    single_flight, work = SingleFlight[str, str](), Work()
    task = asyncio.create_task(single_flight.join("a", work))
    await asyncio.sleep(0)
    assert "a" in single_flight
    await single_flight.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(single_flight)


async def test_a_waiter_that_times_out_leaves_the_call_running() -> None:
    single_flight, work = SingleFlight[str, str](), Work()
    with pytest.raises(TimeoutError):
        await single_flight.join("a", work, seconds=0)
    waiting = asyncio.create_task(single_flight.join("a", work))
    await asyncio.sleep(0)
    work.gate.set()
    assert await waiting == "done"
    assert work.begun == 1
