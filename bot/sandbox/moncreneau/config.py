"""What can be set about the stand-in, with defaults that make a demo work.

It must not know how any of it is obeyed. Tests inject their clock and their departments here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.moncreneau.departments import Department, default_world

READ = "appointments:read"
CREATE = "appointments:create"
"""The two scopes that the quick start names. Its walk with just these two cancels as well, so cancelling asks for
`appointments:create` (our assumption)."""

DEMO_KEY = "mk_sandbox_demo_key"


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key: what it may do, until when, and of which organisation (None: of all, as suits a demo)."""

    token: str
    scopes: frozenset[str] = frozenset({READ, CREATE})
    expires: datetime | None = None
    organization_id: int | None = None


DEMO_KEYS = (
    Key(DEMO_KEY),
    Key("mk_sandbox_read_only_key", scopes=frozenset({READ})),
    Key("mk_sandbox_expired_key", expires=datetime(2020, 1, 1, tzinfo=UTC)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoncreneauSandbox:
    """The settings of one stand-in."""

    database: Path | None = None
    """The SQLite file; without one everything ends with the process."""
    public_url: str = "https://moncreneau.gn"
    """Where the `qrCode` links lead: `<public_url>/qr/<id>`. A demo sets the stand-in's own address."""
    timezone: str = "Africa/Conakry"
    clock: Callable[[], datetime] = now
    """Returns the present moment, aware."""
    departments: tuple[Department, ...] = default_world()
    keys: tuple[Key, ...] = DEMO_KEYS
    credits: int = 10_000
    """The balance of a new file; an old file keeps its own."""
    rate_limit: int = 1000
    """Requests per key and window."""
    rate_window: int = 3600
    """Seconds."""
    capacity: int = 2
    """How many appointments fit into one slot, where the department does not say otherwise."""
    reject_duplicates: bool = False
    """Answer 409 DUPLICATE_APPOINTMENT to the same department, time, name and externalUserId while one is SCHEDULED.
    Off, because nothing public tells the real service's rule."""
    first_id: int = 12345
    seed: int = 0
    """Of the randomness in faults with a probability."""
