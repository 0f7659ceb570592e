"""Answers presses of buttons at once, so that the phone stops showing that one is on its way.

Telegram wants `answerCallbackQuery` soon and at most once, and its failure never matters. So it is bounded: somebody
who presses faster than answers go out is not answered each time, and keeps nobody else's message waiting.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

AT_ONCE = 24
"""Answers under way: half of the connections, so that the other half is for messages."""
PER_CHAT = 2
"""Answers of one chat that are under way or wait."""


class PressAnswers:
    """All answers under way. `answer` sends one, by the number of the press, and never raises."""

    def __init__(self, answer: Callable[[str], Awaitable[None]]) -> None:
        self._answer = answer
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._open: Counter[int] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def soon(self, chat_id: int, query_id: str) -> None:
        """Answer a press of this chat, unless it has pressed too often for that."""
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
