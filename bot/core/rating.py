"""The question after a visit: the answers, how often it is asked, and the figures of a department. Pure.

A rating is a department, a week and a score. Who gave it, and for which appointment, is not kept.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

PAUSE = timedelta(days=30)
"""A chat is asked at most once in so many days."""
FEWEST = 5
"""With fewer ratings a department's figures are not shown: they would tell what single citizens answered."""
NEVER_AGAIN = 0
"""What the button *do not ask again* names in place of a score."""


class Score(IntEnum):
    """An answer; stored."""

    VERY_GOOD = 5
    GOOD = 4
    FAIR = 3
    POOR = 2
    VERY_POOR = 1


@dataclass(frozen=True, slots=True)
class RatingQuestion:
    """A question that was asked and is not answered yet. `week` is the Monday of the visit's week."""

    chat_id: int
    appointment_id: int
    department_id: int
    week: date
    asked: date


@dataclass(frozen=True, slots=True)
class RatingAnswer:
    """The answer to the question about an appointment, until it is counted; a `score` of None is *do not ask again*."""

    chat_id: int
    appointment_id: int
    score: Score | None


@dataclass(frozen=True, slots=True)
class RatingCount:
    """How often a score was given to a department in a week, which begins with `week`, a Monday."""

    department_id: int
    week: date
    score: Score
    count: int


@dataclass(frozen=True, slots=True)
class DepartmentRatings:
    """How often each score was given to a department, very good first, as in `Score`."""

    department_id: int
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """The number of ratings."""
        return sum(self.counts)


def may_ask(today: date, last_asked: date | None) -> bool:
    """Whether a chat that was asked last on `last_asked` may be asked today."""
    return last_asked is None or today - last_asked >= PAUSE


def by_department(counts: Iterable[RatingCount]) -> tuple[DepartmentRatings, ...]:
    """The figures of each department that has `FEWEST` ratings or more, the most rated first.

    They are for all weeks together: those of single weeks would tell what few citizens answered.
    """
    found: defaultdict[int, dict[Score, int]] = defaultdict(lambda: dict.fromkeys(Score, 0))
    for each in counts:
        found[each.department_id][each.score] += each.count
    figures = (DepartmentRatings(number, tuple(scores.values())) for number, scores in found.items())
    shown = (each for each in figures if each.total >= FEWEST)
    return tuple(sorted(shown, key=lambda each: (-each.total, each.department_id)))
