"""The screens of a booking: department, member of staff, day, time, name, summary, waiting, refusal.

The question stands last, in bold, next to the buttons: on a small phone the top of a long message is out of sight.
"""

from collections.abc import Callable
from dataclasses import replace

from bot.core import callback_data, slot_selection
from bot.core.booking import SPENT
from bot.core.model import Day, Draft, FailureCode, Ticket
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
from bot.views import details, moving, place_alerts
from bot.views import keyboards as keys
from bot.views.errors import cause, meanwhile
from bot.views.general import department_choices
from bot.views.message import Button, Message, Office, Style
from bot.views.text import (
    WORDS,
    about_department,
    contact,
    draft_facts,
    lines,
    moment,
    moved_fact,
    name_fact,
    office_facts,
    paragraphs,
    stands,
    worker_name,
)

QUERY = 64
ALL_DAY = 24
"""Above this number, times are shown by halves of the day."""
MOST = 90
"""Telegram's limit is 100 buttons."""


def choosing_department(state: ChoosingDepartment, t: Translator, office: Office) -> Message:
    """The departments, eight a page."""
    if not state.departments:
        text = paragraphs(t.text("departments.none"), contact(t, office), t.text("departments.later"))
        return Message(text, (keys.retry(t), keys.back_to_menu(t)))
    narrowed = bool(state.query) or state.organization is not None
    page = keys.Page.of(slot_selection.shown_departments(state), state.page)
    rows, legend = department_choices(t, page.items)
    text = paragraphs(
        _heading(state, t),
        legend,
        lines(
            t.text("page", number=page.number + 1, count=page.count) if page.count > 1 else None,
            t.text("departments.search") if len(state.departments) > keys.PER_PAGE else None,
        ),
        t.text("departments.question"),
    )
    everything = keys.one(t, "button.all_departments", callback_data.EVERYTHING)
    tail = (everything, keys.back_to_menu(t)) if narrowed else (keys.back_to_menu(t),)
    return Message(text, (*rows, *page.turning(t), *tail))


def _heading(state: ChoosingDepartment, t: Translator) -> Safe | None:
    """The heading of the list: the search, or the only organisation."""
    if state.query:
        return t.text("departments.query", query=keys.clip(state.query, QUERY))
    organizations = {each.organization for each in state.departments}
    only = organizations.pop() if len(organizations) == 1 else state.organization
    name = keys.clip(only or "", WORDS)
    return t.text("departments.heading", name=name) if name else None


def choosing_worker(state: ChoosingWorker, t: Translator, office: Office) -> Message:
    """The staff of the department, eight a page."""
    page = keys.Page.of(state.draft.department.workers, state.page)
    items = [
        keys.Choice(
            callback_data.numbered(callback_data.WORKER, each.id),
            worker_name(t, each),
            t.label("worker.unnamed", number=each.id),
        )
        for each in page.items
    ]
    rows, legend = keys.choices(t, items)
    text = paragraphs(_where(t, state.draft, office), legend, t.text("workers.question"))
    return Message(text, (*rows, *page.turning(t), *keys.ways_out(t, state.draft, back_too=False)))


def _where(t: Translator, draft: Draft, office: Office) -> Safe:
    """The office, what the department is for, and when it is open: for the first screen of a department.

    A citizen who moves an appointment knows the department, and reads which appointment it is.
    """
    facts = office_facts(t, draft.department, draft.worker)
    if draft.replaces:
        return paragraphs(moved_fact(t, draft, office), facts)
    return lines(facts, about_department(t, draft.department))


def typing_worker(state: TypingWorker, t: Translator, office: Office) -> Message:
    """The screen that asks for the number of a member of staff."""
    text = paragraphs(_where(t, state.draft, office), t.text("worker.hint"), t.text("worker.question"))
    return Message(text, keys.ways_out(t, state.draft, back_too=False))


