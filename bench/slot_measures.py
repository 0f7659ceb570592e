"""Measures a scenario of `fresh_slots`, compares it with its bounds, and prints it.

All measures come from the citizens' screens and the requests that the API saw; the bot is not asked.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.citizens import Citizen, End
from bench.offices import HOUR, Book, Offices

GRACE = 60.0
"""Seconds for which something that was true may still be told: what the bot knows may be so old."""
SOON = 0.1
"""Seconds after the refusal of a slot from which on no new screen may offer it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of a scenario; None: not checked."""

    lost: float | None = None
    """Races lost at the last step for each booking, at most."""
    losers: float | None = None
    """Share of citizens who lose a race, at most."""
    median_age: float | None = None
    """Of the slots shown, in seconds, at most."""
    oldest: float | None = None
    """The same for every screen."""
    waiting: float | None = None
    """Seconds of waiting in all from `/start` to the ticket, for 95 % of citizens, at most."""
    requests: int | None = None
    """Requests of the bot within the hour, at most."""
    booked: int | None = None
    """Bookings within the hour, at least."""
    tickets: int | None = None
    """Citizens who get a ticket, at least; all of them where no bound stands."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The measures. Ages and waiting times are sorted, in seconds."""

    name: str
    ends: Counter[End]
    booked: int
    """Bookings within the hour."""
    lost_to: Counter[str]
    """Races lost at the last step, to `STRANGERS`, to `EACH_OTHER` or to `NOBODY`."""
    losers: int
    """Citizens who lost a race."""
    ages: tuple[float, ...]
    waiting: tuple[float, ...]
    requests: Counter[str]
    """The bot's requests within the hour, by endpoint."""
    shown_again: int
    """How often a slot was offered again that the API had refused and that was still taken."""
    wrong: tuple[str, ...]
    """Something untrue that a citizen was told."""
    seconds: float
    """How long the scenario took, in real time."""

    @property
    def citizens(self) -> int:
        """How many came."""
        return self.ends.total()

    @property
    def tickets(self) -> int:
        """Citizens who have a ticket, or had one and cancelled."""
        return self.ends[End.TICKET] + self.ends[End.CANCELLED]

    @property
    def lost(self) -> float:
        """Races lost at the last step for each citizen with a ticket."""
        return self.lost_to.total() / max(1, self.tickets)

    @property
    def reads(self) -> int:
        """Requests that changed nothing."""
        return sum(count for endpoint, count in self.requests.items() if endpoint.startswith("GET"))

    def misses(self, bounds: Bounds) -> Iterator[str]:
        """In words, what is worse than it may be."""
        losers, wanted = self.losers / max(1, self.citizens), bounds.tickets
        limits = (
            ("lost races a booking", self.lost, bounds.lost),
            ("share of citizens who lost a race", losers, bounds.losers),
            ("median age of slots shown (s)", percentile(self.ages, 0.5), bounds.median_age),
            ("age of the oldest slots shown (s)", percentile(self.ages, 1), bounds.oldest),
            ("waiting at p95 (s)", percentile(self.waiting, 0.95), bounds.waiting),
            ("requests", self.requests.total(), bounds.requests),
            ("refused slots shown again", self.shown_again, 0),
            ("untrue answers", len(self.wrong), 0),
        )
        for name, value, most in limits:
            if most is not None and not value <= most:
                yield f"{name}: {value:.3g}, at most {most}"
        if bounds.booked is not None and self.booked < bounds.booked:
            yield f"bookings within the hour: {self.booked}, at least {bounds.booked}"
        if self.tickets < (self.citizens if wanted is None else wanted):
            yield f"citizens with a ticket: {self.tickets} of {self.citizens}, at least {wanted or self.citizens}"


STRANGERS, EACH_OTHER, NOBODY = "strangers", "each other", "nobody"


def percentile(values: Sequence[float], part: float) -> float:
    """The value that this part of the sorted values does not exceed; 0 without values."""
    return values[min(len(values) - 1, int(part * len(values)))] if values else 0.0


def measure(  # noqa: PLR0913 — all that a scenario leaves behind
    name: str,
    citizens: Sequence[Citizen],
    offices: Offices,
    places: int,
    slots: Mapping[int, Sequence[datetime]],
    *,
    start: datetime,
    seconds: float,
) -> Outcome:
    """Measure a scenario that has ended.

    `slots` are all slots of each department, `start` the office time at second 0, `seconds` the real time that passed.
    """
    book = Book.of(offices.requests, places)
    within = [each for each in offices.bots if each.at < HOUR]
    ages = (offices.age(each.habits.department, at) for each in citizens for at, _ in each.seen)
    return Outcome(
        name,
        Counter(each.end for each in citizens),
        sum(each.method == "POST" and "id" in each.answer for each in within),
        Counter(
            _lost_to(book, each.habits.department, loss.slot, loss.at) for each in citizens for loss in each.losses
        ),
        sum(bool(each.losses) for each in citizens),
        tuple(sorted(ages)),
        tuple(sorted(each.waited for each in citizens if each.ticket is not None)),
        Counter(each.endpoint for each in within),
        _shown_again(citizens, offices, book),
        tuple(_wrong(citizens, offices, book, slots, start)),
        seconds,
    )


