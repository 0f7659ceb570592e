"""What came of an hour in which citizens booked: counted, added up and printed; knows nothing of how it was played."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bench.citizens import End


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who comes, and what the service grants."""

    name: str
    citizens: int
    races: int = 0
    """So many times at most `RUNNERS` of them come together, for the earliest slot of the same office."""
    strangers: int = 0
    """From so many of them somebody at the counter takes the slot that they are about to confirm."""
    caching: bool = True
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    scenario: Scenario
    requests: Counter[str]
    ends: Counter[End]
    in_the_hour: int
    """Bookings that were made within it."""
    lost: int
    """Citizens whose slot was gone when they confirmed."""
    waited: int
    """Citizens who had confirmed and were told to wait, and until when."""
    wrong: tuple[str, ...]
    """What somebody was told that is not true."""
    seconds: float

    @property
    def completed(self) -> int:
        """Bookings that citizens have a ticket of, or had."""
        return self.ends[End.TICKET] + self.ends[End.CANCELLED]

    @property
    def ratio(self) -> float:
        """Requests of every kind over completed bookings."""
        return self.requests.total() / max(1, self.completed)


def together(name: str, outcomes: list[Outcome]) -> Outcome:
    """Several hours as one: chance plays less of a part."""
    return Outcome(
        replace(outcomes[0].scenario, name=name, citizens=sum(each.scenario.citizens for each in outcomes)),
        sum((each.requests for each in outcomes), Counter()),
        sum((each.ends for each in outcomes), Counter()),
        sum(each.in_the_hour for each in outcomes),
        sum(each.lost for each in outcomes),
        sum(each.waited for each in outcomes),
        tuple(words for each in outcomes for words in each.wrong),
        sum(each.seconds for each in outcomes),
    )


def _shares(busy: Outcome) -> Iterator[tuple[str, float]]:
    """What the requests of a busy hour were for. The first two are what no frugality can save."""
    posts, deletes = busy.requests["POST /appointments"], busy.requests["DELETE /appointments/{id}"]
    reads = busy.requests.total() - posts - deletes
    parts = (
        ("the booking itself", busy.in_the_hour),
        ("cancelling", deletes),
        ("bookings that were refused: lost races", posts - busy.in_the_hour),
        ("reads, most of them to settle lost races", reads),
    )
    yield from ((name, count / max(1, busy.completed)) for name, count in parts)


def print_table(outcomes: list[Outcome]) -> None:
    """Print all that was counted, one column each, and what the requests of the first were for."""
    kinds = sorted({kind for each in outcomes for kind in each.requests})
    print("requests per completed booking".ljust(44) + "".join(each.scenario.name.rjust(22) for each in outcomes))
    rows: list[tuple[str, Sequence[object]]] = [
        ("citizens", [each.scenario.citizens for each in outcomes]),
        ("completed bookings", [each.completed for each in outcomes]),
        ("bookings made within the hour", [each.in_the_hour for each in outcomes]),
        ("lost the race for a slot", [f"{each.lost} ({each.lost / each.scenario.citizens:.1%})" for each in outcomes]),
        ("had to wait for what they confirmed", [each.waited for each in outcomes]),
        *((f"  {kind}", [each.requests[kind] for each in outcomes]) for kind in kinds),
        ("requests", [each.requests.total() for each in outcomes]),
        ("requests per completed booking", [f"{each.ratio:.3f}" for each in outcomes]),
        *((f"  {end}", [each.ends[end] for each in outcomes]) for end in End),
        ("answers that were not true", [len(each.wrong) for each in outcomes]),
        ("real seconds", [f"{each.seconds:.0f}" for each in outcomes]),
    ]
    for name, values in rows:
        print(name.ljust(44) + "".join(str(value).rjust(22) for value in values))
    print("of these, per completed booking:")
    for name, share in _shares(outcomes[0]):
        print(f"  {name}".ljust(44) + f"{share:.3f}".rjust(22))
    for each in outcomes:
        for words in each.wrong[:5]:
            print(f"  {each.scenario.name}: {words}")
