"""Who is offered which free place, when an alert ends, and how often it may speak."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.core.appointment_book import BookEntry
from bot.core.earlier_places import (
    GONE_AT_ONCE,
    PlaceAlert,
    WatchedAlert,
    asked_again,
    can_ask,
    is_due,
    is_over,
    not_after,
    offers,
    suits,
    told,
    without_gone,
)
from bot.core.model import AppointmentStatus

NOW = datetime.fromisoformat("2026-03-02T10:00")
START = NOW + timedelta(days=10)
ALERT = PlaceAlert(7, 5, NOW - timedelta(hours=1), appointment_id=50)
ENTRY = BookEntry(50, 7, 5, START)
WATCHED = WatchedAlert(ALERT, ENTRY)
ANY = WatchedAlert(PlaceAlert(7, 5, NOW))
SLOT = NOW + timedelta(days=2)


def of_chat(chat_id: int, minutes: int = 0, start: datetime = START) -> WatchedAlert:
    """The alert of this chat, asked for so many minutes ago."""
    alert = replace(ALERT, chat_id=chat_id, asked_at=NOW - timedelta(minutes=minutes))
    return WatchedAlert(alert, replace(ENTRY, chat_id=chat_id, at=start))


def test_an_appointment_can_have_an_alert_if_it_stands_and_is_three_days_ahead() -> None:
    in_three_days = NOW + timedelta(days=2, hours=23)
    assert can_ask(AppointmentStatus.SCHEDULED, in_three_days, NOW.date())
    assert not can_ask(AppointmentStatus.SCHEDULED, NOW + timedelta(days=2), NOW.date())
    assert not can_ask(AppointmentStatus.PENDING_PAYMENT, START, NOW.date())


def test_an_open_alert_is_not_over() -> None:
    assert not is_over(WATCHED, NOW)
    assert not is_over(ANY, NOW)


@pytest.mark.parametrize(
    "watched",
    [
        replace(WATCHED, entry=None),
        replace(WATCHED, entry=replace(ENTRY, status=AppointmentStatus.CANCELLED)),
        replace(WATCHED, entry=replace(ENTRY, at=NOW + timedelta(hours=47))),
        replace(WATCHED, entry=replace(ENTRY, department_id=6)),
        replace(WATCHED, has_left=True),
        replace(WATCHED, alert=replace(ALERT, asked_at=NOW - timedelta(days=30))),
        replace(WATCHED, alert=replace(ALERT, sent=3)),
        replace(WATCHED, alert=replace(ALERT, sent=3, sent_at=NOW - timedelta(minutes=3))),
        replace(ANY, is_booked=True),
        replace(ANY, has_left=True),
    ],
)
def test_an_alert_ends_by_itself(watched: WatchedAlert) -> None:
    assert is_over(watched, NOW)
    assert not is_due(watched, NOW)


def test_the_third_message_may_still_turn_out_not_to_count() -> None:
    third = replace(WATCHED, alert=replace(ALERT, sent=3, sent_at=NOW - GONE_AT_ONCE))
    assert not is_over(third, NOW)
    assert not is_due(third, NOW)
    assert not is_due(replace(third, alert=replace(third.alert, sent_at=NOW - timedelta(days=-1))), NOW)


def test_nobody_is_told_between_eight_in_the_evening_and_eight_in_the_morning() -> None:
    hours = ("07:59", "08:00", "19:59", "20:00")
    due = [hour for hour in hours if is_due(WATCHED, datetime.fromisoformat(f"2026-03-02T{hour}"))]
    assert due == ["08:00", "19:59"]


def test_there_is_one_message_a_day_also_if_the_clock_is_set_back() -> None:
    told_today = replace(WATCHED, alert=told(ALERT, SLOT, NOW))
    assert not is_due(told_today, NOW + timedelta(hours=9))
    assert not is_due(told_today, NOW - timedelta(days=1))
    assert is_due(told_today, NOW + timedelta(days=1))


def test_a_place_is_worth_a_message_if_it_is_a_day_earlier_and_can_be_reached() -> None:
    assert suits(WATCHED, START - timedelta(hours=24), NOW)
    assert not suits(WATCHED, START - timedelta(hours=23, minutes=45), NOW)
    assert suits(WATCHED, NOW + timedelta(hours=4), NOW)
    assert not suits(WATCHED, NOW + timedelta(hours=3, minutes=45), NOW)
    assert suits(ANY, START + timedelta(days=40), NOW)


def test_the_place_of_the_last_message_is_not_told_again() -> None:
    assert not suits(replace(WATCHED, alert=told(ALERT, SLOT, NOW)), SLOT, NOW + timedelta(days=1))


def test_two_chats_are_told_of_a_slot_first_asked_first_served() -> None:
    waiting = [of_chat(3, 10), of_chat(1, 30), of_chat(2, 20), of_chat(4, 5)]
    assert [(each.alert.chat_id, each.slot) for each in offers(waiting, [SLOT], NOW)] == [(1, SLOT), (2, SLOT)]
    later = SLOT + timedelta(hours=1)
    four = [(each.alert.chat_id, each.slot) for each in offers(waiting, [later, SLOT], NOW)]
    assert four == [(1, SLOT), (2, SLOT), (3, later), (4, later)]


def test_who_cannot_use_a_slot_leaves_it_to_the_next() -> None:
    soon = of_chat(1, 30, start=SLOT + timedelta(hours=23))
    asleep = replace(of_chat(2, 20), alert=told(of_chat(2, 20).alert, START, NOW))
    assert [each.alert.chat_id for each in offers([soon, asleep, of_chat(3)], [SLOT], NOW)] == [3]


def test_a_message_whose_place_was_gone_at_once_does_not_count() -> None:
    after = told(ALERT, SLOT, NOW)
    assert (after.sent, after.sent_at, after.sent_slot) == (1, NOW, SLOT)
    assert without_gone(after, SLOT, NOW + GONE_AT_ONCE) == replace(ALERT, sent_slot=SLOT)
    assert without_gone(after, SLOT, NOW + GONE_AT_ONCE + timedelta(seconds=1)) is None
    assert without_gone(after, SLOT, NOW - timedelta(seconds=1)) is None
    assert without_gone(after, SLOT + timedelta(hours=1), NOW) is None, "another message"
    assert without_gone(replace(ALERT, sent_slot=SLOT), SLOT, NOW) is None, "only once"


def test_a_message_is_dropped_after_half_an_hour_and_at_night() -> None:
    assert not_after(NOW) == NOW + timedelta(minutes=30)
    assert not_after(NOW.replace(hour=19, minute=45)) == NOW.replace(hour=20)


def test_asking_twice_changes_nothing() -> None:
    known = replace(WATCHED, alert=told(ALERT, SLOT, NOW))
    assert asked_again(None, ALERT, NOW) == ALERT
    assert asked_again(known, replace(ALERT, asked_at=NOW), NOW) == known.alert


def test_an_alert_for_another_appointment_of_the_department_replaces_the_first_with_its_count() -> None:
    known = replace(WATCHED, alert=told(ALERT, SLOT, NOW))
    other = PlaceAlert(7, 5, NOW, appointment_id=51)
    assert asked_again(known, other, NOW) == replace(other, sent=1, sent_at=NOW, sent_slot=SLOT)


def test_a_new_alert_after_one_that_ended_begins_anew_but_not_on_the_same_day() -> None:
    ended = replace(WATCHED, alert=replace(told(ALERT, SLOT, NOW), sent=3))
    later = NOW + timedelta(minutes=3)
    again = asked_again(ended, replace(ALERT, asked_at=later), later)
    assert (again.sent, again.asked_at) == (0, later)
    assert not is_due(replace(WATCHED, alert=again), later)
