"""The appointment book: the rules of booking and cancelling, who has which slot, and the balance of credits.

Everything is in memory and written through to the store before a caller gets its result. No method awaits, so requests
never interleave and the last place of a slot is given exactly once. This module must not know HTTP.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.sandbox.moncreneau.availability import Availability
from bot.sandbox.moncreneau.config import ApiKey, MoncreneauSandbox
from bot.sandbox.moncreneau.departments import Department
from bot.sandbox.moncreneau.errors import ApiError, invalid_field
from bot.sandbox.moncreneau.request_parser import BookingRequest
from bot.sandbox.moncreneau.store import Appointment, Store

COST = 1
"""Credits that an appointment costs (contract, section Transport)."""
STATUSES = ("PENDING_PAYMENT", "SCHEDULED", "COMPLETED", "CANCELLED", "NO_SHOW")
_CANCELLABLE = ("PENDING_PAYMENT", "SCHEDULED")


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

    def __init__(self, config: MoncreneauSandbox, store: Store) -> None:
        self._config = config
        self._store = store
        self._zone = ZoneInfo(config.timezone)
        self._departments = {department.id: department for department in config.departments}
        self._appointments: dict[int, Appointment] = {}
        self._by_owner: defaultdict[str, list[int]] = defaultdict(list)
        self.availability = Availability(config.departments, config.capacity)
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
        """Return a department; raises ApiError where it does not exist or `key` may not see it."""
        department = self._departments.get(department_id)
        if department is None:
            raise ApiError("DEPARTMENT_NOT_FOUND", f"Department {department_id} does not exist")
        if key.organization_id not in (None, department.organization.id):
            raise ApiError("ORGANIZATION_MISMATCH", "The department belongs to another organization")
        return department

    def active_department(self, department_id: int, key: ApiKey) -> Department:
        """Return a department; raises ApiError also where it takes no appointments."""
        department = self.department(department_id, key)
        if not department.is_active:
            raise ApiError("DEPARTMENT_ACCESS_DENIED", f"Department {department_id} is not active")
        return department

    def create(self, booking: BookingRequest, key: ApiKey) -> Appointment:
        """Make an appointment, charge for it and store both; raises ApiError where the rules forbid it."""
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
        self._store.save(self._balance - COST, appointment)
        self._balance -= COST
        self._next_id += 1
        self._add(appointment)
        return appointment

    def _check_worker(self, booking: BookingRequest, department: Department) -> None:
        # The quick start names a worker where none is required, so that is accepted.
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
        """Return an appointment; raises ApiError (404) also where it belongs to another organisation than `key`."""
        appointment = self._appointments.get(appointment_id)
        if appointment is None or not self._can_see(key, appointment):
            raise ApiError("APPOINTMENT_NOT_FOUND", f"Appointment {appointment_id} does not exist")
        return appointment

    def find(self, wanted: AppointmentFilter, key: ApiKey) -> list[Appointment]:
        """Return the appointments that pass the filters and that `key` may see, in order of id."""
        return [a for a in self._candidates(wanted) if wanted.matches(a) and self._can_see(key, a)]

    def cancel(self, appointment_id: int, key: ApiKey) -> None:
        """Cancel and refund; raises ApiError where the appointment does not exist or is over."""
        appointment = self.get(appointment_id, key)
        if appointment.status not in _CANCELLABLE:
            raise ApiError("INVALID_REQUEST", f"An appointment that is {appointment.status} cannot be cancelled")
        self._set_status(appointment, "CANCELLED")

    def set_status(self, appointment_id: int, status: str) -> Appointment:
        """Set any status, as the staff or a newer version of the API would; raises ApiError (404)."""
        appointment = self._appointments.get(appointment_id)
        if appointment is None:
            raise ApiError("APPOINTMENT_NOT_FOUND", f"Appointment {appointment_id} does not exist")
        return self._set_status(appointment, status)

    def all(self) -> Iterator[Appointment]:
        """Return every appointment ever made, in order of id."""
        return iter(self._appointments.values())

    def _set_status(self, old: Appointment, status: str) -> Appointment:
        now = self.now().replace(microsecond=0)
        cancelled = status == "CANCELLED"
        was_cancelled = old.status == "CANCELLED"
        new = replace(old, status=status, updated_at=now, cancelled_at=(old.cancelled_at or now) if cancelled else None)
        balance = self._balance + (COST if cancelled and not was_cancelled else 0)
        self._store.save(balance, new)
        self._balance = balance
        self._appointments[old.id] = new
        if cancelled and not was_cancelled:
            self.availability.release(old.department_id, old.at)
        if was_cancelled and not cancelled:
            self.availability.book(old.department_id, old.at)
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
