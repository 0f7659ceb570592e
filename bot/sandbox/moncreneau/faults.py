"""Fault injection: the faults that a test asked for, which of them strikes a request, and the false answers they give.

Delays and alterations add up; of the others the first that strikes answers the request. This module must not know how
an answer is discarded or a connection dropped (the middleware does that), nor how an altered request is carried out
(`alterations`).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from starlette.responses import HTMLResponse, Response

from bot.sandbox.moncreneau.control_parser import (
    ANYTHING,
    COUNT,
    NATURAL,
    OBJECT,
    SECONDS,
    TEXT,
    WHOLE,
    Check,
    check_fields,
    is_number,
    is_whole,
    one_of,
    optional,
)
from bot.sandbox.moncreneau.errors import STATUS_BY_CODE, ApiError, invalid_field

ALTERATIONS = ("store", "rewrite", "pages", "ignore_filters", "stale")
"""Kinds after which the service still answers, but not as the contract says."""
ANSWERS = ("status", "html", "drop_before", "drop_after", "rate_limit", "garbage", "error_code")
"""Kinds that answer instead of the service, or keep it from answering."""
KINDS = ("delay", *ALTERATIONS, *ANSWERS)
STORED_NAMES = ("escaped", "null", "upper", "ascii")
PAGE_FORMS = ("spring", "content", "list")
_LOWEST_STATUS, _HIGHEST_STATUS = 200, 599
_PROXY_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
_CUT_OFF = '{"id": 12345, "departmentId": 5, "dateTime": "2026-01-2'
_TOO_MANY = 429


@dataclass(slots=True)
class Fault:
    """One fault. `when` says whether it strikes instead of carrying out the request, or after that."""

    kind: str
    method: str | None = None
    path: str = ""
    """A prefix, below /api/v1."""
    when: str = "before"
    probability: float = 1.0
    times: int | None = None
    """How often it strikes at most; None is without limit."""
    seconds: float = 1.0
    """Of a delay, of `Retry-After`, or how long a list lacks a new appointment (`stale`)."""
    status: int | None = None
    code: str | None = None
    message: str | None = None
    details: Any = None
    """Of an `error_code`: any JSON."""
    body: Any = None
    """Of a false answer: a string as it is, anything else as JSON."""
    name: str | None = None
    """How `store` writes the citizen's name: one of STORED_NAMES."""
    minutes: int = 0
    """How much later than asked for `store` makes the appointment."""
    rename: dict[str, str | None] = field(default_factory=dict)
    """The new names that `rewrite` gives to fields of the answer, at any depth; None removes a field."""
    replace: dict[str, Any] = field(default_factory=dict)
    """The new values that `rewrite` gives to fields, by their original names."""
    wrap: str | None = None
    """The field into which `rewrite` wraps the whole answer."""
    form: str | None = None
    """The form of `pages`: one of PAGE_FORMS, or None for the contract's."""
    size: int | None = None
    """How many appointments one of `pages` holds at most."""
    filters: list[str] | None = None
    """Which filters `ignore_filters` ignores; None is all of them."""
    fired: int = 0


@dataclass(frozen=True, slots=True)
class Injection:
    """The faults of one request: delays (seconds) before and after it, alterations, and at most one false answer."""

    delay_before: float = 0.0
    delay_after: float = 0.0
    alterations: tuple[Fault, ...] = ()
    fault: Fault | None = None


_NO_INJECTION = Injection()


@dataclass(slots=True)
class FaultInjector:
    """The faults in force, in the order in which they were added."""

    random: Random
    active: list[Fault] = field(default_factory=list)

    def draw(self, method: str, path: str) -> Injection:
        """Return what is done to this request."""
        if not self.active:
            return _NO_INJECTION
        delays = {"before": 0.0, "after": 0.0}
        alterations = []
        answer = None
        for fault in self.active:
            if not self._strikes(fault, method, path):
                continue
            fault.fired += 1
            if fault.kind == "delay":
                delays[fault.when] += fault.seconds
            elif fault.kind in ALTERATIONS:
                alterations.append(fault)
            else:
                answer = fault
                break
        return Injection(delays["before"], delays["after"], tuple(alterations), answer)

    def _strikes(self, fault: Fault, method: str, path: str) -> bool:
        return (
            fault.method in (None, method)
            and path.startswith(fault.path)
            and (fault.times is None or fault.fired < fault.times)
            and (fault.probability >= 1 or self.random.random() < fault.probability)
        )

    def report(self) -> list[dict[str, Any]]:
        """Return every fault with how often it has struck."""
        return [asdict(fault) for fault in self.active]


