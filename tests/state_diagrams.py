"""Draws the state diagrams of `docs/architecture.md` from the code: `python -m tests.state_diagrams` updates them.

The conversation is explored, not described: starting from a new session, every button that the present screen shows,
every command, a typed text and every kind of answer of the API is given to `step`, in a small world of three
departments. What leads from one state to another is drawn. The broadcast's diagram is its transition table.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

from bot.broadcast.lifecycle import QUESTIONS, TRANSITIONS, UNPAID, next_status
from bot.broadcast.model import Broadcast, BroadcastStatus, Everyone, Plan, RecipientCounts, RecipientStatus
from bot.core import callback_data as data
from bot.core.conversation import step
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    Booked,
    BookedTwice,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Commanded,
    DepartmentsLoaded,
    Event,
    LoadFailed,
    Moved,
    OldNotCancelled,
    Pressed,
    ReplacementBooked,
    SentSomething,
    SlotsLoaded,
    Typed,
)
from bot.core.model import Appointment, Department, Failure, FailureCode, Slot, Ticket, Worker
from bot.core.screens import present
from bot.core.session import Session
from bot.core.states import (
    BookingState,
    Cancelling,
    LoadingAppointments,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Moving,
    Submitting,
)
from bot.i18n import Translators
from bot.views.render import render

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "architecture.md"
MOST_ARROWS = 30
"""More of them cannot be read."""

# --- the small world -----------------------------------------------------------------------------------------------

NOW = datetime.fromisoformat("2026-01-20T10:00")
PASSPORTS = Department(1, "Passeports")
HOSPITAL = Department(2, "Consultations", asks_worker=True, workers=(Worker(11, "Dr Bah"), Worker(12, "Dr Camara")))
COURT = Department(3, "Greffe", asks_worker=True)
"""Nobody is asked for; one of several listed members of staff; one whose number is typed."""
TIMES = tuple(map(datetime.fromisoformat, ("2026-01-25T09:00", "2026-01-25T14:30", "2026-01-26T10:00")))
APPOINTMENTS = (Appointment(12345, 1, TIMES[1], "Bah"), Appointment(777, 1, TIMES[2], "Bah"))
ME: dict[str, Any] = {"at": NOW, "language": "fr", "profile": "Bah"}
MESSAGE, SCREEN, NUMBER = 70, 6, 7
WORDS = Translators.load().get("en")
COMMANDS = (
    "start",
    "start d_1",
    "book",
    "appointments",
    "cancel",
    "cancel 777",
    "stop",
    "help",
    "language",
    "settings",
    "announcements",
    "data",
    "privacy",
)
LASTING = (f"{data.CANCEL}:777", data.BOOK, data.APPOINTMENTS, data.MENU)
"""Buttons that stay valid: under a ticket, in the help."""
READS = (LoadingDepartments, LoadingDays, LoadingTimes, LoadingNearest, LoadingAppointments)

LABELS = {
    data.BOOK: "Book",
    data.APPOINTMENTS: "My appointments",
    data.HELP: "Help",
    data.LANGUAGE: "Language",
    data.MENU: "Menu",
    data.BACK: "Back",
    data.LEAVE: "Leave",
    data.RETRY: "Try again",
    data.CONFIRM: "Confirm",
    data.EARLIEST: "Earliest available",
    data.OTHER_TIME: "Another time",
    data.CHANGE_DEPARTMENT: "Another department",
    data.GIVE_UP: "Give up",
    data.YES: "Yes",
    data.NO: "No",
    data.DEPARTMENT: "a department",
    data.WORKER: "a member of staff",
    data.DAY: "a day",
    data.TIME: "a time",
    data.NAME: "a name",
    data.TICKET: "a ticket",
    data.CANCEL: "Cancel",
    data.MOVE: "Move",
    data.BOOK_AGAIN: "Book again",
    data.CHANGE_NAME: "Change the name",
    data.FOR_OTHER: "For somebody else",
    data.CHANGE_WORKER: "Change the number",
    data.EVERYTHING: "All departments",
    data.RESUME: "Resume",
    data.SETTINGS: "Settings",
    data.LOCALE: "Language",
    data.PAST: "Past appointments",
    data.ALERT_DEPARTMENT: "Tell me",
}
"""The names of buttons in the diagrams."""


def _citizen(session: Session) -> Iterator[tuple[str, Event]]:
    """All that the citizen can do now, and what to call it."""
    for row in render(present(session), WORDS).rows:
        for action in (button.action for button in row if button.action):
            yield _label(action), Pressed(action=action, screen=session.screen, message=MESSAGE, **ME)
    for action in LASTING:
        yield _label(action), Pressed(action=action, screen=None, message=MESSAGE - 1, **ME)
    for command in COMMANDS:
        name, _, argument = command.partition(" ")
        label = "link to a department" if name == "start" and argument else f"/{name}"
        yield label, Commanded(name=name, argument=argument, **ME)
    for text in ("Bah", "3"):
        yield "typed", Typed(text=text, **ME)
    yield "a photo", SentSomething(**ME)


def _label(action: str) -> str:
    return LABELS[data.split(action)[0]]


def _read(state: Any) -> Iterator[Event]:
    """The possible results of the reading that this state waits for."""
    if isinstance(state, READS):
        yield LoadFailed(at=NOW, failure=Failure(FailureCode.DOWN))
    match state:
        case LoadingDepartments():
            for found in ((PASSPORTS, HOSPITAL, COURT), (PASSPORTS,), (HOSPITAL,), (COURT,)):
                yield DepartmentsLoaded(at=NOW, departments=found)
        case LoadingDays(draft=draft) | LoadingTimes(draft=draft) | LoadingNearest(draft=draft):
            for free in (TIMES, TIMES[:2], TIMES[:1], ()):
                yield SlotsLoaded(at=NOW, department_id=draft.department.id, slots=tuple(map(Slot, free)))
        case LoadingAppointments():
            for coming in (APPOINTMENTS, APPOINTMENTS[:1], ()):
                yield AppointmentsLoaded(at=NOW, appointments=coming, departments=(PASSPORTS,))
        case _:
            return


def _settled(state: Any) -> Iterator[Event]:
    """The possible outcomes of the attempt that this state waits for."""
    match state:
        case Submitting():
            yield AttemptDelayed(at=NOW, number=NUMBER)
            yield Booked(at=NOW, number=NUMBER, appointment=APPOINTMENTS[0])
            yield BookingWithdrawn(at=NOW, number=NUMBER)
            yield BookedTwice(at=NOW, number=NUMBER, ticket=Ticket(APPOINTMENTS[0], PASSPORTS))
            for code in (FailureCode.SLOT_TAKEN, FailureCode.OUT_OF_CREDITS):
                yield BookingRefused(at=NOW, number=NUMBER, failure=Failure(code))
        case Moving(attempt=moving):
            yield AttemptDelayed(at=NOW, number=NUMBER)
            if moving.made:
                yield Moved(at=NOW, number=NUMBER)
                yield OldNotCancelled(at=NOW, number=NUMBER)
                return
            yield ReplacementBooked(at=NOW, number=NUMBER, appointment=replace(APPOINTMENTS[0], id=12400))
            yield BookingWithdrawn(at=NOW, number=NUMBER)
            for code in (FailureCode.SLOT_TAKEN, FailureCode.OUT_OF_CREDITS, FailureCode.ALREADY_BOOKED):
                yield BookingRefused(at=NOW, number=NUMBER, failure=Failure(code))
        case Cancelling():
            yield AttemptDelayed(at=NOW, number=NUMBER)
            yield AppointmentCancelled(at=NOW, number=NUMBER)
            for code in (FailureCode.APPOINTMENT_GONE, FailureCode.BAD_REQUEST):
                yield CancellingRefused(at=NOW, number=NUMBER, failure=Failure(code))
        case _:
            return


# --- exploring -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Move:
    """A transition from one state to another; `resumes`: to the unfinished booking that was kept meanwhile."""

    before: str
    after: str
    label: str
    resumes: bool = False


@cache
def explored() -> frozenset[Move]:
    """Every move that the conversation can make in the small world."""
    parked: dict[str, Any] = {}
    first = _plain(Session("fr", NOW), parked)
    seen, waiting, moves = {first}, deque([first]), set[Move]()
    while waiting:
        session = waiting.popleft()
        answers = ((type(event).__name__, event) for event in (*_read(session.state), *_settled(session.state)))
        for label, event in (*_citizen(session), *answers):
            moved, _ = step(session, event)
            after, resumes = _plain(moved, parked), moved.state is session.parked
            moves.add(Move(_name(session.state), _name(after.state), label, resumes))
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return frozenset(moves)


def _plain(session: Session, parked: dict[str, Any]) -> Session:
    """The session without what leads nowhere else: numbers, remarks, which of two bookings is kept."""
    kept = session.parked and parked.setdefault(_name(session.parked), _plain_state(session.parked))
    return replace(
        session,
        screen=SCREEN,
        message=MESSAGE,
        last_press=None,
        names=(),
        state=_plain_state(session.state),
        parked=kept,
    )


def _plain_state(state: Any) -> Any:
    match state:
        case Submitting(attempt=attempt):
            return replace(state, attempt=replace(attempt, number=NUMBER))
        case Moving(attempt=moving):
            return replace(state, attempt=replace(moving, number=NUMBER))
        case Cancelling(attempt=cancelling):
            return replace(state, attempt=replace(cancelling, number=NUMBER))
        case LoadingDepartments() | LoadingDays() | LoadingAppointments():
            return replace(state, notice=None)
        case _:
            return state


def _name(state: Any) -> str:
    return type(state).__name__


# --- drawing -------------------------------------------------------------------------------------------------------

STEPS: Mapping[str, tuple[str, ...]] = {
    "Menu": ("Idle",),
    "Department": ("LoadingDepartments", "ChoosingDepartment"),
    "Staff": ("ChoosingWorker", "TypingWorker"),
    "Day": ("LoadingDays", "ChoosingDay"),
    "Time": ("LoadingTimes", "ChoosingTime"),
    "Nearest": ("LoadingNearest", "ChoosingNearest"),
    "Name": ("TypingName",),
    "Summary": ("ConfirmingBooking",),
    "Refused": ("BookingRefusedState",),
    "Submitting": ("Submitting",),
    "List": ("LoadingAppointments", "Listing"),
    "Question": ("AskingCancel",),
    "Cancelling": ("Cancelling",),
    "Moving": ("Moving",),
}
"""The step of each state, as a citizen sees it: a state that waits for a reading belongs to the one that shows it."""
BOOKING = "Booking"


def conversation_diagram(moves: frozenset[Move]) -> str:
    """The whole conversation, with the booking as one state."""
    step_of = _step_of()
    booking = {step_of[each] for each in _states(BookingState)}
    arrows: dict[tuple[str, str], set[str]] = {}
    for each in moves:
        before, after = (
            BOOKING if (name := step_of[state]) in booking else name for state in (each.before, each.after)
        )
        label = f"{each.label} (draft kept)" if each.resumes and after == BOOKING else each.label
        if before != after:
            arrows.setdefault((before, after), set()).add(label)
    return _mermaid("Menu", arrows)


def booking_diagram(moves: frozenset[Move]) -> str:
    """The steps of a booking, which a move takes too. What leads out of every one of them is in the other diagram."""
    step_of = _step_of()
    inside = {step_of[each] for each in _states(BookingState)} | {"Submitting"}
    arrows: dict[tuple[str, str], set[str]] = {}
    for each in moves:
        before, after = step_of[each.before], step_of[each.after]
        anywhere = each.label in {"/start", "/book", "/stop", "link to a department", "Leave"}
        settled = before == "Submitting" and after == "Menu"
        if before != after and not anywhere and before in inside and (after in inside or settled):
            arrows.setdefault((before, after), set()).add(each.label)
    return _mermaid("Department", arrows)


def broadcast_diagram() -> str:
    """The transitions of a broadcast: by an admin's button, and when the work of its status is done."""
    arrows: dict[tuple[str, str], set[str]] = {}
    asked_by = {given: command for command, given in QUESTIONS.items()}
    for (before, command), (after, _) in TRANSITIONS.items():
        button = WORDS.label(f"button.steer_{asked_by.get(command, command)}").partition(" ")[2]
        arrows.setdefault((before, after), set()).add(button)
    nobody_left, somebody_left = RecipientCounts(), RecipientCounts(((RecipientStatus.PENDING, 1),))
    for status, starts, counts in product(BroadcastStatus, (None, NOW), (nobody_left, somebody_left)):
        after = next_status(Broadcast(Plan(1, (), Everyone(), starts), status, counts))
        arrows.setdefault((status, after), set()).add("finished")
    arrows.setdefault((BroadcastStatus.RUNNING, UNPAID[0]), set()).add("cannot be paid")
    moves = {(before, after): labels for (before, after), labels in arrows.items() if before != after}
    return _mermaid(BroadcastStatus.PREPARING, moves, tuple(BroadcastStatus))


