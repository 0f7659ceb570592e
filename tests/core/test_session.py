"""A session: its screens are numbered, and only a new one gets a new number."""

from bot.core.session import Session
from bot.core.states import Idle, TypingName
from tests.core.examples import FULL, NOW


def test_moving_on_is_a_new_screen_with_a_new_number() -> None:
    session = Session(locale="fr", touched=NOW, screen=6)
    assert session.at(TypingName(FULL)).screen == 7


def test_staying_where_one_is_keeps_the_number() -> None:
    session = Session(locale="fr", touched=NOW, screen=6)
    assert session.at(Idle()) is session
