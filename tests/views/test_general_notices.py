"""Every remark has its own words."""

from bot.core.states import Notice
from bot.views.general import words
from tests.views.pages import EN, FR


def test_no_two_remarks_are_the_same() -> None:
    for t in (FR, EN):
        assert len({words(notice, t) for notice in Notice}) == len(Notice)


def test_a_remark_is_short() -> None:
    for t in (FR, EN):
        assert all(len(words(notice, t)) <= 110 for notice in Notice)


def test_the_longest_name_is_said_in_figures() -> None:
    assert "100\u00a0caractères" in words(Notice.NAME_LONG, FR)
