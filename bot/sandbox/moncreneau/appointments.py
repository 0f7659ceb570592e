"""The office's book: who has which slot, what it cost, and the rules by which it is given and given back.

All of it is in memory and written through to the store before anyone is told. Nothing here awaits, so two requests
never interleave: the last place of a slot goes to exactly one. It must not know HTTP.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.sandbox.moncreneau.availability import Slots
from bot.sandbox.moncreneau.config import Key, MoncreneauSandbox
from bot.sandbox.moncreneau.departments import Department
from bot.sandbox.moncreneau.errors import Refusal, bad_field
from bot.sandbox.moncreneau.request_parser import Order
from bot.sandbox.moncreneau.store import Appointment, Store

COST = 1
STATUSES = ("PENDING_PAYMENT", "SCHEDULED", "COMPLETED", "CANCELLED", "NO_SHOW")
_CANCELLABLE = ("PENDING_PAYMENT", "SCHEDULED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filters of a list of appointments; None does not filter. Both days are included."""

    status: str | None = None
    department_id: int | None = None
    external_user_id: str | None = None
    first: date | None = None
    last: date | None = None

    def holds(self, appointment: Appointment) -> bool:
        """Tell whether the appointment passes."""
        return (
            (self.status is None or appointment.status == self.status)
            and (self.department_id is None or appointment.department_id == self.department_id)
            and (self.external_user_id is None or appointment.external_user_id == self.external_user_id)
            and (self.first is None or appointment.at.date() >= self.first)
            and (self.last is None or appointment.at.date() <= self.last)
        )


