"""Waiting for something or for so long, whichever comes first."""

import asyncio

import pytest

from bot.app.backoff import run_unless, wait_event


async def test_what_has_happened_ends_the_waiting_at_once() -> None:
    event = asyncio.Event()
    event.set()
    await asyncio.wait_for(wait_event(event, 3600), 10)


async def test_what_does_not_happen_is_waited_for_no_longer_than_said() -> None:
    event = asyncio.Event()
    await asyncio.wait_for(wait_event(event, 0.01), 10)
    await asyncio.wait_for(wait_event(event, -1), 10)
    assert not event.is_set()


async def test_work_is_done_unless_something_happens_first() -> None:
    event, done = asyncio.Event(), list[str]()

    async def work(name: str, after: float) -> None:
        await asyncio.sleep(after)
        done.append(name)

    await run_unless(event, work("quick", 0))
    asyncio.get_running_loop().call_soon(event.set)
    await asyncio.wait_for(run_unless(event, work("slow", 3600)), 10)
    assert done == ["quick"]
    assert len(asyncio.all_tasks()) == 1


async def test_what_the_work_raises_is_heard_of() -> None:
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await run_unless(asyncio.Event(), work())
