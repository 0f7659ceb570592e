"""The answers of the API's endpoints to valid requests."""

from typing import Any

from tests.sandbox.moncreneau.client import SLOT, ApiClient, open_sandbox


async def test_the_departments_of_the_quick_start_are_listed_as_it_shows_them(api: ApiClient) -> None:
    listed = {department["id"]: department for department in (await api.get("/departments")).json()}
    shown = {
        "id": 5,
        "name": "Passport Service",
        "description": "Passport issuance",
        "organization": {"id": 1, "name": "Ministry of Interior"},
    }
    assert shown.items() <= listed[5].items()
    assert listed[8]["name"] == "ID Card Service"
    assert len({department["organization"]["id"] for department in listed.values()}) == 2


async def test_the_default_departments_show_everything_that_the_contract_allows(api: ApiClient) -> None:
    listed = (await api.get("/departments")).json()
    assert any(not department["isActive"] for department in listed)
    asking = [department for department in listed if department["showAdminsInBooking"]]
    assert {"workers" in department for department in asking} == {True, False}
    assert not any("workers" in department for department in listed if not department["showAdminsInBooking"])


async def test_a_single_department_is_the_same_as_in_the_list(api: ApiClient) -> None:
    listed = (await api.get("/departments")).json()
    for department in listed:
        assert (await api.get(f"/departments/{department['id']}")).json() == department


async def test_slots_follow_the_opening_hours_and_leave_out_the_past(api: ApiClient) -> None:
    days = await api.slots(22, "2026-03-02", "2026-03-08")
    open_days = {day: list(hours) for day, hours in days.items() if hours}
    morning = ["09:00", "09:30", "10:00", "10:30"]
    assert open_days == {"2026-03-03": morning, "2026-03-05": morning}
    assert list((await api.slots(5, "2026-03-02"))["2026-03-02"])[:2] == ["09:30", "10:00"]
    assert (await api.slots(5, "2026-03-01"))["2026-03-01"] == {}


async def test_a_slot_has_its_hour_and_its_full_date_and_time(api: ApiClient) -> None:
    answer = await api.get("/departments/20/availability", startDate="2026-03-03", endDate="2026-03-03")
    first = answer.json()["availability"][0]["slots"][0]
    assert answer.json()["departmentId"] == 20
    assert first == {"time": "08:00", "available": True, "dateTime": "2026-03-03T08:00:00"}


async def test_a_slot_disappears_once_it_is_past(api: ApiClient) -> None:
    assert "09:30" in (await api.slots(5, "2026-03-02"))["2026-03-02"]
    api.clock.advance(minutes=20)
    assert "09:30" not in (await api.slots(5, "2026-03-02"))["2026-03-02"]


async def test_a_full_slot_is_listed_as_taken_and_free_again_after_a_cancellation(api: ApiClient) -> None:
    numbers = [(await api.book(name=name)).json()["id"] for name in ("Un", "Deux")]
    assert (await api.slots(5, "2026-03-03"))["2026-03-03"]["10:00"] is False
    await api.cancel(numbers[0])
    assert (await api.slots(5, "2026-03-03"))["2026-03-03"]["10:00"] is True


async def test_a_department_without_capacity_lists_slots_of_which_none_is_free(api: ApiClient) -> None:
    hours = (await api.slots(24, "2026-03-03"))["2026-03-03"]
    assert hours
    assert not any(hours.values())


async def test_a_booking_answers_201_with_the_appointment_of_the_quick_start(api: ApiClient) -> None:
    answer = await api.book(externalUserId="telegram:7", workerId=42)
    assert answer.status_code == 201
    assert answer.json() == {
        "id": 12345,
        "departmentId": 5,
        "dateTime": SLOT,
        "status": "SCHEDULED",
        "name": "Aïssatou Bah",
        "qrCode": "https://moncreneau.gn/qr/12345",
        "createdAt": "2026-03-02T09:10:00",
        "creditsConsumed": 1,
        "externalUserId": "telegram:7",
    }
    assert (await api.get("/appointments/12345")).json() == answer.json()


async def test_times_are_in_the_configured_time_zone() -> None:
    async with open_sandbox(timezone="Indian/Mauritius") as api:
        assert (await api.book()).json()["createdAt"] == "2026-03-02T13:10:00"


async def test_a_list_is_paged_and_marks_its_last_page(api: ApiClient) -> None:
    for hour in ("08:00", "08:30", "09:00"):
        await api.book(dateTime=f"2026-03-04T{hour}:00")
    first = (await api.get("/appointments", page=0, size=2)).json()
    second = (await api.get("/appointments", page=1, size=2)).json()
    assert [a["id"] for a in first["content"] + second["content"]] == [12345, 12346, 12347]
    assert {name: first[name] for name in first if name != "content"} == {
        "page": 0,
        "size": 2,
        "totalElements": 3,
        "totalPages": 2,
        "last": False,
    }
    assert second["last"] is True
    empty = (await api.get("/appointments", status="NO_SHOW")).json()
    assert (empty["content"], empty["totalPages"], empty["last"]) == ([], 0, True)


async def test_each_filter_of_a_list_selects_what_it_names(api: ApiClient) -> None:
    await api.book(externalUserId="telegram:1")
    await api.book(externalUserId="telegram:2", dateTime="2026-03-04T08:00:00")
    await api.book(externalUserId="telegram:1", departmentId=9, dateTime="2026-03-05T08:00:00")
    await api.cancel(12345)

    async def found(**filters: Any) -> list[int]:
        return [a["id"] for a in (await api.get("/appointments", **filters)).json()["content"]]

    assert await found() == [12345, 12346, 12347]
    assert await found(externalUserId="telegram:1") == [12345, 12347]
    assert await found(externalUserId="telegram:") == []
    assert await found(status="CANCELLED") == [12345]
    assert await found(departmentId=9) == [12347]
    assert await found(startDate="2026-03-04") == [12346, 12347]
    assert await found(endDate="2026-03-04") == [12345, 12346]
    assert await found(startDate="2026-03-04", endDate="2026-03-04", externalUserId="telegram:1") == []


async def test_cancelling_answers_204_and_the_appointment_stays_readable(api: ApiClient) -> None:
    await api.book()
    answer = await api.cancel(12345)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await api.get("/appointments/12345")).json()["status"] == "CANCELLED"
