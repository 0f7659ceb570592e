"""Parses what a client sends, strictly: anything that the contract does not describe is refused.

It checks types and formats. Whether a department exists or a slot is free is decided elsewhere.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from starlette.datastructures import QueryParams

from bot.sandbox.moncreneau.errors import ApiError, invalid_field

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_REQUIRED = ("departmentId", "dateTime", "name")
_KNOWN = {*_REQUIRED, "workerId", "externalUserId"}
_LARGEST_ID = 2**63 - 1
_LONGEST_TEXT = 255
_LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """The body of `POST /appointments`. `at` is office time, naive."""

    department_id: int
    at: datetime
    name: str
    worker_id: int | None
    external_user_id: str | None


def parse_json_booking(content_type: str, body: bytes) -> BookingRequest:
    """Parse the body of `POST /appointments`; raises ApiError (400)."""
    if content_type.split(";", maxsplit=1)[0].strip().lower() != "application/json":
        raise ApiError("INVALID_REQUEST", "The body must be sent as application/json")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError("INVALID_REQUEST", "The body is not JSON") from None
    if not isinstance(data, dict):
        raise ApiError("INVALID_REQUEST", "The body must be a JSON object")
    return parse_booking(data)


def parse_booking(data: dict[str, Any]) -> BookingRequest:
    """Parse the fields of a booking; raises ApiError (400), which names the fields that are wrong."""
    if unknown := sorted(data.keys() - _KNOWN):
        raise ApiError(
            "INVALID_REQUEST", "Unknown field", details={"fields": dict.fromkeys(unknown, "is not a known field")}
        )
    if missing := [name for name in _REQUIRED if data.get(name) is None]:
        raise ApiError(
            "MISSING_REQUIRED_FIELD",
            f"Missing required field: {', '.join(missing)}",
            details={"fields": dict.fromkeys(missing, "is required")},
        )
    return BookingRequest(
        department_id=_id(data, "departmentId"),
        at=parse_date_time("dateTime", _string(data, "dateTime")),
        name=_text(data, "name"),
        worker_id=_id(data, "workerId") if data.get("workerId") is not None else None,
        external_user_id=_text(data, "externalUserId") if data.get("externalUserId") is not None else None,
    )


def _id(data: dict[str, Any], name: str) -> int:
    value = data[name]
    # In Python a bool is an int; in JSON it is not.
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST_ID:
        raise invalid_field(name, "must be an integer")
    return value


def _string(data: dict[str, Any], name: str) -> str:
    value = data[name]
    if not isinstance(value, str):
        raise invalid_field(name, "must be a string")
    return value


def _text(data: dict[str, Any], name: str) -> str:
    value = _string(data, name)
    if not value.strip():
        raise invalid_field(name, "must not be empty")
    if len(value) > _LONGEST_TEXT:
        raise invalid_field(name, f"must not be longer than {_LONGEST_TEXT} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise invalid_field(name, "must be valid Unicode") from None
    return value


def parse_date_time(name: str, value: str) -> datetime:
    """Parse an ISO 8601 local time with seconds and without an offset."""
    try:
        if not _DATE_TIME.fullmatch(value):
            raise ValueError  # noqa: TRY301 — one answer for a wrong format and for a day that does not exist
        return datetime.fromisoformat(value)
    except ValueError:
        raise invalid_field(name, "must be like 2026-01-25T14:30:00", code="INVALID_DATE_TIME") from None


def parse_date(name: str, value: str) -> date:
    """Parse an ISO 8601 date."""
    try:
        if not _DATE.fullmatch(value):
            raise ValueError  # noqa: TRY301 — one answer for a wrong format and for a day that does not exist
        return date.fromisoformat(value)
    except ValueError:
        raise invalid_field(name, "must be like 2026-01-25", code="INVALID_DATE_TIME") from None


def parse_integer(name: str, value: str, least: int = -_LARGEST_ID, most: int = _LARGEST_ID) -> int:
    """Parse a whole number of a path or a query."""
    if not _INTEGER.fullmatch(value) or not least <= int(value) <= most:
        raise invalid_field(name, f"must be an integer from {least} to {most}")
    return int(value)


def parse_query(params: QueryParams, known: Collection[str]) -> dict[str, str]:
    """Return the query's values; an unknown or repeated name is refused."""
    items = params.multi_items()
    values = dict(items)
    if unknown := sorted(values.keys() - set(known)):
        raise ApiError("INVALID_REQUEST", f"Unknown query parameter: {', '.join(unknown)}")
    if len(values) < len(items):
        raise ApiError("INVALID_REQUEST", "A query parameter is repeated")
    return values


def parse_page(values: dict[str, str]) -> tuple[int, int]:
    """Parse `page` (from 0, default 0) and `size` (1 to 100, default 50 as in the SDK)."""
    page = parse_integer("page", values.get("page", "0"), 0)
    return page, parse_integer("size", values.get("size", "50"), 1, _LARGEST_PAGE)
