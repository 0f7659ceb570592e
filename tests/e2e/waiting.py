"""Waiting for what must come about, with a deadline; the only place where these tests sleep."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")
PAUSE = 0.05
WITHIN = 30.0


@overload
async def eventually(
    what: str, look: Callable[[], Awaitable[T]], *, within: float = WITHIN, pause: float = PAUSE
) -> T: ...
@overload
async def eventually(what: str, look: Callable[[], T], *, within: float = WITHIN, pause: float = PAUSE) -> T: ...
async def eventually(what: str, look: Callable[[], Any], *, within: float = WITHIN, pause: float = PAUSE) -> Any:
    """Look until there is something true to see, and return it. Fails with `what` after `within` seconds."""
    end = time.monotonic() + within
    while True:
        found = look()
        seen = await found if inspect.isawaitable(found) else found
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"never came about within {within} s: {what} (last seen: {seen!r})")
        await asyncio.sleep(pause)
