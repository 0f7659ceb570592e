"""Faults of webhooks: which of them strikes an event, and which an attempt to deliver it.

It must not know how an event is sent.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any, TypeVar

from bot.sandbox.moncreneau.control_parser import COUNT, SECONDS, TEXT, Check, one_of
from bot.sandbox.moncreneau.faults import DRAW, check_fault

T = TypeVar("T")

PLANS = ("duplicate", "delay", "drop", "reorder", "shuffle", "replay")
"""Kinds that strike an event, when it happens."""
ATTEMPTS = ("wrong_secret", "truncate", "html")
"""Kinds that strike one attempt to deliver it."""
A_DAY = 86_400


@dataclass(slots=True)
class WebhookFault:
    """One fault. `type` and `appointment_id` say which events it strikes; None is all."""

    kind: str
    type: str | None = None
    appointment_id: int | None = None
    probability: float = 1.0
    times: int | None = None
    """How often it strikes at most; None is without limit."""
    count: int = 2
    """How often `duplicate` sends an event; how many events `reorder` and `shuffle` collect before they send them."""
    seconds: float | None = None
    """Of a `delay` (1); when `replay` sends an event again (a day, times the endpoint's time factor)."""
    secret: str = "whsec_wrong"  # noqa: S105 — worth nothing anywhere
    """The secret with which `wrong_secret` signs."""
    fired: int = 0


@dataclass(slots=True)
class Plan:
    """How an event is sent."""

    is_dropped: bool = False
    copies: int = 1
    delay: float = 0.0
    """Seconds."""
    replays: list[float] = field(default_factory=list)
    """Seconds after which it is sent again."""
    held_by: WebhookFault | None = None
    """The `reorder` or `shuffle` fault that holds it back until enough events have come together."""


class WebhookFaults:
    """The faults in force, in the order in which they were added. All that strike apply."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._active: list[WebhookFault] = []

    def add(self, faults: list[WebhookFault]) -> None:
        """Put faults in force, beside those that are."""
        self._active += faults

    def clear(self) -> None:
        """End all faults."""
        self._active.clear()

    def report(self) -> list[dict[str, Any]]:
        """Return every fault with how often it has struck."""
        return [asdict(fault) for fault in self._active]

    def plan(self, kind: str, appointment_id: int) -> Plan:
        """Return how an event that just happened is to be sent."""
        plan = Plan()
        for fault in self._struck(PLANS, kind, appointment_id):
            match fault.kind:
                case "duplicate":
                    plan.copies = fault.count
                case "delay":
                    plan.delay += 1 if fault.seconds is None else fault.seconds
                case "drop":
                    plan.is_dropped = True
                case "replay":
                    plan.replays.append(A_DAY if fault.seconds is None else fault.seconds)
                case _:
                    plan.held_by = fault
        return plan

    def ordered(self, fault: WebhookFault, held: list[T]) -> list[T]:
        """Return what a fault has held back in the order in which it is to be sent."""
        return held[::-1] if fault.kind == "reorder" else self._random.sample(held, len(held))

    def draw(self, kind: str, appointment_id: int) -> list[WebhookFault]:
        """Return the faults of one attempt to deliver an event."""
        return self._struck(ATTEMPTS, kind, appointment_id)

    def _struck(self, kinds: tuple[str, ...], event_type: str, appointment_id: int) -> list[WebhookFault]:
        struck = [
            fault
            for fault in self._active
            if fault.kind in kinds
            and fault.type in (None, event_type)
            and fault.appointment_id in (None, appointment_id)
            and (fault.times is None or fault.fired < fault.times)
            and (fault.probability >= 1 or self._random.random() < fault.probability)
        ]
        for fault in struck:
            fault.fired += 1
        return struck


def parse_webhook_fault(data: Any) -> WebhookFault:
    """Parse one fault of the control call; raises ApiError (400)."""
    values = check_fault(data, _CHECKS, {"type": TEXT, "appointmentId": COUNT})
    if "appointmentId" in values:
        values["appointment_id"] = values.pop("appointmentId")
    return WebhookFault(**values)


_CHECKS: Mapping[str, Check] = {
    "kind": one_of(*PLANS, *ATTEMPTS),
    **DRAW,
    "count": COUNT,
    "seconds": SECONDS,
    "secret": TEXT,
}
