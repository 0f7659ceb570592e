"""Booking rules: who gets a slot, what it costs, and when it is refunded."""

import asyncio

import pytest

from tests.sandbox.moncreneau.client import ApiClient, error_of, open_sandbox


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
async def test_a_time_at_which_no_slot_begins_is_not_available(api: ApiClient, at: str) -> None:
    assert error_of(await api.book(dateTime=at)) == (409, "SLOT_NOT_AVAILABLE")


async def test_a_slot_takes_as_many_appointments_as_its_capacity(api: ApiClient) -> None:
    assert [(await api.book()).status_code for _ in range(3)] == [201, 201, 409]
    assert error_of(await api.book()) == (409, "SLOT_NOT_AVAILABLE")


async def test_of_many_simultaneous_bookings_exactly_the_capacity_succeed() -> None:
    async with open_sandbox(capacity=3, credits=100) as api:
        answers = await asyncio.gather(*(api.book(externalUserId=f"telegram:{n}") for n in range(30)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 27
        ledger = await api.ledger()
        assert (len(ledger["appointments"]), ledger["credits"]) == (3, 97)


async def test_of_simultaneous_cancellations_exactly_one_is_refunded(api: ApiClient) -> None:
    await api.book()
    answers = await asyncio.gather(*(api.cancel(12345) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [204] + [400] * 9
    assert (await api.ledger())["credits"] == 10_000


async def test_booking_costs_a_credit_and_cancelling_gives_it_back(api: ApiClient) -> None:
    await api.book()
    assert (await api.ledger())["credits"] == 9_999
    await api.cancel(12345)
    assert (await api.ledger())["credits"] == 10_000


async def test_without_credits_nothing_is_booked() -> None:
    async with open_sandbox(credits=1) as api:
        assert (await api.book()).status_code == 201
        assert error_of(await api.book()) == (402, "INSUFFICIENT_CREDITS")
        assert (await api.get("/appointments")).json()["totalElements"] == 1
        await api.cancel(12345)
        assert (await api.book()).status_code == 201


@pytest.mark.parametrize("status", ["CANCELLED", "COMPLETED", "NO_SHOW"])
async def test_an_appointment_that_is_over_cannot_be_cancelled(api: ApiClient, status: str) -> None:
    await api.book()
    await api.control("POST", "/appointments/12345/status", {"status": status})
    balance = (await api.ledger())["credits"]
    assert error_of(await api.cancel(12345)) == (400, "INVALID_REQUEST")
    assert (await api.ledger())["credits"] == balance


async def test_the_same_booking_twice_makes_two_appointments_by_default(api: ApiClient) -> None:
    assert [(await api.book(externalUserId="telegram:1")).status_code for _ in range(2)] == [201, 201]


async def test_duplicates_can_be_refused_while_the_first_is_scheduled() -> None:
    async with open_sandbox(reject_duplicates=True) as api:
        assert (await api.book(externalUserId="telegram:1")).status_code == 201
        assert error_of(await api.book(externalUserId="telegram:1")) == (409, "DUPLICATE_APPOINTMENT")
        assert (await api.book(externalUserId="telegram:2")).status_code == 201
        await api.cancel(12345)
        assert (await api.book(externalUserId="telegram:1")).status_code == 201


async def test_a_full_slot_is_reported_before_a_duplicate() -> None:
    async with open_sandbox(reject_duplicates=True, capacity=1) as api:
        await api.book()
        assert error_of(await api.book()) == (409, "SLOT_NOT_AVAILABLE")


@pytest.mark.parametrize(("department", "worker"), [(10, 43), (23, 71)])
async def test_a_department_that_requires_a_worker_accepts_only_its_own(
    api: ApiClient, department: int, worker: int
) -> None:
    answer = await api.book(departmentId=department)
    assert error_of(answer) == (400, "MISSING_REQUIRED_FIELD")
    assert answer.json()["error"]["details"]["fields"].keys() == {"workerId"}
    assert error_of(await api.book(departmentId=department, workerId=999)) == (400, "INVALID_FIELD_VALUE")
    assert (await api.book(departmentId=department, workerId=worker)).status_code == 201