def steps_table() -> str:
    """The states of each step."""
    rows = [f"| {name} | {', '.join(f'`{state}`' for state in states)} |" for name, states in STEPS.items()]
    return "\n".join(["| step | states |", "| --- | --- |", *rows])


def _step_of() -> dict[str, str]:
    return {state: name for name, states in STEPS.items() for state in states}


def _states(state: Any) -> set[str]:
    return {each.__name__ for each in get_args(state)}


def _mermaid(first: str, arrows: Mapping[tuple[str, str], set[str]], order: Sequence[str] = (*STEPS, BOOKING)) -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for before, after in sorted(arrows, key=lambda each: (order.index(each[0]), order.index(each[1]))):
        lines.append(f"    {before} --> {after}: {', '.join(sorted(arrows[before, after], key=str.casefold))}")
    return "\n".join([*lines, "```"])


# --- the document --------------------------------------------------------------------------------------------------


def drawings() -> dict[str, str]:
    """The texts between the markers of the document, by the marker's name."""
    moves = explored()
    return {
        "conversation diagram": conversation_diagram(moves),
        "booking diagram": booking_diagram(moves),
        "steps": steps_table(),
        "broadcast diagram": broadcast_diagram(),
    }


def redrawn(text: str, drawn: Mapping[str, str]) -> str:
    """The document with its drawings made again. Raises `ValueError` if a marker is missing."""
    for name, drawing in drawn.items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not begin or not end:
            raise ValueError(f"no marker {name!r}")
        text = f"{before}{begin}\n{drawing}\n\n{end}{after}"
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(redrawn(DOCUMENT.read_text(encoding="utf-8"), drawings()), encoding="utf-8")
