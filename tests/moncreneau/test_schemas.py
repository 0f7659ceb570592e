"""Parsing accepts every reasonable form; requests have the fields of the contract only."""

import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.model import Appointment, AppointmentStatus, Department, OpeningHours, Order, Worker
from bot.moncreneau.errors import MoncreneauError, UnreadableAnswer
from bot.moncreneau.schemas import (
    FreeSlot,
    order_body,
    read_appointment,
    read_departments,
    read_id,
    read_page,
    read_slots,
    says_cancelled,
)
from tests.moncreneau.support import APPOINTMENT, DEPARTMENTS

AT = datetime(2026, 1, 25, 14, 30)  # noqa: DTZ001 — office time is naive
CREATED = datetime(2026, 1, 21, 10, 30)  # noqa: DTZ001 — office time
JEAN = Appointment(
    12345, 5, AT, "Jean Dupont", AppointmentStatus.SCHEDULED, "https://moncreneau.gn/qr/12345", created_at=CREATED
)


def test_the_quick_starts_departments_are_read() -> None:
    assert read_departments(DEPARTMENTS) == (
        Department(5, "Passport Service", "Ministry of Interior", description="Passport issuance"),
        Department(8, "ID Card Service", "Ministry of Interior", description="National ID card issuance"),
    )


def test_description_and_opening_hours_of_a_department_are_read() -> None:
    hours = {
        "tuesday": [{"start": "13:00", "end": "16:00"}, {"start": "8:00", "end": "12:00:00"}, {"start": "x"}, None],
        "MONDAY": [{"start": "08:00", "end": "12:00"}],
        "feast": [{"start": "08:00", "end": "12:00"}],
        "friday": None,
    }
    raw = {"id": 5, "name": "x", "description": "d" * 400, "slotDuration": "30", "openingHours": hours}
    (found,) = read_departments([raw])
    assert (found.description, found.slot_duration) == ("d" * 400, 30)
    assert found.opening_hours == (
        OpeningHours(0, time(8), time(12)),
        OpeningHours(1, time(8), time(12)),
        OpeningHours(1, time(13), time(16)),
    )
    assert read_departments([{**raw, "openingHours": [], "slotDuration": 0}])[0].opening_hours == ()


def test_a_department_is_read_with_missing_and_unknown_fields() -> None:
    raw = {"id": "5", "name": "Passport", "isActive": True, "colour": "red", "organization": None, "workers": None}
    assert read_departments([raw]) == (Department(5, "Passport"),)


def test_inactive_departments_are_left_out() -> None:
    assert read_departments([{"id": 1, "name": "a", "isActive": False}, {"id": 2, "name": "b"}]) == (
        Department(2, "b"),
    )


def test_staff_are_read_where_they_are_listed() -> None:
    raw: dict[str, Any] = {"id": 10, "name": "x", "showAdminsInBooking": True}
    assert read_departments([raw]) == (Department(10, "x", asks_worker=True),)
    raw["workers"] = [{"id": "42", "name": "Mme Diallo"}, {"name": "nobody"}, None]
    assert read_departments([raw])[0].workers == (Worker(42, "Mme Diallo"),)


def test_a_bad_entry_is_left_out_with_one_line_that_does_not_repeat_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found = read_departments([*DEPARTMENTS, {"id": "secret-77"}, "secret", None, {"id": 9}])
    assert len(found) == 2
    assert [record.message for record in caplog.records] == ["left out 4 of 6 departments that cannot be read"]


