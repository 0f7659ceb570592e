"""Who gets a slot, what it costs, and when it is given back."""

import asyncio

import pytest

from tests.sandbox.moncreneau.client import Desk, desk, refusal


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-03T10:10:00",  # between two slots
        "2026-03-03T10:00:01",
        "2026-03-03T12:30:00",  # lunch
        "2026-03-03T15:45:00",  # would last past closing time
        "2026-03-07T10:00:00",  # Saturday
        "2026-03-03T23:00:00",
    ],
)
async def test_a_time_that_is_no_slot_is_not_available(office: Desk, at: str) -> None:
    assert refusal(await office.book(dateTime=at)) == (409, "SLOT_NOT_AVAILABLE")


async def test_a_slot_takes_as_many_as_it_has_places(office: Desk) -> None:
    assert [(await office.book()).status_code for _ in range(3)] == [201, 201, 409]
    assert refusal(await office.book()) == (409, "SLOT_NOT_AVAILABLE")


async def test_of_many_at_once_exactly_the_capacity_get_the_slot() -> None:
    async with desk(capacity=3, credits=100) as office:
        answers = await asyncio.gather(*(office.book(externalUserId=f"telegram:{n}") for n in range(30)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 27
        ledger = await office.ledger()
        assert (len(ledger["appointments"]), ledger["credits"]) == (3, 97)


async def test_of_two_who_cancel_at_once_one_is_refunded(office: Desk) -> None:
    await office.book()
    answers = await asyncio.gather(*(office.cancel(12345) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [400] * 9
    assert (await office.ledger())["credits"] == 10_000


async def test_booking_costs_a_credit_and_cancelling_gives_it_back(office: Desk) -> None:
    await office.book()
    assert (await office.ledger())["credits"] == 9_999
    await office.cancel(12345)
    assert (await office.ledger())["credits"] == 10_000


async def test_without_credits_nothing_is_booked() -> None:
    async with desk(credits=1) as office:
        assert (await office.book()).status_code == 201
        assert refusal(await office.book()) == (402, "INSUFFICIENT_CREDITS")
        assert (await office.get("/appointments")).json()["totalElements"] == 1
        await office.cancel(12345)
        assert (await office.book()).status_code == 201


@pytest.mark.parametrize("status", ["CANCELLED", "COMPLETED", "NO_SHOW"])
async def test_what_is_over_cannot_be_cancelled(office: Desk, status: str) -> None:
    await office.book()
    await office.control("POST", "/appointments/12345/status", {"status": status})
    balance = (await office.ledger())["credits"]
    assert refusal(await office.cancel(12345)) == (400, "INVALID_REQUEST")
    assert (await office.ledger())["credits"] == balance


async def test_the_same_twice_is_two_appointments_unless_told_otherwise(office: Desk) -> None:
    assert [(await office.book(externalUserId="telegram:1")).status_code for _ in range(2)] == [201, 201]


async def test_the_same_twice_can_be_refused_while_the_first_stands() -> None:
    async with desk(reject_duplicates=True) as office:
        assert (await office.book(externalUserId="telegram:1")).status_code == 201
        assert refusal(await office.book(externalUserId="telegram:1")) == (409, "DUPLICATE_APPOINTMENT")
        assert (await office.book(externalUserId="telegram:2")).status_code == 201
        await office.cancel(12345)
        assert (await office.book(externalUserId="telegram:1")).status_code == 201


async def test_a_full_slot_tells_of_itself_before_a_duplicate_does() -> None:
    async with desk(reject_duplicates=True, capacity=1) as office:
        await office.book()
        assert refusal(await office.book()) == (409, "SLOT_NOT_AVAILABLE")


@pytest.mark.parametrize(("department", "worker"), [(10, 43), (23, 71)])
async def test_a_department_that_asks_for_a_worker_takes_only_its_own(
    office: Desk, department: int, worker: int
) -> None:
    answer = await office.book(departmentId=department)
    assert refusal(answer) == (400, "MISSING_REQUIRED_FIELD")
    assert answer.json()["error"]["details"]["fields"].keys() == {"workerId"}
    assert refusal(await office.book(departmentId=department, workerId=999)) == (400, "INVALID_FIELD_VALUE")
    assert (await office.book(departmentId=department, workerId=worker)).status_code == 201
