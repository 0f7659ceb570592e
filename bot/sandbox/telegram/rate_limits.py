"""Telegram's rate limits as token buckets: over all chats, for one chat, for a group, for edits in one chat.

Knows nothing of methods: it is told "a message" or "an edit", and the chat.
"""

from collections.abc import Callable

from bot.sandbox.telegram.config import RateLimits
from bot.sandbox.telegram.errors import too_many_requests


class TokenBucket:
    """Holds up to `size` tokens and refills at `rate` tokens a second."""

    __slots__ = ("at", "level", "rate", "size")

    def __init__(self, rate: float, size: float, now: float) -> None:
        self.rate = rate
        self.size = size
        self.level = size
        self.at = now

    def seconds_until_token(self, now: float) -> float:
        """Refill up to `now` and return the seconds until a token is there; zero or less means now."""
        self.level = min(self.size, self.level + max(0.0, now - self.at) * self.rate)
        self.at = now
        return (1 - self.level) / self.rate


class RateLimiter:
    """Takes tokens for messages and edits. With `limits=None` everything passes."""

    def __init__(self, limits: RateLimits | None, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.refused = 0
        self.set(limits)

    def set(self, limits: RateLimits | None) -> None:
        """Change the limits and start with full buckets."""
        self.limits = limits
        self._buckets: dict[tuple[str, int], TokenBucket] = {}

    def charge_message(self, chat_id: int, *, paid: bool = False) -> None:
        """Take the tokens of one message to this chat, or raise 429 with the seconds to wait and take none."""
        limits = self.limits
        if limits is None:
            return
        now = self._clock()
        overall = limits.paid_per_second if paid else limits.all_chats_per_second
        if chat_id < 0:
            chat = self._bucket("group", chat_id, limits.group_per_minute / 60, limits.group_per_minute, now)
        else:
            chat = self._bucket("chat", chat_id, limits.chat_per_second, limits.chat_burst, now)
        self._take(now, self._bucket("all", int(paid), overall, overall, now), chat)

    def charge_edit(self, chat_id: int) -> None:
        """Take the token of one edit. Telegram counts edits apart from messages, and for each chat alone."""
        limits = self.limits
        if limits is None:
            return
        now = self._clock()
        self._take(now, self._bucket("edit", chat_id, limits.edits_per_second, limits.edits_burst, now))

    def _bucket(self, kind: str, key: int, rate: float, size: float, now: float) -> TokenBucket:
        bucket = self._buckets.get((kind, key))
        if bucket is None:
            bucket = self._buckets[kind, key] = TokenBucket(rate, size, now)
        return bucket

    def _take(self, now: float, *buckets: TokenBucket) -> None:
        wait = max(bucket.seconds_until_token(now) for bucket in buckets)
        if wait > 0:
            self.refused += 1
            raise too_many_requests(wait)
        for bucket in buckets:
            bucket.level -= 1
