"""The choices of a booking before the name: department, staff member, day, time.

Questions with only one possible answer are skipped, except when the citizen came *back* to them. What was chosen
before is kept as long as possible. A draft with a time and a name came from the summary, so *Back* returns there.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from operator import attrgetter

from bot.core import callback_data, known_names
from bot.core.dates import read_hour, read_when
from bot.core.effects import AskAlert, Load, LoadDepartments, LoadSlots, NoteGone, Step, go, load, show
from bot.core.events import DepartmentsLoaded, SlotMoved, SlotsLoaded, Typed
from bot.core.model import (
    Day,
    Department,
    Draft,
    Slot,
    Worker,
)
from bot.core.names import fold, suggestions
from bot.core.screens import DepartmentInfo
from bot.core.search import MAX_QUERY, matching
from bot.core.session import Session
from bot.core.states import (
    ChoosingDay,
    ChoosingDepartment,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Idle,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Notice,
    State,
    TypingName,
    TypingWorker,
)

NEAREST = 6
NOON = 12
MANY_DEPARTMENTS = 8
"""From more departments than this the menu offers organisations, if there are several."""
DAY = timedelta(days=1)
ANY_DEPARTMENT = LoadingDepartments()
_at = attrgetter("at")


def departments(session: Session, organization_of: int | None = None) -> Step:
    """Back to the list of departments, or to those of the organisation that this department belongs to."""
    return load(session, LoadingDepartments(back=True, organization_of=organization_of), LoadDepartments())


def other_departments(session: Session, gone: int) -> Step:
    """To the list of departments without one that takes no appointments any more."""
    state = LoadingDepartments(back=True, notice=Notice.DEPARTMENT_GONE, without=gone)
    return load(session, state, LoadDepartments())


def days(session: Session, draft: Draft, *, back: bool = False, notice: Notice | None = None) -> Step:
    """To the days of the draft's department."""
    return load(session, LoadingDays(draft, back=back, notice=notice), LoadSlots(draft.department.id))


def times(session: Session, draft: Draft) -> Step:
    """Back to the times of the day that was chosen."""
    if not draft.at:
        return days(session, draft, back=True)
    return load(session, LoadingTimes(draft, draft.at.date(), back=True), LoadSlots(draft.department.id))


def nearest(session: Session, draft: Draft) -> Step:
    """To the times around one that is gone."""
    return load(session, LoadingNearest(draft), LoadSlots(draft.department.id))


def awaited(state: State) -> tuple[Load, ...]:
    """The effect that loads the data for which a state waits."""
    match state:
        case LoadingDepartments():
            return (LoadDepartments(),)
        case LoadingDays(draft=draft) | LoadingTimes(draft=draft) | LoadingNearest(draft=draft):
            return (LoadSlots(draft.department.id),)
        case _:
            return ()


def is_present_time(draft: Draft, at: datetime | None) -> bool:
    """Whether this is the time of the appointment that is moved."""
    return at is not None and draft.replaces is not None and _minute(at) == _minute(draft.replaces.appointment.at)


def departments_loaded(session: Session, event: DepartmentsLoaded) -> Step | None:
    """Show the list, or go on at once if there is nothing to choose."""
    if not isinstance(state := session.state, LoadingDepartments):
        return None
    found = tuple(each for each in event.departments if each.id != state.without)
    if state.query and not matching(found, state.query):
        return go(session, Idle(), Notice.USE_BUTTONS)
    if wanted := next((each for each in found if each.id == state.wanted), None):
        return _department_chosen(session, wanted, state)
    if len(found) == 1 and not state.back and not state.query:
        return _department_chosen(session, found[0])
    notice = state.notice if state.wanted is None else Notice.LINK_UNKNOWN
    organization = next((each.organization for each in found if each.id == state.organization_of), None)
    return go(session, ChoosingDepartment(found, state.query, organization=organization), notice)


def slots_loaded(session: Session, event: SlotsLoaded) -> Step | None:
    """Show the days, the times, or the times nearest to the one that is gone."""
    slots = event.slots[bisect_right(event.slots, event.at, key=_at) :]
    if isinstance(state := session.state, LoadingDays | LoadingTimes | LoadingNearest) and state.draft.replaces:
        slots = tuple(each for each in slots if not is_present_time(state.draft, each.at))
    match session.state:
        case LoadingDays() as state if state.draft.department.id == event.department_id:
            return _days_loaded(session, state, slots)
        case LoadingTimes() as state if state.draft.department.id == event.department_id:
            return _times_loaded(session, state, slots)
        case LoadingNearest(draft=draft, is_offered=True) if draft.department.id == event.department_id:
            return _offer_loaded(session, draft, slots)
        case LoadingNearest(draft=draft) if draft.department.id == event.department_id:
            return _nearest_loaded(session, draft, slots)
        case _:
            return None


