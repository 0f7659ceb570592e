"""For whom appointments are: whether texts must say it, and whether a person has one already that day.

As soon as a chat has coming appointments under two names, every text about one says for whom it is. This is the one
place that decides; the views put it into words.
"""

from collections.abc import Iterable
from datetime import datetime

from bot.core.appointment_book import BookEntry
from bot.core.known_names import are_several
from bot.core.model import Draft, Ticket
from bot.core.names import fold
from bot.core.screens import Screen


def several_names(screens: Iterable[Screen], entries: Iterable[BookEntry], now: datetime) -> bool:
    """Whether these screens must say for whom: they and the coming appointments of the chat have two names."""
    coming = (each.name for each in entries if each.is_coming and each.at > now)
    return are_several((*(name for each in screens for name in names_in(each)), *coming))


def names_in(screen: Screen) -> tuple[str, ...]:
    """The names in whose appointments a screen is about; none if it is about no appointment."""
    attempt = getattr(screen, "attempt", None)
    draft = getattr(attempt or screen, "draft", None)
    single = (getattr(attempt or screen, each, None) for each in ("ticket", "old", "new", "before", "twice"))
    tickets = (*single, *getattr(screen, "tickets", ()))
    names = [each.appointment.name for each in tickets if isinstance(each, Ticket)]
    if isinstance(draft, Draft):
        names.append(draft.name or "")
    return tuple(name for name in names if name)


def same_day(draft: Draft, entries: Iterable[BookEntry], now: datetime) -> BookEntry | None:
    """A coming appointment of the same name, department and day, unless the citizen was told of it."""
    return next(
        (
            each
            for each in entries
            if draft.at
            and each.is_coming
            and each.at > now
            and each.at.date() == draft.at.date()
            and each.department_id == draft.department.id
            and fold(each.name or "") == fold(draft.name or "")
            and each.at.date() != draft.twice_on
        ),
        None,
    )
