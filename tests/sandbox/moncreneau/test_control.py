"""Behind the scenes: the ledger, the balance, the office's own hand, the page of a ticket."""

import pytest

from tests.sandbox.moncreneau.client import Desk, desk, refusal


async def test_the_ledger_tells_everything_that_ever_happened(office: Desk) -> None:
    await office.book(externalUserId="telegram:1", departmentId=10, workerId=42)
    await office.book()
    office.clock.advance(hours=1)
    await office.cancel(12345)
    await office.get("/departments/5/availability", startDate="2026-03-03", endDate="2026-03-03")
    ledger = await office.ledger()
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


async def test_control_calls_need_no_key_and_cost_no_budget() -> None:
    async with desk(rate_limit=1) as office:
        for _ in range(3):
            assert (await office.control("GET", "/ledger")).status_code == 200
        assert (await office.get("/departments")).status_code == 200


async def test_faults_do_not_reach_the_control_calls(office: Desk) -> None:
    await office.inject("drop_before")
    assert (await office.control("GET", "/ledger")).status_code == 200


async def test_the_balance_can_be_set(office: Desk) -> None:
    assert (await office.control("POST", "/credits", {"credits": 0})).json() == {"credits": 0}
    assert refusal(await office.book()) == (402, "INSUFFICIENT_CREDITS")


@pytest.mark.parametrize("body", [{}, {"credits": -1}, {"credits": "many"}, {"credit": 1}, []])
async def test_a_balance_that_makes_no_sense_is_refused(office: Desk, body: object) -> None:
    assert (await office.control("POST", "/credits", body)).status_code == 400
    assert (await office.ledger())["credits"] == 10_000


@pytest.mark.parametrize("status", ["COMPLETED", "NO_SHOW", "PENDING_PAYMENT", "RESCHEDULED_BY_OFFICE"])
async def test_the_office_sets_a_status_even_one_that_nobody_has_heard_of(office: Desk, status: str) -> None:
    await office.book()
    await office.control("POST", "/appointments/12345/status", {"status": status})
    assert (await office.get("/appointments/12345")).json()["status"] == status
    assert (await office.ledger())["credits"] == 9_999


async def test_the_office_cancels_refunds_and_frees_the_slot_once(office: Desk) -> None:
    for _ in range(2):
        await office.book()
    for _ in range(2):
        await office.control("POST", "/appointments/12345/status", {"status": "CANCELLED"})
    assert (await office.ledger())["credits"] == 9_999
    assert [(await office.book()).status_code for _ in range(2)] == [201, 409]


async def test_the_office_takes_a_cancellation_back(office: Desk) -> None:
    await office.book()
    for status in ("CANCELLED", "SCHEDULED"):
        await office.control("POST", "/appointments/12345/status", {"status": status})
    (entry,) = (await office.ledger())["appointments"]
    assert (entry["status"], entry["cancelledAt"]) == ("SCHEDULED", None)
    assert [(await office.book()).status_code for _ in range(2)] == [201, 409]


async def test_the_office_cannot_set_what_is_no_status_or_no_appointment(office: Desk) -> None:
    await office.book()
    for body in ({"status": "done"}, {"status": 1}, {}, {"state": "COMPLETED"}):
        assert (await office.control("POST", "/appointments/12345/status", body)).status_code == 400
    answer = await office.control("POST", "/appointments/1/status", {"status": "COMPLETED"})
    assert refusal(answer) == (404, "APPOINTMENT_NOT_FOUND")


async def test_a_ticket_leads_to_a_page_with_its_number_and_not_its_name() -> None:
    async with desk(public_url="http://here.example") as office:
        ticket = (await office.book(name="Fatoumata Camara")).json()
        assert ticket["qrCode"] == "http://here.example/qr/12345"
        page = await office.http.get("/qr/12345")
        assert page.headers["content-type"].startswith("text/html")
        assert "12345" in page.text
        assert "Passport Service" in page.text
        assert "Fatoumata" not in page.text


@pytest.mark.parametrize("number", ["1", "x", "%3Cb%3E"])
async def test_the_page_of_no_ticket_is_not_found(office: Desk, number: str) -> None:
    page = await office.http.get(f"/qr/{number}")
    assert page.status_code == 404
    assert "inconnu" in page.text
