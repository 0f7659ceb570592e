"""Where an admin stands who composes a broadcast: the stages, frozen, and the draft that goes through them.

It is apart from the citizens' `Session`: an admin who composes can book an appointment meanwhile. What was gathered so
far is in `ComposeDraft`; a draft round-trips through versioned JSON. The transitions stand in `broadcasting`.

What happens while an admin composes (past participles) and what composing asks for (imperatives).

The shell turns what the admin does into the first and carries out the second. Nothing here knows how any of it is done.
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
    """A line above a stage: why it is shown now."""

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
    NOT_SHOWN = "not_shown"
    NOBODY = "nobody"
    NO_DAY = "no_day"
    NO_TIME = "no_time"
    PAST = "past"
    FAR = "far"
    RECOUNTED = "recounted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class AskingMessage:
    """The message itself; `locale` empty: the first one, else the one for those who speak this language."""

    locale: str = ""
    kind: Literal["asking_message"] = "asking_message"


@dataclass(frozen=True, slots=True)
class ChoosingVersions:
    """One message for everybody, or one for each language?"""

    kind: Literal["choosing_versions"] = "choosing_versions"


@dataclass(frozen=True, slots=True)
class ChoosingAudience:
    """Who shall get it?"""

    kind: Literal["choosing_audience"] = "choosing_audience"


@dataclass(frozen=True, slots=True)
class ChoosingLanguage:
    """Those who speak which language?"""

    kind: Literal["choosing_language"] = "choosing_language"


@dataclass(frozen=True, slots=True)
class ChoosingOffice:
    """Those with a coming appointment in which department? `failure` where the list could not be read."""

    departments: tuple[Department, ...] = ()
    page: int = 0
    failure: Failure | None = None
    kind: Literal["choosing_office"] = "choosing_office"


@dataclass(frozen=True, slots=True)
class AskingDays:
    """Those with an appointment on which day or days?"""

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
    """It would go out by night (at `starts`, or now). Really?"""

    starts: datetime | None = None
    kind: Literal["asking_night"] = "asking_night"


@dataclass(frozen=True, slots=True)
class ConfirmingSend:
    """The last question before it goes out; `again`: the number had changed when it was confirmed."""

    starts: datetime | None = None
    again: bool = False
    kind: Literal["confirming"] = "confirming"


ComposeState = (
    AskingMessage
    | ChoosingVersions
    | ChoosingAudience
    | ChoosingLanguage
    | ChoosingOffice
    | AskingDays
    | Reviewing
    | AskingTime
    | AskingNight
    | ConfirmingSend
)


@dataclass(frozen=True, slots=True)
class ComposeDraft:
    """All that is remembered of one admin's composing.

    `number` will be the broadcast's; `turn` grows with every stage, so that buttons of earlier ones are known as such;
    `locales` are the languages there are, the default first; `count` and `seconds` tell how many would get it and how
    long that takes, as counted last; `night` is the morning after the night for which the admin insisted; `aside` while
    the admin does something else.
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

    def at(self, state: ComposeState) -> "ComposeDraft":
        """The same draft moved on to `state`; the buttons of the stage before are old from now on."""
        return replace(self, state=state, turn=self.turn + 1)


_CODEC = JsonCodec(ComposeDraft, (rename_keys({"trouble": "failure", "problem": "code", "stage": "state"}),))


def write_draft(draft: ComposeDraft) -> str:
    """The draft as JSON, led by its version."""
    return _CODEC.write(draft)


def read_draft(text: str) -> ComposeDraft | None:
    """The draft, or None where the text is of a newer release or not a draft at all."""
    try:
        return _CODEC.read(text)
    except ValueError:
        return None


# --- what happens --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerOpened:
    """`/broadcast`: begin, or come back to what was begun. `number` is for a new one."""

    at: datetime
    number: int
    locales: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReceived:
    """A message of the admin's: its words, and its content or why it cannot be broadcast."""

    at: datetime
    text: str
    content: Content | ComposeNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerPressed:
    """A button of a stage, under `message`: `turn` is the stage's."""

    at: datetime
    turn: int
    ask: str
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
class PreviewFailed:
    """The messenger refused a version for good (`reason` are its words), or could not be reached (no reason)."""

    at: datetime
    reason: str = ""


ComposeEvent = (
    ComposerOpened | MessageReceived | ComposerPressed | DepartmentsLoaded | RecipientsCounted | PreviewFailed
)


# --- what is asked for ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShowDraft:
    """Show the stage: in place of `message` where that is given, else as a new message. No draft: it is over."""

    draft: ComposeDraft | None
    message: int | None = None
    notice: ComposeNotice | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LoadDepartments:
    """Answered by `DepartmentsLoaded`; `message` is where the list will stand."""

    message: int


@dataclass(frozen=True, slots=True)
class CountRecipients:
    """How many get it now, and how long that takes. Answered by `RecipientsCounted`, on the way to the stage `then`.

    `confirmed`: the admin has just confirmed the number that was counted before; it goes out if that still holds.
    """

    audience: Audience
    then: ComposeState
    message: int | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class SendPreview:
    """Send every version to the admin exactly as citizens get it. Answered by `PreviewFailed`, or not at all."""

    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """It is confirmed. `message` is the one with the button: from now on it shows how the broadcast gets on."""

    draft: ComposeDraft
    starts: datetime | None
    message: int


ComposeEffect = ShowDraft | LoadDepartments | CountRecipients | SendPreview | Launch
