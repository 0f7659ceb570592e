from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.compose_states import AskingMessage, ChoosingAudience, ComposeDraft
from bot.broadcast.composer import after_message, confirm, next_language
from tests.broadcast.composer import HELLO, Composer

EMPTY = ComposeDraft(4, ("fr", "en", "de"))


def test_languages_are_asked_for_one_after_another() -> None:
    composer = Composer(locales=("fr", "en", "de")).calls().sends(HELLO).presses_button(ComposeAction.IS, "en")
    assert composer.stands() == AskingMessage("fr")
    assert composer.sends(HELLO).stands() == AskingMessage("de")
    assert composer.sends(HELLO).stands() == ChoosingAudience()


def test_confirming_without_an_audience_asks_for_it() -> None:
    for after, _ in (after_message(EMPTY), confirm(EMPTY, None)):
        assert after
        assert after.state == ChoosingAudience()


def test_a_language_without_a_version_comes_next() -> None:
    after, _ = next_language(EMPTY)
    assert after
    assert after.state == AskingMessage("fr")
