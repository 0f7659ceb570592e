"""What admins read about blocked chats."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.app.pseudonyms import Pseudonyms
from bot.app.records import BlockEntry
from bot.i18n import Translators
from bot.operations.blocking_views import MOST, Blocked, BlockScreen, Mistake, Recorded, Refused, render
from tests.views.telegram import check_limits

T = Translators.load()
ENTRY = BlockEntry(77, is_blocked=True, user_id=900, who="Ibrahima <b>", at=datetime.fromisoformat("2026-03-02T09:05"))


def shown(screen: BlockScreen, locale: str = "fr") -> list[str]:
    message = render(screen, T.get(locale))
    check_limits(message)
    return message.text.replace("\u00a0", " ").splitlines()


def test_a_block_says_what_the_citizen_may_still_do() -> None:
    (line,) = shown(Recorded(ENTRY))
    assert "<code>77</code> ne peut plus prendre de rendez-vous." in line
    assert line.endswith("il peut les déplacer et les annuler.")
    assert shown(Recorded(replace(ENTRY, is_blocked=False)), "en") == ["✅ Done: <code>77</code> can book again."]


def test_a_command_without_a_number_is_answered_with_an_example() -> None:
    first, second = shown(Refused(Mistake.NO_ID, "unblock"))
    assert first == "Écrivez le numéro Telegram de la personne après la commande."
    assert "<code>/unblock 123456789</code>" in second


def test_who_blocked_it_before_is_named() -> None:
    assert shown(Refused(Mistake.ALREADY, "block", 77, ENTRY), "en") == [
        "<code>77</code> is already blocked.",
        "Last change: Ibrahima &lt;b&gt; (900), Mon 2 Mar at 09:05.",
    ]


@pytest.mark.parametrize("mistake", list(Mistake))
def test_every_mistake_has_words(mistake: Mistake) -> None:
    for locale in T.supported:
        assert shown(Refused(mistake, "block", 77), locale)[0]


def test_the_list_names_who_did_it_and_ends() -> None:
    assert shown(Blocked((ENTRY,))) == [
        "🚫 1 personne ne peut plus prendre de rendez-vous",
        "",
        "• <code>77</code> – Ibrahima &lt;b&gt; (900), lun. 2 mars à 09:05",
        "",
        "Pour lever une interdiction : <code>/unblock</code> et le numéro.",
    ]
    long = shown(Blocked((replace(ENTRY, chat_id=2**52, who="M" * 128),) * (MOST + 3)))
    assert long[-3] == "Et 3 de plus."


def test_an_empty_list_says_how_to_block() -> None:
    (line,) = shown(Blocked(()))
    assert line.startswith("Personne n’est bloqué.")


def test_an_erased_chat_is_listed_without_a_number() -> None:
    text = "\n".join(shown(Blocked((replace(ENTRY, chat_id=Pseudonyms("secret").of(77)),))))
    assert "• une discussion effacée – Ibrahima" in text
