"""The appointment book: the rules of booking and cancelling, who has which slot, and the balance of credits.

Everything is in memory and written through to the store before a caller gets its result. No method awaits, so requests
never interleave and the last place of a slot is given exactly once. This module must not know HTTP.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.sandbox.moncreneau.availability import Availability
from bot.sandbox.moncreneau.config import OFFICE, ApiKey, MoncreneauSandbox
from bot.sandbox.moncreneau.departments import Department
from bot.sandbox.moncreneau.errors import ApiError, invalid_field
from bot.sandbox.moncreneau.request_parser import BookingRequest
from bot.sandbox.moncreneau.store import Appointment, Store

COST = 1
"""Credits that an appointment costs (contract, section Transport)."""
STATUSES = ("PENDING_PAYMENT", "SCHEDULED", "COMPLETED", "CANCELLED", "NO_SHOW")
_OPEN = ("PENDING_PAYMENT", "SCHEDULED")
"""The statuses of appointments that can still be cancelled, moved or attended."""
BY_API = "api"
"""`cancelledBy` if a client of the API cancelled. The vendor's own values are not public."""

Changed = Callable[[Appointment | None, Appointment], None]
"""Called with the appointment before (None: it is new) and after each change, once the change is stored."""


def _ignore(_old: Appointment | None, _new: Appointment) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentFilter:
    """The filters of `GET /appointments`; None does not filter. Both days are included."""

    status: str | None = None
    department_id: int | None = None
    external_user_id: str | None = None
    first: date | None = None
    last: date | None = None

    def matches(self, appointment: Appointment) -> bool:
        """Tell whether the appointment passes all filters."""
        return (
            (self.status is None or appointment.status == self.status)
            and (self.department_id is None or appointment.department_id == self.department_id)
            and (self.external_user_id is None or appointment.external_user_id == self.external_user_id)
            and (self.first is None or appointment.at.date() >= self.first)
            and (self.last is None or appointment.at.date() <= self.last)
        )


