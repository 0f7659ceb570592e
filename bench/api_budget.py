"""How frugal the bot is with the API's hour. `python -m bench.api_budget`

The real conversations, clerk, gateway and store, and the moncreneau stand-in behind real HTTP; only time is simulated
(`hurried`) and the citizens are. What counts is the stand-in's own ledger: every request of every kind. Two proofs: 300
citizens in a busy hour, with the caches and without; and 1500 citizens who all want to book within an hour of 1000.

What the arithmetic allows: a booking is one request, a cancelling one more (5 %), and whoever loses a slot to somebody
of whom the bot does not know costs one, too: the refusal, or the reading that tells. With 10 % who each lose alone that
is 1.15 without a single look at the offices. So what is held to the bound is an hour in which the slots are lost among
the bot's own citizens: some because they happen to want the same one, others in races of five for the two places of a
slot, of which there are as many as are needed for 10 % to lose (chance may add some). The hour in which 10 % lose to
people at the offices' counters, each alone, is played and printed beside it: its floor is that 1.15.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bench import counters, stage
from bench.budget_outcome import Outcome, Scenario, print_table, together
from bench.citizens import Citizen, End, Habits
from bench.hurried import HurriedLoop, run
from bot.moncreneau.gateway import Gateway
from bot.sandbox.moncreneau import DEMO_KEYS, ApiKey, MoncreneauSandbox, create_app
from bot.sandbox.serving import serving_in_thread

ZONE = ZoneInfo("Africa/Conakry")
START = datetime(2026, 3, 2, 8, 0, tzinfo=ZONE)
HOUR = 3600.0
RATIO, BOOKINGS = 1.15, 850
"""The bounds: requests per completed booking at most, bookings within an hour of 1000 requests at least."""
NO_LIMIT = 1_000_000
DEPARTMENTS = {5: 0.5, 8: 0.3, 21: 0.2}
"""Which offices citizens go to, and how many of them."""
EARLIEST, TWO_DAYS, CANCEL = 0.30, 0.40, 0.05
"""Which share of citizens takes the earliest slot, looks at two days, cancels later."""
SEEDS = list(range(1, 11))
LOSE = 0.10
"""Which share of citizens loses the race for a slot."""
RUNNERS = 5
"""Citizens who want the same slot in the same minute, at most."""
MEMORY = "/dev/shm"  # noqa: S108 — what is proven here has nothing to do with a disk's speed
RACES = 14
"""So many times a race is run where there are too few losers yet."""
PATIENCE = 2 * HOUR
"""Seconds for which somebody waits for what they confirmed."""


def play(scenario: Scenario, seed: int) -> Outcome:
    """One hour and what follows from it."""
    loop = HurriedLoop(START)
    began = time.monotonic()
    config = MoncreneauSandbox(
        clock=loop.clock,
        rate_limit=scenario.limit,
        credits=scenario.citizens * 2,
        keys=(*DEMO_KEYS, ApiKey(counters.KEY)),
    )
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as folder,
        serving_in_thread(create_app(config)) as url,
    ):
        citizens, reset, taken = run(_hour(scenario, loop, url, Path(folder), seed), loop)
        ledger: dict[str, Any] = httpx.get(f"{url}/__sandbox/ledger").json()
    ours = [each for each in ledger["appointments"] if each["externalUserId"]]
    closing = (START + timedelta(seconds=HOUR)).replace(tzinfo=None)
    return Outcome(
        scenario,
        Counter(ledger["requests"]) - Counter({"POST /appointments": taken}),
        Counter(each.end for each in citizens),
        sum(datetime.fromisoformat(each["createdAt"]) < closing for each in ours),
        sum(each.lost > 0 for each in citizens),
        sum(each.waited for each in citizens),
        tuple(_untrue(citizens, ours, reset)),
        time.monotonic() - began,
    )


async def _hour(
    scenario: Scenario, loop: HurriedLoop, url: str, folder: Path, seed: int
) -> tuple[list[Citizen], str, int]:
    """All citizens, each from coming to going.

    Also when the budget begins anew, as the office's clock shows it, and how often somebody at a counter booked.
    """
    chance = random.Random(seed)  # noqa: S311 — the same citizens in every run are the point
    phones = stage.Phones()
    async with stage.bot(loop, phones, url, folder, caching=scenario.caching, chance=chance) as gateway:
        reset = _reset(gateway)
        citizens = [
            Citizen(1000 + number, _name(number), habits, own, phones.press, phones.say)
            for number, habits, own in _habits(scenario, chance)
        ]
        arrivals = [chance.uniform(0, HOUR - 60) for _ in citizens]
        for number in range(scenario.races * RUNNERS):
            arrivals[number] = arrivals[number // RUNNERS * RUNNERS]
        phones.owners = {each.chat_id: each for each in citizens}
        counter = counters.Counters(url, gateway)
        for each in chance.sample(citizens, scenario.strangers):
            each.before_confirming = counter.forestall
        lives = (_live(scenario, citizens, number, at) for number, at in enumerate(arrivals))
        await asyncio.gather(*lives)
    return citizens, reset, counter.asked


async def _live(scenario: Scenario, citizens: list[Citizen], number: int, arrival: float) -> None:
    """One of them. Of those who would race, no more do than are needed for the due share of losers."""
    await asyncio.sleep(arrival)
    each = citizens[number]
    if number < scenario.races * RUNNERS:
        missing = round(LOSE * scenario.citizens) - sum(one.lost > 0 for one in citizens)
        if number % RUNNERS >= (missing + counters.PLACES if missing > 0 else 0):
            each.habits = replace(each.habits, earliest=False)
    await each.live(0, PATIENCE)


def _reset(gateway: Gateway) -> str:
    reset = gateway.stats().reset
    # From the next full minute on: at the minute that the reset is in, it would still be too early.
    return f"{reset.astimezone(ZONE) + timedelta(seconds=59):%H:%M}" if reset else ""


def _habits(scenario: Scenario, chance: random.Random) -> Iterator[tuple[int, Habits, random.Random]]:
    """Everybody's, each share exactly as large as it should be. Who runs a race has no time to look at two days."""
    count, runners = scenario.citizens, scenario.races * RUNNERS
    two_days = set(chance.sample(range(runners, count), round(TWO_DAYS * count)))
    cancels = set(chance.sample(range(count), round(CANCEL * count)))
    earliest = {*range(runners), *chance.sample(range(runners, count), round(EARLIEST * count) - runners)}
    department = 0
    for number in range(count):
        if number >= runners or number % RUNNERS == 0:
            (department,) = chance.choices(list(DEPARTMENTS), list(DEPARTMENTS.values()))
        own = random.Random(chance.random())  # noqa: S311 — as above
        yield number, Habits(department, number in earliest, number in two_days, number in cancels), own


