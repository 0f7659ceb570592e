"""The control calls (ledger, balance, status) and the page of a ticket."""

from typing import Any

import pytest

from bot.sandbox.moncreneau import large_organization
from tests.sandbox.moncreneau.client import ApiClient, error_of, open_sandbox


async def test_the_ledger_contains_everything_that_happened(api: ApiClient) -> None:
    await api.book(externalUserId="telegram:1", departmentId=10, workerId=42)
    await api.book()
    api.clock.advance(hours=1)
    await api.cancel(12345)
    await api.get("/departments/5/availability", startDate="2026-03-03", endDate="2026-03-03")
    ledger = await api.ledger()
    assert ledger["credits"] == 9_999
    assert ledger["requests"] == {
        "DELETE /appointments/{id}": 1,
        "GET /departments/{id}/availability": 1,
        "POST /appointments": 2,
    }
    first, second = ledger["appointments"]
    told = {
        "id": 12345,
        "externalUserId": "telegram:1",
        "workerId": 42,
        "status": "CANCELLED",
        "createdAt": "2026-03-02T09:10:00",
        "updatedAt": "2026-03-02T10:10:00",
        "cancelledAt": "2026-03-02T10:10:00",
        "key": "mk_sandbox_demo_key",
    }
    assert told.items() <= first.items()
    assert (second["externalUserId"], second["cancelledAt"]) == (None, None)


async def test_control_calls_need_no_key_and_count_against_no_rate_limit() -> None:
    async with open_sandbox(rate_limit=1) as api:
        for _ in range(3):
            assert (await api.control("GET", "/ledger")).status_code == 200
        assert (await api.get("/departments")).status_code == 200


async def test_faults_do_not_strike_control_calls(api: ApiClient) -> None:
    await api.inject("drop_before")
    assert (await api.control("GET", "/ledger")).status_code == 200


async def test_the_balance_can_be_set(api: ApiClient) -> None:
    assert (await api.control("POST", "/credits", {"credits": 0})).json() == {"credits": 0}
    assert error_of(await api.book()) == (402, "INSUFFICIENT_CREDITS")


@pytest.mark.parametrize("body", [{}, {"credits": -1}, {"credits": "many"}, {"credit": 1}, []])
async def test_an_invalid_balance_is_refused(api: ApiClient, body: object) -> None:
    assert (await api.control("POST", "/credits", body)).status_code == 400
    assert (await api.ledger())["credits"] == 10_000


@pytest.mark.parametrize("status", ["COMPLETED", "NO_SHOW", "PENDING_PAYMENT", "RESCHEDULED_BY_OFFICE"])
async def test_any_status_can_be_set_even_an_unknown_one(api: ApiClient, status: str) -> None:
    await api.book()
    await api.control("POST", "/appointments/12345/status", {"status": status})
    assert (await api.get("/appointments/12345")).json()["status"] == status
    assert (await api.ledger())["credits"] == 9_999


async def test_setting_cancelled_twice_refunds_and_frees_the_slot_once(api: ApiClient) -> None:
    for _ in range(2):
        await api.book()
    for _ in range(2):
        await api.control("POST", "/appointments/12345/status", {"status": "CANCELLED"})
    assert (await api.ledger())["credits"] == 9_999
    assert [(await api.book()).status_code for _ in range(2)] == [201, 409]


async def test_a_cancellation_can_be_undone(api: ApiClient) -> None:
    await api.book()
    for status in ("CANCELLED", "SCHEDULED"):
        await api.control("POST", "/appointments/12345/status", {"status": status})
    (entry,) = (await api.ledger())["appointments"]
    assert (entry["status"], entry["cancelledAt"]) == ("SCHEDULED", None)
    assert [(await api.book()).status_code for _ in range(2)] == [201, 409]


async def test_an_invalid_status_or_appointment_is_refused(api: ApiClient) -> None:
    await api.book()
    for body in ({"status": "done"}, {"status": 1}, {}, {"state": "COMPLETED"}):
        assert (await api.control("POST", "/appointments/12345/status", body)).status_code == 400
    answer = await api.control("POST", "/appointments/1/status", {"status": "COMPLETED"})
    assert error_of(answer) == (404, "APPOINTMENT_NOT_FOUND")


