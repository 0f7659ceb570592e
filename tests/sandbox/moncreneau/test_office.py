"""Changes that the staff of a department make to appointments, and what the API then returns."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.sandbox.moncreneau.client import SLOT, ApiClient, error_of, open_sandbox


async def test_the_office_cancels_with_a_reason_and_refunds_the_credit(api: ApiClient) -> None:
    await api.book()
    api.clock.advance(minutes=5)
    answer = await api.office(12345, "cancel", reason="L’agent est malade", by="Mme Diallo")
    told = {
        "status": "CANCELLED",
        "cancelledAt": "2026-03-02T09:15:00",
        "cancelledBy": "Mme Diallo",
        "cancelReason": "L’agent est malade",
    }
    assert told.items() <= answer.json().items()
    assert (await api.get("/appointments/12345")).json()["status"] == "CANCELLED"
    assert (await api.ledger())["credits"] == 10_000


async def test_the_office_needs_no_reason_to_cancel(api: ApiClient) -> None:
    await api.book()
    answer = (await api.http.post("/__sandbox/appointments/12345/cancel")).json()
    assert (answer["cancelledBy"], answer["cancelReason"]) == ("organization", None)


async def test_a_client_of_the_api_is_named_as_who_cancelled(api: ApiClient) -> None:
    await api.book()
    await api.cancel(12345)
    (entry,) = (await api.ledger())["appointments"]
    assert (entry["cancelledBy"], entry["cancelReason"]) == ("api", None)


async def test_the_office_moves_an_appointment_and_its_slot_goes_with_it() -> None:
    async with open_sandbox(capacity=1) as api:
        await api.book()
        assert (await api.office(12345, "move", dateTime="2026-03-05T08:30:00")).status_code == 200
        assert (await api.get("/appointments/12345")).json()["dateTime"] == "2026-03-05T08:30:00"
        assert (await api.slots(5, "2026-03-03"))["2026-03-03"]["10:00"] is True
        assert (await api.slots(5, "2026-03-05"))["2026-03-05"]["08:30"] is False


async def test_the_office_may_move_to_a_time_that_is_not_a_slot(api: ApiClient) -> None:
    await api.book()
    await api.office(12345, "move", dateTime="2026-03-07T10:05:00")
    assert (await api.get("/appointments/12345")).json()["dateTime"] == "2026-03-07T10:05:00"


@pytest.mark.parametrize(("action", "status"), [("validate", "COMPLETED"), ("no-show", "NO_SHOW")])
async def test_the_office_records_whether_the_citizen_came(api: ApiClient, action: str, status: str) -> None:
    await api.book()
    assert (await api.office(12345, action)).json()["status"] == status
    assert (await api.get("/appointments/12345")).json()["status"] == status
    assert (await api.ledger())["credits"] == 9_999


@pytest.mark.parametrize(
    ("action", "body"), [("cancel", {}), ("move", {"dateTime": SLOT}), ("validate", {}), ("no-show", {})]
)
async def test_an_appointment_that_is_over_cannot_be_changed(api: ApiClient, action: str, body: dict[str, Any]) -> None:
    await api.book()
    await api.office(12345, "validate")
    assert error_of(await api.office(12345, action, **body)) == (400, "INVALID_REQUEST")
    assert error_of(await api.office(1, action, **body)) == (404, "APPOINTMENT_NOT_FOUND")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("cancel", {"reason": 7}),
        ("cancel", {"by": None}),
        ("cancel", {"why": "x"}),
        ("move", {}),
        ("move", {"dateTime": "demain"}),
        ("move", {"dateTime": 7}),
        ("validate", {"by": "x"}),
    ],
)
async def test_an_invalid_call_of_the_office_changes_nothing(api: ApiClient, action: str, body: dict[str, Any]) -> None:
    before = (await api.book()).json()
    assert (await api.office(12345, action, **body)).status_code == 400
    assert (await api.get("/appointments/12345")).json() == before


async def test_the_office_books_for_a_chat(api: ApiClient) -> None:
    body = {"chat": 77, "departmentId": 10, "dateTime": SLOT, "name": "Hawa Camara", "workerId": 42}
    answer = await api.control("POST", "/appointments", body)
    assert answer.status_code == 201
    assert answer.json()["externalUserId"] == "telegram:77"
    listed = (await api.get("/appointments", externalUserId="telegram:77")).json()["content"]
    assert [each["name"] for each in listed] == ["Hawa Camara"]
    assert (await api.ledger())["credits"] == 9_999


async def test_the_office_books_by_the_rules_of_the_api(api: ApiClient) -> None:
    body = {"chat": 77, "departmentId": 24, "dateTime": SLOT, "name": "Hawa Camara"}
    assert error_of(await api.control("POST", "/appointments", body)) == (409, "SLOT_NOT_AVAILABLE")
    assert error_of(await api.control("POST", "/appointments", body | {"name": None})) == (
        400,
        "MISSING_REQUIRED_FIELD",
    )
    for wrong in ({"chat": "77"}, {"externalUserId": "telegram:1"}, {"phone": "1"}):
        assert (await api.control("POST", "/appointments", body | wrong)).status_code == 400


async def test_free_slots_are_those_that_the_api_offers(api: ApiClient) -> None:
    await api.book()
    await api.book()
    slots = (await api.control("GET", "/departments/5/slots")).json()["slots"]
    assert slots[0] == "2026-03-02T09:30:00"
    assert SLOT not in slots
    offered = await api.slots(5, "2026-03-02", "2026-03-31")
    assert slots == [f"{day}T{hour}:00" for day, hours in offered.items() for hour, free in hours.items() if free]
    assert error_of(await api.control("GET", "/departments/77/slots")) == (404, "DEPARTMENT_NOT_FOUND")


async def test_the_overview_has_what_is_to_come_and_what_just_changed(api: ApiClient) -> None:
    await api.book(dateTime="2026-03-02T09:30:00")
    await api.book(dateTime="2026-03-10T09:30:00")
    await api.book(dateTime="2026-03-04T09:30:00")
    overview = (await api.control("GET", "/office")).json()
    assert overview["now"] == "2026-03-02T09:10:00"
    assert [each["id"] for each in overview["appointments"]] == [12345, 12347, 12346]
    assert overview["webhooks"]["url"] is None
    api.clock.now = datetime(2026, 3, 8, 9, 10, tzinfo=UTC)
    await api.office(12345, "no-show")
    overview = (await api.control("GET", "/office")).json()
    assert [each["id"] for each in overview["appointments"]] == [12345, 12346]


async def test_the_page_and_its_parts_are_served(api: ApiClient) -> None:
    page = await api.http.get("/office")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for part in ("office.js", "words.js", "office.css", "icon.svg"):
        assert f"/office/{part}" in page.text or part == "words.js"
        assert (await api.http.get(f"/office/{part}")).status_code == 200
