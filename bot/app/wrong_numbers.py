"""Numbers that are not a chat's own appointments: after some, no request is spent on more of them.

Guessing shows nothing, since an unknown number and somebody else's get the same answer, but each costs all citizens a
request. In memory: a restart forgets them.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.model import Appointment

MOST = 10
"""Wrong numbers within `SPAN` that cost a request."""
SPAN = 3600.0
"""Seconds."""
CHATS = 1000
"""Chats that are remembered, the latest."""


@dataclass(slots=True)
class _Guesses:
    at: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))
    appointments: tuple[Appointment, ...] = ()


class WrongNumbers:
    """`now` gives seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._chats: OrderedDict[int, _Guesses] = OrderedDict()

    def answer(self, chat_id: int, number: int) -> tuple[Appointment, ...] | None:
        """The chat's appointments as they were read last, where this number is wrong and need not cost a request."""
        guesses = self._chats.get(chat_id)
        if guesses is None or any(each.id == number for each in guesses.appointments):
            return None
        while guesses.at and self._now() - guesses.at[0] > SPAN:
            guesses.at.popleft()
        return guesses.appointments if len(guesses.at) >= MOST else None

    def note(self, chat_id: int, number: int, appointments: tuple[Appointment, ...]) -> None:
        """Note which appointments were found when this number was looked for."""
        if any(each.id == number for each in appointments):
            return
        guesses = self._chats.setdefault(chat_id, _Guesses())
        guesses.at.append(self._now())
        guesses.appointments = appointments
        self._chats.move_to_end(chat_id)
        if len(self._chats) > CHATS:
            self._chats.popitem(last=False)

    def forget(self, chat_id: int) -> None:
        """Begin anew: the chat has another appointment."""
        self._chats.pop(chat_id, None)