class Registry:
    """All departments and appointments, and the balance of credits."""

    def __init__(self, config: MoncreneauSandbox, store: Store) -> None:
        self._config = config
        self._store = store
        self._zone = ZoneInfo(config.timezone)
        self._departments = {department.id: department for department in config.departments}
        self._appointments: dict[int, Appointment] = {}
        self._by_owner: defaultdict[str, list[int]] = defaultdict(list)
        self.slots = Slots(config.departments, config.capacity)
        appointments, balance = store.load()
        self._balance = config.credits if balance is None else balance
        for appointment in appointments:
            self._enter(appointment)
        self._next_id = max(self._appointments, default=config.first_id - 1) + 1

    @property
    def balance(self) -> int:
        """The balance; setting it writes it down."""
        return self._balance

    @balance.setter
    def balance(self, balance: int) -> None:
        self._store.save(balance)
        self._balance = balance

    def now(self) -> datetime:
        """Return the present moment in office time, naive."""
        return self._config.clock().astimezone(self._zone).replace(tzinfo=None)

    def utc(self, at: datetime) -> datetime:
        """Return an office time as an aware moment."""
        return at.replace(tzinfo=self._zone).astimezone(UTC)

    def department(self, department_id: int, key: Key) -> Department:
        """Return a department that `key` may see."""
        department = self._departments.get(department_id)
        if department is None:
            raise Refusal("DEPARTMENT_NOT_FOUND", f"Department {department_id} does not exist")
        if key.organization_id not in (None, department.organization.id):
            raise Refusal("ORGANIZATION_MISMATCH", "The department belongs to another organization")
        return department

    def open_department(self, department_id: int, key: Key) -> Department:
        """Return a department that takes appointments."""
        department = self.department(department_id, key)
        if not department.is_active:
            raise Refusal("DEPARTMENT_ACCESS_DENIED", f"Department {department_id} is not active")
        return department

    def create(self, order: Order, key: Key) -> Appointment:
        """Book, or raise the refusal. What it costs and what it takes are written down before this returns."""
        department = self.open_department(order.department_id, key)
        self._judge_worker(order, department)
        now = self.now().replace(microsecond=0)
        self._judge_time(order, now)
        if self._config.reject_duplicates and self._has_twin(order):
            raise Refusal("DUPLICATE_APPOINTMENT", "The same appointment exists already")
        if self._balance < COST:
            raise Refusal("INSUFFICIENT_CREDITS", f"Your organization has {self._balance} credits remaining")
        appointment = Appointment(
            id=self._next_id,
            department_id=order.department_id,
            at=order.at,
            name=order.name,
            status="SCHEDULED",
            external_user_id=order.external_user_id,
            worker_id=order.worker_id,
            key=key.token,
            created_at=now,
            updated_at=now,
        )
        self._store.save(self._balance - COST, appointment)
        self._balance -= COST
        self._next_id += 1
        self._enter(appointment)
        return appointment

    def _judge_worker(self, order: Order, department: Department) -> None:
        # A worker named where none is asked for is ignored: the quick start does so itself.
        if not department.shows_admins:
            return
        if order.worker_id is None:
            reason = "is required by this department"
            raise bad_field("workerId", reason, code="MISSING_REQUIRED_FIELD")
        if order.worker_id not in {worker.id for worker in department.workers}:
            raise bad_field("workerId", "is not a worker of this department")

    def _judge_time(self, order: Order, now: datetime) -> None:
        if order.at <= now:
            raise bad_field("dateTime", "must be in the future", code="INVALID_DATE_TIME")
        if not self.slots.exists(order.department_id, order.at):
            raise Refusal("SLOT_NOT_AVAILABLE", "The department offers no slot at this time")
        if not self.slots.is_free(order.department_id, order.at):
            raise Refusal("SLOT_NOT_AVAILABLE", "The slot is already taken")

    def _has_twin(self, order: Order) -> bool:
        wanted = Wanted(status="SCHEDULED", department_id=order.department_id, external_user_id=order.external_user_id)
        return any(
            twin.at == order.at and twin.name == order.name and twin.external_user_id == order.external_user_id
            for twin in self._candidates(wanted)
            if wanted.holds(twin)
        )

    def get(self, appointment_id: int, key: Key) -> Appointment:
        """Return an appointment that `key` may see; one of another organisation is as good as none."""
        appointment = self._appointments.get(appointment_id)
        if appointment is None or not self._sees(key, appointment):
            raise Refusal("APPOINTMENT_NOT_FOUND", f"Appointment {appointment_id} does not exist")
        return appointment

    def find(self, wanted: Wanted, key: Key) -> list[Appointment]:
        """Return what passes the filters and `key` may see, oldest number first."""
        return [a for a in self._candidates(wanted) if wanted.holds(a) and self._sees(key, a)]

    def cancel(self, appointment_id: int, key: Key) -> None:
        """Cancel and refund, or raise the refusal."""
        appointment = self.get(appointment_id, key)
        if appointment.status not in _CANCELLABLE:
            raise Refusal("INVALID_REQUEST", f"An appointment that is {appointment.status} cannot be cancelled")
        self._change(appointment, "CANCELLED")

    def play_office(self, appointment_id: int, status: str) -> Appointment:
        """Set any status, as the staff or a newer version of the API would."""
        appointment = self._appointments.get(appointment_id)
        if appointment is None:
            raise Refusal("APPOINTMENT_NOT_FOUND", f"Appointment {appointment_id} does not exist")
        return self._change(appointment, status)

    def all(self) -> Iterator[Appointment]:
        """Return every appointment ever made, oldest first."""
        return iter(self._appointments.values())

    def _change(self, old: Appointment, status: str) -> Appointment:
        now = self.now().replace(microsecond=0)
        cancelled = status == "CANCELLED"
        was_cancelled = old.status == "CANCELLED"
        new = replace(old, status=status, updated_at=now, cancelled_at=(old.cancelled_at or now) if cancelled else None)
        balance = self._balance + (COST if cancelled and not was_cancelled else 0)
        self._store.save(balance, new)
        self._balance = balance
        self._appointments[old.id] = new
        self.slots.occupy(old.department_id, old.at, was_cancelled - cancelled)
        return new

    def _enter(self, appointment: Appointment) -> None:
        self._appointments[appointment.id] = appointment
        if appointment.external_user_id is not None:
            self._by_owner[appointment.external_user_id].append(appointment.id)
        if appointment.status != "CANCELLED":
            self.slots.occupy(appointment.department_id, appointment.at, 1)

    def _candidates(self, wanted: Wanted) -> Iterable[Appointment]:
        if wanted.external_user_id is None:
            return self._appointments.values()
        # The bot asks by owner on every screen; everybody's appointments are not to be walked for that.
        return [self._appointments[number] for number in self._by_owner.get(wanted.external_user_id, ())]

    def _sees(self, key: Key, appointment: Appointment) -> bool:
        if key.organization_id is None:
            return True
        department = self._departments.get(appointment.department_id)
        return department is not None and department.organization.id == key.organization_id
