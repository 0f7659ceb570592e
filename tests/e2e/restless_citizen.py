"""A citizen who books, moves and cancels in random order, whatever the office does meanwhile.

They remember nothing: what they were told is read from the chat afterwards (`told.py`).
"""

import asyncio
import time
from collections.abc import Callable

from tests.e2e.patient_citizen import LETTERS, Pace, PatientCitizen, WantedBooking
from tests.e2e.phone import Button, Shown
from tests.e2e.waiting import PAUSE

LONGEST_ERRAND = 12.0
"""Seconds after which a citizen does something else."""
MOVE, CANCEL = "*.mv:", "*.x:"
ANSWERS = ("*.come:", "*.noted:", "*.ics:", "*.ticket:")
"""The data of buttons that may be pressed at any time and lead to no question."""


class RestlessCitizen(PatientCitizen):
    """Begins an errand, follows it until its end or until they lose patience, and begins another."""

    named = 0

    async def live(self, is_enough: Callable[[], bool]) -> None:
        """Do errands until it is enough."""
        await self.phone.say("/start")
        while not is_enough():
            await self._errand()

    async def _errand(self) -> None:
        seen = await self.phone.look(everything=True)
        lasting = [(shown, each) for shown in seen for each in shown.buttons if each.is_lasting]
        dice = self.rng.random()
        if dice < 0.55 and (found := self._one_of(lasting, MOVE if dice < 0.4 else CANCEL)):
            await self._follow(found)
        elif dice < 0.7 and (found := self._one_of(lasting, *ANSWERS)):
            await self._tap(*found)
        elif dice < 0.8:
            await self.phone.say("/appointments")
        else:
            await self._follow(None)

    def _wanted(self) -> WantedBooking:
        """A booking in a name that nobody had before."""
        digits = f"{self.phone.chat_id}{self.named:03}"
        self.named += 1
        name = "Fanta " + "".join(LETTERS[int(each)] for each in digits).capitalize()
        return WantedBooking(name, self.rng.choice(self.offices))

    def _one_of(self, buttons: list[tuple[Shown, Button]], *kinds: str) -> tuple[Shown, str] | None:
        data = [(shown, each.data) for shown, each in buttons if each.data.startswith(kinds)]
        return self.rng.choice(data) if data else None

    async def _tap(self, shown: Shown, data: str) -> None:
        await self.phone.do("press", message_id=shown.number, data=data, forged=True)

    async def _follow(self, first: tuple[Shown, str] | None) -> None:
        """Press the first button, or book; then do what the screens ask for."""
        wanted = self._wanted()
        await self.phone.scroll()
        before = {(each.number, each.text) for each in await self.phone.look(everything=True)}
        if first:
            await self._tap(*first)
        else:
            await self.phone.say("/book")
        pace, end = Pace(self.rng), time.monotonic() + LONGEST_ERRAND
        while time.monotonic() < end:
            seen = await self.phone.look(everything=True)
            new = [each for each in seen if (each.number, each.text) not in before]
            if any(self._is_end(each) for each in new):
                return
            screen = next((each for each in reversed(new) if each.is_screen), None)
            if screen and pace.may_act_on(screen):
                await self._act(screen, wanted)
            await asyncio.sleep(PAUSE * 2)

    def _is_end(self, shown: Shown) -> bool:
        words = self.words
        ends = ("ticket.booked", "cancelled.title", "move.done", "move.both")
        return any(words.says(shown.text, key) for key in ends) or words.begins(shown.text, "ticket.moved_to")

    async def _act(self, screen: Shown, wanted: WantedBooking) -> None:
        label = self.words.label
        if screen.has(label("button.yes_cancel")):
            is_sure = self.rng.random() < 0.8
            await self._press(screen, label("button.yes_cancel" if is_sure else "button.no_keep"))
        elif self.words.says(screen.text, "move.refused") and screen.has(label("button.keep")):
            others = [each for each in (label("button.retry"), label("button.other_time")) if screen.has(each)]
            await self._press(screen, self.rng.choice([*others, label("button.keep")]))
        elif self.words.says(screen.text, "move.title") and screen.has(label("button.confirm")):
            await self._press(screen, label("button.confirm"))
        else:
            await self._answer(screen, wanted)
