"""The names that a chat remembers for its next bookings: the citizen's own, and those of relatives.

A name is remembered once it was booked. The default is the citizen's own: the first that was booked here and not said
to be somebody else's. Names are compared without accents and case. Must not know conversations.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from bot.core.names import fold

MOST = 5


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name that was booked, and when a booking or a move last used it (office time)."""

    name: str
    used: datetime
    is_relative: bool = False

    @property
    def mark(self) -> int:
        """Names it in a button, also of an old message: whatever is remembered by then, it is this name or none."""
        return crc32(fold(self.name).encode())


KnownNames = tuple[KnownName, ...]
"""In the order in which they were first booked."""


def find(known: KnownNames, name: str) -> KnownName | None:
    """The remembered name that is this one."""
    return next((each for each in known if fold(each.name) == fold(name)), None)


def is_relative(known: KnownNames, name: str) -> bool:
    """Whether a name was said to be somebody else's."""
    found = find(known, name)
    return found is not None and found.is_relative


def default(known: KnownNames) -> str | None:
    """The name for a booking of which nothing else is said."""
    return next((each.name for each in known if not each.is_relative), None)


def offered(known: KnownNames) -> tuple[str, ...]:
    """The names to choose from: the default, then the others, the last used one first."""
    own = default(known)
    latest = sorted(known, key=lambda each: each.used, reverse=True)
    return tuple(each.name for each in sorted(latest, key=lambda each: each.name != own))


def remember(known: KnownNames, name: str, used: datetime, *, is_relative: bool) -> KnownNames:
    """Remember a name that was booked. Of too many the least recently used goes, but never the default.

    Whose a name is was said when it was first booked.
    """
    if found := find(known, name):
        return tuple(replace(each, name=name, used=used) if each is found else each for each in known)
    known = (*known, KnownName(name, used, is_relative=is_relative))
    own = default(known)
    others = [each for each in known if each.name != own]
    return known if len(known) <= MOST else without(known, min(others, key=lambda each: each.used).mark)


def use(known: KnownNames, name: str, used: datetime) -> KnownNames:
    """Note that a name was used, if it is remembered."""
    found = find(known, name)
    return tuple(replace(each, used=used) if each is found else each for each in known)


def without(known: KnownNames, mark: int) -> KnownNames:
    """Forget the name with this mark."""
    return tuple(each for each in known if each.mark != mark)


def since(known: KnownNames, now: datetime, kept: timedelta) -> KnownNames:
    """Forget the names that nothing used for so long."""
    return tuple(each for each in known if now - each.used <= kept)


def are_several(names: Iterable[str | None]) -> bool:
    """Whether these are names of more than one person."""
    return len({fold(name) for name in names if name}) > 1
