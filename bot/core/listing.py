"""In which order admins see the broadcasts: under way, to come (the next one first), then the past, the newest first.

A page ends at a place, and the next one begins after that place, whatever has become of the broadcast that stood there.
"""

from dataclasses import dataclass

from bot.broadcast.lifecycle import ENDED
from bot.broadcast.model import Broadcast, Status

UNDER_WAY, TO_COME, PAST = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a broadcast stands in the list. `starts` is office time as text that sorts, for those to come."""

    rank: int
    starts: str
    number: int

    @property
    def key(self) -> tuple[int, str, int]:
        """What the list is sorted by."""
        return self.rank, self.starts, -self.number


def place_of(broadcast: Broadcast) -> Place:
    """Where it stands now."""
    number, starts = broadcast.plan.number, broadcast.plan.starts
    if broadcast.status in ENDED:
        return Place(PAST, "", number)
    if broadcast.status is Status.SCHEDULED and starts:
        return Place(TO_COME, starts.isoformat(timespec="minutes"), number)
    return Place(UNDER_WAY, "", number)


def write_place(place: Place) -> str:
    """What a button says of it beside the number."""
    return f"{place.rank}.{place.starts}"


def read_place(number: int, text: str) -> Place:
    """The reverse; what cannot be read is a place in the past."""
    rank, _, starts = text.partition(".")
    return Place(int(rank), starts, number) if rank in {"0", "1", "2"} else Place(PAST, "", number)
