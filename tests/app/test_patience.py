"""Waiting for something or for so long, whichever comes first."""

import asyncio

from bot.app.patience import either


async def test_what_has_happened_ends_the_waiting_at_once() -> None:
    event = asyncio.Event()
    event.set()
    await asyncio.wait_for(either(event, 3600), 10)


async def test_what_does_not_happen_is_waited_for_no_longer_than_said() -> None:
    event = asyncio.Event()
    await asyncio.wait_for(either(event, 0.01), 10)
    await asyncio.wait_for(either(event, -1), 10)
    assert not event.is_set()