class AppointmentBook:
    """All departments, all appointments, and the balance of credits."""

    def __init__(self, config: MoncreneauSandbox, store: Store, changed: Changed = _ignore) -> None:
        self._config = config
        self._store = store
        self._changed = changed
        self._zone = ZoneInfo(config.timezone)
        self._departments = {department.id: department for department in config.departments}
        self._appointments: dict[int, Appointment] = {}
        self._by_owner: defaultdict[str, list[int]] = defaultdict(list)
        self.availability = Availability(self._departments, config.capacity)
        appointments, balance = store.load()
        self._balance = config.credits if balance is None else balance
        for appointment in appointments:
            self._add(appointment)
        self._next_id = max(self._appointments, default=config.first_id - 1) + 1

    @property
    def balance(self) -> int:
        """The balance of credits. Setting it stores it."""
        return self._balance

    @balance.setter
    def balance(self, balance: int) -> None:
        self._store.save(balance)
        self._balance = balance

    def now(self) -> datetime:
        """Return the present moment in office time, naive."""
        return self._config.clock().astimezone(self._zone).replace(tzinfo=None)

    def departments(self, key: ApiKey) -> list[Department]:
        """Return the departments that `key` may see, inactive ones included."""
        return [d for d in self._departments.values() if key.organization_id in (None, d.organization.id)]

    def department(self, department_id: int, key: ApiKey) -> Department:
        """Return a department; raises ApiError if it does not exist or `key` may not see it."""
        department = self._departments.get(department_id)
        if department is None:
            raise ApiError("DEPARTMENT_NOT_FOUND", f"Department {department_id} does not exist")
        if key.organization_id not in (None, department.organization.id):
            raise ApiError("ORGANIZATION_MISMATCH", "The department belongs to another organization")
        return department

    def active_department(self, department_id: int, key: ApiKey) -> Department:
        """Return a department; raises ApiError also if it takes no appointments."""
        department = self.department(department_id, key)
        if not department.is_active:
            raise ApiError("DEPARTMENT_ACCESS_DENIED", f"Department {department_id} is not active")
        return department

    def set_departments(self, departments: Iterable[Department]) -> None:
        """Add departments, or replace those with the same id."""
        self._departments.update({department.id: department for department in departments})
        self.availability.forget()

    def remove_department(self, department_id: int) -> None:
        """Remove a department; its appointments stay. Raises ApiError (404)."""
        del self._departments[self.department(department_id, OFFICE).id]
        self.availability.forget()

    def create(
        self, booking: BookingRequest, key: ApiKey, alter: Callable[[Appointment], Appointment] | None = None
    ) -> Appointment:
        """Make an appointment, charge for it and store both; raises ApiError if the rules forbid it.

        `alter` changes what is stored: it is how a fault makes the service store something else than was asked for.
        """
        department = self.active_department(booking.department_id, key)
        self._check_worker(booking, department)
        now = self.now().replace(microsecond=0)
        self._check_time(booking, now)
        if self._config.reject_duplicates and self._is_duplicate(booking):
            raise ApiError("DUPLICATE_APPOINTMENT", "The same appointment exists already")
        if self._balance < COST:
            raise ApiError("INSUFFICIENT_CREDITS", f"Your organization has {self._balance} credits remaining")
        appointment = Appointment(
            id=self._next_id,
            department_id=booking.department_id,
            at=booking.at,
            name=booking.name,
            status="SCHEDULED",
            external_user_id=booking.external_user_id,
            worker_id=booking.worker_id,
            key=key.token,
            created_at=now,
            updated_at=now,
        )
        if alter is not None:
            appointment = alter(appointment)
        self._store.save(self._balance - COST, appointment)
        self._balance -= COST
        self._next_id += 1
        self._add(appointment)
        self._changed(None, appointment)
        return appointment

    def _check_worker(self, booking: BookingRequest, department: Department) -> None:
        # The quick start names a worker if none is required, so that is accepted.
        if not department.shows_admins:
            return
        if booking.worker_id is None:
            reason = "is required by this department"
            raise invalid_field("workerId", reason, code="MISSING_REQUIRED_FIELD")
        if booking.worker_id not in {worker.id for worker in department.workers}:
            raise invalid_field("workerId", "is not a worker of this department")

    def _check_time(self, booking: BookingRequest, now: datetime) -> None:
        if booking.at <= now:
            raise invalid_field("dateTime", "must be in the future", code="INVALID_DATE_TIME")
        if not self.availability.exists(booking.department_id, booking.at):
            raise ApiError("SLOT_NOT_AVAILABLE", "The department offers no slot at this time")
        if not self.availability.is_free(booking.department_id, booking.at):
            raise ApiError("SLOT_NOT_AVAILABLE", "The slot is already taken")

    def _is_duplicate(self, booking: BookingRequest) -> bool:
        wanted = AppointmentFilter(
            status="SCHEDULED", department_id=booking.department_id, external_user_id=booking.external_user_id
        )
        return any(
            other.at == booking.at and other.name == booking.name and other.external_user_id == booking.external_user_id
            for other in self._candidates(wanted)
            if wanted.matches(other)
        )

    def get(self, appointment_id: int, key: ApiKey) -> Appointment:
        """Return an appointment; raises ApiError (404) also if it belongs to another organisation than `key`."""
        appointment = self._appointments.get(appointment_id)
        if appointment is None or not self._can_see(key, appointment):
            raise ApiError("APPOINTMENT_NOT_FOUND", f"Appointment {appointment_id} does not exist")
        return appointment

    def find(self, wanted: AppointmentFilter, key: ApiKey) -> list[Appointment]:
        """Return the appointments that pass the filters and that `key` may see, in order of id."""
        return [a for a in self._candidates(wanted) if wanted.matches(a) and self._can_see(key, a)]

    def cancel(self, appointment_id: int, key: ApiKey, by: str = BY_API, reason: str | None = None) -> Appointment:
        """Cancel and refund; raises ApiError if the appointment does not exist or is over."""
        appointment = self._open_appointment(appointment_id, key, "cancelled")
        return self._set_status(replace(appointment, cancelled_by=by, cancel_reason=reason), "CANCELLED")

    def move(self, appointment_id: int, at: datetime) -> Appointment:
        """Give an appointment another time, as the staff may: also one at which no slot is free."""
        old = self._open_appointment(appointment_id, OFFICE, "moved")
        new = replace(old, at=at, updated_at=self.now().replace(microsecond=0))
        self._store.save(self._balance, new)
        self._appointments[old.id] = new
        self.availability.release(old.department_id, old.at)
        self.availability.book(new.department_id, new.at)
        self._changed(old, new)
        return new

    def close(self, appointment_id: int, status: str) -> Appointment:
        """Record that the citizen came (COMPLETED) or did not come (NO_SHOW); raises ApiError."""
        return self._set_status(self._open_appointment(appointment_id, OFFICE, f"set to {status}"), status)

    def set_status(self, appointment_id: int, status: str) -> Appointment:
        """Set any status at any time, even one that the contract does not know; raises ApiError (404)."""
        return self._set_status(self.get(appointment_id, OFFICE), status)

    def all(self) -> Iterator[Appointment]:
        """Return every appointment ever made, in order of id."""
        return iter(self._appointments.values())

    def _open_appointment(self, appointment_id: int, key: ApiKey, action: str) -> Appointment:
        appointment = self.get(appointment_id, key)
        if appointment.status not in _OPEN:
            raise ApiError("INVALID_REQUEST", f"An appointment that is {appointment.status} cannot be {action}")
        return appointment

    def _set_status(self, appointment: Appointment, status: str) -> Appointment:
        """Store an appointment with another status; refund it and free its slot if it is newly cancelled."""
        old = self._appointments[appointment.id]
        now = self.now().replace(microsecond=0)
        is_cancelled, was_cancelled = status == "CANCELLED", old.status == "CANCELLED"
        new = replace(appointment, status=status, updated_at=now)
        if is_cancelled:
            new = replace(new, cancelled_at=old.cancelled_at or now)
        else:
            new = replace(new, cancelled_at=None, cancelled_by=None, cancel_reason=None)
        balance = self._balance + (COST if is_cancelled and not was_cancelled else 0)
        self._store.save(balance, new)
        self._balance = balance
        self._appointments[old.id] = new
        if is_cancelled and not was_cancelled:
            self.availability.release(old.department_id, old.at)
        if was_cancelled and not is_cancelled:
            self.availability.book(old.department_id, old.at)
        if old.status != status:
            self._changed(old, new)
        return new

    def _add(self, appointment: Appointment) -> None:
        self._appointments[appointment.id] = appointment
        if appointment.external_user_id is not None:
            self._by_owner[appointment.external_user_id].append(appointment.id)
        if appointment.status != "CANCELLED":
            self.availability.book(appointment.department_id, appointment.at)

    def _candidates(self, wanted: AppointmentFilter) -> Iterable[Appointment]:
        if wanted.external_user_id is None:
            return self._appointments.values()
        # The bot filters by owner on every screen; that must not walk through the whole book.
        return [self._appointments[number] for number in self._by_owner.get(wanted.external_user_id, ())]

    def _can_see(self, key: ApiKey, appointment: Appointment) -> bool:
        if key.organization_id is None:
            return True
        department = self._departments.get(appointment.department_id)
        return department is not None and department.organization.id == key.organization_id
