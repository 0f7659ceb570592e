"""Waiting for what must come about, with a deadline; the only place where these tests sleep."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE = 0.05


async def eventually(
    what: str, look: Callable[[], T | Awaitable[T]], *, within: float = 30.0, pause: float = PAUSE
) -> T:
    """Look until there is something true to see, and return it. Fails with `what` after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = look()
        seen: T = await found if isinstance(found, Awaitable) else found
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"never came about within {within} s: {what} (last seen: {seen!r})")
        await asyncio.sleep(pause)
