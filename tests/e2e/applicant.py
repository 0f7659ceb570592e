"""An applicant books and cancels, patiently: reads what stands on the phone and does what is asked there.

They remember what they confirmed and what they were told, and nothing else; whether both agree with the office's
ledger is for `reckoning` to say. When nothing moves they do what people do: press again, or write again.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field

from tests.e2e.phone import Phone, Shown
from tests.e2e.waiting import PAUSE
from tests.e2e.words import Words

PATIENCE = (2.0, 5.0)
"""Seconds without a change after which an applicant does the same again."""
LETTERS = "abcdefghij"


@dataclass(slots=True)
class Wish:
    """One appointment that somebody wants. `name` is its alone, so that the ledger can be searched for it."""

    name: str
    office: str
    gives_up: bool = False
    confirmed: bool = False
    gave_up: bool = False
    told_of_nothing: bool = False
    """Whether the phone says that it was given up in time."""
    ticket: int | None = None
    link: str | None = None
    cancel_confirmed: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Habits:
    """How often presses arrive twice, and how often people change their mind."""

    doubles: float = 0.25
    cancels: float = 0.4
    gives_up: float = 0.08


@dataclass(slots=True)
class Applicant:
    """One person with a phone."""

    phone: Phone
    words: Words
    offices: tuple[str, ...]
    chance: random.Random
    habits: Habits = Habits()
    wishes: list[Wish] = field(default_factory=list)
    doing: str = ""
    resent: int = 0

    async def live(self) -> None:
        """Want one appointment, get it, and perhaps cancel it."""
        spelled = "".join(LETTERS[int(digit)] for digit in f"{self.phone.chat_id}{len(self.wishes):03}")
        gives_up = self.chance.random() < self.habits.gives_up
        wish = Wish(f"Fanta {spelled.capitalize()}", self.chance.choice(self.offices), gives_up)
        self.wishes.append(wish)
        await self.book(wish)
        if wish.ticket is not None and self.chance.random() < self.habits.cancels:
            await self.cancel(wish)

    async def book(self, wish: Wish) -> None:
        """Until the ticket is on the phone, or the booking given up."""
        self.doing = f"books {wish.name}"
        await self.phone.scroll()
        await self.phone.say("/book")
        pace = Pace(self.chance)
        while not await self._has_ticket(wish):
            screen = await self._screen()
            if wish.gave_up and screen and screen.has(self.words.label("button.confirm")):
                await self._press(screen, self.words.label("button.leave"))
                return
            if screen is None or self.words.says(screen.text, "menu.question"):
                if pace.is_too_long():
                    await self.phone.say("/book")
            elif pace.may_act_on(screen):
                await self._answer(screen, wish)
            await asyncio.sleep(PAUSE)

    async def cancel(self, wish: Wish) -> None:
        """Until the phone says that it is cancelled."""
        self.doing = f"cancels {wish.ticket}"
        await self.phone.scroll()
        await self.phone.say(f"/cancel {wish.ticket}")
        pace = Pace(self.chance)
        retry, yes = self.words.label("button.retry"), self.words.label("button.yes_cancel")
        while not await self._is_cancelled(wish):
            screen = await self._screen()
            if screen and screen.has(retry) and pace.may_act_on(screen):
                await self._press(screen, retry)
            elif screen and screen.has(yes) and self.words.number_in(screen.text) == wish.ticket:
                if pace.may_act_on(screen):
                    wish.cancel_confirmed = True
                    await self._press(screen, yes)
            elif pace.is_too_long():
                await self.phone.say(f"/cancel {wish.ticket}")
            await asyncio.sleep(PAUSE)

    async def look_back(self) -> None:
        """Read all that was ever written, for who gave a booking up and walked away: it may have been made before.

        Then the ticket stands there; the bot must not have said that nothing was booked.
        """
        given_up = [wish for wish in self.wishes if wish.gave_up and wish.ticket is None]
        for shown in await self.phone.look(everything=True) if given_up else ():
            for wish in given_up:
                if wish.name in shown.text and self.words.says(shown.text, "ticket.booked"):
                    wish.ticket = self.words.number_in(shown.text)
                    wish.link = next((word for word in shown.text.split() if "/qr/" in word), None)
                wish.told_of_nothing |= wish.name in shown.text and self.words.says(shown.text, "notice.given_up")

    # --- reading -------------------------------------------------------------------------------------------------

    async def _screen(self) -> Shown | None:
        return next((each for each in reversed(await self.phone.look()) if each.is_screen), None)

    async def _has_ticket(self, wish: Wish) -> bool:
        for shown in await self.phone.look():
            if self.words.says(shown.text, "ticket.booked") and wish.name in shown.text:
                wish.ticket = self.words.number_in(shown.text)
                wish.link = next((word for word in shown.text.split() if "/qr/" in word), None)
        return wish.ticket is not None

    async def _is_cancelled(self, wish: Wish) -> bool:
        wish.cancelled = any(
            self.words.says(shown.text, "cancelled.title") and self.words.number_in(shown.text) == wish.ticket
            for shown in await self.phone.look()
        )
        return wish.cancelled

    # --- doing ---------------------------------------------------------------------------------------------------

    async def _answer(self, screen: Shown, wish: Wish) -> None:
        """Do what this screen asks for. Where it only says *wait*, wait."""
        label, says = self.words.label, self.words.says
        if screen.has(label("button.confirm")):
            wish.confirmed = True
            await self._press(screen, label("button.confirm"))
        elif screen.has(label("button.give_up")):
            if wish.gives_up:
                wish.gave_up = True
                await self._press(screen, label("button.give_up"))
        elif screen.has(label("button.retry")):
            await self._press(screen, label("button.retry"))
        elif says(screen.text, "refused.title"):
            await self._press(screen, label("button.other_time"))
        elif says(screen.text, "name.question"):
            await self.phone.say(wish.name)
        elif screen.has(wish.office):
            await self._press(screen, wish.office)
        elif choices := self._choices(screen):
            await self._press(screen, self.chance.choice(choices))

    def _choices(self, screen: Shown) -> list[str]:
        """The buttons among which anything goes: days, hours, staff."""
        labels = [button.label for button in screen.buttons]
        if self.words.says(screen.text, "workers.question"):
            return labels[:2]
        return [label for label in labels if self.words.is_time(label) or self.words.is_day(label)]

    async def _press(self, screen: Shown, label: str) -> None:
        """Press; now and then twice at once, or again by a phone that lost its connection."""
        await self.phone.press(screen, label)
        chance = self.chance.random()
        if chance < self.habits.doubles / 2:
            await self.phone.press(screen, label)
        elif chance < self.habits.doubles:
            await self.phone.resend()
        self.resent += chance < self.habits.doubles


class Pace:
    """When to act: at once on what is new, and again on what does not change for too long."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._seen: tuple[int, float] | None = None
        self._again = self._later()

    def may_act_on(self, screen: Shown) -> bool:
        """Whether this is news, or has stood there for too long."""
        this = (screen.number, screen.since)
        if this == self._seen and not self.is_too_long():
            return False
        self._seen = this
        self._again = self._later()
        return True

    def is_too_long(self) -> bool:
        """Whether nothing happened for so long that one does it again; counts anew from then on."""
        if time.monotonic() < self._again:
            return False
        self._again = self._later()
        return True

    def _later(self) -> float:
        return time.monotonic() + self._chance.uniform(*PATIENCE)
