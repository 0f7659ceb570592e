"""Errors are recorded with code and time, and citizens are told when to try again."""

from datetime import UTC, timedelta, timezone

import pytest

from bot.core.health import OperatorIssue
from bot.core.model import FailureCode
from bot.moncreneau.errors import DEPARTMENT_ACCESS_DENIED, MoncreneauError, NoAccess, RateLimited
from bot.moncreneau.incidents import IncidentLog
from tests.moncreneau.support import START, StillClock


def fails(incident_log: IncidentLog, error: MoncreneauError) -> MoncreneauError:
    def act() -> None:
        raise error

    with pytest.raises(MoncreneauError) as caught, incident_log.watched("availability", 5):
        act()
    return caught.value


def test_an_error_is_recorded_and_raised(clock: StillClock) -> None:
    heard: list[tuple[OperatorIssue, bool]] = []
    incident_log = IncidentLog(clock, UTC, lambda issue, present: heard.append((issue, present)))
    fails(incident_log, NoAccess(DEPARTMENT_ACCESS_DENIED, status=403))
    assert incident_log.last_error == ("403 DEPARTMENT_ACCESS_DENIED", START)
    with incident_log.watched("availability", 5):
        pass
    issue = OperatorIssue(FailureCode.NO_ACCESS, 5)
    assert heard == [(issue, True), (issue, False)]


def test_the_end_of_a_wait_is_told_in_office_time(clock: StillClock) -> None:
    incident_log = IncidentLog(clock, timezone(timedelta(hours=1)), None)
    assert fails(incident_log, RateLimited(retry_after=1800)).failure.until == (
        START + timedelta(hours=1, minutes=30)
    ).replace(tzinfo=None)


def test_a_wait_until_tomorrow_is_told_as_such(clock: StillClock) -> None:
    incident_log = IncidentLog(clock, UTC, None)
    assert not fails(incident_log, RateLimited(retry_after=3600)).failure.another_day
    assert fails(incident_log, RateLimited(retry_after=20 * 3600)).failure.another_day
    assert not fails(incident_log, RateLimited()).failure.another_day