def choosing_day(state: ChoosingDay, t: Translator, office: Office) -> Message:
    """The earliest slot, then the free days, eight per page, below the department's description."""
    draft, where = state.draft, _where(t, state.draft, office)
    ways_out = keys.ways_out(t, draft, back_too=bool(draft.at and draft.name))
    if not state.days:
        nothing = t.text("days.none", n=office.horizon_days)
        alert = place_alerts.where_nothing_is_free(t, draft, office)
        later = lines(t.text("alert.offer") if alert else None, t.text("days.later"))
        text = paragraphs(where, nothing, contact(t, office), later, stands(t, draft, office))
        other = () if draft.replaces else (keys.other_department(t),)
        return Message(text, (*alert, *other, keys.retry(t), *details.button(t, office, draft.department), *ways_out))
    page = keys.Page.of(state.days, state.page)
    buttons = [
        Button(_day_label(each, draft, t, office), callback_data.timed(callback_data.DAY, each.date))
        for each in page.items
    ]
    closed = details.closed_days(t, office.details_of(draft.department), tuple(each.date for each in page.items))
    text = paragraphs(where, t.text("office_hours", city=office.city), closed, t.text("days.question"))
    first, about = _earliest(state, t, office), details.button(t, office, draft.department)
    return Message(text, (*first, *keys.columns(buttons), *page.turning(t), *about, *ways_out))


def _earliest(state: ChoosingDay, t: Translator, office: Office) -> keys.Rows:
    if not (at := state.earliest):
        return ()
    if at.date() == office.today:
        label = t.label("button.earliest_today", time=t.time(at))
    else:
        label = t.label("button.earliest", time=t.time(at), day=t.day_brief(at, office.today))
    return ((Button(label, callback_data.EARLIEST),),)


def _day_label(day: Day, draft: Draft, t: Translator, office: Office) -> str:
    name = t.day_short(day.date, office.today)
    if day.date in office.details_of(draft.department).closed:
        return t.label("button.day_closed", day=name)
    return t.label("button.day_perhaps", day=name) if day.perhaps else name


def choosing_time(state: ChoosingTime, t: Translator, office: Office) -> Message:
    """The free times of the day, by halves if there are many."""
    morning = tuple(each for each in state.times if each.hour < NOON)
    afternoon = tuple(each for each in state.times if each.hour >= NOON)
    times, other_half = state.times, keys.Rows()
    if len(state.times) > ALL_DAY and morning and afternoon:
        times = afternoon if state.afternoon else morning
        other_half = (_morning(t, len(morning)) if state.afternoon else _afternoon(t, len(afternoon)),)
    buttons = (Button(t.time(each), callback_data.timed(callback_data.TIME, each)) for each in times[:MOST])
    day = details.day_facts(t, office, state.draft.department, state.day)
    text = paragraphs(
        lines(_where(t, state.draft, office), day)
        if state.is_first
        else paragraphs(
            moved_fact(t, state.draft, office), lines(office_facts(t, state.draft.department, state.draft.worker), day)
        ),
        t.text("times.first", n=MOST) if len(times) > MOST else None,
        t.text("office_hours", city=office.city),
        t.text("times.question"),
    )
    about = details.button(t, office, state.draft.department) if state.is_first else ()
    return Message(text, (*keys.grid(buttons, 3), *other_half, *about, *keys.ways_out(t, state.draft)))


def choosing_nearest(state: ChoosingNearest, t: Translator, office: Office) -> Message:
    """The free times nearest to a time that was taken; the name is kept."""
    buttons = [
        Button(
            t.label("button.moment", time=t.time(each), day=t.day_short(each, office.today)),
            callback_data.timed(callback_data.TIME, each),
        )
        for each in state.times
    ]
    text = paragraphs(
        lines(
            t.text("nearest.taken"),
            _name_kept(state.draft, t, office),
        ),
        office_facts(t, state.draft.department, state.draft.worker),
        t.text("office_hours", city=office.city),
        t.text("nearest.question"),
        stands(t, state.draft, office),
    )
    other_days = keys.one(t, "button.other_days", callback_data.OTHER_TIME)
    return Message(text, (*keys.columns(buttons), other_days, keys.leave(t, state.draft)))


