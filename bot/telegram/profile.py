"""The bot's public face at Telegram: commands, description and short description, per language.

Set at start, and only what changed since the last time (Telegram limits how often). Failing is a log line, not an
end: the bot works without it. Knows no texts; they are handed in.
"""

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from telegram.error import TelegramError

from bot.telegram.transport import LeanBot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Face:
    """What citizens of one language see; `language` is empty for everybody else's."""

    language: str
    commands: tuple[tuple[str, str], ...]
    admin_commands: tuple[tuple[str, str], ...]
    description: str
    short_description: str


def calls(faces: Iterable[Face], admins: Iterable[int]) -> list[tuple[str, dict[str, Any]]]:
    """The Bot API calls that show these faces."""
    wanted: list[tuple[str, dict[str, Any]]] = []
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


def fingerprint(wanted: list[tuple[str, dict[str, Any]]]) -> str:
    """Tells whether anything changed since the last start."""
    return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()


async def show(bot: LeanBot, wanted: list[tuple[str, dict[str, Any]]]) -> bool:
    """Make the calls; returns whether all succeeded. An admin who never wrote to the bot is no failure."""
    complete = True
    for method, call in wanted:
        try:
            await bot.call(method, call)
        except TelegramError as error:
            if "chat not found" in str(error).lower():
                continue
            log.warning("%s failed: %s", method, str(error)[:200])
            complete = False
    return complete


def _commands(commands: Iterable[tuple[str, str]]) -> str:
    return json.dumps([{"command": name, "description": text} for name, text in commands], ensure_ascii=False)
