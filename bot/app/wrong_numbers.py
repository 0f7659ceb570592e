"""Limits the requests for appointment numbers that do not belong to the chat.

Guessing reveals nothing, because unknown numbers and those of others get the same answer, but each guess costs a
request. The counts are in memory only.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable

from bot.app.hourly_limiter import HourlyLimiter
from bot.core.health import ChatLimit
from bot.core.model import Appointment

MOST = 10
"""Wrong numbers within an hour that may each cost a request."""
CHATS = 1000
"""The number of chats whose appointments are remembered."""


class WrongNumbers:
    """Counts wrong numbers per chat; `now` returns seconds, `reached` counts the answers without a request."""

    def __init__(self, now: Callable[[], float], reached: Counter[ChatLimit]) -> None:
        self._limiter = HourlyLimiter[int](MOST, now)
        self._reached = reached
        self._read: OrderedDict[int, tuple[Appointment, ...]] = OrderedDict()

    def answer(self, chat_id: int, number: int) -> tuple[Appointment, ...] | None:
        """The chat's appointments as last read, if this number is wrong and needs no request; else None."""
        known = self._read.get(chat_id)
        if known is None or any(each.id == number for each in known) or not self._limiter.wait(chat_id):
            return None
        self._reached[ChatLimit.NUMBERS] += 1
        return known

    def note(self, chat_id: int, number: int, appointments: tuple[Appointment, ...]) -> None:
        """Record the appointments that were read for this number."""
        if any(each.id == number for each in appointments):
            return
        self._limiter.count(chat_id)
        self._read[chat_id] = appointments
        self._read.move_to_end(chat_id)
        if len(self._read) > CHATS:
            self._read.popitem(last=False)

    def forget(self, chat_id: int) -> None:
        """Let the next number cost a request, because the chat has a new appointment."""
        self._read.pop(chat_id, None)