def test_slots_are_read_from_a_bool_a_count_or_nothing() -> None:
    slots = [
        {"time": "10:00", "available": True, "dateTime": "2026-01-26T10:00:00"},
        {"time": "10:30", "available": False, "dateTime": "2026-01-26T10:30:00"},
        {"time": "11:00", "available": 3, "dateTime": "2026-01-26T11:00:00"},
        {"time": "11:30", "available": 0, "dateTime": "2026-01-26T11:30:00"},
        {"time": "9:30", "available": "true"},
        {"time": "12:00"},
        {"time": "late", "available": True},
        "13:00",
    ]
    body = {"departmentId": 5, "availability": [{"date": "2026-01-26", "slots": slots}, {"date": "2026-01-27"}]}
    ten = datetime(2026, 1, 26, 10, 0)  # noqa: DTZ001 — office time is naive
    assert read_slots(body, UTC) == (
        FreeSlot(ten.replace(hour=9, minute=30)),
        FreeSlot(ten),
        FreeSlot(ten.replace(hour=11), 3),
        FreeSlot(ten.replace(hour=12)),
    )


def test_a_time_listed_for_each_member_of_staff_is_one_slot() -> None:
    slots = [{"time": "10:00", "available": n} for n in (1, 2, 0)]
    (slot,) = read_slots({"availability": [{"date": "2026-01-26", "slots": slots}]}, UTC)
    assert slot.left == 3


def test_the_quick_starts_appointment_is_read() -> None:
    assert read_appointment(APPOINTMENT, UTC) == JEAN


def test_an_appointment_may_lack_its_ticket_and_have_a_status_that_nobody_knows() -> None:
    raw = {**APPOINTMENT, "id": "12345", "qrCode": None, "status": "POSTPONED", "externalUserId": 77}
    assert read_appointment(raw, UTC) == replace(JEAN, status=AppointmentStatus.UNKNOWN, qr_link=None, owner="77")


@pytest.mark.parametrize(
    ("told", "number"),
    [({"workerId": 42}, 42), ({"worker": {"id": "42"}}, 42), ({"workerId": None}, None), ({"worker": "Sow"}, None)],
)
def test_the_member_of_staff_of_an_appointment_is_read(told: dict[str, Any], number: int | None) -> None:
    assert read_appointment({**APPOINTMENT, **told}, UTC) == replace(JEAN, worker_id=number)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "CANCELLED"},
        {"success": True, "data": {"id": 5, "status": "CANCELLED"}},
        {"appointment": {"status": "CANCELLED"}},
    ],
    ids=str,
)
def test_a_response_with_status_cancelled_counts_as_cancelled(body: Any) -> None:
    assert says_cancelled(body, 5)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"success": True},
        {"status": "SCHEDULED"},
        {"status": ["CANCELLED"]},
        {"success": False, "status": "CANCELLED"},
        {"success": "false", "status": "CANCELLED"},
        {"error": {"code": "INVALID_REQUEST"}, "status": "CANCELLED"},
        {"status": "CONFIRMED"},
        {"id": 6, "status": "CANCELLED"},
        {"data": {"status": "SCHEDULED"}, "status": "CANCELLED"},
    ],
    ids=str,
)
def test_other_responses_do_not_count_as_cancelled(body: Any) -> None:
    assert not says_cancelled(body, 5)


def test_fields_missing_in_the_response_to_a_booking_come_from_the_order() -> None:
    order = Order(5, AT, "Jean Dupont", "telegram:77")
    assert read_appointment({"id": 9}, UTC, order) == Appointment(9, 5, AT, "Jean Dupont", owner="telegram:77")


@pytest.mark.parametrize("body", [None, 5, "x", {}, {"id": True}, {"id": -1}, [], {"id": 1, "departmentId": 5}])
def test_an_invalid_appointment_is_an_unreadable_response(body: Any) -> None:
    with pytest.raises(UnreadableAnswer):
        read_appointment(body, UTC)


def test_a_page_tells_whether_it_is_the_last() -> None:
    page = read_page({"content": [APPOINTMENT, {}], "page": 0, "totalPages": "3", "last": False}, UTC)
    assert (page.appointments, page.entries, page.pages, page.last) == ((JEAN,), 2, 3, False)
    assert page.is_last(2, 2) is False
    assert page.is_last(3, 2) is False, "it says itself that it is not"
    assert read_page([APPOINTMENT], UTC).is_last(1, 1) is None, "a bare list says nothing"
    newer = read_page({"content": [APPOINTMENT], "page": {"number": 0, "totalElements": 2, "totalPages": 2}}, UTC)
    assert (newer.pages, newer.total) == (2, 2)
    assert newer.is_last(1, 2) is False
    assert newer.is_last(2, 2)
    assert read_page({"content": [APPOINTMENT], "last": True, "totalElements": 26}, UTC).is_last(1, 20) is False


