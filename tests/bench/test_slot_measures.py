"""What `bench.fresh_slots` measures: who took a slot that somebody lost, how old slots were, and what was not true."""

import random
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest

from bench.citizens import Button, Citizen, End, Habits, Loss, Screen
from bench.fresh_slots import main
from bench.offices import STRANGERS_KEYS, Offices, Request
from bench.slot_measures import EACH_OTHER, NOBODY, STRANGERS, Bounds, Outcome, measure
from bot.sandbox.moncreneau import DEMO_KEY

DEPARTMENT = 101
START = datetime(2026, 3, 2, 7, 0)  # noqa: DTZ001 — office time
NINE, TEN = datetime(2026, 3, 3, 9, 0), datetime(2026, 3, 3, 10, 0)  # noqa: DTZ001 — office time
DELAY = 0.1


class NoPhone:
    """A phone that nobody uses."""

    async def press(self, chat_id: int, data: str, message: int) -> None:
        raise NotImplementedError

    async def say(self, chat_id: int, text: str) -> None:
        raise NotImplementedError


def citizen(chat_id: int = 1000, **remembered: Any) -> Citizen:
    chance = random.Random(1)  # noqa: S311 — nothing is drawn
    return Citizen(chat_id, "Aïssatou", Habits(DEPARTMENT, "Guichet"), chance, NoPhone(), lambda: 0.0, **remembered)


def booked(number: int, at: float, *, slot: datetime = NINE, chat_id: int | None = None) -> Request:
    body: dict[str, Any] = {"departmentId": DEPARTMENT, "dateTime": slot.isoformat()}
    if chat_id:
        body["externalUserId"] = f"telegram:{chat_id}"
    key = DEMO_KEY if chat_id else STRANGERS_KEYS[0].token
    return Request(at, key, "POST", "/appointments", body, 201, {"id": number})


def refused(at: float, chat_id: int = 1000) -> Request:
    body = {"departmentId": DEPARTMENT, "dateTime": NINE.isoformat(), "externalUserId": f"telegram:{chat_id}"}
    return Request(at, DEMO_KEY, "POST", "/appointments", body, 409, {"error": {}})


def read(at: float) -> Request:
    return Request(at, DEMO_KEY, "GET", f"/departments/{DEPARTMENT}/availability", {}, 200, {})


def cancelled(number: int, at: float) -> Request:
    return Request(at, DEMO_KEY, "DELETE", f"/appointments/{number}", {}, 204, {})


def offer(*slots: datetime) -> Screen:
    return Screen(1, "Choisissez une heure", [Button(f"{each:%H:%M}", f"7.t:{each:%Y%m%dT%H%M}") for each in slots])


def measured(citizens: Iterable[Citizen], *requests: Request, places: int = 1) -> Outcome:
    offices = Offices(DELAY, list(requests))
    slots = {DEPARTMENT: [NINE, TEN]}
    return measure("a scenario", list(citizens), offices, places, slots, start=START, seconds=1.0)


def test_a_lost_race_is_counted_against_the_citizen_who_holds_the_slot() -> None:
    lost = citizen(losses=[Loss(20.0, NINE)])
    assert measured([lost], booked(1, 10.0)).lost_to == {STRANGERS: 1}
    assert measured([lost], booked(1, 10.0, chat_id=1001)).lost_to == {EACH_OTHER: 1}


def test_a_lost_race_is_counted_against_the_citizen_who_took_the_last_place() -> None:
    lost = citizen(losses=[Loss(20.0, NINE)])
    ours, stranger = booked(1, 10.0, chat_id=1001), booked(2, 11.0)
    assert measured([lost], ours, stranger, places=2).lost_to == {STRANGERS: 1}


def test_a_race_for_a_free_slot_is_lost_to_nobody() -> None:
    lost = citizen(losses=[Loss(20.0, NINE)])
    assert measured([lost], booked(1, 30.0)).lost_to == {NOBODY: 1}
    assert measured([lost], booked(1, 10.0, chat_id=1001), cancelled(1, 15.0)).lost_to == {NOBODY: 1}


def test_slots_are_as_old_as_the_newest_reading_that_had_arrived() -> None:
    looking = citizen(seen=[(10.0, offer(NINE)), (10.6, offer(NINE))])
    assert measured([looking], read(4.0), read(10.0)).ages == pytest.approx((0.6, 6.0))


def test_only_a_slot_that_is_still_taken_counts_as_shown_again() -> None:
    looking = citizen(seen=[(19.0, offer(NINE)), (25.0, offer(NINE, TEN)), (40.0, offer(NINE))])
    requests = (booked(1, 10.0, chat_id=1001), refused(20.0), cancelled(1, 30.0))
    assert measured([looking], *requests).shown_again == 1


def test_the_table_separates_reads_from_writes_and_leaves_out_strangers() -> None:
    outcome = measured([], read(1.0), booked(1, 2.0, chat_id=1000), booked(2, 3.0, slot=TEN), cancelled(1, 4.0))
    assert (outcome.reads, outcome.requests.total(), outcome.booked) == (1, 3, 1)


def test_a_ticket_must_be_in_the_offices_book() -> None:
    happy = citizen(end=End.TICKET, ticket=1)
    assert measured([happy], booked(1, 10.0, chat_id=1000)).wrong == ()
    assert len(measured([happy], booked(1, 10.0, chat_id=1001)).wrong) == 1
    assert len(measured([happy]).wrong) == 1


def test_a_booking_without_a_message_to_its_citizen_is_found() -> None:
    assert len(measured([], booked(1, 10.0, chat_id=1000)).wrong) == 1


def test_a_screen_that_says_nothing_is_free_must_be_true() -> None:
    told = citizen(end=End.FULL, ended_at=100.0)
    assert measured([told], booked(1, 10.0), booked(2, 11.0, slot=TEN)).wrong == ()
    assert len(measured([told], booked(1, 10.0)).wrong) == 1


def test_the_hour_that_a_citizen_is_told_must_be_that_of_the_reset() -> None:
    told = citizen(end=End.BUSY, told_time="08:01")
    assert measured([told], read(5.0)).wrong == ()
    assert len(measured([told], read(65.0)).wrong) == 1


def test_every_missed_bound_is_reported() -> None:
    outcome = measured([citizen(losses=[Loss(20.0, NINE)], seen=[(60.0, offer(NINE))])], read(1.0), booked(1, 10.0))
    bounds = Bounds(lost=0.5, losers=0.5, median_age=30, oldest=40, requests=0, booked=1)
    missed = " ".join(outcome.misses(bounds))
    for name in ("lost races", "share of citizens", "median age", "oldest", "requests", "within the hour", "a ticket"):
        assert name in missed
    assert "waiting" not in missed


def test_ten_citizens_in_simulated_time_get_the_one_slot_that_is_left_once() -> None:
    assert main(["last"]) == 0
