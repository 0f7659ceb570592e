"""The question after a visit: five answers in words, and no name."""

from bot.core.screens import AskingRating
from bot.views.render import render
from tests.core.examples import TICKET
from tests.views.pages import EN, FR
from tests.views.telegram import actions, labels, plain


def test_after_a_visit_five_answers_in_words_and_the_way_to_be_asked_no_more() -> None:
    message = render(AskingRating(TICKET), FR)
    text = plain(message.text)
    assert "Passeports" in text
    assert "sans votre nom" in text
    assert text.splitlines()[-1] == "Comment s’est passée votre visite ?".replace(" ?", "\u00a0?")
    assert [[each.label for each in row] for row in message.rows] == [
        ["Très bien", "Bien", "Moyen"],
        ["Mauvais", "Très mauvais"],
        ["🔕 Ne plus demander"],
    ]
    assert actions(message) == [f"rate:12345.{score}" for score in (5, 4, 3, 2, 1, 0)]
    assert labels(render(AskingRating(TICKET), EN)) == [
        *("Very good", "Good", "Fair", "Poor", "Very poor"),
        "🔕 Do not ask again",
    ]
