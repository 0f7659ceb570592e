"""setMyCommands and its kin: the bot's commands by scope and language, its name and descriptions by language."""

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.html_parser import utf16_length
from bot.sandbox.telegram.methods.common import method
from bot.sandbox.telegram.page_events import EVERYONE
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.profile import Profile, Scope
from bot.sandbox.telegram.world import World

MAX_COMMANDS = 100
MAX_COMMAND_DESCRIPTION = 256
BROAD = frozenset({"default", "all_private_chats", "all_group_chats", "all_chat_administrators"})
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"([a-z]{2})?")


def set_commands(world: World, params: Params) -> bool:
    """Set the list of one scope and language; an empty list deletes it."""
    commands = params.array("commands")
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for each in commands:
        if not isinstance(each, dict) or each.keys() != {"command", "description"}:
            raise bad_request("can't parse BotCommand: exactly command and description are expected")
        if not _COMMAND.fullmatch(str(each["command"])):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= utf16_length(str(each["description"])) <= MAX_COMMAND_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.profile.commands[_scope(world, params), _language(params)] = commands
    world.page_events.publish(EVERYONE, "profile")
    return True


def get_commands(world: World, params: Params) -> list[Any]:
    """Return the list of exactly this scope and language."""
    return world.profile.commands.get((_scope(world, params), _language(params)), [])


def delete_commands(world: World, params: Params) -> bool:
    """Delete the list of one scope and language."""
    world.profile.commands.pop((_scope(world, params), _language(params)), None)
    world.page_events.publish(EVERYONE, "profile")
    return True


def _setter(name: str, limit: int, texts: Callable[[Profile], dict[str, str]]) -> Callable[[World, Params], bool]:
    def set_text(world: World, params: Params) -> bool:
        text = params.text(name)
        if utf16_length(text) > limit:
            raise bad_request(f"BOT_{name.upper()}_INVALID (longer than {limit} characters)")
        texts(world.profile)[_language(params)] = text
        world.page_events.publish(EVERYONE, "profile")
        return True

    return set_text


def _getter(name: str, texts: Callable[[Profile], dict[str, str]]) -> Callable[[World, Params], dict[str, str]]:
    def get_text(world: World, params: Params) -> dict[str, str]:
        found = texts(world.profile)
        return {name: found.get(_language(params)) or found.get("") or _unset(world, name)}

    return get_text


def _unset(world: World, name: str) -> str:
    return world.profile.first_name if name == "name" else ""


def _language(params: Params) -> str:
    code = params.text("language_code")
    if not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code


def _scope(world: World, params: Params) -> Scope:
    scope = params.json("scope") or {"type": "default"}
    if not isinstance(scope, dict):
        raise bad_request("BotCommandScope must be an Object")
    kind = scope.get("type")
    if kind in BROAD:
        return (kind,)
    if kind not in {"chat", "chat_administrators", "chat_member"}:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    chat = world.chats.get(int(scope.get("chat_id", 0)))
    if chat is None or not chat.started:
        raise bad_request("chat not found")
    return (kind, chat.id, scope["user_id"]) if kind == "chat_member" else (kind, chat.id)


def _names(profile: Profile) -> dict[str, str]:
    return profile.names


def _descriptions(profile: Profile) -> dict[str, str]:
    return profile.descriptions


def _short_descriptions(profile: Profile) -> dict[str, str]:
    return profile.short_descriptions


METHODS = (
    method("setMyCommands", set_commands, "commands scope language_code"),
    method("getMyCommands", get_commands, "scope language_code"),
    method("deleteMyCommands", delete_commands, "scope language_code"),
    method("setMyName", _setter("name", 64, _names), "name language_code"),
    method("getMyName", _getter("name", _names), "language_code"),
    method("setMyDescription", _setter("description", 512, _descriptions), "description language_code"),
    method("getMyDescription", _getter("description", _descriptions), "language_code"),
    method(
        "setMyShortDescription",
        _setter("short_description", 120, _short_descriptions),
        "short_description language_code",
    ),
    method("getMyShortDescription", _getter("short_description", _short_descriptions), "language_code"),
)