def _name_kept(draft: Draft, t: Translator, office: Office) -> Safe | None:
    if office.several_names or not draft.name:
        return name_fact(t, draft.name or "", office)
    return t.text("nearest.name_kept", name=keys.clip(draft.name, WORDS))


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
    FailureCode.TOO_MANY_OPEN: (keys.appointments, keys.retry),
    FailureCode.TOO_MANY_TODAY: (keys.appointments,),
    FailureCode.TOO_MANY_MOVES: (keys.appointments,),
    FailureCode.BOOKING_BLOCKED: (keys.appointments,),
    FailureCode.OUT_OF_CREDITS: (keys.retry, keys.other_department),
    FailureCode.NO_ACCESS: (keys.retry, keys.other_department),
    FailureCode.DEPARTMENT_GONE: (keys.other_department,),
    FailureCode.BAD_NAME: (keys.change_name,),
    FailureCode.BAD_REQUEST: (keys.change_name, keys.other_time, keys.other_department, keys.retry),
    FailureCode.APPOINTMENT_GONE: (keys.other_time, keys.other_department),
    FailureCode.BUSY: (keys.retry, keys.other_time),
    FailureCode.DOWN: (keys.retry, keys.other_time),
}
"""The buttons after a refusal, the most useful first."""


def typing_name(state: TypingName, t: Translator, office: Office) -> Message:
    """The screen that asks for the name, with the known ones as buttons."""
    buttons = (
        Button(
            t.label("button.name", name=keys.shorten(name, keys.ALONE - 2)),
            callback_data.numbered(callback_data.NAME, number),
        )
        for number, name in enumerate(state.suggestions)
    )
    text = paragraphs(
        moved_fact(t, state.draft, office),
        _moved(state.draft, t),
        draft_facts(t, replace(state.draft, name=None) if state.for_other else state.draft, office),
        t.text("name.hint_buttons") if state.suggestions else t.text("name.hint"),
        t.text("name.question"),
    )
    other = () if state.for_other else (keys.one(t, "button.for_other", callback_data.FOR_OTHER),)
    return Message(text, (*keys.grid(buttons, 1), *other, *keys.ways_out(t, state.draft)))


def confirming(state: ConfirmingBooking, t: Translator, office: Office) -> Message:
    """The summary, which says that nothing is booked yet."""
    if state.draft.replaces:
        return moving.confirming(state.draft, state.draft.replaces, t, office)
    facts = draft_facts(t, state.draft, office)
    about = office.details_of(state.draft.department)
    text = paragraphs(
        _moved(state.draft, t),
        lines(facts, details.closed_on(t, about, state.draft.at and state.draft.at.date())),
        details.before_booking(t, about),
        t.text("summary.not_yet"),
        _twice(state.twice, t) if state.twice else None,
        t.text("twice.question" if state.twice else "summary.question"),
    )
    confirm = keys.one(t, "button.confirm", callback_data.CONFIRM, Style.SUCCESS)
    if state.twice:
        confirm = keys.one(t, "button.go_on", callback_data.CONFIRM, Style.SUCCESS)
    return Message(text, (confirm, keys.change_name(t), keys.change_time(t), *keys.back_or_leave(t)))


def _twice(ticket: Ticket, t: Translator) -> Safe:
    """The appointment of the same name, department and day."""
    appointment = ticket.appointment
    return t.text("twice.already", name=keys.clip(appointment.name, WORDS), moment=moment(t, appointment.at))


def _moved(draft: Draft, t: Translator) -> Safe | None:
    """The line that says that the time differs from the pressed one."""
    return t.text("slot.moved", moment=moment(t, draft.asked)) if draft.asked else None


def submitting(state: Submitting, t: Translator, office: Office) -> Message:
    """A pending booking; it promises nothing."""
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
    """A refused booking: the reason, and the next step."""
    if state.draft.replaces:
        return moving.refused(state.failure, state.draft.replaces, t, office)
    code = state.failure.code
    text = paragraphs(
        t.text("refused.unsure" if code is FailureCode.NO_TICKET else "refused.title"),
        cause(t, state.failure, office),
        draft_facts(t, state.draft, office),
        contact(t, office),
        lines(t.text("refused.check_worker") if _has_typed_number(state) else None, t.text(f"refused.{code}")),
    )
    worker = (keys.one(t, "button.change_worker", callback_data.CHANGE_WORKER),) if _has_typed_number(state) else ()
    # After these, *Back* would do the same as *Another time*.
    ways_out = (keys.leave(t),) if code in SPENT else keys.back_or_leave(t)
    return Message(text, (*worker, *(step(t) for step in NEXT_STEPS[code]), *ways_out))


def _has_typed_number(state: BookingRefusedState) -> bool:
    """The line that suspects a wrongly typed staff number as the reason of a refusal."""
    worker = state.draft.worker
    return state.failure.code is FailureCode.BAD_REQUEST and worker is not None and not worker.name
