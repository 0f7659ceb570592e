"""What happens while an admin composes (past participles) and what composing asks for (imperatives).

The shell turns what the admin does into the first and carries out the second. Nothing here knows how any of it is done.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.broadcast.compose_states import Draft, Remark, Stage
from bot.broadcast.model import Audience, Content, Version
from bot.core.model import Department, Trouble

# --- what happens --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """`/broadcast`: begin, or come back to what was begun. `number` is for a new one."""

    at: datetime
    number: int
    locales: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message of the admin's: its words, and its content or why it cannot be broadcast."""

    at: datetime
    text: str
    content: Content | Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A button of a stage, under `message`: `turn` is the stage's."""

    at: datetime
    turn: int
    ask: str
    value: str
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficesRead:
    """The answer to `ReadOffices`."""

    at: datetime
    message: int
    departments: tuple[Department, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The answer to `Count`."""

    at: datetime
    count: int
    seconds: float
    then: Stage
    message: int | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewFailed:
    """The messenger refused a version for good (`reason` are its words), or could not be reached (no reason)."""

    at: datetime
    reason: str = ""


Happening = Called | Sent | Pushed | OfficesRead | Counted | PreviewFailed


# --- what is asked for ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Show:
    """Show the stage: in place of `message` where that is given, else as a new message. No draft: it is over."""

    draft: Draft | None
    message: int | None = None
    remark: Remark | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReadOffices:
    """Answered by `OfficesRead`; `message` is where the list will stand."""

    message: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many get it now, and how long that takes. Answered by `Counted`, on the way to the stage `then`.

    `confirmed`: the admin has just confirmed the number that was counted before; it goes out if that still holds.
    """

    audience: Audience
    then: Stage
    message: int | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """Send every version to the admin exactly as citizens get it. Answered by `PreviewFailed`, or not at all."""

    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """It is confirmed. `message` is the one with the button: from now on it shows how the broadcast gets on."""

    draft: Draft
    starts: datetime | None
    message: int


Wish = Show | ReadOffices | Count | Preview | Launch