def _name(number: int) -> str:
    return f"Citoyen {'ABCDEFGHIJ'[number % 10]}{'abcdefghij'[number // 10 % 10]}"


def _untrue(citizens: list[Citizen], appointments: list[dict[str, Any]], reset: str) -> Iterator[str]:
    """Every answer is held against the office's ledger."""
    standing = {each["id"]: each for each in appointments if each["status"] == "SCHEDULED"}
    for each in citizens:
        held = standing.pop(each.ticket, None) if each.ticket else None
        owned = held is not None and held["externalUserId"] == f"telegram:{each.chat_id}"
        if (each.end is End.TICKET) != owned:
            yield f"{each.chat_id}: {each.end}, but the ledger has {held}"
        if each.end is End.NOTHING:
            yield f"{each.chat_id}: no answer"
        if each.told_time not in {"", reset}:
            yield f"{each.chat_id}: told {each.told_time}, but the budget begins anew at {reset}"
    yield from (f"nobody was told of appointment {number}" for number in standing)


def main(arguments: list[str] | None = None) -> int:
    """Play all scenarios, print what came of them; 1 where a bound is missed. Arguments: seeds, one an hour."""
    seeds = [int(each) for each in arguments or ()] or SEEDS
    hours = [play(Scenario("busy hour", 300, races=RACES), seed) for seed in seeds]
    busy = together(f"{len(hours)} busy hours", hours)
    naive = play(Scenario("1 of them, no caches", 300, races=RACES, caching=False, limit=NO_LIMIT), seeds[0])
    alone = play(Scenario("10 % lose to others", 300, strangers=round(300 * LOSE)), seeds[0])
    rush = play(Scenario("1500 want, 1000/h", 1500, limit=1000), seeds[0])
    print_table([busy, naive, alone, rush])
    print("busy hours one by one:", *(f"{each.ratio:.3f} ({each.lost / each.scenario.citizens:.1%})" for each in hours))
    worst = max(each.ratio for each in hours)
    missed = [
        words
        for missed, words in (
            (worst > RATIO, f"{worst:.3f} requests per completed booking in one hour, at most {RATIO} are allowed"),
            (rush.in_the_hour < BOOKINGS, f"{rush.in_the_hour} bookings within the hour, at least {BOOKINGS} are due"),
            (any(each.wrong for each in (busy, naive, alone, rush)), "somebody was told what is not true"),
        )
        if missed
    ]
    print(*(f"MISSED: {words}" for words in missed), sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
