"""The end of a booking: the name, the summary, the wait, and a refusal with its next step.

The first choices of a booking: the department, and the member of staff where one must be named.

The day and the time: free days with how many slots they have, free hours, and those nearest to one that is gone.
"""

from collections import Counter
from collections.abc import Callable
from itertools import groupby

from bot.core import callback_data, slot_selection
from bot.core.model import Day, Department, Draft, FailureCode
from bot.core.slot_selection import NOON
from bot.core.states import (
    BookingRefusedState,
    ChoosingDay,
    ChoosingDepartment,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Submitting,
    TypingName,
    TypingWorker,
)
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.errors import cause, meanwhile
from bot.views.message import Button, Message, Office
from bot.views.text import (
    WORDS,
    day_fact,
    department_name,
    draft_facts,
    lines,
    moment,
    office_facts,
    paragraphs,
    worker_name,
)

QUERY = 64


def choosing_department(state: ChoosingDepartment, t: Translator) -> Message:
    """The departments under their organisations, eight a page."""
    if not state.departments:
        return Message(t.text("departments.none"), (keys.retry(t), keys.back_to_menu(t)))
    found = slot_selection.shown_departments(state)
    page = keys.Page.of(found, state.page)
    twins = {name for name, times in Counter(each.name for each in found).items() if times > 1}
    buttons = [_button(each, t, twin=each.name in twins) for each in page.items]
    everything = keys.one(t, "button.all_departments", callback_data.EVERYTHING)
    text = paragraphs(
        t.text("departments.question"),
        t.text("departments.query", query=keys.clip(state.query, QUERY)) if state.query else None,
        _grouped(state, page.items, t) if found else t.text("departments.no_match"),
        t.text("page", number=page.number + 1, count=page.count) if page.count > 1 else None,
        t.text("departments.search") if len(state.departments) > 1 else None,
    )
    tail = (everything, keys.back_to_menu(t)) if state.query else (keys.back_to_menu(t),)
    return Message(text, (*keys.columns(buttons), *page.turning(t), *tail))


def choosing_worker(state: ChoosingWorker, t: Translator) -> Message:
    """The staff of the department, eight a page."""
    page = keys.Page.of(state.draft.department.workers, state.page)
    buttons = [
        Button(keys.clip(worker_name(t, each)), callback_data.numbered(callback_data.WORKER, each.id))
        for each in page.items
    ]
    text = paragraphs(t.text("workers.question"), office_facts(t, state.draft.department))
    return Message(text, (*keys.columns(buttons), *page.turning(t), *keys.back_or_leave(t)))


def typing_worker(state: TypingWorker, t: Translator) -> Message:
    """The number of a member of staff, to be typed."""
    text = paragraphs(t.text("worker.question"), office_facts(t, state.draft.department), t.text("worker.hint"))
    return Message(text, keys.back_or_leave(t))


def _button(department: Department, t: Translator, *, twin: bool) -> Button:
    """A department; where two bear the same name, the organisation tells them apart."""
    name = department_name(t, department)
    if twin and department.organization:
        name = t.label("department.of", name=name, organization=department.organization)
    return Button(keys.clip(name), callback_data.numbered(callback_data.DEPARTMENT, department.id))


def _grouped(state: ChoosingDepartment, page: tuple[Department, ...], t: Translator) -> Safe | None:
    """With several organisations, which department belongs to which; the buttons do not say it."""
    organizations = {each.organization for each in state.departments}
    if len(organizations) == 1:
        return _heading(organizations.pop(), t)
    groups = groupby(page, key=lambda each: each.organization)
    return paragraphs(*(lines(_heading(name, t), *(_bullet(each, t) for each in group)) for name, group in groups))


def _heading(organization: str, t: Translator) -> Safe | None:
    name = keys.clip(organization)
    return t.text("departments.heading", name=name) if name else None