def _lost_to(book: Book, department: int, slot: datetime, at: float) -> str:
    """Who took the last place of a slot."""
    holders = book.holders((department, slot), at)
    if len(holders) < book.places:
        return NOBODY
    return EACH_OTHER if holders[-1].owner else STRANGERS


def _shown_again(citizens: Sequence[Citizen], offices: Offices, book: Book) -> int:
    refused: dict[tuple[int, datetime], list[float]] = {}
    for at, slot in offices.refusals():
        refused.setdefault(slot, []).append(at)
    found = 0
    for citizen in citizens:
        for shown, screen in citizen.seen:
            for time in screen.times():
                slot = (citizen.habits.department, time)
                known = bisect_right(refused.get(slot, ()), shown - SOON)
                found += bool(known) and not book.is_free(slot, shown)
    return found


def _wrong(
    citizens: Sequence[Citizen],
    offices: Offices,
    book: Book,
    slots: Mapping[int, Sequence[datetime]],
    start: datetime,
) -> Iterator[str]:
    """Hold every answer against the offices' book."""
    kept = book.kept()
    # Hours are told from the next full minute on: at the minute of the reset it would still be too early.
    hours = {f"{start + timedelta(seconds=math.ceil(reset) + 59):%H:%M}" for reset in offices.resets()}
    for each in citizens:
        held = kept.pop(each.ticket, None) if each.ticket else None
        owned = held is not None and held.owner == f"telegram:{each.chat_id}"
        if (each.end is End.TICKET) != owned:
            yield f"{each.chat_id}: {each.end}, but the offices have {held}"
        if each.end is End.NOTHING:
            yield f"{each.chat_id}: no answer"
        if each.told_time and each.told_time not in hours:
            yield f"{each.chat_id}: told {each.told_time}, but the quota starts again at {', '.join(sorted(hours))}"
        if each.end is End.FULL and _is_anything_free(book, each, slots, start):
            yield f"{each.chat_id}: told that nothing is free, which is not true"
    yield from (f"nobody was told of appointment {number} of {held.owner}" for number, held in kept.items())


def _is_anything_free(book: Book, citizen: Citizen, slots: Mapping[int, Sequence[datetime]], start: datetime) -> bool:
    """Whether a slot was free when the citizen was told that none is, and a minute before."""
    department, at = citizen.habits.department, citizen.ended_at
    coming = (slot for slot in slots[department] if slot > start + timedelta(seconds=at))
    return any(book.is_free((department, slot), at) and book.is_free((department, slot), at - GRACE) for slot in coming)


HEADER = (
    f"{'':<34}{'tickets':>10}{'within':>8}{'lost a':>8}{'to stran-':>10}{'to each':>8}{'to no-':>7}{'losers':>8}"
    f"{'age of slots (s)':>20}{'requests':>13}{'waiting (s)':>13}{'took':>6}\n"
    f"{'':<34}{'':>10}{'an hour':>8}{'booking':>8}{'gers':>10}{'other':>8}{'body':>7}{'':>8}"
    f"{'median/95 %/oldest':>20}{'read/write':>13}{'median/95 %':>13}{'(s)':>6}"
)


def row(outcome: Outcome) -> str:
    """One line of the table."""
    ages = "/".join(f"{percentile(outcome.ages, part):.0f}" for part in (0.5, 0.95, 1))
    waiting = "/".join(f"{percentile(outcome.waiting, part):.1f}" for part in (0.5, 0.95))
    return (
        f"{outcome.name:<34}{f'{outcome.tickets}/{outcome.citizens}':>10}{outcome.booked:>8}{outcome.lost:>8.2f}"
        f"{outcome.lost_to[STRANGERS]:>10}{outcome.lost_to[EACH_OTHER]:>8}{outcome.lost_to[NOBODY]:>7}"
        f"{outcome.losers / max(1, outcome.citizens):>8.1%}"
        f"{ages:>20}{f'{outcome.reads}/{outcome.requests.total() - outcome.reads}':>13}{waiting:>13}"
        f"{outcome.seconds:>6.0f}"
    )
