"""The bot's profile at Telegram: commands, description and short description, per language.

Only changes since the last start are set, because Telegram limits how often. A failure is logged, and the bot works
without it. An admin's commands can only be set once that admin has written. Knows no texts; they are passed in.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.app.backoff import Backoff
from bot.app.reachability import ReachabilityLog
from bot.telegram.messenger import Caller
from bot.telegram.transport import seconds, words_of

log = logging.getLogger(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
ISO_639_1 = 2
"""Letters of a language code. Languages with a code of three letters get the texts for all others."""
Call = tuple[str, dict[str, Any]]
"""A Bot API method and its parameters."""


@dataclass(frozen=True, slots=True)
class BotProfile:
    """The texts of one language, by its code of two letters; the code is empty for all other languages."""

    language: str
    commands: tuple[tuple[str, str], ...]
    description: str
    short_description: str
    menus: tuple[tuple[int, tuple[tuple[str, str], ...]], ...] = ()
    """Chats with commands of their own: those of admins and of staff."""


def language_codes(locales: Iterable[str]) -> tuple[str, ...]:
    """The languages for which texts can be set: two letters of ISO 639-1, no more (Bot API, `setMyCommands`)."""
    languages = dict.fromkeys(locale.partition("_")[0] for locale in locales)
    return tuple(each for each in languages if len(each) == ISO_639_1)


def calls(profiles: Iterable[BotProfile]) -> list[Call]:
    """The Bot API calls that set these profiles."""
    wanted: list[Call] = []
    for profile in profiles:
        code = {"language_code": profile.language} if profile.language else {}
        private = json.dumps({"type": "all_private_chats"})
        wanted.append(("setMyCommands", {"commands": _commands(profile.commands), "scope": private, **code}))
        wanted.extend(chat_menu(profile.language, commands, chat) for chat, commands in sorted(profile.menus))
        wanted.append(("setMyDescription", {"description": profile.description, **code}))
        wanted.append(("setMyShortDescription", {"short_description": profile.short_description, **code}))
    return wanted


def chat_menu(language: str, commands: Iterable[tuple[str, str]], chat: int) -> Call:
    """The Bot API call that sets the command menu of one chat in one language (empty: all others)."""
    code = {"language_code": language} if language else {}
    scope = json.dumps({"type": "chat", "chat_id": chat})
    return "setMyCommands", {"commands": _commands(commands), "scope": scope, **code}


async def keep_in_sync(bot: Caller, wanted: list[Call], known: str) -> AsyncIterator[str]:
    """Make the calls that are not in `known`, until all are settled; yields the settled ones so far.

    A call is settled if it succeeded, or if Telegram refused its content: the same content would be refused again, so
    it is repeated only when it changes.
    """
    marks = set(known.split())
    async for left in _settle(bot, [call for call in wanted if _mark(call) not in marks]):
        yield " ".join(_mark(call) for call in wanted if call not in left)


async def hide(bot: Caller, admins: Iterable[int], languages: Iterable[str]) -> None:
    """Delete the command menus of users who are no longer admins, trying until all are deleted."""
    scopes = [json.dumps({"type": "chat", "chat_id": each}) for each in admins]
    calls: list[Call] = [
        ("deleteMyCommands", {"scope": scope, **({"language_code": language} if language else {})})
        for scope in scopes
        for language in ("", *languages)
    ]
    async for _ in _settle(bot, calls, unknown_chat=_Result.SETTLED):
        pass


class _Result(Enum):
    """The result of a call."""

    SETTLED = 1
    LATER = 2


async def _settle(bot: Caller, left: list[Call], unknown_chat: _Result = _Result.LATER) -> AsyncIterator[list[Call]]:
    """Make calls until all are settled; yields the remaining ones after each round that settled some.

    After a 429 no call of the same method is made for as long as Telegram says, which can be a day.
    """
    loop = asyncio.get_running_loop()
    held_until: dict[str, float] = {}
    reachability = ReachabilityLog("Telegram (setting the profile)")
    backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
    while left:
        remaining: list[Call] = []
        for call in left:
            if loop.time() < held_until.get(call[0], 0.0):
                remaining.append(call)
                continue
            try:
                result = await _result(bot, call, unknown_chat, reachability)
            except RetryAfter as error:
                held_until[call[0]] = loop.time() + seconds(error)
                log.warning("%s: Telegram says to wait %.0f s", call[0], seconds(error))
                result = _Result.LATER
            if result is _Result.LATER:
                remaining.append(call)
        if len(remaining) < len(left):
            yield remaining
        left = remaining
        ends = [held_until.get(method, 0.0) for method, _ in left]
        if left and min(ends) > loop.time():
            await asyncio.sleep(min(ends) - loop.time())
        elif left:
            await asyncio.sleep(backoff.pause())


async def _result(bot: Caller, call: Call, unknown_chat: _Result, reachability: ReachabilityLog) -> _Result:
    """Make one call. Raises `RetryAfter`."""
    method, parameters = call
    try:
        await bot.call(method, parameters)
    except RetryAfter:
        raise
    except BadRequest as error:
        if "chat not found" in str(error).lower():
            return unknown_chat
        log.error("%s: Telegram refuses it, it is not tried again until it changes: %s", method, words_of(error))  # noqa: TRY400 — the error is Telegram's
    except TelegramError as error:
        reachability.failed(f"{method}: {words_of(error)}")
        return _Result.LATER
    reachability.succeeded()
    return _Result.SETTLED


def _mark(call: Call) -> str:
    """A fingerprint of the call, by which a later process recognises it."""
    return hashlib.sha256(json.dumps(call).encode()).hexdigest()[:16]


def _commands(commands: Iterable[tuple[str, str]]) -> str:
    return json.dumps([{"command": name, "description": text} for name, text in commands], ensure_ascii=False)