@pytest.mark.parametrize(
    ("says", "is_last"),
    [
        ({"hasNext": False}, True),
        ({"has_more": True}, False),
        ({"meta": {"next_cursor": "abc"}}, False),
        ({"links": {"first": "/?page=1", "last": "/?page=2", "next": None}}, True),
        ({"links": {"first": "/?page=1", "last": "/?page=2", "next": "/?page=2"}}, False),
        ({"pagination": {"total_pages": 2}}, False),
        ({"meta": {"current_page": 1, "last_page": 1, "total": 1}}, True),
        ({"totalElements": 0, "totalPages": 0}, None),
    ],
    ids=str,
)
def test_every_usual_form_of_total_is_read_and_one_that_cannot_be_is_not(says: Any, is_last: Any) -> None:
    assert read_page({"data": [APPOINTMENT], **says}, UTC).is_last(1, 1) is is_last


@pytest.mark.parametrize(
    "body",
    [
        [{"id": "abc", "name": "X"}],
        [{"id": 1}, {"id": 5, "name": "x", "isActive": False}],
        {"departments": [None]},
    ],
    ids=str,
)
def test_unreadable_departments_are_an_error_and_not_an_empty_list(body: Any) -> None:
    with pytest.raises(UnreadableAnswer):
        read_departments(body)


def test_if_all_departments_are_inactive_the_list_is_empty() -> None:
    assert read_departments([{"id": 5, "name": "x", "isActive": False}]) == ()
    assert read_departments([]) == ()