async def test_a_ticket_page_shows_the_number_and_not_the_name() -> None:
    async with open_sandbox(public_url="http://here.example") as api:
        ticket = (await api.book(name="Fatoumata Camara")).json()
        assert ticket["qrCode"] == "http://here.example/qr/12345"
        page = await api.http.get("/qr/12345")
        assert page.headers["content-type"].startswith("text/html")
        assert "12345" in page.text
        assert "Passport Service" in page.text
        assert "Fatoumata" not in page.text


@pytest.mark.parametrize("number", ["1", "x", "%3Cb%3E"])
async def test_the_page_of_an_unknown_ticket_is_not_found(api: ApiClient, number: str) -> None:
    page = await api.http.get(f"/qr/{number}")
    assert page.status_code == 404
    assert "inconnu" in page.text


OFFICE = {"id": 60, "name": "Impôts", "organization": {"id": 3, "name": "Kindia"}}


async def test_departments_can_be_added_and_replaced(api: ApiClient) -> None:
    worker = {"id": 7, "name": "M. Bah"}
    whole = OFFICE | {
        "description": "Impôts locaux",
        "slotDuration": 20,
        "isActive": True,
        "openingHours": {"tuesday": [{"start": "09:00", "end": "10:00"}]},
        "showAdminsInBooking": True,
        "workers": [worker],
    }
    answer = await api.control("POST", "/departments", [whole | {"capacity": 1}])
    assert (answer.status_code, answer.json()) == (201, [whole])
    assert (await api.get("/departments/60")).json() == whole
    assert list((await api.slots(60, "2026-03-03"))["2026-03-03"]) == ["09:00", "09:20", "09:40"]
    booked: dict[str, Any] = {"departmentId": 60, "dateTime": "2026-03-03T09:00:00", "workerId": 7}
    assert [(await api.book(**booked)).status_code for _ in range(2)] == [201, 409]
    await api.control("POST", "/departments", [OFFICE | {"isActive": False}])
    assert error_of(await api.book(**booked)) == (403, "DEPARTMENT_ACCESS_DENIED")


async def test_a_department_can_be_removed(api: ApiClient) -> None:
    await api.book()
    assert (await api.control("DELETE", "/departments/5")).status_code == 204
    assert 5 not in {each["id"] for each in (await api.get("/departments")).json()}
    assert error_of(await api.book()) == (404, "DEPARTMENT_NOT_FOUND")
    assert (await api.get("/appointments/12345")).status_code == 200
    assert error_of(await api.control("DELETE", "/departments/5")) == (404, "DEPARTMENT_NOT_FOUND")


@pytest.mark.parametrize(
    "change",
    [
        {"id": "60"},
        {"organization": {"id": 3}},
        {"organization": "Kindia"},
        {"openingHours": {"mardi": []}},
        {"openingHours": {"tuesday": [{"start": "9:00", "end": "10:00"}]}},
        {"openingHours": {"tuesday": [{"start": "09:00"}]}},
        {"workers": [7]},
        {"capacity": -1},
        {"colour": "red"},
    ],
)
async def test_one_invalid_department_adds_none(api: ApiClient, change: dict[str, object]) -> None:
    answer = await api.control("POST", "/departments", [OFFICE, OFFICE | {"id": 61} | change])
    assert answer.status_code == 400, answer.text
    assert (await api.control("POST", "/departments", OFFICE)).status_code == 400
    assert (await api.get("/departments/60")).status_code == 404


async def test_a_large_organization_has_as_many_departments_as_wanted() -> None:
    many = large_organization(75)
    assert len({department.id for department in many}) == len({department.name for department in many}) == 75
    async with open_sandbox(departments=many) as api:
        assert len((await api.get("/departments")).json()) == 75


async def test_the_clock_is_moved_forward() -> None:
    moves: list[float] = []
    async with open_sandbox(on_clock_moved=moves.append) as api:
        before = (await api.control("GET", "/office")).json()["now"]
        now = (await api.control("POST", "/clock", {"advance": 90_000})).json()["now"]
        assert (before, now, moves) == ("2026-03-02T09:10:00", "2026-03-03T10:10:00", [90_000])
        assert (await api.control("GET", "/office")).json()["now"] == now


@pytest.mark.parametrize("body", [{}, {"advance": -1}, {"advance": "1"}, {"advance": 10**9}, {"hours": 1}])
async def test_an_invalid_move_of_the_clock_is_refused(api: ApiClient, body: object) -> None:
    assert (await api.control("POST", "/clock", body)).status_code == 400
