"""Why something did not work, in words: every cause has its own. Also the screens of reads that are not there yet."""

from dataclasses import replace

from bot.core import callback_data
from bot.core.model import Problem, Trouble
from bot.core.states import LoadingAppointments, LoadingDays, LoadingDepartments, LoadingNearest, LoadingTimes, Purpose
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import Message, Office
from bot.views.text import draft_facts, lines, paragraphs

BOOKING_ONLY = frozenset(
    {
        Problem.SLOT_TAKEN,
        Problem.ALREADY_BOOKED,
        Problem.OUT_OF_CREDITS,
        Problem.BAD_DATE,
        Problem.DEPARTMENT_GONE,
        Problem.TOO_LATE,
        Problem.NO_TICKET,
    }
)
Loading = LoadingDepartments | LoadingDays | LoadingTimes | LoadingNearest | LoadingAppointments


def cause(t: Translator, trouble: Trouble, office: Office) -> Safe:
    """What went wrong and, where it is known, from when on trying again makes sense."""
    when = trouble.until
    if when is None:
        until = None
    elif trouble.another_day:
        until = t.text("trouble.until_day", day=t.date_short(when.date()), time=t.time(when), city=office.city)
    else:
        until = t.text("trouble.until", time=t.time(when), city=office.city)
    return lines(t.text(f"problem.{trouble.problem}"), until)


def meanwhile(t: Translator, trouble: Trouble | None, office: Office) -> Safe | None:
    """What something that we go on trying waits for."""
    if trouble is None:
        return None
    when = trouble.until
    if when is None:
        until = t.text("wait.going_on")
    elif trouble.another_day:
        until = t.text("wait.until_day", day=t.date_short(when.date()), time=t.time(when), city=office.city)
    else:
        until = t.text("wait.until", time=t.time(when), city=office.city)
    return lines(t.text(f"problem.{trouble.problem}"), until)


def loading(flow: Loading, t: Translator, office: Office) -> Message:
    """A read that is under way, or that came to nothing: nothing is lost, and it can be tried again."""
    rows = (keys.retry(t), *_ways_out(flow, t))
    if not flow.trouble:
        return Message(t.text("loading"), rows)
    kept = None
    if not isinstance(flow, LoadingDepartments | LoadingAppointments):
        kept = lines(t.text("failed.kept"), draft_facts(t, flow.draft, office))
    trouble = _of_cancelling(flow.trouble) if isinstance(flow, LoadingAppointments) else flow.trouble
    text = paragraphs(_failed(flow, t), cause(t, trouble, office), kept, t.text("failed.retry"))
    return Message(text, rows)


def _of_cancelling(trouble: Trouble) -> Trouble:
    """What is said of a time or of a department when one books would be nonsense where nothing is booked."""
    return replace(trouble, problem=Problem.BAD_REQUEST) if trouble.problem in BOOKING_ONLY else trouble


def _ways_out(flow: Loading, t: Translator) -> keys.Rows:
    match flow:
        case LoadingDepartments():
            return (keys.back_to_menu(t),)
        case LoadingAppointments():
            return (keys.one(t, "button.back", callback_data.LEAVE),)
        case _:
            return keys.back_or_leave(t)


def _failed(flow: Loading, t: Translator) -> Safe:
    if isinstance(flow, LoadingAppointments):
        return t.text("failed.cancel" if flow.purpose is Purpose.CANCEL else "failed.appointments")
    if isinstance(flow, LoadingDepartments):
        return t.text("failed.departments")
    return t.text("failed.days" if isinstance(flow, LoadingDays) else "failed.times")
