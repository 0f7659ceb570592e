"""Messages: text and buttons. Knows neither Telegram nor languages.

The text is the HTML subset that chat programs share (`b`, `i`, `a`, `code`); everything that came from outside is
escaped where it enters. A button carries the action that it asks, not yet the bytes that travel.

What screens need to know of the office side: whose hours these are, how far ahead one can book, which day it is
there, which departments are known, and whom citizens can ask.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

from bot.core.department_details import NO_DETAILS, DepartmentDetails
from bot.core.model import Department


class Style(StrEnum):
    """How a button looks if the app can show it (Bot API 9.4, `InlineKeyboardButton.style`)."""

    DANGER = "danger"  # it destroys something
    SUCCESS = "success"  # it confirms something


@dataclass(frozen=True, slots=True)
class Button:
    """A button: its label, and what it asks (an action of the core) or the address that it opens."""

    label: str
    action: str = ""
    url: str | None = None
    style: Style | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A pin on a map with plain words (Bot API, `sendVenue`). Latitude and longitude are in degrees."""

    latitude: float
    longitude: float
    title: str
    address: str


@dataclass(frozen=True, slots=True)
class Message:
    """HTML text (the caption, if there is a picture), rows of buttons, and the link to draw as a QR code.

    One with a `place` is sent as that; its text is sent instead if Telegram refuses the place.
    """

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    qr_link: str | None = None
    place: Place | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of its buttons."""
        return tuple(button.action for row in self.rows for button in row if button.action)


@dataclass(frozen=True, slots=True)
class Office:
    """`city` names the clock that all hours follow; days are offered `horizon_days` ahead.

    `today` is the office's date, None if it is not known; `departments` are those that are known without asking;
    `contact` is a plain text that says whom a citizen can ask, if the operator set one. `details` are what the operator
    tells of departments, by their ids, in the language of the message. `several_names`: the reader has appointments
    under several names, so that texts say for whom (see `bot.core.for_whom`).
    """

    city: str = "Conakry"
    horizon_days: int = 60
    today: date | None = None
    departments: tuple[Department, ...] = ()
    contact: str = ""
    details: Mapping[int, DepartmentDetails] = field(default_factory=dict)
    several_names: bool = False

    @classmethod
    def of_zone(cls, zone: str, horizon_days: int = 60) -> Self:
        """From a zone's name: `Africa/Conakry` is Conakry's clock."""
        return cls(zone.rpartition("/")[2].replace("_", " "), horizon_days)

    def details_of(self, department: Department) -> DepartmentDetails:
        """What the operator tells of a department; nothing if it is not in the file."""
        return self.details.get(department.id, NO_DETAILS)


CONAKRY = Office()
