"""What screens need to know of the office side: whose hours these are, and how far ahead one can book."""

from dataclasses import dataclass
from typing import Self


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
