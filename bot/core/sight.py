"""How a broadcast looks to an admin at this moment: what is stored of it, and what only the running process knows."""

from dataclasses import dataclass
from datetime import datetime

from bot.broadcast.model import Broadcast


@dataclass(frozen=True, slots=True)
class Sight:
    """A broadcast; `resting` says until when the night holds it up, `seconds` how long it will still take."""

    broadcast: Broadcast
    resting: datetime | None = None
    seconds: float | None = None
