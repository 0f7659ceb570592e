"""Fault injection: the faults that a test asked for, which of them strikes a request, and the false answers they give.

It must not know how an answer is discarded or a connection dropped: the middleware does that.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from starlette.responses import HTMLResponse, Response

from bot.sandbox.moncreneau.errors import STATUS_BY_CODE, ApiError, invalid_field

KINDS = ("delay", "status", "html", "drop_before", "drop_after", "rate_limit", "garbage", "error_code")
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
    """Of a delay, or of `Retry-After`."""
    status: int | None = None
    code: str | None = None
    message: str | None = None
    body: str | None = None
    fired: int = 0


@dataclass(frozen=True, slots=True)
class Injection:
    """What is done to one request: delays (seconds) before and after it is carried out, and at most one fault."""

    delay_before: float = 0.0
    delay_after: float = 0.0
    fault: Fault | None = None


_NO_INJECTION = Injection()


@dataclass(slots=True)
class FaultInjector:
    """The faults in force, in the order in which they were added."""

    random: Random
    active: list[Fault] = field(default_factory=list)

    def draw(self, method: str, path: str) -> Injection:
        """Return what is done to this request: every delay that strikes, and the first other fault that does."""
        if not self.active:
            return _NO_INJECTION
        delays = {"before": 0.0, "after": 0.0}
        for fault in self.active:
            if not self._strikes(fault, method, path):
                continue
            fault.fired += 1
            if fault.kind != "delay":
                return Injection(delays["before"], delays["after"], fault)
            delays[fault.when] += fault.seconds
        return Injection(delays["before"], delays["after"])

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
    if not isinstance(data, dict):
        raise invalid_field("faults", "must be a list of objects")
    values = dict(data)
    match = values.pop("match", {})
    if not isinstance(match, dict) or match.keys() - {"method", "path"}:
        raise invalid_field("match", "takes method and path")
    if unknown := values.keys() - _CHECKS.keys():
        raise invalid_field(min(unknown), "is not a known field")
    if "kind" not in values:
        raise invalid_field("kind", "is required", code="MISSING_REQUIRED_FIELD")
    values |= match
    for name, value in values.items():
        is_valid, reason = _CHECKS.get(name, _TEXT)
        if not is_valid(value):
            raise invalid_field(name, reason)
    fault = Fault(**values)
    if fault.kind.startswith("drop_"):
        fault.when = fault.kind.removeprefix("drop_")
    if fault.kind == "error_code" and fault.code is None:
        raise invalid_field("code", "is required", code="MISSING_REQUIRED_FIELD")
    if fault.method is not None:
        fault.method = fault.method.upper()
    return fault


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TEXT = (lambda v: isinstance(v, str), "must be a string")
_CHECKS: Mapping[str, Any] = {
    "kind": (lambda v: v in KINDS, f"must be one of {', '.join(KINDS)}"),
    "when": (lambda v: v in ("before", "after"), "must be before or after"),
    "probability": (lambda v: _is_number(v) and 0 <= v <= 1, "must be from 0 to 1"),
    "times": (lambda v: v is None or (_is_whole(v) and v >= 0), "must be a number of times or null"),
    "seconds": (lambda v: _is_number(v) and v >= 0, "must be a number of seconds"),
    "status": (lambda v: _is_whole(v) and _LOWEST_STATUS <= v <= _HIGHEST_STATUS, "must be an HTTP status"),
    "code": (lambda v: isinstance(v, str) and v in STATUS_BY_CODE, "must be an error code of the contract"),
    "message": _TEXT,
    "body": _TEXT,
}


def false_answer(fault: Fault) -> Response:
    """Return the answer that a fault gives. The `drop_` kinds give none and must not be passed here."""
    match fault.kind:
        case "html":
            # What a proxy in front of the service sends when it cannot reach it.
            status = fault.status or 502
            return HTMLResponse(fault.body or _PROXY_PAGE.format(f"{status} Bad Gateway"), status)
        case "garbage":
            return Response(fault.body or _CUT_OFF, fault.status or 200, media_type="application/json")
        case "rate_limit":
            return _error(fault, fault.code or "RATE_LIMIT_EXCEEDED", fault.message or "Rate limit exceeded")
        case "error_code":
            code = fault.code or "INTERNAL_SERVER_ERROR"
            return _error(fault, code, fault.message or f"Injected {code}")
        case _:
            status = fault.status or 500
            code = "SERVICE_UNAVAILABLE" if status == STATUS_BY_CODE["SERVICE_UNAVAILABLE"] else "INTERNAL_SERVER_ERROR"
            if fault.body is not None:
                return Response(fault.body, status, media_type="text/plain")
            return _error(fault, fault.code or code, fault.message or f"Injected status {status}", status)


def _error(fault: Fault, code: str, message: str, status: int | None = None) -> Response:
    error = ApiError(code, message, status=fault.status or status)
    headers = {"Retry-After": str(math.ceil(fault.seconds))} if error.status == _TOO_MANY else None
    return error.response(headers)