def _offer_loaded(session: Session, draft: Draft, slots: tuple[Slot, ...]) -> Step:
    """To the summary of the place that an alert offered, or to the nearest ones if it is gone."""
    if draft.at and any(each.at == draft.at and not each.perhaps for each in slots):
        return time_chosen(session, draft, draft.at)
    after, effects = _nearest_loaded(session, draft, slots)
    return after, (*effects, *((NoteGone(draft.department.id, draft.at),) if draft.at else ()))


def _nearest_loaded(session: Session, draft: Draft, slots: tuple[Slot, ...]) -> Step:
    near = _nearest(draft.at, slots)
    shown = ChoosingNearest(draft, tuple(each.at for each in near)) if near else ChoosingDay(draft, (), None)
    return go(session, shown, _perhaps(near) if near else Notice.SLOT_GONE)


def _days_loaded(session: Session, state: LoadingDays, slots: tuple[Slot, ...]) -> Step:
    if state.draft.department.asks_worker and state.draft.worker is None:
        return workers(session, state.draft)
    found = _days(slots)
    if state.day:
        return _times_loaded(session, LoadingTimes(state.draft, state.day), slots)
    if len(found) == 1 and not state.back:
        return _times_loaded(session, LoadingTimes(state.draft, found[0].date), slots, is_first=True)
    earliest = next((each for each in slots if not each.perhaps), slots[0] if slots else None)
    notice = state.notice or _perhaps((earliest,) if earliest else ())
    return go(session, ChoosingDay(state.draft, found, earliest.at if earliest else None), notice)


def _times_loaded(session: Session, state: LoadingTimes, slots: tuple[Slot, ...], *, is_first: bool = False) -> Step:
    of_day = slots[_first_of(state.day, slots) : _first_of(state.day + DAY, slots)]
    found = tuple(slot.at for slot in of_day)
    if not found:
        return days(session, replace(state.draft, at=None), back=True, notice=Notice.DAY_FULL)
    wanted = datetime.combine(state.day, state.hour) if state.hour else None
    if wanted in found and wanted:
        return time_chosen(session, state.draft, wanted)
    if len(found) == 1 and not state.back and not wanted:
        return time_chosen(session, state.draft, found[0])
    # The half of the day to show first: that of the time chosen before, else the morning unless it is full.
    anchor = state.draft.at if state.draft.at in found and state.draft.at else found[0]
    draft = replace(state.draft, at=None)
    shown = ChoosingTime(draft, state.day, found, afternoon=anchor.hour >= NOON, is_first=is_first)
    return go(session, shown, Notice.TIME_NOT_FREE if wanted else _perhaps(of_day))


def slot_moved(session: Session, event: SlotMoved) -> Step | None:
    """Continue with the slot that is held instead, and say so on the screens up to the summary."""
    match session.state:
        case TypingName(draft=draft) | ConfirmingBooking(draft=draft) if event.slot is None or is_present_time(
            draft, event.slot
        ):
            return nearest(session, draft)
        case TypingName(draft=draft) | ConfirmingBooking(draft=draft) as state:
            moved = replace(draft, at=event.slot, asked=draft.asked or draft.at)
            if isinstance(state, ConfirmingBooking):
                return go(session, replace(state, draft=moved, twice=None))
            return go(session, replace(state, draft=moved))
        case _:
            return None


def _perhaps(slots: tuple[Slot, ...]) -> Notice | None:
    """The notice if all offered slots are held by others."""
    return Notice.PERHAPS if slots and all(each.perhaps for each in slots) else None


def department_pressed(session: Session, state: ChoosingDepartment, kind: str, value: str) -> Step | None:
    """A department, another page, or the whole list again."""
    number = callback_data.number_in(value)
    if kind == callback_data.DEPARTMENT:
        chosen = next((each for each in state.departments if each.id == number), None)
        return _department_chosen(session, chosen) if chosen else None
    if kind == callback_data.PAGE and number is not None:
        return go(session, replace(state, page=number))
    if kind == callback_data.RETRY:
        return departments(session)
    if kind == callback_data.EVERYTHING:
        return go(session, replace(state, query="", page=0, organization=None))
    return None


