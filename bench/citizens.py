"""Citizens of the simulation: each comes, looks, chooses, confirms, and remembers what they were told.

They read buttons as a person would read labels and know nothing of the bot, its caches or the API.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.app.records import Delivery
from bot.core import callback_data
from bot.views.message import Message

UNTIL = re.compile(r"à partir de (\d\d:\d\d)")
"""How the bot says, in French, from when on something will work."""
READ, THINK = (2.0, 8.0), (3.0, 12.0)
"""Seconds that a screen takes to read, and a choice to make."""


class End(StrEnum):
    """What a citizen went home with."""

    TICKET = "ticket"
    CANCELLED = "ticket, then cancelled"
    WAITING = "told: confirmed, made from HH:MM"
    BUSY = "told: very busy, try at HH:MM"
    FULL = "told: nothing is free"
    REFUSED = "told: not booked, and why"
    NOTHING = "no answer"


@dataclass(frozen=True, slots=True)
class Habits:
    """How a citizen goes about it."""

    department: int
    earliest: bool
    """Takes the earliest slot that is offered, as those in a hurry do."""
    two_days: bool
    cancels: bool


@dataclass(slots=True)
class Citizen:
    """One citizen. `press` and `say` reach the bot; what it answers comes to `hear`."""

    chat_id: int
    name: str
    habits: Habits
    chance: random.Random
    press: Callable[[int, str, int], Awaitable[None]]
    say: Callable[[int, str], Awaitable[None]]
    end: End = End.NOTHING
    lost: int = 0
    """How often a slot was gone when it was confirmed."""
    told_time: str = ""
    waited: bool = False
    """Whether the bot said from when on it can make what was confirmed."""
    ticket: int | None = None
    looked: int = 0
    before_confirming: "Callable[[Citizen], None] | None" = None
    """What happens elsewhere while this citizen makes up their mind."""
    _news: asyncio.Queue[tuple[Delivery, int]] = field(default_factory=asyncio.Queue)

    def hear(self, delivery: Delivery, message: int) -> None:
        """Something came, or changed, on the phone."""
        if not delivery.message.qr_link:
            self._news.put_nowait((delivery, message))

    async def live(self, arrival: float, patience: float) -> None:
        """Come at `arrival`, and stay until the matter is settled, or for `patience` seconds after confirming."""
        await asyncio.sleep(arrival)
        await self.say(self.chat_id, "/book")
        try:
            async with asyncio.timeout(patience):
                while await self._next():
                    pass
        except TimeoutError:
            return

    async def _next(self) -> bool:
        """Take the next thing that the phone shows, the newest only; whether anything is left to do."""
        delivery, number = await self._news.get()
        while not self._news.empty():
            delivery, number = self._news.get_nowait()
        message = delivery.message
        kinds = {callback_data.split(button.action)[0] for row in message.rows for button in row}
        if callback_data.CANCEL in kinds:
            return await self._has_ticket(message)
        if callback_data.YES in kinds:
            return await self._press(delivery, number, callback_data.YES)
        if callback_data.CONFIRM in kinds:
            if self.before_confirming:
                await self._think(READ)
                self.before_confirming(self)
            return await self._press(delivery, number, callback_data.CONFIRM)
        if callback_data.GIVE_UP in kinds:
            self._wait(message)
            return True
        if callback_data.RETRY in kinds:
            return self._told(message)
        if self.end is End.TICKET and {callback_data.BOOK, callback_data.APPOINTMENTS} <= kinds:
            self.end = End.CANCELLED
            return False
        if self.ticket is not None:
            return kinds == {
                callback_data.HELP
            }  # the cancelling is under way; else it is too late, and the bot said so
        return await self._choose(delivery, number, kinds)

    async def _choose(self, delivery: Delivery, number: int, kinds: set[str]) -> bool:
        if callback_data.DEPARTMENT in kinds:
            return await self._press(
                delivery, number, callback_data.numbered(callback_data.DEPARTMENT, self.habits.department)
            )
        if callback_data.DAY in kinds or callback_data.EARLIEST in kinds:
            return await self._choose_day(delivery, number)
        if callback_data.TIME in kinds:
            return await self._choose_time(delivery, number)
        if callback_data.OTHER_TIME in kinds:  # its hour passed while they made up their mind
            return await self._press(delivery, number, callback_data.OTHER_TIME)
        if callback_data.NAME in kinds:
            return await self._press(delivery, number, callback_data.numbered(callback_data.NAME, 0))
        if callback_data.BOOK in kinds or callback_data.HELP in kinds:
            self._wait(delivery.message)
            return True
        await self._think(READ)
        await self.say(self.chat_id, self.name)
        return True

    async def _choose_day(self, delivery: Delivery, number: int) -> bool:
        if self.habits.earliest and (self.looked or not self.habits.two_days):
            return await self._press(delivery, number, callback_data.EARLIEST)
        return await self._press_any(delivery, number, callback_data.DAY)

    async def _choose_time(self, delivery: Delivery, number: int) -> bool:
        if callback_data.OTHER_TIME in {button.action for row in delivery.message.rows for button in row}:
            self.lost += 1  # the screen of the nearest times: the one that was confirmed is gone
            return await self._press_any(delivery, number, callback_data.TIME)
        self.looked += 1
        if self.habits.two_days and self.looked == 1:
            return await self._press(delivery, number, callback_data.BACK)
        return await self._press_any(delivery, number, callback_data.TIME)

    async def _press_any(self, delivery: Delivery, number: int, kind: str) -> bool:
        found = [b.action for row in delivery.message.rows for b in row if callback_data.split(b.action)[0] == kind]
        if not found:
            self.end = End.FULL
            return False
        return await self._press(delivery, number, self.chance.choice(found))

    async def _press(self, delivery: Delivery, number: int, action: str) -> bool:
        if action not in {button.action for row in delivery.message.rows for button in row}:
            self.end = End.REFUSED
            return False
        await self._think(THINK)
        await self.press(self.chat_id, callback_data.encode(delivery.screen, action), number)
        return True

    async def _has_ticket(self, message: Message) -> bool:
        cancel = next(
            b for row in message.rows for b in row if callback_data.split(b.action)[0] == callback_data.CANCEL
        )
        self.ticket = callback_data.number_in(callback_data.split(cancel.action)[1])
        self.end = End.TICKET
        if not self.habits.cancels:
            return False
        await asyncio.sleep(self.chance.uniform(60, 600))
        await self.press(self.chat_id, callback_data.encode(None, cancel.action), 0)
        return True

    def _wait(self, message: Message) -> None:
        """What was confirmed is under way; the bot may say until when it waits."""
        if found := UNTIL.findall(message.text):
            self.told_time, self.waited = found[-1], True
            if self.ticket is None:
                self.end = End.WAITING

    def _told(self, message: Message) -> bool:
        """It did not work; with an hour to come back where there is one."""
        found = UNTIL.findall(message.text)
        self.told_time = found[-1] if found else ""
        if self.ticket is None:
            self.end = End.BUSY if found else End.REFUSED
        return False

    async def _think(self, span: tuple[float, float]) -> None:
        await asyncio.sleep(self.chance.uniform(*span))
