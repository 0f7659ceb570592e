"""What went wrong is noted with its code and its time, and citizens are told from when on to try again."""

from datetime import UTC, timedelta, timezone

import pytest

from bot.core.health import Concern
from bot.core.model import Problem
from bot.moncreneau.errors import DepartmentAccessDenied, MoncreneauError, RateLimited
from bot.moncreneau.incidents import Journal
from tests.moncreneau.support import START, StillClock


def fails(journal: Journal, error: MoncreneauError) -> MoncreneauError:
    def act() -> None:
        raise error

    with pytest.raises(MoncreneauError) as caught, journal.watched("availability", 5):
        act()
    return caught.value


def test_an_error_is_noted_and_goes_on(clock: StillClock) -> None:
    heard: list[tuple[Concern, bool]] = []
    journal = Journal(clock, UTC, lambda concern, present: heard.append((concern, present)))
    fails(journal, DepartmentAccessDenied("DEPARTMENT_ACCESS_DENIED", status=403))
    assert journal.last_error == ("403 DEPARTMENT_ACCESS_DENIED", START)
    with journal.watched("availability", 5):
        pass
    concern = Concern(Problem.NO_ACCESS, 5)
    assert heard == [(concern, True), (concern, False)]


def test_who_has_to_wait_is_told_until_when_by_the_offices_clock(clock: StillClock) -> None:
    journal = Journal(clock, timezone(timedelta(hours=1)), None)
    assert fails(journal, RateLimited(retry_after=1800)).trouble.until == (
        START + timedelta(hours=1, minutes=30)
    ).replace(tzinfo=None)


def test_who_has_to_wait_until_tomorrow_is_told_so(clock: StillClock) -> None:
    journal = Journal(clock, UTC, None)
    assert not fails(journal, RateLimited(retry_after=3600)).trouble.another_day
    assert fails(journal, RateLimited(retry_after=20 * 3600)).trouble.another_day
    assert not fails(journal, RateLimited()).trouble.another_day
