"""The states of a conversation. Each is frozen and holds all that its screen needs to be drawn again.

A state tells what is pending: `Submitting(attempt)` means *book this attempt*. `bot.core.session` turns a session into
versioned JSON and back; the transitions are in `booking`, `slot_selection`, `appointments` and `conversation`.

`Notice` is a one-line remark above a screen that says why the citizen sees it now. The words are in the catalogues.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Literal

from bot.core.model import (
    Appointment,
    Day,
    Department,
    Draft,
    Failure,
    ListedAlert,
    Ticket,
)


class Notice(StrEnum):
    """A notice. Its value is stored in sessions."""

    STALE_BUTTON = "stale_button"
    USE_BUTTONS = "use_buttons"
    ONLY_TEXT = "only_text"
    UNKNOWN_COMMAND = "unknown_command"
    DRAFT_DROPPED = "draft_dropped"
    DRAFT_EXPIRED = "draft_expired"
    DRAFT_KEPT = "draft_kept"
    NOTHING_TO_STOP = "nothing_to_stop"
    GIVEN_UP = "given_up"
    CANNOT_STOP = "cannot_stop"
    SETTLING = "settling"
    LANGUAGE_CHANGED = "language_changed"
    NO_MATCH = "no_match"
    HELLO = "hello"
    WELCOME = "welcome"
    DEPARTMENT_GONE = "department_gone"
    NAME_REFUSED = "name_refused"
    WHEN_UNKNOWN = "when_unknown"
    DAY_NOT_FREE = "day_not_free"
    TIME_NOT_FREE = "time_not_free"
    IS_BOOKED = "is_booked"
    IS_NOT_BOOKED = "is_not_booked"
    IS_STOPPED = "is_stopped"
    IS_CANCELLED = "is_cancelled"
    IS_NOT_CANCELLED = "is_not_cancelled"
    LINK_UNKNOWN = "link_unknown"
    WORKER_NUMBER = "worker_number"
    NAME_EMPTY = "name_empty"
    NAME_SHORT = "name_short"
    NAME_LONG = "name_long"
    NAME_DIGITS = "name_digits"
    NAME_SIGNS = "name_signs"
    DAY_FULL = "day_full"
    SLOT_GONE = "slot_gone"
    PERHAPS = "perhaps"
    NOT_A_NUMBER = "not_a_number"
    APPOINTMENT_UNKNOWN = "appointment_unknown"
    ALREADY_CANCELLED = "already_cancelled"
    ALREADY_PAST = "already_past"
    ALREADY_COMPLETED = "already_completed"
    NOT_CANCELLED = "not_cancelled"
    NOT_MOVED = "not_moved"
    SAME_TIME = "same_time"
    OLD_NOT_CANCELLED_YET = "old_not_cancelled_yet"
    NOTED = "noted"
    COPY_LATER = "copy_later"
    ERASED = "erased"
    ERASE_LATER = "erase_later"
    RATED = "rated"
    RATING_CLOSED = "rating_closed"
    RATINGS_OFF = "ratings_off"
    ALERT_STOPPED = "alert_stopped"
    ALERT_LIMIT = "alert_limit"
    ALERT_TOO_LATE = "alert_too_late"
    SORRY = "sorry"


@dataclass(frozen=True, slots=True)
class BookingAttempt:
    """A booking that the citizen confirmed, at the office time `placed`. `number` is unique within the chat."""

    number: int
    draft: Draft
    placed: datetime


@dataclass(frozen=True, slots=True)
class CancelAttempt:
    """A cancelling that the citizen confirmed. `number` is unique within the chat."""

    number: int
    ticket: Ticket


@dataclass(frozen=True, slots=True)
class MoveAttempt:
    """A move that the citizen confirmed, at the office time `placed`. `number` is unique within the chat.

    `draft.replaces` is the old appointment. `made` is the new one, once it is booked: from then on the old one is to be
    cancelled.
    """

    number: int
    draft: Draft
    placed: datetime
    made: Appointment | None = None

    @property
    def old(self) -> Ticket:
        """The appointment that is moved. Raises `ValueError` where there is none."""
        if self.draft.replaces is None:
            raise ValueError("a move without an old appointment was confirmed")
        return self.draft.replaces


class Purpose(StrEnum):
    """The purpose of a list of appointments."""

    VIEW = "view"
    CANCEL = "cancel"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing in progress. `given_up` is a booking that the citizen gave up and can resume."""

    given_up: Draft | None = None
    kind: Literal["idle"] = "idle"


