"""What is done to the bot while citizens book: wires cut on both sides, and SIGKILL, at random and at named places."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.app.failpoints import POINTS
from tests.e2e.bot_process import BotProcess

Json = dict[str, Any]


def faults_of_telegram(weight: float) -> list[Json]:
    """Answers dropped before and after acting, 5xx, a proxy's page, floods, delays."""
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
    """The same for the API; writes suffer most."""
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


LONG = (19.0, 24.0)
FOR_EVER = 60.0


@dataclass(slots=True)
class Kills:
    """How often the bot was killed, and where."""

    named: Counter[str] = field(default_factory=Counter)
    at_random: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.named.total() + self.at_random


@dataclass(slots=True)
class Killer:
    """Gives the bot one short life after the other.

    `lives` are seconds between which a life's length is drawn; one in `long_ones` lasts for `LONG`, so that attempts
    whose answer was lost, which are looked up for 16 seconds, come to an end.
    """

    process: BotProcess
    chance: random.Random
    lives: tuple[float, float] = (0.3, 3.0)
    long_ones: int = 4
    every_point: bool = False
    """Give every life a named place, and all the time that it needs to get there."""
    kills: Kills = field(default_factory=Kills)

    async def work(self, enough: Callable[[], bool]) -> None:
        """Kill until it is enough, then give the bot a life to keep."""
        plans: list[str] = []
        while not enough():
            if not plans:
                plans = [*POINTS, *[""] * (0 if self.every_point else len(POINTS) // 2)]
                self.chance.shuffle(plans)
            await self._one_life(plans.pop())
        await self.process.start()

    async def _one_life(self, point: str) -> None:
        crash_at = f"{point}:{self.chance.randint(1, 3)}" if point else ""
        # A random kill may come while the bot is still starting.
        await self.process.start(crash_at=crash_at, ready=bool(point))
        is_long = self.kills.total % self.long_ones == self.long_ones - 1
        seconds = self.chance.uniform(*(LONG if is_long else self.lives))
        if await self.process.ended(FOR_EVER if self.every_point else seconds) is not None:
            self.kills.named[point] += 1
            return
        await self.process.kill()
        self.kills.at_random += 1
