"""A person with a phone who presses buttons by their callback data (`d:5`, `ok` …), because labels may change."""

import contextlib
from collections.abc import Awaitable, Callable

from tests.e2e.phone import Phone, Shown
from tests.e2e.waiting import eventually

BROADCAST = "bc:"
WITHIN = 10.0
"""Seconds; the progress of a broadcast is shown beside the conversation, so its buttons may come a little later."""


def action_of(data: str) -> str:
    """The action of a button, without its screen number; for broadcasts, without number and turn: `is:en`."""
    _, _, action = data.partition(".")
    return action.split(":", 2)[2].rstrip(":") if action.startswith(BROADCAST) else action


def actions_of(shown: Shown) -> list[str]:
    """The actions of the buttons of a message."""
    return [action_of(each.data) for each in shown.buttons]


class Person:
    """`wait_until_idle` waits until the bot has nothing left to answer."""

    def __init__(self, phone: Phone, wait_until_idle: Callable[[], Awaitable[None]]) -> None:
        self.phone = phone
        self.id = phone.chat_id
        self._wait_until_idle = wait_until_idle

    async def messages(self) -> list[Shown]:
        """All messages of the bot that are still there, the one that changed last at the end."""
        return await self.phone.look(everything=True)

    async def screen(self) -> Shown:
        """The message that changed last, pictures aside."""
        return [each for each in await self.messages() if not each.has_picture][-1]

    async def find(self, action: str) -> tuple[Shown, str]:
        """The newest message with a button that asks for this (`d:5`, `pause`, `bc:3:pause`), and the button's data."""
        found: tuple[Shown, str] | None = None
        with contextlib.suppress(AssertionError):
            found = await eventually("", lambda: self._found(action), within=WITHIN, pause=0.01)
        seen = [(each.text, actions_of(each)) for each in (await self.messages())[-3:]]
        assert found, f"no button asks for {action!r} in {seen}"
        return found

    async def presses(self, action: str) -> Shown:
        """Press the newest button that asks for this; the message that changed last after it."""
        return await self.presses_in(*await self.find(action))

    async def presses_in(self, shown: Shown, data: str) -> Shown:
        """Press a button of this message, whether it still has it or not."""
        return await self._does("press", message_id=shown.number, data=data, forged=True)

    async def says(self, text: str) -> Shown:
        """Write."""
        return await self._does("say", text=text)

    async def sends_a_sticker(self) -> Shown:
        """Send what means nothing here: the present screen is shown again."""
        return await self._does("sticker")

    async def takes(self, *steps: str) -> Shown:
        """Several steps: `>action` presses, all else is written."""
        for step in steps:
            await (self.presses(step[1:]) if step.startswith(">") else self.says(step))
        return await self.screen()

    async def _does(self, what: str, **how: object) -> Shown:
        await self.phone.do(what, **how)
        await self._wait_until_idle()
        return await self.screen()

    async def _found(self, action: str) -> tuple[Shown, str] | None:
        for shown in reversed(await self.messages()):
            for button in shown.buttons:
                if action in {action_of(button.data), button.data.removeprefix("*.")}:
                    return shown, button.data
        return None
