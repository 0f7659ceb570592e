"""A citizen's actions and what they see then. Every action ends when the bot is idle."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.e2e.phone import Phone, Shown
from tests.e2e.services import Services
from tests.e2e.waiting import eventually

Json = dict[str, Any]
CONFIRM = "✅ Confirm"
"""How the button begins, in every language."""

GO_ON = "✅ Contin"
"""The same of the question whether a second appointment of one name, department and day is wanted."""


class Citizen:
    """One citizen with their phone. `taps` and `typed` count their presses and typed texts."""

    def __init__(self, phone: Phone, wait_until_idle: Callable[[], Awaitable[None]], services: Services) -> None:
        self.phone = phone
        self.id = phone.chat_id
        self.taps = 0
        self.typed = 0
        self._wait_until_idle = wait_until_idle
        self._services = services

    async def says(self, text: str) -> Shown:
        """Write a text; returns the screen after it."""
        self.typed += not text.startswith("/")
        await self.phone.say(text)
        await self._wait_until_idle()
        return await self.screen()

    async def taps_on(self, label: str, shown: Shown | None = None) -> Shown:
        """Press the newest button whose label has these words; returns the screen after it."""
        where, button = await self._find(label, shown)
        await self.presses(where, button)
        return await self.screen()

    async def presses(self, shown: Shown, data: str) -> None:
        """Press a button by its data, even if it is gone."""
        self.taps += 1
        await self.phone.do("press", message_id=shown.number, data=data, forged=True)
        await self._wait_until_idle()

    async def does(self, what: str, **how: Any) -> Shown:
        """Send a photo, a sticker, …; edit; block."""
        await self.phone.do(what, **how)
        await self._wait_until_idle()
        return await self.screen()

    async def screen(self) -> Shown:
        """The message that changed last, pictures aside; fails if there is none."""
        return [each for each in await self.messages() if not each.has_picture][-1]

    async def waits_for(self, words: str) -> Shown:
        """Wait for a message with these words, while the bot may still be busy."""

        async def look() -> list[Shown]:
            return [each for each in await self.messages() if words in each.text]

        return (await eventually(words, look, pause=0.01))[-1]

    async def messages(self) -> list[Shown]:
        """All messages of the bot that are not deleted, the one that changed last at the end."""
        return await self.phone.look(everything=True)

    async def appointments(self) -> list[Json]:
        """The appointments of this citizen at the API."""
        return await self._services.appointments(self.id)

    async def _find(self, label: str, shown: Shown | None) -> tuple[Shown, str]:
        seen = [shown] if shown else list(reversed(await self.messages()))
        for where in seen:
            for button in where.buttons:
                if label in button.label:
                    return where, button.data
        raise AssertionError(f"no button {label!r} in {[(each.text, each.labels) for each in seen[:3]]}")

    # --- several steps at once --------------------------------------------------------------------------------------

    async def reaches_days(self, department: str = "Passport") -> Shown:
        """To the list of days, by `/book`."""
        await self.says("/book")
        return await self.taps_on(department)

    async def reaches_name(self, department: str = "Passport") -> Shown:
        """To the question for the name, taking the earliest slot."""
        await self.reaches_days(department)
        return await self.taps_on("⏱")

    async def reaches_summary(self, name: str = "Aïssatou Bah", department: str = "Passport") -> Shown:
        """To the last question."""
        await self.reaches_name(department)
        return await self.says(name)

    async def books(self, name: str = "Aïssatou Bah", department: str = "Passport") -> int:
        """To the ticket; the appointment's number."""
        before = {each["id"] for each in await self.appointments()}
        await self.reaches_summary(name, department)
        screen = await self.taps_on(CONFIRM)
        if asked := [each for each in screen.labels if each.startswith(GO_ON)]:  # the same name and day once more
            await self.taps_on(asked[0], screen)
        (made,) = [each["id"] for each in await self.appointments() if each["id"] not in before]
        return int(made)