def department_typed(session: Session, state: ChoosingDepartment, text: str) -> Step:
    """A typed word narrows the list."""
    found = replace(state, query=text[:MAX_QUERY], page=0, organization=None)
    if not matching(state.departments, found.query):
        return show(session.at(replace(found, query="")), Notice.NO_MATCH)
    return go(session, found)


def shown_departments(state: ChoosingDepartment) -> tuple[Department, ...]:
    """The departments to choose from, by organisation."""
    found = matching(state.departments, state.query)
    return tuple(each for each in found if state.organization in {None, each.organization})


def shown_organizations(departments: tuple[Department, ...]) -> tuple[Department, ...]:
    """One department of each organisation, if there are many departments of several; else none."""
    one_of_each = {each.organization: each for each in reversed(matching(departments, ""))}
    is_choice = len(departments) > MANY_DEPARTMENTS and len(one_of_each) > 1
    return tuple(reversed(one_of_each.values())) if is_choice else ()


def worker_pressed(session: Session, state: ChoosingWorker | TypingWorker, kind: str, value: str) -> Step | None:
    """A member of staff, another page, or back to the departments."""
    number = callback_data.number_in(value)
    if kind == callback_data.BACK and not state.draft.replaces:
        return departments(session)
    if kind == callback_data.WORKER:
        chosen = next((each for each in state.draft.department.workers if each.id == number), None)
        return _worker_chosen(session, state.draft, chosen) if chosen else None
    if kind == callback_data.PAGE and number is not None and isinstance(state, ChoosingWorker):
        return go(session, replace(state, page=number))
    return None


def worker_typed(session: Session, draft: Draft, text: str) -> Step:
    """The number of a member of staff who is not listed."""
    number = callback_data.number_in(text.strip())
    return _worker_chosen(session, draft, Worker(number, "")) if number else show(session, Notice.WORKER_NUMBER)


def day_pressed(session: Session, state: ChoosingDay, kind: str, value: str) -> Step | None:
    """The earliest slot, a day, more days, or back."""
    number = callback_data.number_in(value)
    match kind:
        case callback_data.EARLIEST if state.earliest:
            return time_chosen(session, state.draft, state.earliest)
        case callback_data.DAY:
            named = (each.date for each in state.days if callback_data.timed(kind, each.date) == f"{kind}:{value}")
            day = next(named, None)
            return _times_of(session, state.draft, day) if day else None
        case callback_data.PAGE if number is not None:
            return go(session, replace(state, page=number))
        case callback_data.RETRY:
            return days(session, state.draft, back=True)
        case callback_data.ALERT_DEPARTMENT if not state.days:
            return session, (_alert(state.draft),)
        case callback_data.DETAILS:
            return _details(session, state.draft)
        case callback_data.CHANGE_DEPARTMENT if not state.draft.replaces:
            return departments(session, state.draft.department.id)
        case callback_data.BACK if state.draft.at and state.draft.name:
            return go(session, ConfirmingBooking(state.draft, names_for(session, state.draft)))
        case callback_data.BACK if not state.draft.replaces:
            return workers(session, state.draft) if state.draft.department.asks_worker else departments(session)
        case _:
            return None


def when_typed(session: Session, state: ChoosingDay | ChoosingTime | ChoosingNearest, event: Typed) -> Step:
    """Handle a typed day, hour or both: go there if it is free."""
    day, hour = read_when(event.text, event.at)
    if not day and not isinstance(state, ChoosingDay):
        hour = hour or read_hour(event.text)
        known = state.day if isinstance(state, ChoosingTime) else state.draft.at and state.draft.at.date()
        day = known if hour and known else None
    if not day:
        return show(session, Notice.WHEN_UNKNOWN)
    if hour and is_present_time(state.draft, datetime.combine(day, hour)):
        return show(session, Notice.SAME_TIME)
    if isinstance(state, ChoosingDay) and all(each.date != day for each in state.days):
        return show(session, Notice.DAY_NOT_FREE)
    draft = replace(state.draft, at=None) if isinstance(state, ChoosingNearest) else state.draft
    return load(session, LoadingTimes(draft, day, hour=hour), LoadSlots(draft.department.id))


