"""Faults during a crash run: connections cut on both sides, and SIGKILL at random and at named failpoints."""

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.app.failpoints import POINTS
from tests.e2e.bot_process import BotProcess

Json = dict[str, Any]


def faults_of_telegram(weight: float) -> list[Json]:
    """Connections dropped before and after the call is carried out, 5xx, a proxy's page, floods, delays."""
    cuts = [
        {"kind": kind, "method": method, "probability": weight}
        for method in ("sendMessage", "editMessageText", "sendPhoto", "getUpdates", "answerCallbackQuery")
        for kind in ("drop_before", "drop_after")
    ]
    return [
        *cuts,
        {"kind": "flood", "method": "sendMessage", "retry_after": 1, "probability": weight / 2},
        {"kind": "status", "status": 500, "probability": weight / 2},
        {"kind": "html", "status": 502, "probability": weight / 2},
        {"kind": "delay", "method": "sendMessage", "seconds": 0.4, "probability": weight},
    ]


def faults_of_moncreneau(weight: float) -> list[Json]:
    """The same for the API, most often for writes."""
    writes = [
        {"kind": kind, "match": {"method": method, "path": "/appointments"}, "probability": weight * 2}
        for method in ("POST", "DELETE")
        for kind in ("drop_before", "drop_after")
    ]
    return [
        *writes,
        {"kind": "status", "status": 503, "when": "after", "match": {"method": "POST"}, "probability": weight},
        {"kind": "garbage", "when": "after", "match": {"method": "POST"}, "probability": weight},
        {"kind": "delay", "seconds": 1.5, "match": {"method": "POST"}, "probability": weight},
        {"kind": "delay", "seconds": 1.5, "when": "after", "match": {"method": "POST"}, "probability": weight},
        {"kind": "drop_before", "match": {"method": "GET"}, "probability": weight},
        {"kind": "drop_after", "match": {"method": "GET"}, "probability": weight},
        {"kind": "status", "status": 500, "probability": weight / 2},
        {"kind": "html", "probability": weight / 2},
        {"kind": "rate_limit", "seconds": 1, "probability": weight / 8},
    ]


LONG_LIFETIME = (19.0, 24.0)
LONGEST_LIFETIME = 60.0


@dataclass(slots=True)
class Kills:
    """How often the bot was killed, and where."""

    named: Counter[str] = field(default_factory=Counter)
    at_random: int = 0

    @property
    def total(self) -> int:
        """All kills."""
        return self.named.total() + self.at_random


@dataclass(slots=True)
class ProcessKiller:
    """Starts the bot again and again, and kills it after a random time or at a failpoint.

    `lifetimes` are seconds between which a lifetime is drawn; one in `long_lifetimes` is a `LONG_LIFETIME`, so that
    attempts whose answer was lost, which are looked up for 16 seconds, come to an end.
    """

    process: BotProcess
    rng: random.Random
    lifetimes: tuple[float, float] = (0.3, 3.0)
    long_lifetimes: int = 4
    every_point: bool = False
    """Kill only at failpoints, and give each process the time that it needs to get there."""
    kills: Kills = field(default_factory=Kills)
    deepest: int = 3
    """How often a failpoint is reached at most before the kill."""
    after_kill: Callable[[], Awaitable[None]] | None = None
    """Done after each kill, while the bot is down."""

    async def run(self, enough: Callable[[], bool]) -> None:
        """Kill until it is enough, then start the bot and leave it running."""
        points: list[str] = []
        while not enough():
            if not points:
                points = [*POINTS, *[""] * (0 if self.every_point else len(POINTS) // 2)]
                self.rng.shuffle(points)
            await self._run_once(points.pop())
            if self.after_kill:
                await self.after_kill()
        await self.process.start()

    async def stop(self) -> bool:
        """Stop the bot; whether it ended as it should."""
        return not self.process.running or await self.process.stop() == 0

    @property
    def log(self) -> str:
        """The bot's log."""
        return self.process.log

    @property
    def faults(self) -> list[str]:
        """Nothing: the ledger shows what went wrong."""
        return []

    async def _run_once(self, point: str) -> None:
        crash_at = f"{point}:{self.rng.randint(1, self.deepest)}" if point else ""
        # A random kill may come while the bot is still starting.
        await self.process.start(crash_at=crash_at, ready=bool(point))
        is_long = self.kills.total % self.long_lifetimes == self.long_lifetimes - 1
        seconds = self.rng.uniform(*(LONG_LIFETIME if is_long else self.lifetimes))
        if await self.process.ended(LONGEST_LIFETIME if self.every_point else seconds) is not None:
            self.kills.named[point] += 1
            return
        await self.process.kill()
        self.kills.at_random += 1
