"""The values of the domain: departments, slots, appointments, and why a request can fail.

Frozen dataclasses; must not know Telegram, HTTP, storage, clocks or languages. All date-times are naive and mean the
office's local time (the contract: ISO 8601 local times with no offset).
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Worker:
    """A member of staff whom a citizen can choose."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When a department is open on one weekday (Monday is 0), in office time. A day may have several."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Department:
    """A public office that takes appointments, with the organisation it belongs to.

    `slot_duration` is in minutes, None if the API does not tell it.
    """

    id: int
    name: str
    organization: str = ""
    asks_worker: bool = False
    workers: tuple[Worker, ...] = ()
    description: str = ""
    opening_hours: tuple[OpeningHours, ...] = ()
    slot_duration: int | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be booked, in office time. `perhaps`: another citizen is choosing it, or just booked it."""

    at: datetime
    perhaps: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day that has at least one slot to offer. `perhaps`: others are choosing all that it has."""

    date: date
    free: int
    perhaps: bool = False


class AppointmentStatus(StrEnum):
    """The API's status of an appointment; `UNKNOWN` is any value that the contract does not list."""

    PENDING_PAYMENT = "PENDING_PAYMENT"
    SCHEDULED = "SCHEDULED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment as the API knows it.

    `owner` is its `externalUserId`, `created_at` the office time at which the service made it. The API need not tell
    either, nor the QR link, nor which member of staff it is with.
    """

    id: int
    department_id: int
    at: datetime
    name: str
    status: AppointmentStatus = AppointmentStatus.SCHEDULED
    qr_link: str | None = None
    owner: str | None = None
    worker_id: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A confirmed booking, with exactly what is sent to the API."""

    department_id: int
    at: datetime
    name: str
    owner: str
    worker_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """An appointment with the words that name its office."""

    appointment: Appointment
    department: Department


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert as its citizen sees it: for a place earlier than their appointment, or for any place (None)."""

    department: Department
    appointment: Appointment | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The choices of a citizen so far. `asked` is the time that they pressed, if `at` had to become another.

    `replaces` is the appointment to move, None for a further one. `for_other`: the name is said to be somebody else's.
    `not_for` is the name of an appointment that one more person, another one, is booked besides. `twice_on` is
    a day on which the citizen, who was told of an appointment of the same name and department, wants another.
    """

    department: Department
    worker: Worker | None = None
    at: datetime | None = None
    name: str | None = None
    asked: datetime | None = None
    replaces: Ticket | None = None
    for_other: bool = False
    not_for: str | None = None
    twice_on: date | None = None


class FailureCode(StrEnum):
    """Why something could not be done; each has its own words and its own next step."""

    SLOT_TAKEN = "slot_taken"  # 409 SLOT_NOT_AVAILABLE
    ALREADY_BOOKED = "already_booked"  # 409 DUPLICATE_APPOINTMENT
    OUT_OF_CREDITS = "out_of_credits"  # 402
    BAD_DATE = "bad_date"  # 400/422 INVALID_DATE_TIME
    BAD_NAME = "bad_name"  # 400/422 that names the field `name` alone
    BAD_REQUEST = "bad_request"  # 400/422, all others
    NO_ACCESS = "no_access"  # 401, 403: the operator must act, the citizen cannot
    DEPARTMENT_GONE = "department_gone"  # 404 DEPARTMENT_NOT_FOUND, 403 DEPARTMENT_ACCESS_DENIED
    APPOINTMENT_GONE = "appointment_gone"  # 404 APPOINTMENT_NOT_FOUND
    BUSY = "busy"  # 429, or our own budget is used up; `Failure.until` tells the hour
    TOO_LATE = "too_late"  # its time passed while it waited for a service that was busy or away; not booked
    NO_TICKET = "no_ticket"  # a 2xx, or an entry of the list, that cannot be read: nobody knows whether it is booked
    TOO_MANY_OPEN = "too_many_open"  # our own cap: this chat has many coming appointments
    TOO_MANY_TODAY = "too_many_today"  # our own cap: this chat booked a lot today
    TOO_MANY_MOVES = "too_many_moves"  # our own cap: this appointment was moved several times lately
    BOOKING_BLOCKED = "booking_blocked"  # an admin forbids this chat further bookings
    DOWN = "down"  # 5xx, no network, a proxy's page, a time limit


@dataclass(frozen=True, slots=True)
class Failure:
    """A problem and, if it is known, the office time from which trying again makes sense.

    `another_day` tells that this is not today, so that its day must be told with its hour.
    """

    code: FailureCode
    until: datetime | None = None
    another_day: bool = False
