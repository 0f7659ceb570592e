"""Rows of buttons: grids, pages, and the ways back and out that every screen has. Knows no screen in particular.

At most three buttons stand in a row. Labels are plain text, so nothing in them needs escaping.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from bot.core import callback_data
from bot.i18n import Translator
from bot.views.message import Button

Row = tuple[Button, ...]
Rows = tuple[Row, ...]
Item = TypeVar("Item")

LABEL = 60
"""Characters of a label; longer ones are cut where they can be read no more anyhow."""
SHORT = 18
"""Labels up to this length are read well two in a row."""
PER_PAGE = 8


@lru_cache(maxsize=4096)
def clip(text: str, longest: int = LABEL) -> str:
    """The text on one line, at most so many characters long. The same few names are asked for all the time."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def grid(buttons: Iterable[Button], per_row: int) -> Rows:
    """The buttons in rows, in their order."""
    row = tuple(buttons)
    return tuple(row[start : start + per_row] for start in range(0, len(row), per_row))


def columns(buttons: Sequence[Button]) -> Rows:
    """Two in a row where all are short, else one."""
    return grid(buttons, 2 if all(len(each.label) <= SHORT for each in buttons) else 1)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list; the number asked for may be any, the page is one that exists."""

    items: tuple[Item, ...]
    number: int
    count: int

    @classmethod
    def of(cls, items: Sequence[Item], number: int, size: int = PER_PAGE) -> "Page[Item]":
        """The page `number` (from 0), or the last one where there are fewer."""
        count = max(1, -(-len(items) // size))
        number = min(number, count - 1)
        return cls(tuple(items[number * size : (number + 1) * size]), number, count)

    def turning(self, t: Translator, *, days: bool = False) -> Rows:
        """The buttons to the pages before and after, if there are any."""
        row = []
        if self.number > 0:
            before = t.label("button.days_before" if days else "button.page_before")
            row.append(Button(before, callback_data.numbered(callback_data.PAGE, self.number - 1)))
        if self.number < self.count - 1:
            after = t.label("button.days_after" if days else "button.page_after")
            row.append(Button(after, callback_data.numbered(callback_data.PAGE, self.number + 1)))
        return (tuple(row),) if row else ()


def one(t: Translator, key: str, action: str) -> Row:
    """A row of one button whose words are in the catalogues."""
    return (Button(t.label(key), action),)


def back(t: Translator) -> Row:
    """One step back."""
    return one(t, "button.back", callback_data.BACK)


def back_to_menu(t: Translator) -> Row:
    """Back, where one step back is the way out."""
    return one(t, "button.back_to_menu", callback_data.LEAVE)


def back_or_leave(t: Translator) -> Rows:
    """One step back; or out of the booking."""
    return (back(t), one(t, "button.leave", callback_data.LEAVE))


def retry(t: Translator) -> Row:
    """Try the same again."""
    return one(t, "button.retry", callback_data.RETRY)


def book(t: Translator) -> Row:
    """Book an appointment."""
    return one(t, "button.book", callback_data.BOOK)


def appointments(t: Translator) -> Row:
    """See one's appointments."""
    return one(t, "button.appointments", callback_data.APPOINTMENTS)


def other_time(t: Translator) -> Row:
    """Choose another time in the same department."""
    return one(t, "button.other_time", callback_data.OTHER_TIME)


def other_department(t: Translator) -> Row:
    """Choose another department."""
    return one(t, "button.other_department", callback_data.CHANGE_DEPARTMENT)
