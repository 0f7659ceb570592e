"""The question after a visit."""

from bot.core import callback_data
from bot.core.rating import NEVER_AGAIN, Score
from bot.core.screens import AskingRating
from bot.i18n import Translator
from bot.views import keyboards as keys
from bot.views.message import Button, Message, Office
from bot.views.text import WORDS, department_name, moment_of, paragraphs

IN_A_ROW = 3


def asking(screen: AskingRating, t: Translator, office: Office) -> Message:
    """Which visit it is about, that the answer is anonymous, and five answers in words."""
    appointment = screen.ticket.appointment

    def answer(score: int) -> str:
        return callback_data.versioned(callback_data.RATE, appointment.id, score)

    department = keys.clip(department_name(t, screen.ticket.department), WORDS)
    text = paragraphs(
        t.text("rating.visit", moment=moment_of(t, appointment, office), office=department),
        t.text("rating.anonymous"),
        t.text("rating.question"),
    )
    scores = [Button(t.label(f"button.rate_{each.name.lower()}"), answer(each)) for each in Score]
    return Message(text, (*keys.grid(scores, IN_A_ROW), keys.one(t, "button.ratings_off", answer(NEVER_AGAIN))))
