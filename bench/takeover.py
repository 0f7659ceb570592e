"""How long citizens wait while one process takes over from another, on a PostgreSQL server of its own.

Two processes run; a citizen writes at the moment in which the leader is killed (SIGKILL), stopped (SIGTERM) or frozen
(SIGSTOP). The time is that until the answer is in the chat; it includes the load of the stand-ins on the same machine.
`python -m bench.takeover [kills [stops [freezes]]]` prints median, p99 and longest of each; ends with 1 if a goal is
missed or an answer does not come.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.e2e.bot_process import BotProcess
from tests.e2e.phone import Phone, new_phone
from tests.e2e.services import separate_bot
from tests.e2e.waiting import eventually
from tests.storage.cluster import serving_cluster
from tests.storage.databases import postgresql_database

KILLS, STOPS, FREEZES = 50, 20, 5
GOALS = {"kill": 2.0, "stop": 1.0, "freeze": 12.0}
"""Seconds until the first new answer: p99."""
PAUSE = 0.01
"""Seconds between two looks at the chat."""


async def _kill(leader: BotProcess) -> None:
    await leader.kill()


async def _stop(leader: BotProcess) -> None:
    leader.terminate()


async def _freeze(leader: BotProcess) -> None:
    leader.freeze()


ENDS: dict[str, Callable[[BotProcess], Awaitable[None]]] = {"kill": _kill, "stop": _stop, "freeze": _freeze}


async def takeover(how: str, leader: BotProcess, standby: BotProcess, phone: Phone) -> float:
    """End the leader in this way; returns the seconds until the standby answers. Then both run again."""
    await phone.scroll()
    before = {each.number for each in await phone.look()}
    began = time.monotonic()
    await ENDS[how](leader)
    await phone.say("/start")

    async def is_answered() -> bool:
        return any(each.number not in before for each in await phone.look())

    await eventually("an answer", is_answered, within=60, pause=PAUSE)
    seconds = time.monotonic() - began
    leader.thaw() if how == "freeze" else None
    await eventually("it has ended", lambda: not leader.running, within=60)
    await eventually("the other one is ready", standby.is_ready_or_dead)
    await leader.start(ready=False)
    await eventually("it stands by", leader.is_standby, within=60)
    return seconds


def row(how: str, seconds: list[float]) -> str:
    """One line of the table."""
    p99 = sorted(seconds)[max(0, round(len(seconds) * 0.99) - 1)]
    missed = "  MISSED" if p99 > GOALS[how] else ""
    return (
        f"{how:<8}{len(seconds):>5}{statistics.median(seconds):>9.2f}{p99:>9.2f}{max(seconds):>9.2f}"
        f"{GOALS[how]:>8.0f}{missed}"
    )


async def measure(counts: dict[str, int]) -> int:
    """Print the table; returns the exit code."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving_cluster() as cluster,
        postgresql_database(cluster) as database,
    ):
        (Path(folder) / "other").mkdir()
        async with separate_bot(Path(folder), database_url=database.url) as (services, first):
            leader, standby = first, BotProcess(Path(folder) / "other", first.settings, database)
            try:
                await leader.start()
                await standby.start(ready=False)
                await eventually("it stands by", standby.is_standby)
                phone = await new_phone(services.telegram, "Aïssatou", "fr")
                print("seconds   times   median      p99  longest    goal", flush=True)
                is_missed = False
                for how, count in counts.items():
                    seconds: list[float] = []
                    for _ in range(count):
                        seconds.append(await takeover(how, leader, standby, phone))
                        leader, standby = standby, leader
                    if seconds:
                        line = row(how, seconds)
                        is_missed = is_missed or "MISSED" in line
                        print(line, flush=True)
            finally:
                for each in (leader, standby):
                    if each.running:
                        each.thaw()
                        await each.kill()
    return int(is_missed)


def main() -> int:
    """Read the numbers of kills, stops and freezes."""
    given = [int(each) for each in sys.argv[1:]]
    counts = [*given, *(KILLS, STOPS, FREEZES)[len(given) :]]
    return asyncio.run(measure(dict(zip(ENDS, counts, strict=False))))


if __name__ == "__main__":
    sys.exit(main())
