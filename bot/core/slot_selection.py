"""The choices of a booking: department, staff member, day, time. Everything before the name stands here.

Rule: nothing is asked that has only one answer, except when the citizen came *back* to it; what was chosen before is
kept for as long as it can be.
"""

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from operator import attrgetter

from bot.core import callback_data
from bot.core.effects import Load, LoadDepartments, LoadSlots, Step, go, load, show
from bot.core.events import DepartmentsLoaded, SlotMoved, SlotsLoaded
from bot.core.model import (
    Day,
    Department,
    Draft,
    Slot,
    Worker,
)
from bot.core.names import fold, suggestions
from bot.core.session import Session
from bot.core.states import (
    ChoosingDay,
    ChoosingDepartment,
    ChoosingNearest,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
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
MAX_QUERY = 64
DAY = timedelta(days=1)
_at = attrgetter("at")


def departments(session: Session) -> Step:
    """Back to the list of departments."""
    return load(session, LoadingDepartments(back=True), LoadDepartments())


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
    """What a state waits for, to be asked again."""
    match state:
        case LoadingDepartments():
            return (LoadDepartments(),)
        case LoadingDays(draft=draft) | LoadingTimes(draft=draft) | LoadingNearest(draft=draft):
            return (LoadSlots(draft.department.id),)
        case _:
            return ()


def departments_loaded(session: Session, event: DepartmentsLoaded) -> Step | None:
    """Show the list, or go on at once where there is nothing to choose."""
    if not isinstance(state := session.state, LoadingDepartments):
        return None
    wanted = next((each for each in event.departments if each.id == state.wanted), None)
    if wanted:
        return _department_chosen(session, wanted)
    if len(event.departments) == 1 and not state.back:
        return _department_chosen(session, event.departments[0])
    notice = state.notice if state.wanted is None else Notice.LINK_UNKNOWN
    return go(session, ChoosingDepartment(event.departments), notice)


def slots_loaded(session: Session, event: SlotsLoaded) -> Step | None:
    """Show the days, the times, or the times nearest to the one that is gone."""
    slots = event.slots[bisect_right(event.slots, event.at, key=_at) :]
    match session.state:
        case LoadingDays() as state if state.draft.department.id == event.department_id:
            return _days_loaded(session, state, slots)
        case LoadingTimes() as state if state.draft.department.id == event.department_id:
            return _times_loaded(session, state, slots)
        case LoadingNearest(draft=draft) if draft.department.id == event.department_id:
            near = _nearest(draft.at, slots)
            shown = ChoosingNearest(draft, tuple(each.at for each in near)) if near else ChoosingDay(draft, (), None)
            return go(session, shown, _perhaps(near) if near else Notice.SLOT_GONE)
        case _:
            return None


def _days_loaded(session: Session, state: LoadingDays, slots: tuple[Slot, ...]) -> Step:
    found = _days(slots)
    if len(found) == 1 and not state.back:
        return _times_loaded(session, LoadingTimes(state.draft, found[0].date), slots)
    earliest = next((each for each in slots if not each.perhaps), slots[0] if slots else None)
    notice = state.notice or _perhaps((earliest,) if earliest else ())
    return go(session, ChoosingDay(state.draft, found, earliest.at if earliest else None), notice)


def _times_loaded(session: Session, state: LoadingTimes, slots: tuple[Slot, ...]) -> Step:
    of_day = slots[_first_of(state.day, slots) : _first_of(state.day + DAY, slots)]
    found = tuple(slot.at for slot in of_day)
    if not found:
        return days(session, state.draft, back=True, notice=Notice.DAY_FULL)
    if len(found) == 1 and not state.back:
        return time_chosen(session, state.draft, found[0])
    # The half that stands first: the one chosen before, else the morning unless it is full.
    anchor = state.draft.at if state.draft.at in found and state.draft.at else found[0]
    return go(session, ChoosingTime(state.draft, state.day, found, afternoon=anchor.hour >= NOON), _perhaps(of_day))


def slot_moved(session: Session, event: SlotMoved) -> Step | None:
    """Go on with the slot that is kept instead, and say so up to the summary."""
    match session.state:
        case TypingName(draft=draft) | ConfirmingBooking(draft=draft) if event.slot is None:
            return nearest(session, draft)
        case TypingName(draft=draft) | ConfirmingBooking(draft=draft) as state:
            moved = replace(draft, at=event.slot, asked=draft.asked or draft.at)
            return go(session, replace(state, draft=moved))
        case _:
            return None


def _perhaps(slots: tuple[Slot, ...]) -> Notice | None:
    """A remark where others are choosing all that is offered."""
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
        return go(session, replace(state, query="", page=0))
    return None


def department_typed(session: Session, state: ChoosingDepartment, text: str) -> Step:
    """A typed word narrows the list."""
    found = replace(state, query=text[:MAX_QUERY], page=0)
    if not shown_departments(found):
        return show(session.at(replace(state, query="", page=0)), Notice.NO_MATCH)
    return go(session, found)


def shown_departments(state: ChoosingDepartment) -> tuple[Department, ...]:
    """The departments whose name or organisation has every typed word in it, by organisation."""
    words = fold(state.query).split()
    texts = ((each, fold(f"{each.name} {each.organization}")) for each in state.departments)
    found = (each for each, text in texts if all(word in text for word in words))
    return tuple(sorted(found, key=lambda each: fold(each.organization)))


def worker_pressed(session: Session, state: ChoosingWorker | TypingWorker, kind: str, value: str) -> Step | None:
    """A member of staff, another page, or back to the departments."""
    number = callback_data.number_in(value)
    if kind == callback_data.BACK:
        return departments(session)
    if kind == callback_data.WORKER:
        chosen = next((each for each in state.draft.department.workers if each.id == number), None)
        return days(session, replace(state.draft, worker=chosen)) if chosen else None
    if kind == callback_data.PAGE and number is not None and isinstance(state, ChoosingWorker):
        return go(session, replace(state, page=number))
    return None


def worker_typed(session: Session, draft: Draft, text: str) -> Step:
    """The number of a member of staff who is listed nowhere."""
    number = callback_data.number_in(text.strip())
    if not number:
        return show(session, Notice.WORKER_NUMBER)
    return days(session, replace(draft, worker=Worker(number, "")))


def day_pressed(session: Session, state: ChoosingDay, kind: str, value: str) -> Step | None:
    """The earliest slot, a day, more days, or back."""
    number = callback_data.number_in(value)
    if kind == callback_data.EARLIEST and state.earliest:
        return time_chosen(session, state.draft, state.earliest)
    if kind == callback_data.DAY:
        day = next(
            (each.date for each in state.days if callback_data.timed(kind, each.date) == f"{kind}:{value}"), None
        )
        return load(session, LoadingTimes(state.draft, day), LoadSlots(state.draft.department.id)) if day else None
    if kind == callback_data.PAGE and number is not None:
        return go(session, replace(state, page=number))
    if kind == callback_data.RETRY:
        return days(session, state.draft, back=True)
    if kind == callback_data.BACK and state.draft.department.asks_worker:
        return _workers(session, state.draft)
    return departments(session) if kind in {callback_data.BACK, callback_data.CHANGE_DEPARTMENT} else None


def time_pressed(session: Session, state: ChoosingTime | ChoosingNearest, kind: str, value: str) -> Step | None:
    """A time, the other half of the day, or back to the days."""
    if kind == callback_data.TIME and value:
        at = next((each for each in state.times if callback_data.timed(kind, each) == f"{kind}:{value}"), None)
        return time_chosen(session, state.draft, at) if at else None
    if kind in {callback_data.MORNING, callback_data.AFTERNOON} and isinstance(state, ChoosingTime):
        return go(session, replace(state, afternoon=kind == callback_data.AFTERNOON))
    return days(session, state.draft, back=True) if kind in {callback_data.BACK, callback_data.OTHER_TIME} else None


def time_chosen(session: Session, draft: Draft, at: datetime) -> Step:
    """The name is next, unless it is known from this booking."""
    draft = replace(draft, at=at, asked=None)
    names = suggestions(draft.name, session.name, session.profile)
    return go(session, ConfirmingBooking(draft, names) if draft.name else TypingName(draft, names))


def _department_chosen(session: Session, department: Department) -> Step:
    draft = Draft(department)
    if not department.asks_worker:
        return days(session, draft)
    if len(department.workers) == 1:
        return days(session, replace(draft, worker=department.workers[0]))
    return _workers(session, draft)


def _workers(session: Session, draft: Draft) -> Step:
    return go(session, ChoosingWorker(draft) if draft.department.workers else TypingWorker(draft))


def _days(slots: tuple[Slot, ...]) -> tuple[Day, ...]:
    """The days of the slots. By bisection: a window has hundreds of slots and few days, and it is asked for always."""
    found: list[Day] = []
    begin = 0
    while begin < len(slots):
        day = slots[begin].at.date()
        end = max(begin + 1, _first_of(day + DAY, slots))
        found.append(Day(day, end - begin, perhaps=all(each.perhaps for each in slots[begin:end])))
        begin = end
    return tuple(found)


def _first_of(day: date, slots: tuple[Slot, ...]) -> int:
    """Where the slots of this day, or of a later one, begin."""
    return bisect_left(slots, datetime.combine(day, time.min), key=_at)


def _nearest(wanted: datetime | None, slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """The free slots nearest to the wanted time, in order of time; those that others are choosing only without any."""
    others = [slot for slot in slots if slot.at != wanted]
    others = [slot for slot in others if not slot.perhaps] or others
    near = sorted(others, key=lambda slot: abs(slot.at - wanted))[:NEAREST] if wanted else others[:NEAREST]
    return tuple(sorted(near, key=_at))
