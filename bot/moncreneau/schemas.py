"""JSON of the API to the domain's values and back: lenient in reading, strict in sending; must not know HTTP.

Unknown fields are ignored, an unknown status is `AppointmentStatus.UNKNOWN`, ids may be numbers or numeric strings. An
entry of a list that cannot be read is left out, and one line in the log says how many were, without their content.
If nothing else is left, the answer is unreadable: that is not the same as "there is none".

The contract: ISO 8601 local times with no offset. Also read are `Z`, an offset, a zone in brackets, no seconds, and the
array of numbers or the Unix time that Java's Jackson writes by default.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, TypeVar

from bot.core.model import Appointment, AppointmentStatus, Department, OpeningHours, Order, Worker
from bot.moncreneau.errors import UnreadableAnswer

_BRACKET = re.compile(r"\[[^\]]*\]$")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?")
_DATE_ONLY = 10
_SOON = 60  # seconds for which nobody looks at a clock
_UNIX = re.compile(r"\d{10}|\d{13}")  # seconds or milliseconds, of the years 2001 to 2286
_MINUTES = 5  # the numbers of a Jackson array up to the minute


def office_time(value: Any, zone: tzinfo) -> datetime | None:
    """The naive office time in `value`, to the second, or None. An offset, or a Unix time, is converted to `zone`."""
    try:
        if not isinstance(value, bool | list) and _UNIX.fullmatch(digits := str(value).strip().removesuffix(".0")):
            at = datetime.fromtimestamp(int(digits[:10]), zone)
            return at.replace(tzinfo=None)
        if isinstance(value, list) and len(value) >= _MINUTES:
            return datetime(*(int(part) for part in value[:6]))  # type: ignore[arg-type]  # noqa: DTZ001 — naive means office
        if not isinstance(value, str) or len(value) <= _DATE_ONLY:
            return None
        at = datetime.fromisoformat(_BRACKET.sub("", value.strip()))
        if at.tzinfo is not None:
            at = at.astimezone(zone).replace(tzinfo=None)
        return at.replace(microsecond=0)
    except (ValueError, TypeError, OverflowError):
        return None


def office_date(value: Any) -> date | None:
    """The date in `value` (a date-time gives its date), or None."""
    try:
        return date.fromisoformat(value[:_DATE_ONLY]) if isinstance(value, str) else None
    except ValueError:
        return None


def clock_time(value: Any) -> time | None:
    """The time of day in `value`, `9:30` or `09:30:00`, or None."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        return time(int(found[1]), int(found[2]), int(found[3] or 0))
    except ValueError:
        return None


def sent(at: datetime) -> str:
    """The time as the contract wants it: `2026-01-25T14:30:00`."""
    return at.replace(tzinfo=None).isoformat(timespec="seconds")


def from_when(now: datetime, wait: float | None, zone: tzinfo) -> datetime | None:
    """The full minute, office time, after `wait` seconds; None if they are few or not known."""
    if wait is None or wait < _SOON:
        return None
    # A second for the service's rounding: who is let in at 15:00:01 is told 15:00.
    return (now + timedelta(seconds=wait + 58)).astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)


