"""How often a confirmed slot was just taken, and how many requests that costs. `python -m bench.fresh_slots`

    python -m bench.fresh_slots [NAME …] [--seed N] [--live]

The bot's real conversations, attempt worker, gateway and store, and the moncreneau stand-in behind real HTTP; only the
time, the citizens and the API's latency are simulated, so that an hour takes seconds. `--live` plays the rush smaller,
at real time, with the bot as a process. Measured are races lost at the last step (to strangers, of whom the bot knows
nothing, or to each other), the age of the slots that screens show, requests, and how long citizens wait for the bot
from `/start` to the ticket. Ends with 1 if a scenario missed a bound.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette

from bench.citizens import HURRIED, ORDINARY, Citizen, Habits, Pace, Phone, Screen
from bench.live_bot import LivePhones, live_bot
from bench.offices import HOUR, STRANGERS_KEYS, Offices, Recorder, Strangers, departments
from bench.simulated_bot import SimulatedPhones, simulated_bot
from bench.slot_measures import HEADER, Bounds, Outcome, measure, row
from bot.sandbox.moncreneau import Department, MoncreneauSandbox, create_app
from bot.sandbox.moncreneau.config import DEMO_KEYS
from bot.sandbox.serving import serving_in_thread
from tests.app.virtual_clock import VirtualClockLoop

ZONE = ZoneInfo("Africa/Conakry")
START = datetime(2026, 3, 2, 7, 0, tzinfo=ZONE)
MEMORY = "/dev/shm"  # noqa: S108 — a disk's speed is not measured here
PATIENCE, LIVE_PATIENCE = 2 * HOUR, 60.0
"""Seconds for which somebody stays, in simulated and at real time."""
FIRST_CHAT = 1000
GRACE = 0.0003
"""Seconds of real time in which a thread that is not reported as external work may still wake the loop."""
UNTOUCHED = 900
"""Requests of an hour of 1000 that may be used without touching the reserve for writes."""


@dataclass(frozen=True, slots=True)
class StrangersPlan:
    """How strangers take slots: so many each time, every so many seconds, in any department."""

    every: float
    count: int = 1
    earliest: bool = True


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who comes when, what they want, and the results that the bench requires."""

    about: str
    citizens: int
    within: float
    """Seconds in which they all come."""
    bounds: Bounds
    after: float = 0.0
    """Seconds before the first may come."""
    departments: int = 2
    earliest: float = 1.0
    """Share of citizens who take the earliest slot; the others choose at random within ten days."""
    two_days: float = 0.0
    cancels: float = 0.0
    pace: Pace = HURRIED
    latency: float = 0.2
    """Seconds that the API takes for a request of the bot."""
    strangers: tuple[StrangersPlan, ...] = ()
    places: int = 1
    """Of a slot."""
    only_slots: int | None = None
    """So many slots are left in each department."""
    limit: int = 1000
    remaining: int | None = None
    """Requests that are left of the first hour."""

    def offices(self) -> tuple[Department, ...]:
        """Its departments."""
        return departments(self.departments, rare=self.only_slots is not None)


