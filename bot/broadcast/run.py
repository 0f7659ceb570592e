"""One broadcast on its way, sent or taken back: what the running process knows of it beyond the books. Asks nobody."""

import asyncio
import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bot.broadcast.model import Fate, Figures, Plan
from bot.broadcast.ports import Letter, Recipient


@dataclass(slots=True)
class Round:
    """`halted` is set, and nobody more gets it; who is on the wire is still heard of.

    `turns` are the fates whose turn it is; `counts` are the figures as they are now; `resting` says until when the
    night holds it up; `done` and `began` tell how fast it goes; `kept` counts the messages that could not be taken
    back; `error` is why it had to be halted, where nobody asked for it; `nights` are those in which it need not rest
    (`nights_of`); `unpaid` says that it has to be paid for first.
    """

    plan: Plan
    letters: dict[str, Letter]
    turns: frozenset[Fate]
    counts: Counter[Fate] = field(default_factory=Counter)
    resting: datetime | None = None
    halted: asyncio.Event = field(default_factory=asyncio.Event)
    later: list[tuple[float, int, Recipient]] = field(default_factory=list)
    on_wire: set[asyncio.Task[None]] = field(default_factory=set)
    done: int = 0
    began: float = 0.0
    kept: int = 0
    error: Exception | None = None
    nights: frozenset[datetime] = frozenset()
    unpaid: bool = False

    def figures(self) -> Figures:
        """How many have which fate at this moment."""
        return Figures(tuple((fate, number) for fate, number in self.counts.items() if number))

    def left(self) -> int:
        """How many have to be worked on yet."""
        return sum(self.counts[each] for each in self.turns | {Fate.SENDING}) - self.kept

    def befalls(self, before: Fate, after: Fate) -> None:
        """Somebody's fate changes."""
        self.counts[before] -= 1
        self.counts[after] += 1

    def puts_off(self, recipient: Recipient, due: float) -> None:
        """Somebody has to wait until `due` (the loop's time)."""
        heapq.heappush(self.later, (due, recipient.chat_id, recipient))

    def due(self, now: float) -> Recipient | None:
        """Take the next of those who had to wait, if they need not any longer."""
        return heapq.heappop(self.later)[2] if self.later and self.later[0][0] <= now else None

    def fails(self, error: Exception) -> None:
        """Nobody more gets it, for this reason; the first one counts."""
        self.error = self.error or error
        self.halted.set()
