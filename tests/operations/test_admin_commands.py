"""Admins see their commands in `/help`, and get their menu with their first message."""

from datetime import datetime

from bot.app.records import DeliveryIds, Kind
from bot.app.updates import FromCitizen
from bot.core.events import Commanded, Typed
from bot.operations.admin_commands import AdminCommands
from bot.operations.views import special_help
from bot.views.bot_profile import ADMIN as ADMIN_COMMANDS
from bot.views.bot_profile import STAFF, USUAL
from bot.views.message import Message
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, plain

ADMIN, OTHER = 900, 901
NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time


def commands(wrote: list[int]) -> AdminCommands:
    async def locale_of(chat_id: int) -> str | None:
        return "fr" if chat_id == ADMIN else None

    return AdminCommands(lambda chat, locale: Message(f"help {chat} {locale}"), locale_of, wrote.append, DeliveryIds())


async def test_help_is_answered_in_the_admins_language() -> None:
    handler = commands([])
    for admin, language in ((ADMIN, "fr"), (OTHER, "en")):
        change = await handler.handle(admin, FromCitizen(Commanded(at=NOW, name="help", language="en"), admin))
        assert change
        (answer,) = change.queued
        assert (answer.kind, answer.chat_id, answer.message) == (Kind.SEND, admin, Message(f"help {admin} {language}"))


async def test_other_updates_of_admins_are_left_to_other_handlers() -> None:
    wrote: list[int] = []
    handler = commands(wrote)
    for admin in (ADMIN, ADMIN, OTHER, ADMIN):
        assert await handler.handle(admin, FromCitizen(Typed(at=NOW, text="help"), admin)) is None
    assert await handler.handle(ADMIN, FromCitizen(Commanded(at=NOW, name="start"), ADMIN)) is None
    assert wrote == [ADMIN, OTHER]


def test_the_help_of_admins_has_citizens_commands_and_theirs() -> None:
    for t in (FR, EN):
        message = special_help(t, admin=True, staff=False)
        check_limits(message)
        text = plain(message.text)
        assert all(f"/{name}" in text for name in (*USUAL, *ADMIN_COMMANDS))
        assert message.rows


def test_the_help_of_staff_has_their_commands_and_not_those_of_admins() -> None:
    text = plain(special_help(FR, admin=False, staff=True).text)
    assert "/agenda" in text
    assert "/status" not in text
    both = special_help(FR, admin=True, staff=True)
    check_limits(both)
    assert all(plain(both.text).count(f"/{name} ") == 1 for name in (*ADMIN_COMMANDS, *STAFF))
