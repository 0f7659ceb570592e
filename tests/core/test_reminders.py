"""When a citizen is reminded: the times, the exceptions, the night."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.appointment_book import BookEntry
from bot.core.model import AppointmentStatus
from bot.core.reminders import Due, Timer, TimerKind, due_now, is_new_version, timers_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}")


START = at("12T14:30")
LONG_BEFORE = at("01T09:00")
ENTRY = BookEntry(50, 7, 5, START, version=3, as_of=LONG_BEFORE, booked_at=LONG_BEFORE)


def due(entry: BookEntry) -> dict[TimerKind, datetime]:
    return {each.kind: each.due_at for each in timers_of(entry)}


def test_an_appointment_has_two_reminders_bound_to_its_version() -> None:
    assert timers_of(ENTRY) == (
        Timer(7, TimerKind.TWO_DAYS, 50, 3, at("10T14:30"), at("11T14:30")),
        Timer(7, TimerKind.HOURS, 50, 3, at("12T11:30"), at("12T13:30")),
    )


@pytest.mark.parametrize(
    ("start", "reminded"),
    [
        ("12T08:00", "11T20:00"),
        ("12T09:00", "12T07:00"),
        ("12T08:59", "11T20:00"),
        ("12T09:30", "12T07:00"),
        ("12T10:00", "12T07:00"),
        ("12T14:30", "12T11:30"),
        ("12T00:00", "11T20:00"),
        ("12T00:30", "11T20:00"),
        ("12T23:59", "12T20:59"),
    ],
)
def test_the_second_reminder_is_never_at_night(start: str, reminded: str) -> None:
    assert due(replace(ENTRY, at=at(start)))[TimerKind.HOURS] == at(reminded)


@pytest.mark.parametrize(
    ("start", "reminded"), [("12T22:00", "11T07:00"), ("12T05:00", "10T07:00"), ("12T20:59", "10T20:59")]
)
def test_the_first_reminder_waits_for_the_end_of_the_night(start: str, reminded: str) -> None:
    assert due(replace(ENTRY, at=at(start)))[TimerKind.TWO_DAYS] == at(reminded)


@pytest.mark.parametrize(
    ("booked", "kinds"),
    [
        (START - timedelta(hours=72), {TimerKind.TWO_DAYS, TimerKind.HOURS}),
        (START - timedelta(hours=71, minutes=59), {TimerKind.HOURS}),
        (START - timedelta(hours=9), {TimerKind.HOURS}),
        (START - timedelta(hours=8, minutes=59), set()),
        (START - timedelta(hours=1), set()),
    ],
)
def test_a_citizen_who_has_just_booked_is_not_reminded(booked: datetime, kinds: set[TimerKind]) -> None:
    assert due(replace(ENTRY, booked_at=booked)).keys() == kinds


def test_a_reminder_due_before_the_entry_changed_is_not_sent_again() -> None:
    assert due(replace(ENTRY, as_of=at("10T14:30"))).keys() == {TimerKind.HOURS}
    assert due(replace(ENTRY, as_of=at("12T11:30"))) == {}
    assert due(replace(ENTRY, as_of=at("13T11:30"))) == {}, "nor for a past appointment"


def test_an_entry_of_an_earlier_release_has_both() -> None:
    assert due(replace(ENTRY, as_of=None, booked_at=None)).keys() == {TimerKind.TWO_DAYS, TimerKind.HOURS}


def test_timers_are_replaced_with_a_new_version_alone() -> None:
    assert is_new_version(None, ENTRY)
    assert is_new_version(ENTRY, replace(ENTRY, version=4))
    assert not is_new_version(ENTRY, replace(ENTRY, name="Aïssatou Bah"))


@pytest.mark.parametrize("status", AppointmentStatus)
def test_only_what_stands_is_reminded_of(status: AppointmentStatus) -> None:
    kinds = {TimerKind.TWO_DAYS, TimerKind.HOURS}
    stands = status in {AppointmentStatus.SCHEDULED, AppointmentStatus.PENDING_PAYMENT}
    assert (due(replace(ENTRY, status=status)).keys() == kinds) == stands


@pytest.mark.parametrize(
    ("noted", "asked"),
    [("12T16:00", "13T09:00"), ("12T23:59", "13T09:00"), ("13T10:00", "14T09:00"), ("12T14:00", "13T09:00")],
)
def test_a_citizen_who_did_not_come_is_asked_the_next_morning(noted: str, asked: str) -> None:
    missed = replace(ENTRY, status=AppointmentStatus.NO_SHOW, as_of=at(noted))
    expected = Timer(7, TimerKind.NO_SHOW, 50, 3, at(asked), at(asked) + timedelta(days=3))
    assert timers_of(missed) == (expected,)


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, as_of=START + timedelta(days=7, minutes=1)),
        replace(ENTRY, as_of=None),
        replace(ENTRY, as_of=START, version=0),
    ],
    ids=["noted long after", "nobody knows when", "known only as missed"],
)
def test_an_old_absence_is_not_mentioned(entry: BookEntry) -> None:
    assert timers_of(replace(entry, status=AppointmentStatus.NO_SHOW)) == ()


@pytest.mark.parametrize(
    ("start", "noted", "asked"),
    [
        ("12T14:30", "12T14:35", "12T16:30"),
        ("12T14:30", "12T14:10", "12T16:30"),
        ("12T14:30", "12T18:20", "12T18:20"),
        ("12T14:30", "12T20:00", "13T08:00"),
        ("12T17:59", "12T18:10", "12T19:59"),
        ("12T18:00", "12T18:10", "13T08:00"),
        ("12T05:00", "12T05:10", "12T08:00"),
        ("12T22:30", "12T22:40", "13T08:00"),
        ("12T14:30", "14T14:30", "14T14:30"),
    ],
)
def test_who_came_is_asked_two_hours_after_the_start_or_when_it_is_noted_and_not_at_night(
    start: str, noted: str, asked: str
) -> None:
    visit = replace(ENTRY, at=at(start), status=AppointmentStatus.COMPLETED, as_of=at(noted))
    not_after = at(start) + timedelta(hours=48)
    assert timers_of(visit) == (Timer(7, TimerKind.RATING, 50, 3, at(asked), not_after),)


@pytest.mark.parametrize(
    "entry",
    [replace(ENTRY, as_of=START + timedelta(hours=48, minutes=1)), replace(ENTRY, version=0)],
    ids=["noted long after", "known only as over"],
)
def test_an_old_visit_is_not_asked_about(entry: BookEntry) -> None:
    assert timers_of(replace(entry, status=AppointmentStatus.COMPLETED)) == ()
    assert timers_of(replace(ENTRY, status=AppointmentStatus.COMPLETED, as_of=None)) != ()


# --- what is due ------------------------------------------------------------------------------------------------------

R48, R3 = TimerKind.TWO_DAYS, TimerKind.HOURS


def told(
    *entries: BookEntry,
    now: datetime,
    timers: tuple[Timer, ...] | None = None,
    wanted: bool = True,
    may_ask: bool = True,
) -> Due:
    armed = tuple(timer for entry in entries for timer in timers_of(entry)) if timers is None else timers
    return due_now(armed, entries, now, wanted=wanted, may_ask=may_ask)


def numbers(due: Due) -> list[tuple[TimerKind, list[int]]]:
    return [(each.kind, [entry.appointment_id for entry in each.entries]) for each in due.messages]


def test_nothing_is_told_before_it_is_due() -> None:
    assert told(ENTRY, now=at("10T14:29")) == Due()
    due = told(ENTRY, now=at("10T14:30"))
    assert (numbers(due), [each.kind for each in due.fired], due.dropped) == ([(R48, [50])], [R48], 0)


def test_a_late_reminder_is_sent_as_long_as_it_is_useful() -> None:
    assert numbers(told(ENTRY, now=at("11T14:30"))) == [(R48, [50])]
    late = told(ENTRY, now=at("11T14:31"))
    assert (late.messages, [each.kind for each in late.fired], late.dropped) == ((), [R48], 1)


@pytest.mark.parametrize("hour", ["10T21:00", "10T23:59", "11T00:00", "11T06:59"])
def test_at_night_everything_waits_for_the_morning(hour: str) -> None:
    assert told(ENTRY, now=at(hour)) == Due()


def test_a_message_that_waits_is_not_sent_at_night_either() -> None:
    assert told(ENTRY, now=at("10T20:30")).messages[0].not_after == at("10T21:00")
    assert told(ENTRY, now=at("12T11:30")).messages[-1].not_after == at("12T13:30")


@pytest.mark.parametrize(
    "now_is",
    [
        None,
        replace(ENTRY, version=4),
        replace(ENTRY, status=AppointmentStatus.CANCELLED),
        replace(ENTRY, status=AppointmentStatus.COMPLETED),
    ],
    ids=["unknown", "changed", "cancelled", "attended"],
)
def test_a_timer_that_became_untrue_is_dropped(now_is: BookEntry | None) -> None:
    entries = (now_is,) if now_is else ()
    due = told(*entries, now=at("10T14:30"), timers=timers_of(ENTRY))
    assert (due.messages, [each.kind for each in due.fired], due.dropped) == ((), [R48], 1)


def test_the_appointments_of_a_day_are_told_in_one_message() -> None:
    morning = replace(ENTRY, appointment_id=51, at=at("12T09:30"))
    cancelled = replace(ENTRY, appointment_id=52, at=at("12T10:00"), status=AppointmentStatus.CANCELLED)
    next_day = replace(ENTRY, appointment_id=53, at=at("13T09:00"))
    due = told(ENTRY, morning, cancelled, next_day, now=at("10T09:30"))
    assert numbers(due) == [(R48, [51, 50])]
    assert [(each.appointment_id, each.kind) for each in due.fired] == [(50, R48), (51, R48)]
    due = told(ENTRY, morning, cancelled, next_day, now=at("12T07:00"))
    assert numbers(due) == [(R3, [51, 50]), (R48, [53])]
    assert {each.appointment_id for each in due.fired if each.kind is R3} == {50, 51}


def test_the_second_reminder_of_a_day_replaces_the_first() -> None:
    night = replace(ENTRY, appointment_id=51, at=at("12T20:30"))
    early = replace(ENTRY, appointment_id=52, at=at("12T08:00"))
    due = told(early, night, now=at("11T20:00"))
    assert numbers(due) == [(R3, [52, 51])]
    assert {(each.appointment_id, each.kind) for each in due.fired} == {(52, R3), (51, R3), (51, R48), (52, R48)}


def test_who_wants_no_reminders_gets_none_but_hears_of_a_missed_appointment() -> None:
    missed = replace(
        ENTRY, appointment_id=51, status=AppointmentStatus.NO_SHOW, at=at("09T14:30"), as_of=at("09T17:00")
    )
    due = told(ENTRY, missed, now=at("10T14:30"), wanted=False)
    assert numbers(due) == [(TimerKind.NO_SHOW, [51])]
    assert (len(due.fired), due.dropped) == (2, 0)


def test_a_missed_appointment_that_was_noted_wrongly_is_not_mentioned() -> None:
    missed = replace(ENTRY, status=AppointmentStatus.NO_SHOW, as_of=at("12T17:00"))
    due = told(ENTRY, now=at("13T09:00"), timers=timers_of(missed))
    assert (due.messages, due.dropped) == ((), 1)


VISIT = replace(ENTRY, status=AppointmentStatus.COMPLETED, as_of=at("12T14:35"))
RATING = TimerKind.RATING


def test_a_visit_is_asked_about_once_it_is_due_and_the_question_waits_for_no_evening() -> None:
    assert told(VISIT, now=at("12T16:29")) == Due()
    due = told(VISIT, now=at("12T16:30"), wanted=False)
    assert (numbers(due), due.messages[0].not_after) == ([(RATING, [50])], at("12T20:00"))


@pytest.mark.parametrize("hour", ["12T20:00", "12T20:59", "12T23:00", "13T07:59"])
def test_after_an_outage_the_question_waits_for_eight_in_the_morning(hour: str) -> None:
    assert told(VISIT, now=at(hour)) == Due()
    assert numbers(told(VISIT, now=at("13T08:00"))) == [(RATING, [50])]


def test_who_must_not_be_asked_is_not_and_will_not_be_later() -> None:
    due = told(VISIT, now=at("12T16:30"), may_ask=False)
    assert (due.messages, [each.kind for each in due.fired], due.dropped) == ((), [RATING], 0)


def test_after_two_visits_one_is_asked_about() -> None:
    second = replace(VISIT, appointment_id=51, at=at("12T15:00"))
    due = told(VISIT, second, now=at("12T17:00"))
    assert (numbers(due), len(due.fired)) == ([(RATING, [50])], 2)


def test_nobody_is_asked_about_a_visit_that_was_none_after_all_or_too_late() -> None:
    for now_is in (replace(ENTRY, version=4, status=AppointmentStatus.NO_SHOW), replace(VISIT, version=4)):
        due = told(now_is, now=at("12T16:30"), timers=timers_of(VISIT))
        assert (due.messages, due.dropped) == ((), 1)
    assert told(VISIT, now=at("14T14:31")).messages == ()