_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_LARGEST = 2**63 - 1  # what the databases behind us can keep
_WRAPPERS = ("content", "data", "departments", "availability", "appointments")
_PAGINATION = ("page", "pagination", "meta", "links")
_TOTALS = ("totalelements", "total", "totalcount", "totalitems")
_PAGES = ("totalpages", "pagecount", "lastpage")
_MORE = ("hasnext", "hasmore", "hasnextpage", "next", "nextpage", "nextcursor")
"""What says, in lower case, how much there is: in `content` the contract's form, in others' the usual ones."""
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_STATUS = {status.value: status for status in AppointmentStatus}


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A slot offered by the API. `left` is how many places it has, None if the API tells only that it has some."""

    at: datetime
    left: int | None = None


@dataclass(frozen=True, slots=True)
class AppointmentsPage:
    """One page of appointments; `entries` counts what the service sent, readable or not.

    `pages` and `total` are the numbers of pages and of entries in all, `last` whether it is the last page; None if
    it does not say, or says what cannot be. `unread` has the owners, as far as they can be read, of the entries that
    cannot be.
    """

    appointments: tuple[Appointment, ...]
    entries: int
    pages: int | None = None
    total: int | None = None
    last: bool | None = None
    unread: tuple[str | None, ...] = ()

    def is_last(self, pages: int, seen: int) -> bool | None:
        """Whether this page is the last, with so many pages and entries read by now; None if nothing says so.

        If some form of total says that there is more, it is not; that a page is short says nothing.
        """
        says = (
            self.last,
            None if self.pages is None else pages >= self.pages,
            None if self.total is None else seen >= self.total,
        )
        told = [each for each in says if each is not None]
        return all(told) if told else None


def read_departments(body: Any) -> tuple[Department, ...]:
    """The active departments. Raises `UnreadableAnswer` if the body is no list, or none is left to show."""
    entries = _listed(body)
    found = _each(entries, _department, "departments")
    active = tuple(department for department, active in found if active)
    if not active and len(found) < len(entries):
        raise UnreadableAnswer
    return active


def read_slots(body: Any, zone: tzinfo) -> tuple[FreeSlot, ...]:
    """The free slots of an availability answer, earliest first.

    Raises `UnreadableAnswer`, also if no free slot is left to show but some could not be read.
    """
    entries = _listed(body)
    days = _each(entries, _day, "days of availability")
    raw_slots = [(raw, day) for day, slots in days for raw in slots]
    slots = _each(raw_slots, lambda each: _slot(each[0], each[1], zone), "slots")
    free: dict[datetime, int | None] = {}
    for at, left in slots:
        if left != 0:  # the same time may be listed for each member of staff
            known = free.get(at, 0)
            free[at] = None if left is None or known is None else known + left
    if not free and (len(days) < len(entries) or len(slots) < len(raw_slots)):
        raise UnreadableAnswer
    return tuple(FreeSlot(at, free[at]) for at in sorted(free))


def read_appointment(body: Any, zone: tzinfo, order: Order | None = None) -> Appointment:
    """One appointment; what is missing in the answer to a booking is what was ordered. Raises `UnreadableAnswer`."""
    if isinstance(body, dict) and "id" not in body and isinstance(body.get("data"), dict):
        body = body["data"]
    found = _appointment(body, zone, order)
    if found is None:
        raise UnreadableAnswer
    return found


def says_cancelled(body: Any, appointment_id: int) -> bool:
    """Whether the answer to a cancelling says that this appointment is cancelled now."""
    if not isinstance(body, dict) or _says_failed(body):
        return False
    wrapped = next((body[key] for key in ("data", "appointment") if isinstance(body.get(key), dict)), body)
    is_it = read_id(wrapped.get("id", appointment_id)) == appointment_id
    return is_it and bool(wrapped.get("status") == AppointmentStatus.CANCELLED.value)


def read_page(body: Any, zone: tzinfo) -> AppointmentsPage:
    """One page of a list of appointments. Raises `UnreadableAnswer`."""
    entries = _listed(body)
    about = _lowered(body)
    for nested in _PAGINATION:  # Spring's newer form, and others'
        about |= _lowered(about.get(nested))
    more = [about[key] for key in _MORE if key in about]
    last = about["last"] if isinstance(about.get("last"), bool) else not any(more) if more else None
    read = [(raw, _appointment(raw, zone, None)) for raw in entries]
    pages, total = _first_number(about, _PAGES), _first_number(about, _TOTALS)
    return AppointmentsPage(
        tuple(_each([found for _, found in read], lambda found: found, "appointments")),
        entries=len(entries),
        pages=pages or None,
        total=None if total is None or total < len(entries) else total,
        last=last,
        unread=tuple(_owner(raw) for raw, found in read if found is None),
    )


def _lowered(about: Any) -> dict[str, Any]:
    """What an object says, `total_pages` as well as `totalPages`."""
    return {str(key).replace("_", "").lower(): value for key, value in about.items()} if isinstance(about, dict) else {}


def _first_number(about: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    return next((number for key in keys if (number := read_id(about.get(key))) is not None), None)


def order_body(order: Order) -> dict[str, Any]:
    """The body of a booking: the contract's fields and nothing else."""
    body: dict[str, Any] = {"departmentId": order.department_id, "dateTime": sent(order.at), "name": order.name}
    if order.worker_id is not None:
        body["workerId"] = order.worker_id
    return body | {"externalUserId": order.owner}


