"""Rows of buttons: labels that fit a small phone, grids, pages, and the buttons that many screens share.

Telegram shows one line per button and cuts the rest. So a label has at most `ALONE` characters if its button is alone
in its row, and `PAIR` if two share the row. Names from outside are cut in the middle, because long names of offices
often differ at the end. Labels are plain text and need no escaping. Must not know any screen.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.core import callback_data
from bot.core.model import Draft
from bot.core.names import visible
from bot.i18n import Safe, Translator
from bot.views.message import Button, Style

Row = tuple[Button, ...]
Rows = tuple[Row, ...]
Item = TypeVar("Item")

ALONE, PAIR = 26, 14
"""Longest label, in characters, of a button alone in its row, and of one of two."""
NAME = 100
"""Longest name in a text, in characters."""
PER_PAGE = 8
_TAIL = 0.4
"""The share of a shortened text that comes from its end."""


def clip(text: str, longest: int = ALONE) -> str:
    """The visible text on one line, cut at the end."""
    line = " ".join(visible(text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def shorten(text: str, longest: int = ALONE) -> str:
    """The visible text on one line, cut in the middle: `Direction natio… état civil`."""
    line = " ".join(visible(text).split())
    if len(line) <= longest:
        return line
    tail = line[len(line) - int((longest - 1) * _TAIL) :]
    while tail and unicodedata.combining(tail[0]):
        tail = tail[1:]
    return f"{line[: longest - 1 - len(tail)].rstrip()}…{tail.lstrip()}"


def width(label: str) -> int:
    """The visible characters of a label: combining marks and variation selectors take no space."""
    return sum(not unicodedata.combining(char) and unicodedata.category(char) not in {"Mn", "Cf"} for char in label)


def grid(buttons: Iterable[Button], per_row: int) -> Rows:
    """The buttons in rows of `per_row`."""
    row = tuple(buttons)
    return tuple(row[start : start + per_row] for start in range(0, len(row), per_row))


def columns(buttons: Sequence[Button]) -> Rows:
    """Two buttons in a row if all labels are short, else one."""
    return grid(buttons, 2 if all(width(each.label) <= PAIR for each in buttons) else 1)


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice whose name comes from the API; `more` distinguishes it from others of the same name."""

    action: str
    name: str
    more: str = ""


def choices(t: Translator, items: Sequence[Choice]) -> tuple[Rows, Safe | None]:
    """The buttons, and a legend for the text: choices whose labels look alike are numbered in both."""
    labels = [shorten(each.name) for each in items]
    times = Counter(label.casefold() for label in labels)
    names = Counter(each.name for each in items)
    buttons: list[Button] = []
    legend: list[Safe] = []
    for item, label in zip(items, labels, strict=True):
        if times[label.casefold()] == 1:
            buttons.append(Button(label, item.action))
            continue
        number = len(legend) + 1
        buttons.append(Button(shorten(f"{number}. {item.name}"), item.action))
        name, more = clip(item.name, NAME), clip(item.more, NAME)
        one_of_several = names[item.name] > 1
        legend.append(
            t.text("choice.twin", number=number, name=name, more=more)
            if one_of_several
            else t.text("choice", number=number, name=name)
        )
    return columns(buttons), Safe("\n".join(legend)) if legend else None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list. A number that does not exist gives the last page."""

    items: tuple[Item, ...]
    number: int
    count: int

    @classmethod
    def of(cls, items: Sequence[Item], number: int, size: int = PER_PAGE) -> "Page[Item]":
        """The page `number` (from 0), or the last one if there are fewer."""
        count = max(1, -(-len(items) // size))
        number = min(number, count - 1)
        return cls(tuple(items[number * size : (number + 1) * size]), number, count)

    def turning(self, t: Translator) -> Rows:
        """The buttons to the pages before and after, if there are any."""
        row = []
        if self.number > 0:
            action = callback_data.numbered(callback_data.PAGE, self.number - 1)
            row.append(Button(t.label("button.page_before"), action))
        if self.number < self.count - 1:
            action = callback_data.numbered(callback_data.PAGE, self.number + 1)
            row.append(Button(t.label("button.page_after"), action))
        return (tuple(row),) if row else ()


def one(t: Translator, key: str, action: str, style: Style | None = None) -> Row:
    """A row of one button; `key` is the text of its label."""
    return (Button(t.label(key), action, style=style),)


def back(t: Translator) -> Row:
    """To the previous screen."""
    return one(t, "button.back", callback_data.BACK)


def back_to_menu(t: Translator) -> Row:
    """To the menu, labelled as back."""
    return one(t, "button.back_to_menu", callback_data.LEAVE)


def leave(t: Translator, draft: Draft | None = None) -> Row:
    """The way out of the booking, or of a move, which keeps the appointment."""
    if draft and draft.replaces:
        return one(t, "button.keep", callback_data.LEAVE)
    return one(t, "button.leave", callback_data.LEAVE)


def back_or_leave(t: Translator) -> Rows:
    """A row with two buttons: to the previous screen, and out of the booking."""
    return ((*back(t), *leave(t)),)


def ways_out(t: Translator, draft: Draft, *, back_too: bool = True) -> Rows:
    """One step back and the way out, of a booking or of a move."""
    if draft.replaces is None:
        return back_or_leave(t)
    return (back(t), leave(t, draft)) if back_too else (leave(t, draft),)


def cancel_this(t: Translator, number: int) -> Row:
    """Cancel this appointment."""
    return one(t, "button.cancel_this", callback_data.numbered(callback_data.CANCEL, number), Style.DANGER)


def move_or_cancel(t: Translator, number: int) -> Row:
    """Move this appointment, or cancel it."""
    move = Button(t.label("button.move"), callback_data.numbered(callback_data.MOVE, number))
    cancel = callback_data.numbered(callback_data.CANCEL, number)
    return (move, Button(t.label("button.cancel"), cancel, style=Style.DANGER))


def retry(t: Translator) -> Row:
    """Try the same again."""
    return one(t, "button.retry", callback_data.RETRY)


def book(t: Translator) -> Row:
    """Book an appointment."""
    return one(t, "button.book", callback_data.BOOK)


def new_appointment(t: Translator) -> Row:
    """Book another appointment."""
    return one(t, "button.new_appointment", callback_data.BOOK)


def one_more(t: Translator, number: int) -> Row:
    """Book one more person in the department of this appointment, on the same day if there is a place."""
    return one(t, "button.one_more", callback_data.numbered(callback_data.ONE_MORE, number))


def calendar(t: Translator, number: int) -> Row:
    """Get the calendar file of an appointment."""
    return one(t, "button.calendar", callback_data.numbered(callback_data.CALENDAR, number))


def appointments(t: Translator) -> Row:
    """See one's appointments."""
    return one(t, "button.appointments", callback_data.APPOINTMENTS)


def other_time(t: Translator) -> Row:
    """Choose another time in the same department."""
    return one(t, "button.other_time", callback_data.OTHER_TIME)


def other_department(t: Translator) -> Row:
    """Choose another department."""
    return one(t, "button.other_department", callback_data.CHANGE_DEPARTMENT)


def change_name(t: Translator) -> Row:
    """Give another name."""
    return one(t, "button.change_name", callback_data.CHANGE_NAME)


def change_time(t: Translator) -> Row:
    """Choose another time, then return to the summary."""
    return one(t, "button.change_time", callback_data.OTHER_TIME)
