"""Limits the requests for appointment numbers that do not belong to the chat.

Guessing reveals nothing, because unknown numbers and those of others get the same answer, but each guess costs a
request. The counts are in memory only.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.model import Appointment

MOST = 10
"""Wrong numbers within `SPAN` that may each cost a request."""
SPAN = 3600.0
"""Seconds."""
CHATS = 1000
"""The number of chats that are remembered."""


@dataclass(slots=True)
class _Guesses:
    at: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))
    appointments: tuple[Appointment, ...] = ()


class WrongNumbers:
    """Counts wrong numbers per chat; `now` returns seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._chats: OrderedDict[int, _Guesses] = OrderedDict()

    def answer(self, chat_id: int, number: int) -> tuple[Appointment, ...] | None:
        """The chat's appointments as last read, if this number is wrong and needs no request; else None."""
        guesses = self._chats.get(chat_id)
        if guesses is None or any(each.id == number for each in guesses.appointments):
            return None
        while guesses.at and self._now() - guesses.at[0] > SPAN:
            guesses.at.popleft()
        return guesses.appointments if len(guesses.at) >= MOST else None

    def note(self, chat_id: int, number: int, appointments: tuple[Appointment, ...]) -> None:
        """Record the appointments that were read for this number."""
        if any(each.id == number for each in appointments):
            return
        guesses = self._chats.setdefault(chat_id, _Guesses())
        guesses.at.append(self._now())
        guesses.appointments = appointments
        self._chats.move_to_end(chat_id)
        if len(self._chats) > CHATS:
            self._chats.popitem(last=False)

    def forget(self, chat_id: int) -> None:
        """Reset the count, because the chat has a new appointment."""
        self._chats.pop(chat_id, None)