@dataclass(frozen=True, slots=True)
class LoadingDepartments:
    """Waiting for the departments.

    `wanted` is the one to go on with; `organization_of` shows those of that department's organisation, `query` those
    that match what was typed; `without` is one that takes no appointments any more. `back` forbids skipping forward.
    `name` and `worker_id` are those of an earlier appointment that is to be booked again; `not_for` is the name of one
    besides which one more person is booked, first on the same `day`.
    """

    wanted: int | None = None
    back: bool = False
    notice: Notice | None = None
    failure: Failure | None = None
    organization_of: int | None = None
    query: str = ""
    without: int | None = None
    name: str | None = None
    worker_id: int | None = None
    not_for: str | None = None
    day: date | None = None
    kind: Literal["loading_departments"] = "loading_departments"


@dataclass(frozen=True, slots=True)
class ChoosingDepartment:
    """The list of departments, narrowed by `query` or to one `organization`."""

    departments: tuple[Department, ...]
    query: str = ""
    page: int = 0
    organization: str | None = None
    kind: Literal["choosing_department"] = "choosing_department"


@dataclass(frozen=True, slots=True)
class ChoosingWorker:
    """The list of the department's staff."""

    draft: Draft
    page: int = 0
    kind: Literal["choosing_worker"] = "choosing_worker"


@dataclass(frozen=True, slots=True)
class TypingWorker:
    """The API does not list the staff, so the citizen types the number that the office gave them."""

    draft: Draft
    kind: Literal["typing_worker"] = "typing_worker"


@dataclass(frozen=True, slots=True)
class LoadingDays:
    """Waiting for the free days. `day` is to be shown at once if it is one of them."""

    draft: Draft
    back: bool = False
    notice: Notice | None = None
    failure: Failure | None = None
    day: date | None = None
    kind: Literal["loading_days"] = "loading_days"


@dataclass(frozen=True, slots=True)
class ChoosingDay:
    """The days with free slots (none: nothing is free up to the horizon) and the earliest slot."""

    draft: Draft
    days: tuple[Day, ...]
    earliest: datetime | None
    page: int = 0
    kind: Literal["choosing_day"] = "choosing_day"


@dataclass(frozen=True, slots=True)
class LoadingTimes:
    """Waiting for the free times of one day; `hour` is the one that was typed."""

    draft: Draft
    day: date
    back: bool = False
    failure: Failure | None = None
    hour: time | None = None
    kind: Literal["loading_times"] = "loading_times"


@dataclass(frozen=True, slots=True)
class ChoosingTime:
    """The free times of one day; `afternoon` tells which half is shown if there are too many for one screen.

    `is_first` if the days were skipped, so that this is the department's first screen.
    """

    draft: Draft
    day: date
    times: tuple[datetime, ...]
    afternoon: bool = False
    is_first: bool = False
    kind: Literal["choosing_time"] = "choosing_time"


@dataclass(frozen=True, slots=True)
class LoadingNearest:
    """Waiting for the slots near one that is gone; if an alert offered it (`is_offered`), it may still be free."""

    draft: Draft
    failure: Failure | None = None
    is_offered: bool = False
    kind: Literal["loading_nearest"] = "loading_nearest"


@dataclass(frozen=True, slots=True)
class ChoosingNearest:
    """The free times nearest to one that is gone."""

    draft: Draft
    times: tuple[datetime, ...]
    kind: Literal["choosing_nearest"] = "choosing_nearest"


