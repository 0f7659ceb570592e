"""The texts of the bot's profile fit (Bot API: description 512, short 120, a command's description 256)."""

import re

import pytest

from bot.i18n import Translator
from bot.views.bot_profile import ADMIN, USUAL, commands, description, short_description
from tests.views.pages import EN, FR

every_language = pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])


def test_the_usual_commands_are_there_for_everyone() -> None:
    names = (
        "book",
        "appointments",
        "cancel",
        "stop",
        "settings",
        "language",
        "announcements",
        "data",
        "privacy",
        "help",
        "start",
    )
    assert tuple(name for name, _ in commands(FR)) == names
    assert dict(commands(FR))["book"] == "Prendre rendez-vous"
    assert dict(commands(EN))["book"] == "Book an appointment"


def test_every_advertised_command_exists() -> None:
    assert commands(FR, admin=True) == commands(FR)


def test_admins_have_their_own_commands_and_others_do_not_see_them() -> None:
    built = (*USUAL, *ADMIN)
    assert [name for name, _ in commands(FR, admin=True, available=built)] == list(built)
    assert [name for name, _ in commands(FR, available=built)] == list(USUAL)


@every_language
def test_telegram_takes_the_commands(t: Translator) -> None:
    for name, meaning in commands(t, admin=True, available=(*USUAL, *ADMIN)):
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 3 <= len(meaning) <= 60


@every_language
def test_the_descriptions_fit(t: Translator) -> None:
    assert 1 <= len(description(t)) <= 512
    assert 1 <= len(short_description(t)) <= 120
