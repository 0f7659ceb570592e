"""What the operator tells of a department beyond the API: what to bring, where it is, when it is closed.

Also which of it changed, and when, so that a citizen with an older ticket is told. Pure: no file, no clock.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class DetailPart(StrEnum):
    """A part whose change matters to who has a ticket; stored."""

    ADDRESS = "address"
    BRING = "bring"


@dataclass(frozen=True, slots=True)
class DepartmentDetails:
    """The details of one department in one language. What is empty is not shown.

    `before` is to be read before booking. `pin` is a latitude and a longitude in degrees. `closed` are days on which
    the office announced to be closed; the API decides whether they can be booked.
    """

    before: str = ""
    bring: tuple[str, ...] = ()
    address: str = ""
    landmark: str = ""
    phone: str = ""
    notice: str = ""
    pin: tuple[float, float] | None = None
    closed: frozenset[date] = frozenset()

    @property
    def has_words(self) -> bool:
        """Whether there is something to read."""
        return bool(self.before or self.bring or self.address or self.landmark or self.phone or self.notice)

    def part(self, part: DetailPart) -> str:
        """The words of a part, to compare; empty if there are none."""
        return self.address if part is DetailPart.ADDRESS else "\n".join(self.bring)


NO_DETAILS = DepartmentDetails()
DetailsByLocale = Mapping[str, Mapping[int, DepartmentDetails]]
"""The details by locale and department."""
History = Mapping[str, tuple[str, datetime]]
"""By department, locale and part (`5.fr.address`): a digest of its words, and since when (office time) it is so."""


def updated(history: History, present: DetailsByLocale, now: datetime) -> dict[str, tuple[str, datetime]]:
    """The history after the details were read at `now`; parts without words are not in it.

    A part that is new is as old as its minute, because `BookEntry.booked_at` is exact to the minute only.
    """
    found = {}
    for key, words in _parts(present):
        digest = hashlib.sha256(words.encode()).hexdigest()[:16]
        known = history.get(key)
        if known and known[0] == digest:
            found[key] = known
        else:
            found[key] = digest, now.replace(second=0 if known is None else now.second, microsecond=0)
    return found


def changed_since(history: History, department_id: int, locale: str, at: datetime | None) -> tuple[DetailPart, ...]:
    """The parts that changed after `at`; none if that time is not known."""
    if at is None:
        return ()
    known = ((part, history.get(_key(department_id, locale, part))) for part in DetailPart)
    return tuple(part for part, entry in known if entry and entry[1] > at)


def _parts(present: DetailsByLocale) -> Iterator[tuple[str, str]]:
    for locale, departments in present.items():
        for department_id, details in departments.items():
            for part in DetailPart:
                if words := details.part(part):
                    yield _key(department_id, locale, part), words


def _key(department_id: int, locale: str, part: DetailPart) -> str:
    return f"{department_id}.{locale}.{part}"
