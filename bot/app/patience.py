"""Waiting that something can cut short. Knows nothing of what is waited for."""

import asyncio


async def either(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or so many seconds."""
    if seconds <= 0:
        return
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