def _bullet(department: Department, t: Translator) -> Safe:
    return t.text("bullet", name=keys.clip(department_name(t, department)))


ALL_DAY = 24
"""More times than this are shown by halves of the day."""
MOST = 90
"""Telegram's limit is 100 buttons."""


def choosing_day(state: ChoosingDay, t: Translator, office: Office) -> Message:
    """The earliest slot first, then the free days, eight a page."""
    where = office_facts(t, state.draft.department, state.draft.worker)
    if not state.days:
        text = paragraphs(t.text("days.none", n=office.horizon_days), where)
        return Message(text, (keys.retry(t), keys.other_department(t), *keys.back_or_leave(t)))
    page = keys.Page.of(state.days, state.page)
    buttons = (
        Button(
            _day_label(each, t),
            callback_data.timed(callback_data.DAY, each.date),
        )
        for each in page.items
    )
    first: keys.Rows = ()
    if state.earliest:
        first = ((Button(t.label("button.earliest", moment=moment(t, state.earliest)), callback_data.EARLIEST),),)
    text = paragraphs(t.text("days.question"), where, t.text("office_hours", city=office.city))
    return Message(text, (*first, *keys.grid(buttons, 2), *page.turning(t, days=True), *keys.back_or_leave(t)))


def _day_label(day: Day, t: Translator) -> str:
    if day.perhaps:
        return t.label("button.day_perhaps", day=t.date_short(day.date))
    return t.label("button.day", day=t.date_short(day.date), n=day.free)


def choosing_time(state: ChoosingTime, t: Translator, office: Office) -> Message:
    """The free hours of the day; by halves where there are many."""
    morning = tuple(each for each in state.times if each.hour < NOON)
    afternoon = tuple(each for each in state.times if each.hour >= NOON)
    times, other_half = state.times, keys.Rows()
    if len(state.times) > ALL_DAY and morning and afternoon:
        times = afternoon if state.afternoon else morning
        other_half = (_morning(t, len(morning)) if state.afternoon else _afternoon(t, len(afternoon)),)
    buttons = (Button(t.time(each), callback_data.timed(callback_data.TIME, each)) for each in times[:MOST])
    text = paragraphs(
        t.text("times.question"),
        lines(office_facts(t, state.draft.department, state.draft.worker), day_fact(t, state.day)),
        t.text("office_hours", city=office.city),
        t.text("times.first", n=MOST) if len(times) > MOST else None,
    )
    return Message(text, (*keys.grid(buttons, 3), *other_half, *keys.back_or_leave(t)))


def choosing_nearest(state: ChoosingNearest, t: Translator, office: Office) -> Message:
    """The time is gone, the name is kept: the free times around it."""
    buttons = (Button(moment(t, each), callback_data.timed(callback_data.TIME, each)) for each in state.times)
    text = paragraphs(
        lines(
            t.text("nearest.taken"),
            t.text("nearest.name_kept", name=keys.clip(state.draft.name, WORDS)) if state.draft.name else None,
        ),
        office_facts(t, state.draft.department, state.draft.worker),
        t.text("nearest.question"),
        t.text("office_hours", city=office.city),
    )
    other_days = keys.one(t, "button.other_days", callback_data.OTHER_TIME)
    return Message(text, (*keys.grid(buttons, 2), other_days, *keys.back_or_leave(t)))


def _morning(t: Translator, free: int) -> keys.Row:
    return (Button(t.label("button.morning", n=free), callback_data.MORNING),)


def _afternoon(t: Translator, free: int) -> keys.Row:
    return (Button(t.label("button.afternoon", n=free), callback_data.AFTERNOON),)


