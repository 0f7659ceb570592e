"""The bot's public face at Telegram: commands, description and short description, per language.

Only what changed since the last time is set (Telegram limits how often). Failing is a log line, not an end: the bot
works without it. An admin's commands can only be set once that admin has written. Knows no texts; they are handed in.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from telegram.error import TelegramError

from bot.telegram.transport import RawBot

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
ISO_639_1 = 2
"""Letters of a code; languages that have only a code of three letters get what is set for all others."""
Call = tuple[str, dict[str, Any]]
"""A Bot API method and its parameters."""


@dataclass(frozen=True, slots=True)
class BotProfile:
    """What citizens of one language see; `language` is empty for everybody else's."""

    language: str
    commands: tuple[tuple[str, str], ...]
    admin_commands: tuple[tuple[str, str], ...]
    description: str
    short_description: str


def language_codes(locales: Iterable[str]) -> tuple[str, ...]:
    """The languages for which texts can be set: two letters of ISO 639-1, no more (Bot API, `setMyCommands`)."""
    languages = dict.fromkeys(locale.partition("_")[0] for locale in locales)
    return tuple(each for each in languages if len(each) == ISO_639_1)


def calls(faces: Iterable[BotProfile], admins: Iterable[int]) -> list[Call]:
    """The Bot API calls that show these faces."""
    wanted: list[Call] = []
    for face in faces:
        tongue = {"language_code": face.language} if face.language else {}
        private = json.dumps({"type": "all_private_chats"})
        wanted.append(("setMyCommands", {"commands": _commands(face.commands), "scope": private, **tongue}))
        wanted.extend(
            (
                "setMyCommands",
                {
                    "commands": _commands(face.admin_commands),
                    "scope": json.dumps({"type": "chat", "chat_id": admin}),
                    **tongue,
                },
            )
            for admin in sorted(admins)
        )
        wanted.append(("setMyDescription", {"description": face.description, **tongue}))
        wanted.append(("setMyShortDescription", {"short_description": face.short_description, **tongue}))
    return wanted


async def keep_in_sync(bot: RawBot, wanted: list[Call], known: str) -> AsyncIterator[str]:
    """Make those calls that are not `known` to have been made, trying until all are; yields what is known by then."""
    marks = set(known.split())
    left = [call for call in wanted if _mark(call) not in marks]
    pause = FIRST_PAUSE
    while left:
        tried, left = left, [call for call in left if not await _made(bot, call)]
        if len(left) < len(tried):
            yield " ".join(_mark(call) for call in wanted if call not in left)
        if left:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


async def hide(bot: RawBot, admins: Iterable[int], languages: Iterable[str]) -> None:
    """Take back what these admins, who are none any more, saw of commands, trying until all is taken back."""
    scopes = [json.dumps({"type": "chat", "chat_id": each}) for each in admins]
    left: list[Call] = [
        ("deleteMyCommands", {"scope": scope, **({"language_code": language} if language else {})})
        for scope in scopes
        for language in ("", *languages)
    ]
    pause = FIRST_PAUSE
    while left := [call for call in left if not await _made(bot, call, nobody=True)]:
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _made(bot: RawBot, call: Call, *, nobody: bool = False) -> bool:
    """Whether it is done. `nobody`: so it is for a chat that does not exist."""
    method, parameters = call
    try:
        await bot.call(method, parameters)
    except TelegramError as error:
        if "chat not found" in str(error).lower():
            return nobody
        log.warning("%s failed: %s", method, str(error)[:200])
        return False
    return True


def _mark(call: Call) -> str:
    """Tells whether this very call was made before."""
    return hashlib.sha256(json.dumps(call).encode()).hexdigest()[:16]


def _commands(commands: Iterable[tuple[str, str]]) -> str:
    return json.dumps([{"command": name, "description": text} for name, text in commands], ensure_ascii=False)
