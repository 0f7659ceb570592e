"""A pseudonym stands for one chat, is the same after a restart, and cannot be made without the secret."""

from bot.app.pseudonyms import Pseudonyms, is_pseudonym

CHATS = range(1_000_000, 1_001_000)


def test_a_chat_has_the_same_pseudonym_after_a_restart_and_none_of_another_chat() -> None:
    found = {Pseudonyms("token").of(chat) for chat in CHATS}
    assert len(found) == len(CHATS)
    assert {Pseudonyms("token").of(chat) for chat in CHATS} == found


def test_another_secret_makes_other_pseudonyms_and_so_does_none() -> None:
    every = [Pseudonyms("token"), Pseudonyms("other"), Pseudonyms(), Pseudonyms()]
    assert len({each.of(7) for each in every}) == len(every)


def test_a_pseudonym_is_no_id_of_a_chat_or_group_and_fits_into_the_database() -> None:
    assert all(-(2**63) <= Pseudonyms("token").of(chat) <= -(2**62) for chat in CHATS)
    assert is_pseudonym(Pseudonyms("token").of(7))
    assert not any(map(is_pseudonym, (7, 2**52, -(2**52), -1_009_999_999_999)))