def parse_fault(data: Any) -> Fault:
    """Parse one fault of the control call; raises ApiError (400)."""
    fault = Fault(**check_fault(data, _CHECKS, {"method": TEXT, "path": TEXT}))
    if fault.kind.startswith("drop_"):
        fault.when = fault.kind.removeprefix("drop_")
    if fault.kind == "error_code" and fault.code is None:
        raise invalid_field("code", "is required", code="MISSING_REQUIRED_FIELD")
    if fault.method is not None:
        fault.method = fault.method.upper()
    return fault


def check_fault(data: Any, checks: Mapping[str, Check], match_checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return the valid fields of a fault, those of its `match` among them; raises ApiError (400)."""
    values = dict(check_fields(data, {**checks, "match": OBJECT}, ("kind",)))
    return values | check_fields(values.pop("match", {}), match_checks)


def _is_renaming(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str | None) for name in value.values())


def _is_name_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


DRAW: Mapping[str, Check] = {
    "probability": (lambda v: is_number(v) and 0 <= v <= 1, "must be from 0 to 1"),
    "times": optional(NATURAL),
}
"""The fields that say how often a fault strikes."""
_CHECKS: Mapping[str, Check] = {
    "kind": one_of(*KINDS),
    "when": one_of("before", "after"),
    **DRAW,
    "seconds": SECONDS,
    "status": (lambda v: is_whole(v) and _LOWEST_STATUS <= v <= _HIGHEST_STATUS, "must be an HTTP status"),
    "code": (lambda v: isinstance(v, str) and v in STATUS_BY_CODE, "must be an error code of the contract"),
    "message": TEXT,
    "details": ANYTHING,
    "body": ANYTHING,
    "name": one_of(*STORED_NAMES),
    "minutes": WHOLE,
    "rename": (_is_renaming, "must be an object of strings or null"),
    "replace": OBJECT,
    "wrap": TEXT,
    "form": one_of(*PAGE_FORMS),
    "size": COUNT,
    "filters": (_is_name_list, "must be a list of names"),
}


def false_answer(fault: Fault) -> Response:
    """Return the answer that a fault gives. The `drop_` kinds give none and must not be passed here."""
    match fault.kind:
        case "html":
            # What a proxy in front of the service sends when it cannot reach it.
            status = fault.status or 502
            return HTMLResponse(_body(fault, _PROXY_PAGE.format(f"{status} Bad Gateway")), status)
        case "garbage":
            return Response(_body(fault, _CUT_OFF), fault.status or 200, media_type="application/json")
        case "rate_limit":
            return _error(fault, fault.code or "RATE_LIMIT_EXCEEDED", fault.message or "Rate limit exceeded")
        case "error_code":
            code = fault.code or "INTERNAL_SERVER_ERROR"
            return _error(fault, code, fault.message or f"Injected {code}")
        case _:
            status = fault.status or 500
            code = "SERVICE_UNAVAILABLE" if status == STATUS_BY_CODE["SERVICE_UNAVAILABLE"] else "INTERNAL_SERVER_ERROR"
            if fault.body is not None:
                return Response(_body(fault, ""), status, media_type="text/plain")
            return _error(fault, fault.code or code, fault.message or f"Injected status {status}", status)


def _body(fault: Fault, default: str) -> str:
    if fault.body is None:
        return default
    return fault.body if isinstance(fault.body, str) else json.dumps(fault.body)


def _error(fault: Fault, code: str, message: str, status: int | None = None) -> Response:
    error = ApiError(code, message, details=fault.details, status=fault.status or status)
    headers = {"Retry-After": str(math.ceil(fault.seconds))} if error.status == _TOO_MANY else None
    return error.response(headers)
