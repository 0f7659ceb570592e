"""A second connection pool for broadcasts, opened by the first call and closed after some idle time.

So citizens' calls never wait for a connection behind a broadcast, and a closed pool uses no memory.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from bot.telegram.transport import RawBot

IDLE = 30.0
"""Seconds without a call after which the connections are closed."""


class LazyBot:
    """Calls like a `RawBot`; `make` creates one when needed."""

    def __init__(self, make: Callable[[], RawBot], idle: float = IDLE) -> None:
        self._make = make
        self._idle = idle
        self._bot: RawBot | None = None
        self._in_flight = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def is_open(self) -> bool:
        """Whether the pool is open."""
        return self._bot is not None

    async def call(self, method: str, parameters: dict[str, Any], *, read_timeout: float | None = None) -> Any:
        """See `RawBot.call`."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._in_flight += 1
        try:
            bot = self._bot
            if bot is None:
                bot = self._bot = self._make()
            await bot.request.initialize()
            return await bot.call(method, parameters, read_timeout=read_timeout)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._timer = asyncio.get_running_loop().call_later(self._idle, self._close)

    async def shutdown(self) -> None:
        """Close the connections; the next call would open them again."""
        if self._timer:
            self._timer.cancel()
        self._close()
        if self._closing:
            await asyncio.wait(self._closing)

    def _close(self) -> None:
        # The next call creates a new one and does not use the one being closed.
        bot, self._bot, self._timer = self._bot, None, None
        if bot:
            task = asyncio.create_task(bot.request.shutdown())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