def time_pressed(session: Session, state: ChoosingTime | ChoosingNearest, kind: str, value: str) -> Step | None:
    """A time, the other half of the day, or back to the days."""
    if kind == callback_data.TIME and value:
        at = next((each for each in state.times if callback_data.timed(kind, each) == f"{kind}:{value}"), None)
        return time_chosen(session, state.draft, at) if at else None
    if kind in {callback_data.MORNING, callback_data.AFTERNOON} and isinstance(state, ChoosingTime):
        return go(session, replace(state, afternoon=kind == callback_data.AFTERNOON))
    if kind == callback_data.DETAILS:
        return _details(session, state.draft)
    if kind not in {callback_data.BACK, callback_data.OTHER_TIME}:
        return None
    return days(session, replace(state.draft, at=None), back=True)


def time_chosen(session: Session, draft: Draft, at: datetime) -> Step:
    """To the summary if a name is known (of this booking, or the citizen's own), else to the name."""
    own = None if draft.not_for is not None else known_names.default(session.names)
    draft = replace(draft, at=at, asked=None, name=draft.name or own)
    names = names_for(session, draft)
    if draft.name:
        return go(session, ConfirmingBooking(draft, names))
    return go(session, TypingName(draft, names, for_other=draft.not_for is not None))


def names_for(session: Session, draft: Draft) -> tuple[str, ...]:
    """The names to offer. One more person is not the one who was booked before."""
    names = suggestions(draft.name, *known_names.offered(session.names), profile=session.profile)
    return tuple(each for each in names if draft.name or not draft.not_for or fold(each) != fold(draft.not_for))


def workers(session: Session, draft: Draft) -> Step:
    """To the choice of a member of staff."""
    return go(session, ChoosingWorker(draft) if draft.department.workers else TypingWorker(draft))


def _department_chosen(session: Session, department: Department, asked: LoadingDepartments = ANY_DEPARTMENT) -> Step:
    """To the days: before anything else is asked it is known whether this chat may book here."""
    only = department.workers[0] if len(department.workers) == 1 else None
    worker = next((each for each in department.workers if each.id == asked.worker_id), only)
    worker = worker if department.asks_worker else None
    for_other = known_names.is_relative(session.names, asked.name or "")
    draft = Draft(department, name=asked.name, worker=worker, for_other=for_other, not_for=asked.not_for)
    return load(session, LoadingDays(draft, day=asked.day), LoadSlots(department.id))


def _worker_chosen(session: Session, draft: Draft, worker: Worker) -> Step:
    """To the days, or to the summary if a time and a name are chosen already."""
    draft = replace(draft, worker=worker)
    if draft.at and draft.name:
        return go(session, ConfirmingBooking(draft, names_for(session, draft)))
    return days(session, draft)


def _alert(draft: Draft) -> AskAlert:
    """Ask to be told of a free place; of one before the appointment that is being moved, if one is."""
    if draft.replaces:
        return AskAlert(draft.replaces.appointment.id)
    return AskAlert(department_id=draft.department.id, worker_id=draft.worker.id if draft.worker else None)


def _details(session: Session, draft: Draft) -> Step:
    """All that is known of the department, in place of the screen, to which it leads back."""
    return show(session, screen=DepartmentInfo(draft.department.id, back=True))


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _times_of(session: Session, draft: Draft, day: date) -> Step:
    return load(session, LoadingTimes(draft, day), LoadSlots(draft.department.id))


def _days(slots: tuple[Slot, ...]) -> tuple[Day, ...]:
    """The days of the slots, by bisection: there are hundreds of slots on few days, and it runs for every screen."""
    found: list[Day] = []
    begin = 0
    while begin < len(slots):
        day = slots[begin].at.date()
        end = max(begin + 1, _first_of(day + DAY, slots))
        found.append(Day(day, end - begin, perhaps=all(each.perhaps for each in slots[begin:end])))
        begin = end
    return tuple(found)


def _first_of(day: date, slots: tuple[Slot, ...]) -> int:
    """The index of the first slot of this day or a later one."""
    return bisect_left(slots, datetime.combine(day, time.min), key=_at)


def _nearest(wanted: datetime | None, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """The free slots nearest to the wanted time, in order of time. Held slots are used only if there are no others."""
    others = [slot for slot in slots if slot.at != wanted]
    others = [slot for slot in others if not slot.perhaps] or others
    near = sorted(others, key=lambda slot: abs(slot.at - wanted))[:NEAREST] if wanted else others[:NEAREST]
    return tuple(sorted(near, key=_at))