@pytest.mark.parametrize(
    "days",
    [
        [{"date": "2026-12-01", "slots": [{"start": "08:00", "free": True}]}],
        [{"date": "2026-12-01", "times": ["08:00"]}],
        [{"date": "2026-12-01", "slots": {"08:00": True}}],
        [{"date": "2026-12-01", "slots": [{"time": "08:00", "available": False}, {"start": "09:00"}]}],
        ["2026-12-01"],
    ],
    ids=str,
)
def test_unreadable_slots_are_an_error_and_not_an_empty_list(days: list[Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        read_slots({"availability": days}, UTC)


@pytest.mark.parametrize(
    "days",
    [
        [],
        [{"date": "2026-12-01", "slots": []}],
        [{"date": "2026-12-01", "slots": None}],
        [{"date": "2026-12-01", "slots": [{"time": "08:00", "available": False}]}],
    ],
    ids=str,
)
def test_if_no_slot_is_free_the_list_is_empty(days: list[Any]) -> None:
    assert read_slots({"availability": days}, UTC) == ()


@pytest.mark.parametrize("failed", [{"success": False}, {"error": {"code": "INVALID_REQUEST"}}], ids=str)
def test_an_empty_list_that_says_that_it_failed_is_unreadable(failed: dict[str, Any]) -> None:
    for read in (lambda body: read_slots(body, UTC), read_departments, lambda body: read_page(body, UTC)):
        with pytest.raises(UnreadableAnswer):
            read({"data": [], **failed})


@pytest.mark.parametrize("flag", [True, 1, 1.0, "true", "TRUE", " yes ", "1"])
def test_a_flag_that_is_set_may_be_a_number_or_a_text(flag: object) -> None:
    (found,) = read_departments([{"id": 5, "name": "x", "showAdminsInBooking": flag, "isActive": flag}])
    assert found.asks_worker


@pytest.mark.parametrize("flag", [False, 0, 0.0, "false", "No", "0"])
def test_a_flag_that_is_not_set_may_be_a_number_or_a_text(flag: object) -> None:
    assert read_departments([{"id": 5, "name": "x", "isActive": flag}]) == ()
    (found,) = read_departments([{"id": 5, "name": "x", "showAdminsInBooking": flag, "isActive": None}])
    assert not found.asks_worker


@pytest.mark.parametrize("flag", [None, "", "perhaps", [], {}], ids=str)
def test_a_flag_that_says_nothing_takes_no_department_away_and_asks_for_no_staff(flag: object) -> None:
    (found,) = read_departments([{"id": 5, "name": "x", "showAdminsInBooking": flag, "isActive": flag}])
    assert not found.asks_worker


@pytest.mark.parametrize(("available", "count"), [("no", 0), ("False", 0), ("0", 0), ("yes", 1), ("2", 1), (None, 1)])
def test_a_place_is_free_unless_the_service_says_that_it_is_not(available: object, count: int) -> None:
    slots = [{"time": "08:00", "available": available}]
    assert len(read_slots([{"date": "2026-12-01", "slots": slots}], UTC)) == count


def test_an_owner_that_the_service_writes_in_capitals_is_still_ours() -> None:
    assert read_appointment({**APPOINTMENT, "externalUserId": "TELEGRAM:77"}, UTC).owner == "telegram:77"


def test_readable_details_of_a_department_are_kept() -> None:
    hours = {
        "Tuesday": [{"start": "13:00", "end": "16:00"}, {"start": "08:00", "end": "12:00"}, {"start": "9"}, "x"],
        "monday": [{"start": "00:00", "end": "09:00"}, {"start": "12:00", "end": "08:00"}],
        "friday": None,
        "holiday": [{"start": "08:00", "end": "12:00"}],
    }
    raw = {"id": 5, "name": "x", "description": " Passports ", "slotDuration": "30", "openingHours": hours}
    (found,) = read_departments([raw])
    assert (found.description, found.slot_duration) == ("Passports", 30)
    assert found.opening_hours == (
        OpeningHours(0, time(0), time(9)),
        OpeningHours(1, time(8), time(12)),
        OpeningHours(1, time(13), time(16)),
    )
    (bare,) = read_departments([{"id": 5, "name": "x", "slotDuration": 0, "openingHours": []}])
    assert (bare.description, bare.slot_duration, bare.opening_hours) == ("", None, ())


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        (5.0, 5),
        (0, 0),
        (5.5, None),
        ("", None),
        ("٥", None),
        (True, None),
        (2**63, None),
        ("9" * 9999, None),
    ],
)
def test_ids_are_whole_numbers_however_they_are_written(value: Any, number: int | None) -> None:
    assert read_id(value) == number


def test_an_order_is_sent_with_the_contracts_fields_only() -> None:
    order = Order(5, AT, "Jean Dupont", "telegram:77")
    body = {
        "departmentId": 5,
        "dateTime": "2026-01-25T14:30:00",
        "name": "Jean Dupont",
        "externalUserId": "telegram:77",
    }
    assert order_body(order) == body
    assert order_body(Order(5, AT, "Jean Dupont", "telegram:77", 42)) == {**body, "workerId": 42}


def json(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Any JSON, its objects mostly with keys that the reader looks for."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("2026-01-25T14:30:00Z")
    return st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys | st.text(), inner), max_leaves=30)


WORDS = st.sampled_from(
    [
        *["id", "name", "organization", "isActive", "workers", "showAdminsInBooking"],
        *["departmentId", "dateTime", "status", "qrCode", "externalUserId", "content", "totalPages", "last"],
        *["availability", "date", "slots", "time", "available", "data", "departments"],
    ]
)


@given(json(WORDS))
def test_parsing_raises_only_our_own_error(body: Any) -> None:
    for read in (
        read_departments,
        lambda raw: read_slots(raw, UTC),
        lambda raw: read_appointment(raw, UTC),
        lambda raw: read_page(raw, UTC),
    ):
        with suppress(MoncreneauError):
            read(body)
