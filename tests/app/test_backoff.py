"""Growing pauses, and waiting for an event or a time limit, whichever comes first."""

import asyncio

import pytest

from bot.app.backoff import Backoff, run_unless, wait_event


async def test_waiting_for_a_set_event_returns_at_once() -> None:
    event = asyncio.Event()
    event.set()
    await asyncio.wait_for(wait_event(event, 3600), 10)


async def test_waiting_ends_after_the_given_seconds() -> None:
    event = asyncio.Event()
    await asyncio.wait_for(wait_event(event, 0.01), 10)
    await asyncio.wait_for(wait_event(event, -1), 10)
    assert not event.is_set()


async def test_work_is_cancelled_when_the_event_comes_first() -> None:
    event, done = asyncio.Event(), list[str]()

    async def work(name: str, after: float) -> None:
        await asyncio.sleep(after)
        done.append(name)

    await run_unless(event, work("quick", 0))
    asyncio.get_running_loop().call_soon(event.set)
    await asyncio.wait_for(run_unless(event, work("slow", 3600)), 10)
    assert done == ["quick"]
    assert len(asyncio.all_tasks()) == 1


async def test_an_exception_of_the_work_is_raised() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await run_unless(asyncio.Event(), work())


def test_pauses_double_up_to_the_longest_and_reset() -> None:
    backoff = Backoff(1.0, 60.0, chance=lambda: 0.5)
    assert [backoff.pause() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    backoff.reset()
    assert backoff.pause() == 1


def test_a_limit_for_one_pause_is_kept_by_the_next() -> None:
    backoff = Backoff(50.0, 60.0, chance=lambda: 0.5)
    assert [backoff.pause(150.0) for _ in range(3)] == [50, 100, 150]
    assert [backoff.pause(), backoff.pause()] == [60, 60]


def test_pauses_are_random_so_that_many_callers_do_not_retry_together() -> None:
    least, most = Backoff(1.0, 60.0, chance=lambda: 0.0), Backoff(1.0, 60.0, (0.5, 1.0), chance=lambda: 1.0)
    assert (least.pause(), most.pause()) == (0.5, 1.0)
