"""Single messages to admins that go beside the outbox, previews and reports: paced like everything else that goes out.

Knows nothing of what they say.
"""

import asyncio

from bot.app.rate_limits import ChatRateLimiter, FloodControl, GlobalRateLimiter
from bot.app.records import Urgency


class DirectSends:
    """What whoever sends one asks before it and tells after it."""

    def __init__(self, overall: GlobalRateLimiter, per_chat: ChatRateLimiter, floods: FloodControl) -> None:
        self._overall = overall
        self._per_chat = per_chat
        self._floods = floods

    async def turn(self, chat_id: int, urgency: Urgency) -> None:
        """Wait for room in the chat, then for a turn."""
        await asyncio.sleep(self._per_chat.wait_for(chat_id, asyncio.get_running_loop().time(), edit=False))
        await self._overall.turn(urgency)

    def went(self) -> None:
        """It got through."""
        self._floods.went()

    def flooded(self, chat_id: int, retry_after: float) -> None:
        """The chat takes nothing for so many seconds; `turn` waits for them."""
        self._floods.struck(chat_id, retry_after, bulk=True)
