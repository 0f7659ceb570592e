"""The texts of the bot's profile fit (Bot API: description 512, short 120, a command's description 256)."""

import re

import pytest

from bot.i18n import Translator
from bot.views.bot_profile import ADMIN, BUILT, STAFF, USUAL, commands, description, short_description, special
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


def test_admins_and_staff_have_their_own_commands_and_others_do_not_see_them() -> None:
    assert special(admin=False, staff=False) == ()
    assert special(admin=True, staff=False) == ADMIN
    assert special(admin=False, staff=True) == STAFF
    assert set(special(admin=True, staff=True)) == {*ADMIN, *STAFF}
    assert [name for name, _ in commands(FR, ADMIN)] == [*USUAL, *ADMIN]
    assert [name for name, _ in commands(FR)] == list(USUAL)


def test_nobody_has_a_command_twice() -> None:
    everything = special(admin=True, staff=True)
    assert len(set(everything)) == len(everything)
    assert {*USUAL, *everything} == BUILT


@every_language
def test_telegram_takes_the_commands(t: Translator) -> None:
    for name, meaning in commands(t, special(admin=True, staff=True)):
        assert re.fullmatch(r"[a-z0-9_]{1,32}", name)
        assert 3 <= len(meaning) <= 60


@every_language
def test_the_descriptions_fit(t: Translator) -> None:
    assert 1 <= len(description(t)) <= 512
    assert 1 <= len(short_description(t)) <= 120
