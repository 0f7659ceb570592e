"""The settings of the stand-in, with defaults that suit a demo. Tests pass their own clock and departments.

It must not know how a setting is applied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.moncreneau.departments import Department, default_departments

READ = "appointments:read"
CREATE = "appointments:create"
"""The two scopes of the quick start. It cancels with no other scope, so cancelling requires `appointments:create` (our
assumption)."""

DEMO_KEY = "mk_sandbox_demo_key"


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key: its scopes, when it expires, and its organisation (None: all of them, which suits a demo)."""

    token: str
    scopes: frozenset[str] = frozenset({READ, CREATE})
    expires: datetime | None = None
    organization_id: int | None = None


DEMO_KEYS = (
    ApiKey(DEMO_KEY),
    ApiKey("mk_sandbox_read_only_key", scopes=frozenset({READ})),
    ApiKey("mk_sandbox_expired_key", expires=datetime(2020, 1, 1, tzinfo=UTC)),
)


OFFICE = ApiKey("office")
"""Stands for the staff, who see all organisations. No client can use it: a key begins with `mk_`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoncreneauSandbox:
    """The settings of one stand-in."""

    database: Path | None = None
    """The SQLite file; without one, nothing outlives the process."""
    public_url: str = "https://moncreneau.gn"
    """The base of the `qrCode` links, `<public_url>/qr/<id>`. A demo sets the stand-in's own address."""
    timezone: str = "Africa/Conakry"
    clock: Callable[[], datetime] = now
    """Returns the present moment, aware."""
    on_clock_moved: Callable[[float], None] = lambda _seconds: None
    """Called when a control call moves the clock forward."""
    departments: tuple[Department, ...] = default_departments()
    keys: tuple[ApiKey, ...] = DEMO_KEYS
    credits: int = 10_000
    """The balance of credits in a new file; an existing file keeps its own."""
    rate_limit: int = 1000
    """Requests that a key may make in one window."""
    rate_window: int = 3600
    """The length of that window, in seconds."""
    capacity: int = 2
    """How many appointments fit into one slot of a department that does not set its own capacity."""
    reject_duplicates: bool = False
    """Answer 409 DUPLICATE_APPOINTMENT to a booking whose department, time, name and externalUserId equal those of one
    that is SCHEDULED. Off by default: the real service's rule is not public."""
    first_id: int = 12345
    seed: int = 0
    """The seed of faults that strike with a probability, so that a run can be repeated."""
    webhook_url: str | None = None
    """Where webhooks are sent; without it none are sent."""
    webhook_secret: str = "whsec_sandbox"  # noqa: S105 — worth nothing anywhere else
    webhook_style: str = "moncreneau"
    """Whose headers webhooks carry: those of the vendor's documentation (`moncreneau`) or of its SDKs (`sdk`)."""
    webhook_time_factor: float = 1.0
    """Multiplies the pauses between attempts: 0.001 makes a day 86.4 seconds."""