A_STRANGER_A_SECOND = (StrangersPlan(every=1.0),)
SCENARIOS = {
    "rush": Scenario("rush, no strangers", 200, 60, Bounds(lost=0.03, waiting=3.0, requests=500)),
    "strangers": Scenario(
        "rush, a stranger a second", 200, 60, Bounds(lost=0.4, waiting=3.0, requests=500), strangers=A_STRANGER_A_SECOND
    ),
    "spread": Scenario(
        "300 in an hour, 10 % strangers",
        300,
        HOUR - 120,
        Bounds(losers=0.02, median_age=30, requests=UNTOUCHED),
        departments=8,
        earliest=0.0,
        pace=ORDINARY,
        strangers=(StrangersPlan(every=HOUR / 30, earliest=False),),
    ),
    "city": Scenario(
        "1500 want to book in an hour",
        1500,
        HOUR - 60,
        Bounds(lost=0.1, booked=880, tickets=880),
        departments=8,
        earliest=0.3,
        two_days=0.4,
        cancels=0.05,
        pace=ORDINARY,
    ),
    "calm": Scenario(
        "calm hour, the API takes 2 s",
        30,
        HOUR - 120,
        Bounds(oldest=30, requests=UNTOUCHED),
        pace=ORDINARY,
        latency=2.0,
        strangers=(StrangersPlan(every=60.0),),
    ),
    "bursts": Scenario(
        "rush, strangers in bursts of 10",
        100,
        60,
        Bounds(lost=0.3, waiting=5.0, requests=UNTOUCHED),
        strangers=(StrangersPlan(every=15.0, count=10),),
    ),
    "last": Scenario("one slot left for ten", 10, 10, Bounds(tickets=1), departments=1, only_slots=1),
    "places": Scenario(
        "one slot of three places for ten", 10, 10, Bounds(tickets=3), departments=1, places=3, only_slots=1
    ),
    "twenty": Scenario(
        "twenty departments at once",
        200,
        120,
        Bounds(waiting=3.0, requests=UNTOUCHED),
        departments=20,
        earliest=0.5,
        strangers=(StrangersPlan(every=2.0),),
    ),
    "reset": Scenario(
        "rush over the reset, 160 left",
        200,
        60,
        Bounds(waiting=5.0),
        after=HOUR - 30,
        strangers=A_STRANGER_A_SECOND,
        remaining=160,
    ),
    "slow": Scenario(
        "rush of 100, the API takes 2 s",
        100,
        60,
        Bounds(waiting=12.0, requests=UNTOUCHED),
        latency=2.0,
        strangers=(StrangersPlan(every=5.0),),
    ),
}
"""In simulated time. The numbers without a source in the issue check that nobody is left waiting."""
LIVE_SCENARIOS = {
    "rush": Scenario("real time: rush, no strangers", 100, 30, Bounds(lost=0.03, waiting=3.0, requests=250)),
    "strangers": Scenario(
        "real time: a stranger a second",
        100,
        30,
        # The last citizens, among whom the strangers still are, weigh more in half a minute than in a whole one.
        Bounds(lost=0.5, waiting=3.0, requests=250),
        strangers=A_STRANGER_A_SECOND,
    ),
}
"""At real time, half as large."""


class Crowd:
    """The citizens of a scenario, the same in every run with the same seed; `clock` gives seconds."""

    def __init__(self, scenario: Scenario, seed: int, clock: Callable[[], float]) -> None:
        self._scenario = scenario
        self._chance = random.Random(seed)  # noqa: S311 — the same in every run is the point
        self._clock = clock
        self.citizens: dict[int, Citizen] = {}
        """By chat id."""

    def show(self, chat_id: int, screen: Screen) -> None:
        """A message came to a chat."""
        self.citizens[chat_id].hear(screen)

    def create(self, phone: Phone) -> None:
        """Create all citizens, with this way to the bot."""
        scenario, chance = self._scenario, self._chance
        offices = scenario.offices()
        for number in range(scenario.citizens):
            office = chance.choice(offices)
            habits = Habits(
                office.id,
                office.name,
                earliest=chance.random() < scenario.earliest,
                looks_at_two_days=chance.random() < scenario.two_days,
                cancels=chance.random() < scenario.cancels,
                pace=scenario.pace,
            )
            own = random.Random(chance.random())  # noqa: S311 — as above
            name = f"Citoyen {'ABCDEFGHIJ'[number % 10]}{'abcdefghij'[number // 10 % 10]}"
            self.citizens[FIRST_CHAT + number] = Citizen(FIRST_CHAT + number, name, habits, own, phone, self._clock)

    async def live(self, strangers: Strangers, patience: float) -> None:
        """Let them all come and go, with strangers for as long as anybody is there. `patience` is in seconds."""
        scenario, chance = self._scenario, self._chance
        lives = [
            each.live(scenario.after + chance.uniform(0, scenario.within), patience) for each in self.citizens.values()
        ]
        others = [asyncio.create_task(self._compete(each, strangers)) for each in scenario.strangers]
        try:
            await asyncio.gather(*lives)
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    async def _compete(self, plan: StrangersPlan, strangers: Strangers) -> None:
        await asyncio.sleep(self._scenario.after)
        numbers = [each.id for each in self._scenario.offices()]
        while True:
            await asyncio.sleep(plan.every)
            number = self._chance.choice(numbers)
            if plan.earliest:
                await strangers.take_earliest(number, plan.count)
            else:
                await strangers.take_any(number)


def create_api(scenario: Scenario, clock: Callable[[], datetime] | None = None) -> Starlette:
    """The stand-in with the offices of a scenario; `clock` gives the moment if it is not the present one."""
    config = MoncreneauSandbox(
        departments=scenario.offices(),
        capacity=scenario.places,
        rate_limit=scenario.limit,
        keys=(*DEMO_KEYS, *STRANGERS_KEYS),
    )
    return create_app(replace(config, clock=clock) if clock else config)


