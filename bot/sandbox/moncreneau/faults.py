"""The faults that were asked for, and the draw that tells which of them strikes a request.

It must not know how a fault is acted out (`misbehaviour` does).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from bot.sandbox.moncreneau.errors import STATUS_BY_CODE, bad_field

KINDS = ("delay", "status", "html", "drop_before", "drop_after", "rate_limit", "garbage", "error_code")
_MOMENTS = ("before", "after")
_LOWEST_STATUS, _HIGHEST_STATUS = 200, 599


@dataclass(slots=True)
class Fault:
    """One fault. `when` tells whether it strikes instead of the act or after the service acted."""

    kind: str
    method: str | None = None
    path: str = ""
    """A prefix, below /api/v1."""
    when: str = "before"
    probability: float = 1.0
    times: int | None = None
    """How often it strikes before it is spent; None is without end."""
    seconds: float = 1.0
    """Of a delay, or of `Retry-After`."""
    status: int | None = None
    code: str | None = None
    message: str | None = None
    body: str | None = None
    fired: int = 0


@dataclass(frozen=True, slots=True)
class Strike:
    """What a request has to suffer: waits (seconds) before and after the act, and at most one false answer."""

    wait_before: float = 0.0
    wait_after: float = 0.0
    fault: Fault | None = None


NOTHING = Strike()


@dataclass(slots=True)
class Faults:
    """The faults in force, first asked for first drawn."""

    random: Random
    active: list[Fault] = field(default_factory=list)

    def draw(self, method: str, path: str) -> Strike:
        """Return what strikes this request: every delay that fires, and the first other fault that does."""
        if not self.active:
            return NOTHING
        waits = {"before": 0.0, "after": 0.0}
        for fault in self.active:
            if not self._fires(fault, method, path):
                continue
            fault.fired += 1
            if fault.kind != "delay":
                return Strike(waits["before"], waits["after"], fault)
            waits[fault.when] += fault.seconds
        return Strike(waits["before"], waits["after"])

    def _fires(self, fault: Fault, method: str, path: str) -> bool:
        return (
            fault.method in (None, method)
            and path.startswith(fault.path)
            and (fault.times is None or fault.fired < fault.times)
            and (fault.probability >= 1 or self.random.random() < fault.probability)
        )

    def report(self) -> list[dict[str, Any]]:
        """Return every fault with how often it struck."""
        return [asdict(fault) for fault in self.active]


def fault_from(data: Any) -> Fault:
    """Read one fault of the control call, as strictly as everything else is read."""
    if not isinstance(data, dict):
        raise bad_field("faults", "must be a list of objects")
    values = dict(data)
    match = values.pop("match", {})
    if not isinstance(match, dict) or match.keys() - {"method", "path"}:
        raise bad_field("match", "takes method and path")
    if unknown := values.keys() - _CHECKS.keys():
        raise bad_field(min(unknown), "is not a known field")
    if "kind" not in values:
        raise bad_field("kind", "is required", code="MISSING_REQUIRED_FIELD")
    values |= match
    for name, value in values.items():
        accepted, reason = _CHECKS.get(name, _TEXT)
        if not accepted(value):
            raise bad_field(name, reason)
    fault = Fault(**values)
    if fault.kind.startswith("drop_"):
        fault.when = fault.kind.removeprefix("drop_")
    if fault.kind == "error_code" and fault.code is None:
        raise bad_field("code", "is required", code="MISSING_REQUIRED_FIELD")
    if fault.method is not None:
        fault.method = fault.method.upper()
    return fault


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_TEXT = (lambda v: isinstance(v, str), "must be a string")
_CHECKS: Mapping[str, Any] = {
    "kind": (lambda v: v in KINDS, f"must be one of {', '.join(KINDS)}"),
    "when": (lambda v: v in _MOMENTS, "must be before or after"),
    "probability": (lambda v: _number(v) and 0 <= v <= 1, "must be from 0 to 1"),
    "times": (lambda v: v is None or (_whole(v) and v >= 0), "must be a number of times or null"),
    "seconds": (lambda v: _number(v) and v >= 0, "must be a number of seconds"),
    "status": (lambda v: _whole(v) and _LOWEST_STATUS <= v <= _HIGHEST_STATUS, "must be an HTTP status"),
    "code": (lambda v: isinstance(v, str) and v in STATUS_BY_CODE, "must be an error code of the contract"),
    "message": _TEXT,
    "body": _TEXT,
}
