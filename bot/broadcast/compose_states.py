"""Where an admin stands who composes a broadcast: the stages, frozen, and the draft that goes through them.

It is apart from the citizens' `Session`: an admin who composes can book an appointment meanwhile. What was gathered so
far is in `Draft`; a draft round-trips through versioned JSON. The transitions stand in `broadcasting`.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from bot.broadcast.model import Audience, Version
from bot.core.model import Department, Trouble


class Remark(StrEnum):
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
    """Those with a coming appointment in which department? `trouble` where the list could not be read."""

    departments: tuple[Department, ...] = ()
    page: int = 0
    trouble: Trouble | None = None
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
class Confirming:
    """The last question before it goes out; `again`: the number had changed when it was confirmed."""

    starts: datetime | None = None
    again: bool = False
    kind: Literal["confirming"] = "confirming"


Stage = (
    AskingMessage
    | ChoosingVersions
    | ChoosingAudience
    | ChoosingLanguage
    | ChoosingOffice
    | AskingDays
    | Reviewing
    | AskingTime
    | AskingNight
    | Confirming
)


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is remembered of one admin's composing.

    `number` will be the broadcast's; `turn` grows with every stage, so that buttons of earlier ones are known as such;
    `locales` are the languages there are, the default first; `count` and `seconds` tell how many would get it and how
    long that takes, as counted last; `night` is the morning after the night for which the admin insisted; `aside` while
    the admin does something else.
    """

    number: int
    locales: tuple[str, ...]
    turn: int = 0
    stage: Annotated[Stage, Field(discriminator="kind")] = field(default_factory=AskingMessage)
    versions: tuple[Version, ...] = ()
    audience: Audience | None = None
    count: int = 0
    seconds: float = 0.0
    night: datetime | None = None
    aside: bool = False

    def at(self, stage: Stage) -> "Draft":
        """The same draft moved on to `stage`; the buttons of the stage before are old from now on."""
        return replace(self, stage=stage, turn=self.turn + 1)


VERSION = 1


@cache
def _adapter() -> TypeAdapter[Draft]:
    return TypeAdapter(Draft)


def write_draft(draft: Draft) -> str:
    """The draft as JSON, led by its version."""
    return f"{VERSION}:{_adapter().dump_json(draft).decode()}"


def read_draft(text: str) -> Draft | None:
    """The draft, or None where the text is of another version or not a draft at all."""
    version, _, body = text.partition(":")
    try:
        return _adapter().validate_json(body) if version == str(VERSION) else None
    except ValidationError:
        return None