async def prepare(scenario: Scenario, strangers: Strangers) -> dict[int, list[datetime]]:
    """Take the slots that are not to be left; returns all slots of each department."""
    slots: dict[int, list[datetime]] = {}
    for office in scenario.offices():
        slots[office.id] = await strangers.free(office.id)
        if scenario.only_slots is not None:
            await strangers.take_all_but(office.id, scenario.only_slots)
    return slots


def simulate(scenario: Scenario, seed: int) -> Outcome:
    """Play a scenario in simulated time."""
    began = time.monotonic()
    loop = VirtualClockLoop(START, GRACE, paused=True)
    offices = Offices(delay=scenario.latency / 2)
    crowd = Crowd(scenario, seed, loop.time)
    app = create_api(scenario, loop.clock)
    app.add_middleware(Recorder, requests=offices.requests, clock=loop.time)

    async def play(url: str, folder: Path) -> dict[int, list[datetime]]:
        phones = SimulatedPhones(crowd.show)
        crowd.create(phones)
        async with httpx.AsyncClient(base_url=url) as client:
            strangers = Strangers(client, START.date(), random.Random(seed), loop.external.in_progress)  # noqa: S311
            slots = await prepare(scenario, strangers)
            async with simulated_bot(loop, phones, url, folder, scenario.latency):
                if scenario.remaining is not None:
                    with loop.external.in_progress():
                        await client.post("/__sandbox/ratelimit", json={"remaining": scenario.remaining})
                await crowd.live(strangers, PATIENCE)
        return slots

    with (
        tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as folder,
        serving_in_thread(app) as url,
        asyncio.Runner(loop_factory=lambda: loop) as runner,
    ):
        slots = runner.run(play(url, Path(folder)))
    citizens, start = list(crowd.citizens.values()), START.replace(tzinfo=None)
    seconds = time.monotonic() - began
    return measure(scenario.about, citizens, offices, scenario.places, slots, start=start, seconds=seconds)


async def play_live(scenario: Scenario, seed: int) -> Outcome:
    """Play a scenario at real time, with the bot as a process."""
    start, began = datetime.now(ZONE).replace(tzinfo=None), time.monotonic()

    def clock() -> float:
        return time.monotonic() - began

    offices = Offices(delay=scenario.latency / 2)
    crowd = Crowd(scenario, seed, clock)
    phones = LivePhones(crowd.show)
    crowd.create(phones)
    app = create_api(scenario)
    app.add_middleware(Recorder, requests=offices.requests, clock=clock, latency=scenario.latency)
    with serving_in_thread(app) as url:
        async with httpx.AsyncClient(base_url=url) as client, live_bot(phones, url):
            strangers = Strangers(client, start.date(), random.Random(seed))  # noqa: S311
            slots = await prepare(scenario, strangers)
            await crowd.live(strangers, LIVE_PATIENCE)
    citizens = list(crowd.citizens.values())
    return measure(scenario.about, citizens, offices, scenario.places, slots, start=start, seconds=clock())


def judge(scenario: Scenario, outcome: Outcome) -> bool:
    """Print what was measured, and what of it is not enough; returns whether all is."""
    print(row(outcome), flush=True)
    misses = list(outcome.misses(scenario.bounds))
    for words in (*misses, *outcome.wrong[:5]):
        print(f"    MISSED {words}", flush=True)
    return not misses


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the named scenarios, or all; returns the exit code."""
    listing = "\n".join(f"  {name:<10} {scenario.about}" for name, scenario in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="bench.fresh_slots",
        description=f"scenarios:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", action="store_true", help=f"at real time, smaller: {', '.join(LIVE_SCENARIOS)}")
    chosen = parser.parse_args(arguments)
    scenarios = LIVE_SCENARIOS if chosen.live else SCENARIOS
    if unknown := [name for name in chosen.names if name not in scenarios]:
        parser.error(f"unknown: {', '.join(unknown)}")
    print(HEADER)
    missed = []
    for name in chosen.names or list(scenarios):
        scenario = scenarios[name]
        outcome = asyncio.run(play_live(scenario, chosen.seed)) if chosen.live else simulate(scenario, chosen.seed)
        if not judge(scenario, outcome):
            missed.append(name)
    print(f"missed: {', '.join(missed)}" if missed else "all bounds reached")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