@dataclass(frozen=True, slots=True)
class TypingName:
    """The name on the ticket, typed or one of `suggestions`. `typed_in` is the citizen's last message with a name.

    `for_other`: the citizen said that it is somebody else's.
    """

    draft: Draft
    suggestions: tuple[str, ...] = ()
    typed_in: int | None = None
    for_other: bool = False
    kind: Literal["typing_name"] = "typing_name"


@dataclass(frozen=True, slots=True)
class ConfirmingBooking:
    """The summary. `suggestions` are for changing the name; `typed_in` is the citizen's message that has it.

    `twice` is an appointment of the same name, department and day, about which the citizen is asked.
    """

    draft: Draft
    suggestions: tuple[str, ...] = ()
    typed_in: int | None = None
    twice: Ticket | None = None
    kind: Literal["confirming"] = "confirming"


@dataclass(frozen=True, slots=True)
class Submitting:
    """Waiting for the outcome of a booking. `delayed`: the citizen was told so; `withdrawn`: they gave it up."""

    attempt: BookingAttempt
    failure: Failure | None = None
    delayed: bool = False
    withdrawn: bool = False
    kind: Literal["submitting"] = "submitting"


@dataclass(frozen=True, slots=True)
class BookingRefusedState:
    """The booking was refused; the draft is kept for another try."""

    draft: Draft
    failure: Failure
    kind: Literal["refused"] = "refused"


@dataclass(frozen=True, slots=True)
class LoadingAppointments:
    """Waiting for the citizen's appointments, to see them, or to cancel or move one (`number`: that one)."""

    purpose: Purpose
    number: int | None = None
    notice: Notice | None = None
    failure: Failure | None = None
    kind: Literal["loading_appointments"] = "loading_appointments"


@dataclass(frozen=True, slots=True)
class Listing:
    """The citizen's upcoming appointments, or (`shows_past`) the `past` ones, the latest first.

    `alerts` are the open ones for earlier places.
    """

    tickets: tuple[Ticket, ...]
    purpose: Purpose
    page: int = 0
    past: tuple[Ticket, ...] = ()
    shows_past: bool = False
    alerts: tuple[ListedAlert, ...] = ()
    kind: Literal["listing"] = "listing"


@dataclass(frozen=True, slots=True)
class AskingCancel:
    """The question whether to cancel an appointment."""

    ticket: Ticket
    kind: Literal["asking_cancel"] = "asking_cancel"


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Waiting for the outcome of a cancelling."""

    attempt: CancelAttempt
    failure: Failure | None = None
    delayed: bool = False
    kind: Literal["cancelling"] = "cancelling"


@dataclass(frozen=True, slots=True)
class Moving:
    """Move this one. `delayed` once the citizen was told to wait, `withdrawn` once they gave it up."""

    attempt: MoveAttempt
    failure: Failure | None = None
    delayed: bool = False
    withdrawn: bool = False
    kind: Literal["moving"] = "moving"


BookingState = (
    LoadingDepartments
    | ChoosingDepartment
    | ChoosingWorker
    | TypingWorker
    | LoadingDays
    | ChoosingDay
    | LoadingTimes
    | ChoosingTime
    | LoadingNearest
    | ChoosingNearest
    | TypingName
    | ConfirmingBooking
    | BookingRefusedState
)
AppointmentsState = LoadingAppointments | Listing | AskingCancel
Pending = Submitting | Cancelling | Moving
State = Idle | BookingState | AppointmentsState | Pending


def has_choices(state: State | None) -> bool:
    """Whether a citizen has chosen something in a booking; looking at the departments alone does not count."""
    return isinstance(state, BookingState) and not isinstance(state, LoadingDepartments | ChoosingDepartment)


def moved_ticket(state: State | None) -> Ticket | None:
    """The appointment that is being moved, in a step before that is confirmed."""
    return draft.replaces if isinstance(draft := getattr(state, "draft", None), Draft) else None
