"""Simulated citizens: each comes, reads screens, presses buttons, and remembers what they were told.

They know what a phone shows (text, labels, callback data) and nothing of the bot's insides, its caches or the API.
"""

import asyncio
import html
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from bot.core import callback_data
from tests.e2e.words import MARKUP, Words

WORDS = Words("fr")
UNTIL = re.compile(r"à partir de (\d\d:\d\d)")
"""How the bot says, in French, from when on something will work."""
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
DAY = re.compile(rf"(\d{{1,2}})(?:er)? ({'|'.join(MONTHS)})(?: (\d{{4}}))?")
HOUR = re.compile(r"(\d\d):(\d\d)")


class End(StrEnum):
    """The outcome for a citizen."""

    TICKET = "ticket"
    CANCELLED = "ticket, then cancelled"
    WAITING = "told: confirmed, will be booked from HH:MM"
    BUSY = "told: very busy, try again at HH:MM"
    FULL = "told: nothing is free"
    REFUSED = "told: not booked, and why"
    NOTHING = "no answer"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long people take, in seconds between which a duration is drawn."""

    press: tuple[float, float]
    """To read a screen and press a button."""
    typing: tuple[float, float]
    """To type a name."""
    confirm: tuple[float, float]
    """To read the summary and confirm."""


HURRIED = Pace(press=(0.5, 1.5), typing=(2.0, 4.0), confirm=(1.0, 3.0))
ORDINARY = Pace(press=(3.0, 12.0), typing=(5.0, 20.0), confirm=(4.0, 15.0))


@dataclass(frozen=True, slots=True)
class Habits:
    """The wish of a citizen and their habits."""

    department: int
    department_name: str
    earliest: bool = True
    """Takes the earliest slot that is offered; others take any day of the first page (ten days) and any time."""
    looks_at_two_days: bool = False
    cancels: bool = False
    pace: Pace = ORDINARY


@dataclass(frozen=True, slots=True)
class Button:
    """A button as Telegram delivers it: its label and its callback data."""

    label: str
    data: str

    @property
    def action(self) -> str:
        """The action, without the number of the screen."""
        return callback_data.decode(self.data)[1]

    @property
    def kind(self) -> str:
        """The kind of its action."""
        return callback_data.split(self.action)[0]


class Screen:
    """One message with buttons as a phone shows it."""

    def __init__(self, message: int, text: str, buttons: Iterable[Button]) -> None:
        self.message = message
        self.text = html.unescape(MARKUP.sub("", text))
        self.buttons = tuple(buttons)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of its buttons' actions."""
        return frozenset(button.kind for button in self.buttons)

    def of_kind(self, kind: str) -> list[Button]:
        """Its buttons of one kind."""
        return [button for button in self.buttons if button.kind == kind]

    @property
    def is_loading(self) -> bool:
        """Whether it only says that something is being read."""
        return WORDS.says(self.text, "loading")

    @property
    def offers_slots(self) -> bool:
        """Whether it shows slots that the API said are free: days, times, or the summary before *Confirm*."""
        offering = {callback_data.DAY, callback_data.EARLIEST, callback_data.TIME, callback_data.CONFIRM}
        return bool(self.kinds & offering)

    def times(self) -> list[datetime]:
        """The slots that can be pressed or confirmed here, as far as they are named with day and time."""
        times = [self.slot()] if callback_data.CONFIRM in self.kinds else []
        named = (callback_data.split(button.action)[1] for button in self.of_kind(callback_data.TIME))
        return [*times, *(datetime.strptime(each, "%Y%m%dT%H%M") for each in named)]  # noqa: DTZ007 — office time

    def slot(self) -> datetime:
        """The slot that a summary names. Raises ValueError if it names none."""
        day = next(reversed(list(DAY.finditer(self.text))), None)  # before it may stand the slot that was asked for
        hour = HOUR.search(self.text, day.end()) if day else None
        if not day or not hour:
            raise ValueError(f"no day and hour in {self.text!r}")
        year = int(day[3] or datetime.now().astimezone().year)  # a date of this year is written without it
        on = date(year, MONTHS.index(day[2]) + 1, int(day[1]))
        return datetime(on.year, on.month, on.day, int(hour[1]), int(hour[2]))  # noqa: DTZ001 — office time


class Phone(Protocol):
    """The way from citizens to the bot."""

    async def press(self, chat_id: int, data: str, message: int) -> None:
        """Press a button of a message."""

    async def say(self, chat_id: int, text: str) -> None:
        """Send a text."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A slot that was gone at the last step: somebody confirmed it and was told that it is taken."""

    at: float
    """When they were told, in seconds."""
    slot: datetime


