"""What the statistics count of the changes that others make."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.appointment_book import BookEntry, Fact, Source, absorb
from bot.core.model import Appointment, AppointmentStatus
from bot.core.statistics import Count, Counted, WeekCount, by_week, counts_of, figures, week_of

AT = datetime.fromisoformat("2026-03-09T10:00")
KNOWN = BookEntry(50, 77, 5, AT, as_of=AT - timedelta(days=7), name="Aïssatou")
NOW = AT - timedelta(days=2)
MADE = Appointment(50, 5, AT, "Aïssatou")


def told(before: BookEntry | None, fact: Fact) -> tuple[Count, ...]:
    after, effects = absorb(before, fact)
    return counts_of(before, after, effects, fact)


def fact(source: Source = Source.WEBHOOK, *, by_office: bool | None = None, **changed: object) -> Fact:
    return Fact(50, 77, NOW, source, replace(MADE, **changed), by_office=by_office)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("by_office", "what"),
    [(True, Counted.CANCELLED_BY_OFFICE), (False, Counted.CANCELLED), (None, Counted.CANCELLED_BY_UNKNOWN)],
)
def test_a_cancellation_counts_by_who_did_it(*, by_office: bool | None, what: Counted) -> None:
    cancelled = fact(by_office=by_office, status=AppointmentStatus.CANCELLED)
    assert told(KNOWN, cancelled) == (Count(NOW.date(), 5, what),)


def test_a_move_by_the_office_counts_in_the_department_that_had_it() -> None:
    assert told(KNOWN, fact(at=AT + timedelta(days=1), department_id=6)) == (
        Count(NOW.date(), 5, Counted.MOVED_BY_OFFICE),
    )


def test_what_the_citizen_did_here_is_not_counted_as_somebody_elses() -> None:
    assert told(KNOWN, fact(Source.ATTEMPT, status=AppointmentStatus.CANCELLED)) == ()
    assert told(KNOWN, fact(Source.ATTEMPT, at=AT + timedelta(days=1))) == ()


def test_a_no_show_counts_on_the_day_of_the_appointment_and_is_taken_back_if_corrected() -> None:
    missed = fact(Source.READING, status=AppointmentStatus.NO_SHOW)
    assert told(KNOWN, missed) == (Count(AT.date(), 5, Counted.NO_SHOW),)
    entry, _ = absorb(KNOWN, missed)
    assert told(entry, fact(Source.READING, status=AppointmentStatus.COMPLETED)) == (
        Count(AT.date(), 5, Counted.NO_SHOW, -1),
    )


def test_an_appointment_that_was_unknown_counts_nothing() -> None:
    assert told(None, fact(Source.READING, status=AppointmentStatus.NO_SHOW)) == ()


STATUSES = st.sampled_from(list(AppointmentStatus))
SAID = st.builds(
    lambda source, status, hours: fact(source, status=status, at=AT + timedelta(hours=hours)),
    st.sampled_from([Source.READING, Source.DAY, Source.LIST, Source.WEBHOOK]),
    STATUSES,
    st.integers(0, 2),
)


@given(st.lists(SAID, max_size=8))
def test_however_often_something_is_told_it_counts_once(facts: list[Fact]) -> None:
    entry: BookEntry | None = KNOWN
    counts: list[Count] = []
    for each in facts:
        for _ in range(2):
            after, effects = absorb(entry, each)
            counts += counts_of(entry, after, effects, each)
            entry = after
    assert entry
    no_shows = sum(each.number for each in counts if each.what is Counted.NO_SHOW)
    assert no_shows == (entry.status is AppointmentStatus.NO_SHOW)


def test_days_add_up_to_weeks_the_newest_first() -> None:
    monday, sunday = date(2026, 3, 9), date(2026, 3, 8)
    counts = [
        Count(sunday, 5, Counted.BOOKED, 2),
        Count(monday, 6, Counted.BOOKED),
        Count(monday, 5, Counted.LOST_RACE),
        Count(monday + timedelta(days=6), 5, Counted.BOOKED, 3),
        Count(monday, 5, Counted.NO_SHOW),
        Count(monday + timedelta(days=1), 5, Counted.NO_SHOW, -1),
    ]
    weeks = by_week(counts)
    assert weeks == (
        WeekCount(monday, 5, Counted.BOOKED, 3),
        WeekCount(monday, 5, Counted.LOST_RACE, 1),
        WeekCount(monday, 6, Counted.BOOKED, 1),
        WeekCount(week_of(sunday), 5, Counted.BOOKED, 2),
    )
    assert figures(weeks) == {Counted.BOOKED: 6, Counted.LOST_RACE: 1}
