"""The end of a booking: the name, the summary, the wait, and a refusal with its next step."""

from collections.abc import Callable

from bot.core import callback_data
from bot.core.model import Problem
from bot.core.states import Confirming, Refused, Submitting, TypingName
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.errors import cause, meanwhile
from bot.views.message import Button, Message
from bot.views.office import Office
from bot.views.text import draft_facts, lines, paragraphs

NEXT_STEPS: dict[Problem, tuple[Callable[[Translator], keys.Row], ...]] = {
    Problem.SLOT_TAKEN: (keys.other_time, keys.other_department),
    Problem.BAD_DATE: (keys.other_time, keys.other_department),
    Problem.TOO_LATE: (keys.other_time, keys.other_department),
    Problem.NO_TICKET: (keys.appointments,),
    Problem.ALREADY_BOOKED: (keys.appointments, keys.other_time),
    Problem.OUT_OF_CREDITS: (keys.retry, keys.other_department),
    Problem.NO_ACCESS: (keys.retry, keys.other_department),
    Problem.DEPARTMENT_GONE: (keys.other_department,),
    Problem.BAD_REQUEST: (keys.other_time, keys.other_department, keys.retry),
    Problem.APPOINTMENT_GONE: (keys.other_time, keys.other_department, keys.retry),
    Problem.BUSY: (keys.retry, keys.other_time),
    Problem.DOWN: (keys.retry, keys.other_time),
}
"""What is offered after a refusal, the most fitting first."""


def typing_name(flow: TypingName, t: Translator, office: Office) -> Message:
    """The name, typed or one of those that are known."""
    buttons = (
        Button(
            t.label("button.name", name=keys.clip(name, keys.LABEL - 10)),
            callback_data.numbered(callback_data.NAME, number),
        )
        for number, name in enumerate(flow.suggestions)
    )
    text = paragraphs(
        t.text("name.question"),
        draft_facts(t, flow.draft, office),
        t.text("name.hint_buttons") if flow.suggestions else t.text("name.hint"),
    )
    return Message(text, (*keys.grid(buttons, 1), *keys.back_or_leave(t)))


def confirming(flow: Confirming, t: Translator, office: Office) -> Message:
    """The summary: nothing is booked before the citizen says so."""
    text = paragraphs(
        t.text("summary.question"),
        draft_facts(t, flow.draft, office),
        lines(t.text("summary.not_yet"), t.text("summary.hint")),
    )
    confirm = keys.one(t, "button.confirm", callback_data.CONFIRM)
    return Message(text, (confirm, keys.other_time(t), *keys.back_or_leave(t)))


def submitting(flow: Submitting, t: Translator, office: Office) -> Message:
    """No outcome yet. What is not known is not promised."""
    helping = keys.one(t, "button.help", callback_data.HELP)
    facts = draft_facts(t, flow.attempt.draft, office)
    if flow.withdrawn:
        return Message(paragraphs(t.text("submitting.withdrawn"), facts, t.text("submitting.if_made")), (helping,))
    give_up = keys.one(t, "button.give_up", callback_data.GIVE_UP)
    if not flow.delayed:
        return Message(paragraphs(t.text("submitting.moment"), facts), (give_up, helping))
    text = paragraphs(
        t.text("submitting.delayed"),
        facts,
        lines(meanwhile(t, flow.trouble, office), t.text("wait.no_need")),
    )
    return Message(text, (give_up, helping))


def refused(flow: Refused, t: Translator, office: Office) -> Message:
    """Why there is no appointment, and the next step that fits."""
    problem = flow.trouble.problem
    text = paragraphs(
        t.text("refused.unsure" if problem is Problem.NO_TICKET else "refused.title"),
        cause(t, flow.trouble, office),
        draft_facts(t, flow.draft, office),
        lines(t.text(f"refused.{problem}"), _typed_number(flow, t)),
    )
    return Message(text, (*(step(t) for step in NEXT_STEPS[problem]), *keys.back_or_leave(t)))


def _typed_number(flow: Refused, t: Translator) -> Safe | None:
    """A number typed by hand is the likeliest reason why a request is not accepted."""
    worker = flow.draft.worker
    typed = flow.trouble.problem is Problem.BAD_REQUEST and worker is not None and not worker.name
    return t.text("refused.check_worker") if typed else None