@dataclass(slots=True)
class Citizen:
    """One citizen. What the bot sends comes to `hear`; `clock` gives seconds."""

    chat_id: int
    name: str
    habits: Habits
    chance: random.Random
    phone: Phone
    clock: Callable[[], float]
    end: End = End.NOTHING
    ended_at: float = 0.0
    losses: list[Loss] = field(default_factory=list)
    waited: float = 0.0
    """Seconds in all between something that this citizen did and a screen to go on with."""
    told_time: str = ""
    told_to_wait: bool = False
    """Whether the bot said from when on it can book what was confirmed."""
    ticket: int | None = None
    seen: list[tuple[float, Screen]] = field(default_factory=list)
    """Every screen with slots, and when it was shown."""
    _screens: asyncio.Queue[Screen] = field(default_factory=asyncio.Queue)
    _asked_at: float = 0.0
    _pressed: str = ""
    _summary: datetime | None = None
    _days_seen: int = 0

    def hear(self, screen: Screen) -> None:
        """A message came, or changed, on the phone."""
        if screen.offers_slots:
            self.seen.append((self.clock(), screen))
        self._screens.put_nowait(screen)

    async def live(self, arrival: float, patience: float) -> None:
        """Come `arrival` seconds from now, and stay until the matter is settled or for `patience` seconds."""
        await asyncio.sleep(arrival)
        self._asked_at = self.clock()
        await self.phone.say(self.chat_id, "/start")
        try:
            async with asyncio.timeout(patience):
                while await self._react(await self._newest()):
                    pass
        except TimeoutError:
            return
        finally:
            self.ended_at = self.clock()

    async def _newest(self) -> Screen:
        """The next thing that the phone shows, the newest only."""
        screen = await self._screens.get()
        while not self._screens.empty():
            screen = self._screens.get_nowait()
        return screen

    async def _react(self, screen: Screen) -> bool:
        """Do what this screen asks for; returns whether anything is left to do."""
        kinds = screen.kinds
        if callback_data.GIVE_UP in kinds or screen.is_loading or kinds <= {callback_data.HELP}:
            self._read_until(screen)
            return True
        self.waited += self.clock() - self._asked_at
        if callback_data.CANCEL in kinds:
            return await self._has_ticket(screen)
        if callback_data.YES in kinds:
            return await self._press(screen, screen.of_kind(callback_data.YES))
        if callback_data.CONFIRM in kinds:
            self._summary = screen.slot()
            return await self._press(screen, screen.of_kind(callback_data.CONFIRM))
        if callback_data.RETRY in kinds:
            return self._refused(screen)
        if self.end is End.TICKET and {callback_data.BOOK, callback_data.APPOINTMENTS} <= kinds:
            self.end = End.CANCELLED
            return False
        if self.ticket is not None:
            return False  # it is too late to cancel, and the bot said so
        return await self._choose(screen)

    async def _choose(self, screen: Screen) -> bool:
        kinds = screen.kinds
        if callback_data.DEPARTMENT in kinds:
            return await self._choose_department(screen)
        if callback_data.DAY in kinds or callback_data.EARLIEST in kinds:
            return await self._choose_day(screen)
        if callback_data.TIME in kinds:
            return await self._choose_time(screen)
        if callback_data.OTHER_TIME in kinds:  # its hour passed while they made up their mind
            return await self._press(screen, screen.of_kind(callback_data.OTHER_TIME))
        if callback_data.BOOK in kinds:
            return await self._press(screen, screen.of_kind(callback_data.BOOK))
        await self._pause(self.habits.pace.typing)
        return await self._say(self.name)

    async def _choose_department(self, screen: Screen) -> bool:
        wanted = callback_data.numbered(callback_data.DEPARTMENT, self.habits.department)
        if found := [button for button in screen.buttons if button.action == wanted]:
            return await self._press(screen, found)
        await self._pause(self.habits.pace.typing)
        return await self._say(self.habits.department_name)  # on another page: a typed word finds it

    async def _choose_day(self, screen: Screen) -> bool:
        is_second_look = self._days_seen > 0
        if self.habits.earliest and (is_second_look or not self.habits.looks_at_two_days):
            return await self._press(screen, screen.of_kind(callback_data.EARLIEST))
        return await self._press(screen, screen.of_kind(callback_data.DAY))

    async def _choose_time(self, screen: Screen) -> bool:
        times = screen.of_kind(callback_data.TIME)
        if callback_data.OTHER_TIME in screen.kinds:  # the times nearest to one that is gone
            if self._pressed == callback_data.CONFIRM and self._summary:
                self.losses.append(Loss(self.clock(), self._summary))
            return await self._press(screen, times)
        self._days_seen += 1
        if self.habits.looks_at_two_days and self._days_seen == 1:
            return await self._press(screen, screen.of_kind(callback_data.BACK))
        return await self._press(screen, times)

    async def _press(self, screen: Screen, buttons: list[Button]) -> bool:
        """Press one of these buttons; without any there is nothing left to do."""
        if not buttons:
            self.end = End.REFUSED
            return False
        button = self.chance.choice(buttons)
        pace = self.habits.pace
        await self._pause(pace.confirm if button.kind == callback_data.CONFIRM else pace.press)
        self._pressed, self._asked_at = button.kind, self.clock()
        await self.phone.press(self.chat_id, button.data, screen.message)
        return True

    async def _say(self, text: str) -> bool:
        self._pressed, self._asked_at = "", self.clock()
        await self.phone.say(self.chat_id, text)
        return True

    async def _has_ticket(self, screen: Screen) -> bool:
        cancel = screen.of_kind(callback_data.CANCEL)[0]
        self.ticket = callback_data.number_in(callback_data.split(cancel.action)[1])
        self.end = End.TICKET
        if not self.habits.cancels:
            return False
        await asyncio.sleep(self.chance.uniform(60, 600))
        return await self._press(screen, [cancel])

    def _read_until(self, screen: Screen) -> None:
        """The confirmed booking has no outcome yet; the bot may tell when it will be possible."""
        if found := UNTIL.findall(screen.text):
            self.told_time, self.told_to_wait = found[-1], True
            if self.ticket is None:
                self.end = End.WAITING

    def _refused(self, screen: Screen) -> bool:
        """It did not work; the screen may say when to come back."""
        found = UNTIL.findall(screen.text)
        self.told_time = found[-1] if found else ""
        if self.ticket is None:
            is_full = WORDS.plain("days.none", n=60) in screen.text
            self.end = End.FULL if is_full else End.BUSY if found else End.REFUSED
        return False

    async def _pause(self, span: tuple[float, float]) -> None:
        await asyncio.sleep(self.chance.uniform(*span))
