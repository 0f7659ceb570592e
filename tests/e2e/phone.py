"""A citizen's phone: what its screen shows, and the actions on it. Knows Telegram's chats, not the bot."""

from dataclasses import dataclass
from typing import Any

import httpx

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Button:
    """A button with its label; `screen` is the number of the screen that it belongs to, None if it is lasting."""

    label: str
    data: str

    @property
    def is_lasting(self) -> bool:
        """Whether it may be pressed at any time."""
        return self.data.startswith("*")


@dataclass(frozen=True, slots=True)
class Shown:
    """A message of the bot as it looks now; `since` is when it began to look so."""

    number: int
    since: float
    text: str
    buttons: tuple[Button, ...]
    has_picture: bool = False

    @property
    def labels(self) -> list[str]:
        """The labels of the buttons."""
        return [button.label for button in self.buttons]

    @property
    def is_screen(self) -> bool:
        """Whether something is asked here, to be answered by a button or by writing."""
        return any(not button.is_lasting for button in self.buttons)

    def data(self, words: str) -> str:
        """The data of the first button whose label has these words."""
        return next(button.data for button in self.buttons if words in button.label)

    def has(self, label: str) -> bool:
        """Whether there is a button with exactly this label."""
        return any(button.label == label for button in self.buttons)


class Phone:
    """One citizen's chat with the bot."""

    def __init__(self, http: httpx.AsyncClient, chat_id: int) -> None:
        self._http = http
        self.chat_id = chat_id
        self._above = 0

    async def look(self, *, everything: bool = False) -> list[Shown]:
        """The bot's messages since the last `scroll`, the one that changed last at the end."""
        kept = await self.transcript(0 if everything else self._above)
        found = [_shown(each) for each in kept if each["by_bot"] and not each["deleted_at"]]
        return sorted(found, key=lambda each: each.since)

    async def transcript(self, after: int = 0) -> list[Json]:
        """Every message with all that Telegram knows of it, oldest first."""
        answer = await self._http.get(f"/__sandbox/chats/{self.chat_id}", params={"after": after})
        messages: list[Json] = answer.json()["messages"]
        return messages

    async def scroll(self) -> None:
        """Move the present messages out of sight."""
        self._above = max((each.number for each in await self.look()), default=self._above)

    async def say(self, text: str) -> None:
        """Write."""
        await self.do("say", text=text)

    async def press(self, shown: Shown, label: str) -> None:
        """Press the button; if it went away a moment ago, there is nothing to press."""
        data = next(each.data for each in shown.buttons if each.label == label)
        await self.do("press", message_id=shown.number, data=data, forged=True)

    async def resend(self) -> None:
        """Repeat the last action as a new update, as a phone does that lost its connection."""
        await self.do("resend")

    async def block(self) -> None:
        """Stop the bot."""
        await self.do("block")

    async def do(self, what: str, **how: Any) -> None:
        """Any action of a phone, named as the stand-in's control endpoints name it."""
        answer = await self._http.post(f"/__sandbox/chats/{self.chat_id}/{what}", json=how)
        assert answer.status_code == httpx.codes.OK, answer.text


async def new_phone(http: httpx.AsyncClient, first_name: str, language: str, last_name: str = "") -> Phone:
    """A phone that never met the bot, set to `language`."""
    person = {"first_name": first_name, "last_name": last_name, "language_code": language}
    answer = await http.post("/__sandbox/users", json=person)
    assert answer.status_code == httpx.codes.OK, answer.text
    return Phone(http, answer.json()["id"])


def _shown(kept: Json) -> Shown:
    message = kept["message"]
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    buttons = tuple(Button(each["text"], each.get("callback_data", "*")) for row in rows for each in row)
    return Shown(
        number=message["message_id"],
        since=kept["shown_since"],
        text=message.get("text") or message.get("caption") or "",
        buttons=buttons,
        has_picture="photo" in message,
    )
