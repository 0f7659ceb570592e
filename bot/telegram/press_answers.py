"""Answers presses of buttons at once, so that the buttons stop spinning.

Telegram expects `answerCallbackQuery` soon and at most once, and its failure does not matter. Its calls are limited in
number: if somebody presses faster than answers are sent, some presses get none, and no message waits for them.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

AT_ONCE = 24
"""Calls in flight: half of the connections, so that the other half is left for messages."""
PER_CHAT = 2
"""Calls in flight or waiting for one chat."""


class PressAnswers:
    """All calls in flight. `answer` sends one, by the id of the press, and never raises."""

    def __init__(self, answer: Callable[[str], Awaitable[None]]) -> None:
        self._answer = answer
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._open: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def soon(self, chat_id: int, query_id: str) -> None:
        """Answer a press of this chat, unless too many of its presses wait for an answer."""
        if self._open[chat_id] >= PER_CHAT:
            return
        self._open[chat_id] += 1
        task = asyncio.create_task(self._send(chat_id, query_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, chat_id: int, query_id: str) -> None:
        try:
            async with self._slots:
                await self._answer(query_id)
        finally:
            self._open[chat_id] -= 1
            if not self._open[chat_id]:
                del self._open[chat_id]
