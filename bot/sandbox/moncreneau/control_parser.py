"""Parses the JSON of control calls, as strictly as the API's own requests are parsed.

It must not know what a call does.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request

from bot.sandbox.moncreneau.departments import DAYS, Department, Hours, Organization, Worker
from bot.sandbox.moncreneau.errors import ApiError, invalid_field

Check = tuple[Callable[[Any], bool], str]
"""A function that tells whether a value is valid, and the reason that the error gives."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def is_number(value: Any) -> bool:
    """Tell whether a value is a JSON number (in Python a bool is an int)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def one_of(*words: str) -> Check:
    """Return the check of a field that takes one of these words."""
    return (lambda v: isinstance(v, str) and v in words, f"must be one of {', '.join(words)}")


ANYTHING: Check = (lambda _: True, "")
BOOLEAN: Check = (lambda v: isinstance(v, bool), "must be true or false")
COUNT: Check = (lambda v: is_whole(v) and v >= 1, "must be a whole number, 1 or more")
LIST: Check = (lambda v: isinstance(v, list), "must be a list")
NATURAL: Check = (lambda v: is_whole(v) and v >= 0, "must be a whole number, 0 or more")
OBJECT: Check = (lambda v: isinstance(v, dict), "must be a JSON object")
SECONDS: Check = (lambda v: is_number(v) and v >= 0, "must be a number of seconds")
TEXT: Check = (lambda v: isinstance(v, str), "must be a string")
WHOLE: Check = (is_whole, "must be a whole number")


def optional(check: Check) -> Check:
    """Return the check of a field that may be null."""
    is_valid, reason = check
    return (lambda v: v is None or is_valid(v), f"{reason} or null")


def check_fields(data: Any, checks: Mapping[str, Check], required: Iterable[str] = ()) -> dict[str, Any]:
    """Return a JSON object whose fields are all known and valid; raises ApiError (400), which names the field."""
    if not isinstance(data, dict):
        raise ApiError("INVALID_REQUEST", "The body must be a JSON object")
    for name, value in data.items():
        if name not in checks:
            raise invalid_field(name, "is not a known field")
        is_valid, reason = checks[name]
        if not is_valid(value):
            raise invalid_field(name, reason)
    if missing := [name for name in required if name not in data]:
        raise invalid_field(missing[0], "is required", code="MISSING_REQUIRED_FIELD")
    return data


async def parse_json(request: Request) -> Any:
    """Return the body as JSON, an empty one as `{}`; raises ApiError (400)."""
    if not await request.body():
        return {}
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise ApiError("INVALID_REQUEST", "The body is not JSON") from None


async def parse_fields(request: Request, checks: Mapping[str, Check], required: Iterable[str] = ()) -> dict[str, Any]:
    """Return the fields of the body; raises ApiError (400)."""
    return check_fields(await parse_json(request), checks, required)


def parse_department(data: Any) -> Department:
    """Parse a department as the API shows it, with `capacity` and `listsWorkers` beside; raises ApiError (400)."""
    values = check_fields(data, _DEPARTMENT, ("id", "name", "organization"))
    names = {"id": WHOLE, "name": TEXT}
    organization = check_fields(values["organization"], names, names)
    workers = [check_fields(each, names, names) for each in values.get("workers", ())]
    department = Department(
        id=values["id"],
        name=values["name"],
        organization=Organization(**organization),
        description=values.get("description"),
        slot_duration=values.get("slotDuration", 30),
        is_active=values.get("isActive", True),
        shows_admins=values.get("showAdminsInBooking", False),
        workers=tuple(Worker(**each) for each in workers),
        lists_workers=values.get("listsWorkers", True),
        capacity=values.get("capacity"),
    )
    return (
        replace(department, opening_hours=_parse_hours(values["openingHours"]))
        if "openingHours" in values
        else department
    )


def _parse_hours(data: dict[str, Any]) -> Hours:
    check_fields(data, dict.fromkeys(DAYS, LIST))
    span = {"start": _HOUR, "end": _HOUR}
    return {
        day: tuple((each["start"], each["end"]) for each in (check_fields(item, span, span) for item in spans))
        for day, spans in data.items()
    }


_HOUR: Check = (lambda v: isinstance(v, str) and _TIME.fullmatch(v) is not None, "must be like 08:30")
_DEPARTMENT: Mapping[str, Check] = {
    "id": WHOLE,
    "name": TEXT,
    "organization": OBJECT,
    "description": optional(TEXT),
    "slotDuration": COUNT,
    "isActive": BOOLEAN,
    "openingHours": OBJECT,
    "showAdminsInBooking": BOOLEAN,
    "workers": LIST,
    "listsWorkers": BOOLEAN,
    "capacity": optional(NATURAL),
}
