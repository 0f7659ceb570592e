"""The value of a notice is its name, in sessions and in catalogues."""

from bot.core.states import Notice


def test_the_value_of_a_notice_is_its_name() -> None:
    assert all(notice.value == notice.name.lower() for notice in Notice)
