"""A citizen who books and cancels by reading the screen and doing what it asks for.

They remember what they confirmed and what they were told, and nothing else; `ledger_check` compares both with the
API's ledger. When nothing changes on the screen, they press or write again, as people do.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field

from tests.e2e.phone import Phone, Shown
from tests.e2e.waiting import PAUSE
from tests.e2e.words import Words

PATIENCE = (2.0, 5.0)
"""Seconds without a change after which a citizen does the same again."""
LETTERS = "abcdefghij"


@dataclass(slots=True)
class WantedBooking:
    """An appointment that a citizen wants. `name` is unique, so that it can be found in the ledger."""

    name: str
    office: str
    gives_up: bool = False
    confirmed: bool = False
    gave_up: bool = False
    told_not_booked: bool = False
    """Whether the bot said that it was given up before it was booked."""
    ticket: int | None = None
    link: str | None = None
    cancel_confirmed: bool = False
    cancelled: bool = False
    replaced: list[int] = field(default_factory=list)
    """The numbers of the appointments that were moved, each replaced by the next one and the last by `ticket`."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How often presses arrive twice, and how often people change their mind."""

    doubles: float = 0.25
    cancels: float = 0.4
    moves: float = 0.3
    gives_up: float = 0.08


@dataclass(slots=True)
class PatientCitizen:
    """A citizen with a phone; `doing` says what they are at, `resent` counts presses that arrived twice."""

    phone: Phone
    words: Words
    offices: tuple[str, ...]
    rng: random.Random
    habits: Habits = Habits()
    bookings: list[WantedBooking] = field(default_factory=list)
    doing: str = ""
    resent: int = 0

    async def book_one(self) -> None:
        """Book one appointment, and perhaps move it, and perhaps cancel it."""
        spelled = "".join(LETTERS[int(digit)] for digit in f"{self.phone.chat_id}{len(self.bookings):03}")
        gives_up = self.rng.random() < self.habits.gives_up
        booking = WantedBooking(f"Fanta {spelled.capitalize()}", self.rng.choice(self.offices), gives_up)
        self.bookings.append(booking)
        await self.book(booking)
        while booking.ticket is not None and self.rng.random() < self.habits.moves:
            await self.move(booking)
        if booking.ticket is not None and self.rng.random() < self.habits.cancels:
            await self.cancel(booking)

    async def book(self, booking: WantedBooking) -> None:
        """Book until the ticket is on the phone, or the booking is given up."""
        self.doing = f"books {booking.name}"
        await self.phone.scroll()
        await self.phone.say("/book")
        pace = Pace(self.rng)
        while not await self._has_ticket(booking):
            screen = await self._screen()
            if booking.gave_up and screen and screen.has(self.words.label("button.confirm")):
                await self._press(screen, self.words.label("button.leave"))
                return
            if screen is None or self.words.says(screen.text, "organizations.question"):
                if pace.is_too_long():
                    await self.phone.say("/book")
            elif pace.may_act_on(screen):
                await self._answer(screen, booking)
            await asyncio.sleep(PAUSE)

    async def move(self, booking: WantedBooking) -> None:
        """Move the appointment until the ticket of another one is on the phone, with all its buttons."""
        assert booking.ticket is not None
        self.doing = f"moves {booking.ticket}"
        ticket = await self._ticket_of(booking, booking.ticket)
        await self.phone.scroll()
        pace = Pace(self.rng)
        if ticket:
            await self._press(ticket, self.words.label("button.move"))
        while not await self._is_moved(booking):
            screen = await self._screen()
            if screen and pace.may_act_on(screen):
                await self._answer_move(screen, booking)
            elif ticket and not screen and pace.is_too_long():
                await self._press(ticket, self.words.label("button.move"))
            await asyncio.sleep(PAUSE)

    async def cancel(self, booking: WantedBooking) -> None:
        """Cancel until the phone says that it is cancelled."""
        self.doing = f"cancels {booking.ticket}"
        await self.phone.scroll()
        await self.phone.say(f"/cancel {booking.ticket}")
        pace = Pace(self.rng)
        retry, yes = self.words.label("button.retry"), self.words.label("button.yes_cancel")
        while not await self._is_cancelled(booking):
            screen = await self._screen()
            if screen and screen.has(retry) and pace.may_act_on(screen):
                await self._press(screen, retry)
            elif screen and screen.has(yes) and self.words.number_in(screen.text) == booking.ticket:
                if pace.may_act_on(screen):
                    booking.cancel_confirmed = True
                    await self._press(screen, yes)
            elif pace.is_too_long():
                await self.phone.say(f"/cancel {booking.ticket}")
            await asyncio.sleep(PAUSE)

    async def look_back(self) -> None:
        """Read the whole chat again for bookings that were given up: one may have been made before.

        Then its ticket is in the chat, and the bot must not have said that nothing was booked.
        """
        given_up = [booking for booking in self.bookings if booking.gave_up and booking.ticket is None]
        for shown in await self.phone.look(everything=True) if given_up else ():
            for booking in given_up:
                if booking.name in shown.text and self.words.says(shown.text, "ticket.booked"):
                    booking.ticket = self.words.number_in(shown.text)
                    booking.link = next((word for word in shown.text.split() if "/qr/" in word), None)
                booking.told_not_booked |= booking.name in shown.text and self.words.says(shown.text, "notice.given_up")

    # --- reading -------------------------------------------------------------------------------------------------

    async def _screen(self) -> Shown | None:
        return next((each for each in reversed(await self.phone.look()) if each.is_screen), None)

    async def _has_ticket(self, booking: WantedBooking) -> bool:
        for shown in await self.phone.look():
            if self.words.says(shown.text, "ticket.booked") and booking.name in shown.text:
                booking.ticket = self.words.number_in(shown.text)
                booking.link = next((word for word in shown.text.split() if "/qr/" in word), None)
        return booking.ticket is not None

    async def _ticket_of(self, booking: WantedBooking, number: int) -> Shown | None:
        """The message with the ticket of this appointment, if its buttons are there."""
        move = self.words.label("button.move")
        for shown in await self.phone.look(everything=True):
            if shown.has(move) and booking.name in shown.text and self.words.number_in(shown.text) == number:
                return shown
        return None

    async def _is_moved(self, booking: WantedBooking) -> bool:
        move = self.words.label("button.move")
        for shown in await self.phone.look():
            number = self.words.number_in(shown.text)
            is_new = number is not None and number != booking.ticket and number not in booking.replaced
            if is_new and shown.has(move) and booking.name in shown.text and booking.ticket is not None:
                booking.replaced.append(booking.ticket)
                booking.ticket = number
                booking.link = next((word for word in shown.text.split() if "/qr/" in word), None)
                return True
        return False

    async def _is_cancelled(self, booking: WantedBooking) -> bool:
        booking.cancelled = any(
            self.words.says(shown.text, "cancelled.title") and self.words.number_in(shown.text) == booking.ticket
            for shown in await self.phone.look()
        )
        return booking.cancelled

    # --- doing ---------------------------------------------------------------------------------------------------

    async def _answer(self, screen: Shown, booking: WantedBooking) -> None:
        """Do what this screen asks for; if it only says *wait*, do nothing."""
        label, says = self.words.label, self.words.says
        if screen.has(label("button.confirm")) and booking.name not in screen.text:
            await self._press(screen, label("button.change_name"))  # the name of the last booking is filled in
        elif screen.has(label("button.confirm")):
            booking.confirmed = True
            await self._press(screen, label("button.confirm"))
        elif screen.has(label("button.give_up")):
            if booking.gives_up:
                booking.gave_up = True
                await self._press(screen, label("button.give_up"))
        elif screen.has(label("button.retry")):
            await self._press(screen, label("button.retry"))
        elif says(screen.text, "refused.title"):
            await self._press(screen, label("button.other_time"))
        elif says(screen.text, "name.question"):
            await self.phone.say(booking.name)
        elif screen.has(booking.office):
            await self._press(screen, booking.office)
        elif choices := self._choices(screen):
            await self._press(screen, self.rng.choice(choices))

    async def _answer_move(self, screen: Shown, booking: WantedBooking) -> None:
        """Do what this screen of a move asks for."""
        label = self.words.label
        for key in ("button.confirm", "button.retry", "button.other_time"):
            if screen.has(label(key)):
                await self._press(screen, label(key))
                return
        ticket = await self._ticket_of(booking, booking.ticket or 0)
        if choices := self._choices(screen):
            await self._press(screen, self.rng.choice(choices))
        elif ticket and not screen.has(label("button.help")):  # it was left, by a press that came late
            await self._press(ticket, label("button.move"))

    def _choices(self, screen: Shown) -> list[str]:
        """The buttons of which any may be pressed: days, hours, staff."""
        labels = [button.label for button in screen.buttons]
        if self.words.says(screen.text, "workers.question"):
            return labels[:2]
        return [label for label in labels if self.words.is_time(label) or self.words.is_day(label)]

    async def _press(self, screen: Shown, label: str) -> None:
        """Press; sometimes twice at once, or again as a phone does that lost its connection."""
        await self.phone.press(screen, label)
        rng = self.rng.random()
        if rng < self.habits.doubles / 2:
            await self.phone.press(screen, label)
        elif rng < self.habits.doubles:
            await self.phone.resend()
        self.resent += rng < self.habits.doubles


class Pace:
    """When to act: at once on a new screen, and again when it does not change for too long."""

    def __init__(self, rng: random.Random) -> None:
        self._chance = rng
        self._seen: tuple[int, float] | None = None
        self._again = self._later()

    def may_act_on(self, screen: Shown) -> bool:
        """Whether this screen is new, or has not changed for too long."""
        this = (screen.number, screen.since)
        if this == self._seen and not self.is_too_long():
            return False
        self._seen = this
        self._again = self._later()
        return True

    def is_too_long(self) -> bool:
        """Whether nothing happened for so long that the citizen tries again; then the time starts again."""
        if time.monotonic() < self._again:
            return False
        self._again = self._later()
        return True

    def _later(self) -> float:
        return time.monotonic() + self._chance.uniform(*PATIENCE)
