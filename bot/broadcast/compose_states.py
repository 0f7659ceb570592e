"""The composer's state machine in values: states, draft, events (past participles) and effects (imperatives).

`composer.step` has the transitions; the handler turns what the admin does into events and runs the effects. A draft is
apart from the citizens' `Session`, so an admin can book meanwhile. It round-trips through versioned JSON.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bot.broadcast.model import Audience, Content, Version
from bot.core.json_codec import JsonCodec, rename_keys
from bot.core.model import Department, Failure


class ComposeNotice(StrEnum):
    """A line above a state: why it is shown now."""

    RESUMED = "resumed"
    USE_BUTTONS = "use_buttons"
    STALE = "stale"
    UNSUPPORTED = "unsupported"
    ALBUM = "album"
    TEXT_LONG = "text_long"
    CAPTION_LONG = "caption_long"
    TEXT_EMPTY = "text_empty"
    COMMAND = "command"
    REFUSED = "refused"
    NOBODY = "nobody"
    NO_DAY = "no_day"
    NO_TIME = "no_time"
    PAST = "past"
    FAR = "far"
    RECOUNTED = "recounted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class AskingMessage:
    """Asks for the message; an empty `locale` means the first version, else the version in that language."""

    locale: str = ""
    kind: Literal["asking_message"] = "asking_message"


@dataclass(frozen=True, slots=True)
class ChoosingVersions:
    """One message for everybody, or one per language?"""

    kind: Literal["choosing_versions"] = "choosing_versions"


@dataclass(frozen=True, slots=True)
class ChoosingAudience:
    """The question for the audience."""

    kind: Literal["choosing_audience"] = "choosing_audience"


@dataclass(frozen=True, slots=True)
class ChoosingLanguage:
    """Citizens of which language?"""

    kind: Literal["choosing_language"] = "choosing_language"


@dataclass(frozen=True, slots=True)
class ChoosingDepartment:
    """Citizens with an upcoming appointment in which department? `failure`: the list could not be read."""

    departments: tuple[Department, ...] = ()
    page: int = 0
    failure: Failure | None = None
    kind: Literal["choosing_office"] = "choosing_office"


@dataclass(frozen=True, slots=True)
class ChoosingVisitors:
    """All citizens with an upcoming appointment in this department, or those of some days?"""

    department: Department
    kind: Literal["choosing_visitors"] = "choosing_visitors"


@dataclass(frozen=True, slots=True)
class AskingDays:
    """Citizens with an appointment on which day or days, in this department if there is one?"""

    department: Department | None = None
    kind: Literal["asking_days"] = "asking_days"


@dataclass(frozen=True, slots=True)
class Reviewing:
    """Everything is there; the preview has been sent."""

    kind: Literal["reviewing"] = "reviewing"


@dataclass(frozen=True, slots=True)
class AskingTime:
    """On which day, at which hour?"""

    kind: Literal["asking_time"] = "asking_time"


@dataclass(frozen=True, slots=True)
class AskingNight:
    """It would go out at night (at `starts`, or now). Really?"""

    starts: datetime | None = None
    kind: Literal["asking_night"] = "asking_night"


@dataclass(frozen=True, slots=True)
class ConfirmingSend:
    """The last question before it is sent. `again`: asked again because the number of recipients had changed."""

    starts: datetime | None = None
    again: bool = False
    kind: Literal["confirming"] = "confirming"


ComposeState = (
    AskingMessage
    | ChoosingVersions
    | ChoosingAudience
    | ChoosingLanguage
    | ChoosingDepartment
    | ChoosingVisitors
    | AskingDays
    | Reviewing
    | AskingTime
    | AskingNight
    | ConfirmingSend
)


@dataclass(frozen=True, slots=True)
class ComposeDraft:
    """One admin's draft.

    `number` will be the broadcast's. `turn` grows with every state, so that buttons of earlier states are recognised.
    `locales` are all languages, the default first. `count` recipients were counted last, which take `seconds` to send.
    `night` is the end of the night in which the admin allowed sending. `aside`: the admin is doing something else.
    `within` are the departments to whose citizens a member of staff may write; None: an admin may write to everybody.
    """

    number: int
    locales: tuple[str, ...]
    turn: int = 0
    state: Annotated[ComposeState, Field(discriminator="kind")] = field(default_factory=AskingMessage)
    versions: tuple[Version, ...] = ()
    audience: Audience | None = None
    count: int = 0
    seconds: float = 0.0
    night: datetime | None = None
    aside: bool = False
    within: tuple[Department, ...] | None = None

    def at(self, state: ComposeState) -> "ComposeDraft":
        """The draft in its next state; buttons of earlier states are stale from now on."""
        return replace(self, state=state, turn=self.turn + 1)


_CODEC = JsonCodec(ComposeDraft, (rename_keys({"trouble": "failure", "problem": "code", "stage": "state"}),))


def write_draft(draft: ComposeDraft) -> str:
    """The draft as versioned JSON."""
    return _CODEC.write(draft)


def read_draft(text: str) -> ComposeDraft | None:
    """The draft; None if the text was written by a newer release or is unreadable."""
    try:
        return _CODEC.read(text)
    except ValueError:
        return None


# --- events --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerOpened:
    """`/broadcast`: begin a draft or return to the open one. `number` and `within` are for a new draft.

    With an `audience`, that of the draft is this one from now on.
    """

    at: datetime
    number: int
    locales: tuple[str, ...]
    within: tuple[Department, ...] | None = None
    audience: Audience | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """The admin sent a message: its text, and its content or the reason why it cannot be broadcast."""

    at: datetime
    text: str
    content: Content | ComposeNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerPressed:
    """The admin pressed a button under `message`, drawn in turn `turn` of the draft."""

    at: datetime
    turn: int
    action: str
    value: str
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentsLoaded:
    """The answer to `LoadDepartments`."""

    at: datetime
    message: int
    departments: tuple[Department, ...] = ()
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientsCounted:
    """The answer to `CountRecipients`."""

    at: datetime
    count: int
    seconds: float
    then: ComposeState
    message: int | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRefused:
    """Telegram refused to show a version; `reason` is in its words."""

    at: datetime
    reason: str


ComposeEvent = (
    ComposerOpened | MessageReceived | ComposerPressed | DepartmentsLoaded | RecipientsCounted | PreviewRefused
)


# --- effects -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShowDraft:
    """Show the state: in place of `message` if given, else as a new message. No draft: composing is over."""

    draft: ComposeDraft | None
    message: int | None = None
    notice: ComposeNotice | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoadDepartments:
    """Read the departments; answered by `DepartmentsLoaded`. `message` will show the list."""

    message: int


@dataclass(frozen=True, slots=True)
class CountRecipients:
    """Count the recipients on the way to the state `then`; answered by `RecipientsCounted`.

    `confirmed`: the admin has just confirmed the last count; the broadcast is sent if the count is still right.
    """

    audience: Audience
    then: ComposeState
    message: int | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class SendPreview:
    """Send every version to the admin as citizens will get it; answered later by `PreviewRefused`, or not at all."""

    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """The broadcast is confirmed. `message`, which had the button, becomes its progress message."""

    draft: ComposeDraft
    starts: datetime | None
    message: int


ComposeEffect = ShowDraft | LoadDepartments | CountRecipients | SendPreview | Launch
