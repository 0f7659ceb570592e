"""What a screen becomes: text and buttons. Knows neither Telegram nor languages nor the core.

The text is the HTML subset that chat programs share (`b`, `i`, `a`, `code`); everything that came from outside is
escaped where it enters. A button carries the action that it asks, not yet the bytes that travel.

What screens need to know of the office side: whose hours these are, and how far ahead one can book.
"""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Button:
    """A button: its label, and what it asks (an action of the core) or the address that it opens."""

    label: str
    action: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """HTML text (the caption, where there is a picture), rows of buttons, and the link to draw as a QR code."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    qr_link: str | None = None


@dataclass(frozen=True, slots=True)
class Office:
    """`city` names the clock that all hours follow; days are offered `horizon_days` ahead."""

    city: str = "Conakry"
    horizon_days: int = 60

    @classmethod
    def of_zone(cls, zone: str, horizon_days: int = 60) -> Self:
        """From a zone's name: `Africa/Conakry` is Conakry's clock."""
        return cls(zone.rpartition("/")[2].replace("_", " "), horizon_days)


CONAKRY = Office()
