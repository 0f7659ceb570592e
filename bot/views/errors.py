"""The words for failures: each cause has its own. Also the screens of reads that are running or failed."""

from dataclasses import replace

from bot.core import callback_data
from bot.core.model import Failure, FailureCode
from bot.core.states import LoadingAppointments, LoadingDays, LoadingDepartments, LoadingNearest, LoadingTimes, Purpose
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import Message, Office
from bot.views.text import contact, draft_facts, lines, paragraphs, stands

BOOKING_ONLY = frozenset(
    {
        FailureCode.SLOT_TAKEN,
        FailureCode.ALREADY_BOOKED,
        FailureCode.OUT_OF_CREDITS,
        FailureCode.BAD_DATE,
        FailureCode.DEPARTMENT_GONE,
        FailureCode.TOO_LATE,
        FailureCode.NO_TICKET,
        FailureCode.TOO_MANY_OPEN,
        FailureCode.TOO_MANY_TODAY,
        FailureCode.TOO_MANY_MOVES,
        FailureCode.BOOKING_BLOCKED,
    }
)
Loading = LoadingDepartments | LoadingDays | LoadingTimes | LoadingNearest | LoadingAppointments


PASSING = frozenset(
    {FailureCode.BUSY, FailureCode.DOWN, FailureCode.NO_ACCESS, FailureCode.OUT_OF_CREDITS, FailureCode.NO_TICKET}
)
"""Failures after which the same may work later; after any other, only the office can help with a cancellation."""


def cause(t: Translator, failure: Failure, office: Office) -> Safe:
    """The cause and, if known, when to try again."""
    when = failure.until
    if when is None:
        until = None
    elif failure.another_day:
        until = t.text("trouble.until_day", day=t.date_short(when), time=t.time(when), city=office.city)
    else:
        until = t.text("trouble.until", time=t.time(when), city=office.city)
    return lines(t.text(f"problem.{failure.code}"), until)


def meanwhile(t: Translator, failure: Failure | None, office: Office) -> Safe | None:
    """The cause of a delay while the bot keeps trying."""
    if failure is None:
        return None
    when = failure.until
    if when is None:
        until = t.text("wait.going_on")
    elif failure.another_day:
        until = t.text("wait.until_day", day=t.date_short(when), time=t.time(when), city=office.city)
    else:
        until = t.text("wait.until", time=t.time(when), city=office.city)
    return lines(t.text(f"problem.{failure.code}"), until)


def loading(state: Loading, t: Translator, office: Office) -> Message:
    """A running or failed read: the choices are kept, and it can be tried again."""
    rows = (keys.retry(t), *_ways_out(state, t))
    if not state.failure:
        return Message(t.text("loading"), rows)
    if isinstance(state, LoadingAppointments):
        return _appointments_failed(state, state.failure, t, office)
    kept, old = None, None
    if not isinstance(state, LoadingDepartments):
        kept = lines(t.text("failed.kept"), draft_facts(t, state.draft, office))
        old = stands(t, state.draft, office)
    why = cause(t, state.failure, office)
    text = paragraphs(_failed(state, t), kept, why, contact(t, office), t.text("failed.retry"), old)
    return Message(text, rows)


def _appointments_failed(state: LoadingAppointments, failure: Failure, t: Translator, office: Office) -> Message:
    rows = (keys.retry(t), *_ways_out(state, t))
    if state.purpose is not Purpose.CANCEL:
        why = cause(t, _of_cancelling(failure), office)
        text = paragraphs(t.text("failed.appointments"), why, contact(t, office), t.text("failed.retry"))
        return Message(text, rows)
    if failure.code in PASSING:
        why = cause(t, _of_cancelling(failure), office)
        return Message(paragraphs(t.text("failed.cancel"), why, contact(t, office), t.text("failed.retry")), rows)
    text = paragraphs(
        t.text("failed.cancel"), t.text("failed.cancel_refused"), contact(t, office), t.text("failed.cancel_next")
    )
    return Message(text, (keys.appointments(t), *rows))


def _of_cancelling(failure: Failure) -> Failure:
    """Replace causes that concern a booking, on screens where nothing is being booked."""
    return replace(failure, code=FailureCode.BAD_REQUEST) if failure.code in BOOKING_ONLY else failure


def _ways_out(state: Loading, t: Translator) -> keys.Rows:
    match state:
        case LoadingDepartments():
            return (keys.back_to_menu(t),)
        case LoadingAppointments():
            return (keys.one(t, "button.back", callback_data.LEAVE),)
        case _:
            is_complete = bool(state.draft.at and state.draft.name)
            return keys.ways_out(t, state.draft, back_too=is_complete or not isinstance(state, LoadingDays))


def _failed(state: Loading, t: Translator) -> Safe:
    if isinstance(state, LoadingDepartments):
        return t.text("failed.departments")
    return t.text("failed.days" if isinstance(state, LoadingDays) else "failed.times")
