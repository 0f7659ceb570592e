"""An admin's actions, and the report of a broadcast. Knows buttons by their actions."""

import csv
import io
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from bot.core.callback_data import decode
from bot.sandbox.telegram.config import ADMIN_ID
from tests.e2e.phone import Phone, Shown
from tests.e2e.running_bot import RunningBot
from tests.e2e.waiting import eventually

Json = dict[str, Any]
T = TypeVar("T")


class Admin:
    """One admin with their phone."""

    def __init__(
        self,
        telegram: httpx.AsyncClient,
        chat_id: int = ADMIN_ID,
        wait_until_idle: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.phone = Phone(telegram, chat_id)
        self._http = telegram
        self._wait_until_idle = wait_until_idle

    async def says(self, text: str) -> Shown:
        """Write a text; returns the screen after it."""
        before = await self._state()
        await self.phone.say(text)
        return await self._answered(before, text)

    async def sends(self, what: str, **how: Any) -> Shown:
        """Send a photo, a document, a sticker …; returns the screen after it."""
        before = await self._state()
        await self.phone.do(what, **how)
        return await self._answered(before, what)

    async def sends_raw(self, **message: Any) -> Shown:
        """A message as no phone of the sandbox writes it, such as a text with formatting."""
        before = await self._state()
        chat = {"id": self.phone.chat_id, "type": "private"}
        sender = {**chat, "is_bot": False, "first_name": "Ibrahima", "language_code": "fr"}
        body = {"message": {"message_id": 9_000_000, "date": 0, "chat": chat, "from": sender, **message}}
        (await self._http.post("/__sandbox/updates", json=body)).raise_for_status()
        return await self._answered(before, "a raw message")

    async def presses_button(self, action: str) -> Shown:
        """Press the newest button with this action; returns the screen after it."""
        before = await self._state()
        shown, data = await self.button(action)
        await self.phone.do("press", message_id=shown.number, data=data)
        return await self._answered(before, action)

    async def presses_blindly(self, shown: Shown, data: str) -> None:
        """Press a button that may be gone; does not wait for an answer."""
        await self.phone.do("press", message_id=shown.number, data=data, forged=True)

    async def button(self, action: str) -> tuple[Shown, str]:
        """The newest button with this action, and its message."""

        async def look() -> tuple[Shown, str] | None:
            for shown in reversed(await self.phone.look(everything=True)):
                for each in shown.buttons:
                    if asks(each.data) == action:
                        return shown, each.data
            return None

        return await _until(f"there is a button that asks {action!r}", look)

    async def sees(self, *words: str) -> Shown:
        """Wait until there is a message with these words in it."""

        async def look() -> Shown | None:
            for shown in reversed(await self.phone.look(everything=True)):
                if all(each in shown.text for each in words):
                    return shown
            return None

        return await _until(f"the admin sees {words!r}", look)

    async def report(self, which: int = 1) -> list[Json]:
        """The report that came first, or second …, row by row."""

        async def look() -> Json | None:
            kept = await self.phone.transcript()
            found = [each["message"]["document"] for each in kept if each["by_bot"] and "document" in each["message"]]
            reports = [each for each in found if each["file_name"].startswith("broadcast-")]
            return reports[which - 1] if len(reports) >= which else None

        document = await _until("there is a report", look)
        answer = await self._http.get(f"/__sandbox/page/files/{document['file_id']}")
        return list(csv.DictReader(io.StringIO(answer.text)))

    async def composes(self, text: str = "Bonjour à tous", audience: str = "all") -> Shown:
        """The shortest way to the review."""
        await self.says("/broadcast")
        await self.says(text)
        await self.presses_button("one")
        return await self.presses_button(audience)

    async def broadcasts(self, text: str = "Bonjour à tous") -> None:
        """The shortest way to a running broadcast."""
        await self.composes(text)
        await self.presses_button("now")
        await self.presses_button("go")

    async def _state(self) -> list[tuple[int, float]]:
        return [(each.number, each.since) for each in await self.phone.look(everything=True)]

    async def _answered(self, before: list[tuple[int, float]], what: str) -> Shown:
        async def look() -> Shown | None:
            shown = await self.phone.look(everything=True)
            return shown[-1] if [(each.number, each.since) for each in shown] != before else None

        answer = await _until(f"{what!r} is answered", look)
        if self._wait_until_idle is None:
            return answer
        await self._wait_until_idle()
        return (await self.phone.look(everything=True))[-1]


async def _until(what: str, look: Callable[[], Awaitable[T | None]]) -> T:
    found = await eventually(what, look)
    assert found
    return found


def asks(data: str) -> str:
    """The action of a broadcast's button: `go`, `pause` …"""
    _, action = decode(data)
    parts = action.split(":")
    return parts[2] if parts[0] == "bc" else action


async def heard_by(phone: Phone, text: str) -> list[Json]:
    """The messages with this text in a chat."""
    kept = await phone.transcript()
    every = (each["message"] for each in kept if each["by_bot"] and not each["deleted_at"])
    return [each for each in every if text in (each.get("text") or each.get("caption") or "")]


async def citizens(bot: RunningBot, count: int, language: str = "fr") -> list[Phone]:
    """So many citizens who said `/start`."""
    people = [await bot.citizen(language) for _ in range(count)]
    for each in people:
        await each.phone.say("/start")
    await bot.wait_until_idle()
    return [each.phone for each in people]


def tally(report: list[Json]) -> Counter[str]:
    """How many have which status."""
    return Counter(each["status"] for each in report)