def read_id(value: Any) -> int | None:
    """A whole number that is not negative, written as a number or as digits, or None."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(_LARGEST)):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST else None


def _says_failed(body: dict[str, Any]) -> bool:
    """Whether a 2xx says that it is none: such an answer tells nothing else."""
    return bool(body.get("error")) or not _flag(body.get("success"), default=True)


def _listed(body: Any) -> list[Any]:
    if isinstance(body, dict):
        if _says_failed(body):
            raise UnreadableAnswer
        body = next((body[key] for key in _WRAPPERS if isinstance(body.get(key), list)), None)
    if not isinstance(body, list):
        raise UnreadableAnswer
    return body


def _each(entries: list[Any], read: Callable[[Any], _T | None], what: str) -> list[_T]:
    found = [one for one in map(read, entries) if one is not None]
    if len(found) < len(entries):
        _log.warning("left out %d of %d %s that cannot be read", len(entries) - len(found), len(entries), what)
    return found


def _department(raw: Any) -> tuple[Department, bool] | None:
    number, name = (read_id(raw.get("id")), _text(raw.get("name"))) if isinstance(raw, dict) else (None, "")
    if number is None or not name:
        return None
    organization = raw.get("organization")
    if isinstance(organization, dict):
        organization = organization.get("name")
    workers = raw.get("workers")
    found = Department(
        number,
        name,
        organization=_text(organization),
        asks_worker=_flag(raw.get("showAdminsInBooking"), default=False),
        workers=tuple(_each(workers, _worker, "workers")) if isinstance(workers, list) else (),
        description=_text(raw.get("description")),
        opening_hours=_opening_hours(raw.get("openingHours")),
        slot_duration=read_id(raw.get("slotDuration")) or None,
    )
    return found, _flag(raw.get("isActive"), default=True)


def _flag(value: Any, *, default: bool) -> bool:
    """Whether a flag is set: true or false, 1 or 0, or either as text. Anything else is the default."""
    return _FLAGS.get(str(value).strip().lower().removesuffix(".0"), default)


def _opening_hours(raw: Any) -> tuple[OpeningHours, ...]:
    """The hours by weekday, in order; what cannot be read is left out."""
    days = {str(name).strip().lower(): hours for name, hours in raw.items()} if isinstance(raw, dict) else {}
    found: list[OpeningHours] = []
    for weekday, name in enumerate(_WEEKDAYS):
        hours = days.get(name)
        for each in hours if isinstance(hours, list) else []:
            start, end = (clock_time(each.get(key)) if isinstance(each, dict) else None for key in ("start", "end"))
            if start and end and start < end:
                found.append(OpeningHours(weekday, start, end))
    return tuple(sorted(found, key=lambda each: (each.weekday, each.start)))


def _worker(raw: Any) -> Worker | None:
    number, name = (read_id(raw.get("id")), _text(raw.get("name"))) if isinstance(raw, dict) else (None, "")
    return Worker(number, name) if number is not None and name else None


def _day(raw: Any) -> tuple[Any, list[Any]] | None:
    """A day's date and its slots as they are; a day with `null` for slots has none."""
    if not isinstance(raw, dict) or "slots" not in raw:
        return None
    slots = [] if raw["slots"] is None else raw["slots"]
    return (raw.get("date"), slots) if isinstance(slots, list) else None


def _slot(raw: Any, day: Any, zone: tzinfo) -> tuple[datetime, int | None] | None:
    if not isinstance(raw, dict):
        return None
    at = office_time(raw.get("dateTime"), zone)
    if at is None:
        on, time = office_date(day), clock_time(raw.get("time"))
        at = None if on is None or time is None else datetime.combine(on, time)
    return None if at is None else (at, _left(raw.get("available")))


def _left(available: Any) -> int | None:
    """How many places: 0 for none, None for some. A slot that is listed and says nothing else is free."""
    if isinstance(available, str) and not available.strip().isdigit():
        available = _flag(available, default=True)
    if isinstance(available, bool):
        return None if available else 0
    if isinstance(available, int | float) and available <= 0:
        return 0
    return read_id(available)


def _appointment(raw: Any, zone: tzinfo, order: Order | None) -> Appointment | None:
    if not isinstance(raw, dict):
        return None
    number = read_id(raw.get("id"))
    department = read_id(raw.get("departmentId"))
    at = office_time(raw.get("dateTime"), zone)
    name = _text(raw.get("name"))
    owner = _owner(raw)
    if order is not None:
        department = order.department_id if department is None else department
        at, name, owner = at or order.at, name or order.name, owner or order.owner
    if number is None or department is None or at is None:
        return None
    status = raw.get("status", AppointmentStatus.SCHEDULED.value if order is not None else None)
    return Appointment(
        number,
        department,
        at,
        name,
        status=_STATUS.get(status, AppointmentStatus.UNKNOWN) if isinstance(status, str) else AppointmentStatus.UNKNOWN,
        qr_link=_text(raw.get("qrCode")) or None,
        owner=owner,
        worker_id=_worker_id(raw),
        created_at=office_time(raw.get("createdAt"), zone),
    )


def _worker_id(raw: dict[str, Any]) -> int | None:
    """The member of staff: the contract does not say how an appointment names one, the booking request does."""
    worker = raw.get("worker")
    return read_id(raw["workerId"] if "workerId" in raw else worker.get("id") if isinstance(worker, dict) else None)


def _owner(raw: Any) -> str | None:
    """The caller's identifier; ours are in lower case, even if the service changes them."""
    return _text(raw.get("externalUserId")).lower() or None if isinstance(raw, dict) else None


def _text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) <= _LARGEST else ""
    # Halves of surrogate pairs, which JSON can write, cannot be stored nor sent.
    return value.strip().encode("utf-8", "replace").decode() if isinstance(value, str) else ""
