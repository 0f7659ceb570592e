"""Waiting that something can cut short. Knows nothing of what is waited for."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def wait_event(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or so many seconds."""
    if seconds <= 0:
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def run_unless(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, but drop it when the event comes first. Raises what the work raises."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        working.cancel()
        waiting.cancel()
        await asyncio.wait({working, waiting})