NEXT_STEPS: dict[FailureCode, tuple[Callable[[Translator], keys.Row], ...]] = {
    FailureCode.SLOT_TAKEN: (keys.other_time, keys.other_department),
    FailureCode.BAD_DATE: (keys.other_time, keys.other_department),
    FailureCode.TOO_LATE: (keys.other_time, keys.other_department),
    FailureCode.NO_TICKET: (keys.appointments,),
    FailureCode.ALREADY_BOOKED: (keys.appointments, keys.other_time),
    FailureCode.OUT_OF_CREDITS: (keys.retry, keys.other_department),
    FailureCode.NO_ACCESS: (keys.retry, keys.other_department),
    FailureCode.DEPARTMENT_GONE: (keys.other_department,),
    FailureCode.BAD_REQUEST: (keys.other_time, keys.other_department, keys.retry),
    FailureCode.APPOINTMENT_GONE: (keys.other_time, keys.other_department, keys.retry),
    FailureCode.BUSY: (keys.retry, keys.other_time),
    FailureCode.DOWN: (keys.retry, keys.other_time),
}
"""What is offered after a refusal, the most fitting first."""


def typing_name(state: TypingName, t: Translator, office: Office) -> Message:
    """The name, typed or one of those that are known."""
    buttons = (
        Button(
            t.label("button.name", name=keys.clip(name, keys.LABEL - 10)),
            callback_data.numbered(callback_data.NAME, number),
        )
        for number, name in enumerate(state.suggestions)
    )
    text = paragraphs(
        _moved(state.draft, t),
        t.text("name.question"),
        draft_facts(t, state.draft, office),
        t.text("name.hint_buttons") if state.suggestions else t.text("name.hint"),
    )
    return Message(text, (*keys.grid(buttons, 1), *keys.back_or_leave(t)))


def confirming(state: ConfirmingBooking, t: Translator, office: Office) -> Message:
    """The summary: nothing is booked before the citizen says so."""
    text = paragraphs(
        _moved(state.draft, t),
        t.text("summary.question"),
        draft_facts(t, state.draft, office),
        lines(t.text("summary.not_yet"), t.text("summary.hint")),
    )
    confirm = keys.one(t, "button.confirm", callback_data.CONFIRM)
    return Message(text, (confirm, keys.other_time(t), *keys.back_or_leave(t)))


def _moved(draft: Draft, t: Translator) -> Safe | None:
    """That the time is not the one they pressed."""
    return t.text("slot.moved", moment=moment(t, draft.asked)) if draft.asked else None


def submitting(state: Submitting, t: Translator, office: Office) -> Message:
    """No outcome yet. What is not known is not promised."""
    helping = keys.one(t, "button.help", callback_data.HELP)
    facts = draft_facts(t, state.attempt.draft, office)
    if state.withdrawn:
        return Message(paragraphs(t.text("submitting.withdrawn"), facts, t.text("submitting.if_made")), (helping,))
    give_up = keys.one(t, "button.give_up", callback_data.GIVE_UP)
    if not state.delayed:
        return Message(paragraphs(t.text("submitting.moment"), facts), (give_up, helping))
    text = paragraphs(
        t.text("submitting.delayed"),
        facts,
        lines(meanwhile(t, state.failure, office), t.text("wait.no_need")),
    )
    return Message(text, (give_up, helping))


def refused(state: BookingRefusedState, t: Translator, office: Office) -> Message:
    """Why there is no appointment, and the next step that fits."""
    code = state.failure.code
    text = paragraphs(
        t.text("refused.unsure" if code is FailureCode.NO_TICKET else "refused.title"),
        cause(t, state.failure, office),
        draft_facts(t, state.draft, office),
        lines(t.text(f"refused.{code}"), _typed_number(state, t)),
    )
    return Message(text, (*(step(t) for step in NEXT_STEPS[code]), *keys.back_or_leave(t)))


def _typed_number(state: BookingRefusedState, t: Translator) -> Safe | None:
    """A number typed by hand is the likeliest reason why a request is not accepted."""
    worker = state.draft.worker
    typed = state.failure.code is FailureCode.BAD_REQUEST and worker is not None and not worker.name
    return t.text("refused.check_worker") if typed else None
