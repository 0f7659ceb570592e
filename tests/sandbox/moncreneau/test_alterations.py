"""The service answers, but not as the contract says: what it stores, lists and calls things."""

from typing import Any

import httpx
import pytest

from tests.sandbox.moncreneau.client import SLOT, ApiClient, error_of


@pytest.mark.parametrize(
    ("form", "stored"),
    [
        ("escaped", "Jean-Marie N&#039;Diayé"),
        ("null", None),
        ("upper", "JEAN-MARIE N'DIAYÉ"),
        ("ascii", "Jean-Marie N'Diaye"),
    ],
)
async def test_the_service_stores_another_name(api: ApiClient, form: str, stored: str | None) -> None:
    await api.inject("store", "POST", "/appointments", name=form, times=1)
    assert (await api.book(name="Jean-Marie N'Diayé")).json()["name"] == stored
    assert (await api.get("/appointments")).json()["content"][0]["name"] == stored
    assert (await api.ledger())["appointments"][0]["name"] == stored
    assert (await api.book(name="N'Diaye")).json()["name"] == "N'Diaye"


async def test_another_name_is_stored_even_if_the_answer_is_lost(api: ApiClient) -> None:
    await api.inject("store", "POST", name="null")
    await api.inject("drop_after", "POST")
    with pytest.raises(httpx.RemoteProtocolError):
        await api.book()
    assert [each["name"] for each in (await api.ledger())["appointments"]] == [None]


async def test_the_service_stores_another_minute(api: ApiClient) -> None:
    await api.inject("store", "POST", minutes=5)
    assert (await api.book()).json()["dateTime"] == "2026-03-03T10:05:00"
    assert (await api.ledger())["appointments"][0]["dateTime"] == "2026-03-03T10:05:00"
    assert error_of(await api.book(dateTime="2026-03-03T10:05:00")) == (409, "SLOT_NOT_AVAILABLE")


async def test_fields_can_be_renamed_left_out_and_replaced_at_any_depth(api: ApiClient) -> None:
    await api.inject(
        "rewrite", "GET", "/departments/5", rename={"time": "start", "available": "free", "dateTime": None}, times=1
    )
    answer = await api.get("/departments/5/availability", startDate="2026-03-03", endDate="2026-03-03")
    assert answer.json()["availability"][0]["slots"][0] == {"start": "08:00", "free": True}
    await api.inject("rewrite", "GET", "/departments", replace={"id": "abc", "workers": None}, wrap="data", times=1)
    listed = (await api.get("/departments")).json()["data"]
    assert {each["id"] for each in listed} == {"abc"}
    assert listed[3]["workers"] is None


async def test_a_rewritten_answer_keeps_its_status_and_headers(api: ApiClient) -> None:
    await api.inject("rewrite", rename={"externalUserId": None})
    answer = await api.book(externalUserId="telegram:1")
    assert answer.status_code == 201
    assert "externalUserId" not in answer.json()
    assert "x-ratelimit-limit" in answer.headers
    assert (await api.cancel(12345)).status_code == 204
    assert (await api.ledger())["appointments"][0]["externalUserId"] == "telegram:1"


async def test_the_owner_is_neither_told_nor_filtered(api: ApiClient) -> None:
    await api.inject("ignore_filters", filters=["externalUserId"])
    await api.inject("rewrite", rename={"externalUserId": None})
    await api.book(externalUserId="telegram:1")
    await api.book(externalUserId="telegram:2")
    await api.cancel(12345)
    page = (await api.get("/appointments", externalUserId="telegram:1", status="SCHEDULED")).json()
    assert [each["id"] for each in page["content"]] == [12346]
    assert not any("externalUserId" in each for each in page["content"])


async def test_all_filters_can_be_ignored_and_pages_stay(api: ApiClient) -> None:
    await api.book()
    await api.book(departmentId=9)
    await api.inject("ignore_filters")
    page = (await api.get("/appointments", departmentId=9, status="NO_SHOW", size=1, page=1)).json()
    assert ([each["id"] for each in page["content"]], page["totalElements"]) == ([12346], 2)


async def test_pages_in_springs_newer_form_are_shorter_than_asked_for(api: ApiClient) -> None:
    for hour in ("08:00", "08:30", "09:00"):
        await api.book(dateTime=f"2026-03-04T{hour}:00")
    await api.inject("pages", "GET", "/appointments", form="spring", size=2)
    first = (await api.get("/appointments", size=100)).json()
    assert first.keys() == {"content", "page"}
    assert first["page"] == {"size": 2, "number": 0, "totalElements": 3, "totalPages": 2}
    second = (await api.get("/appointments", size=100, page=1)).json()
    assert [each["id"] for each in first["content"] + second["content"]] == [12345, 12346, 12347]


async def test_pages_can_tell_no_total_at_all(api: ApiClient) -> None:
    await api.book()
    await api.inject("pages", form="content", times=1)
    assert (await api.get("/appointments")).json().keys() == {"content"}
    await api.inject("pages", form="list", times=1)
    assert [each["id"] for each in (await api.get("/appointments")).json()] == [12345]


async def test_a_list_lacks_new_appointments_for_some_seconds(api: ApiClient) -> None:
    await api.inject("stale", "GET", "/appointments", seconds=10)
    await api.book()

    async def listed() -> int:
        total: int = (await api.get("/appointments")).json()["totalElements"]
        return total

    assert await listed() == 0
    assert (await api.get("/appointments/12345")).status_code == 200
    api.clock.advance(seconds=10)
    assert await listed() == 1


@pytest.mark.parametrize("body", ["", "<html>", {"success": True}])
async def test_a_booking_is_made_and_its_answer_says_nothing_useful(api: ApiClient, body: Any) -> None:
    await api.inject("garbage", "POST", when="after", status=201, body=body)
    answer = await api.book()
    assert answer.status_code == 201
    assert answer.text == body if isinstance(body, str) else answer.json() == body
    assert len((await api.ledger())["appointments"]) == 1


async def test_a_cancellation_is_refused_with_200(api: ApiClient) -> None:
    await api.book()
    await api.inject("garbage", "DELETE", body={"success": False, "message": "too late"})
    answer = await api.cancel(12345)
    assert (answer.status_code, answer.json()) == (200, {"success": False, "message": "too late"})
    assert (await api.get("/appointments/12345")).json()["status"] == "SCHEDULED"


async def test_an_error_can_name_the_field_that_is_refused(api: ApiClient) -> None:
    details = {"fields": {"name": "must not contain digits"}}
    await api.inject("error_code", "POST", code="INVALID_FIELD_VALUE", status=422, details=details, times=1)
    answer = await api.book(name="R2D2")
    assert error_of(answer) == (422, "INVALID_FIELD_VALUE")
    assert answer.json()["error"]["details"] == details
    assert (await api.book(name="Hawa")).status_code == 201


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "store", "name": "backwards"},
        {"kind": "store", "minutes": 0.5},
        {"kind": "rewrite", "rename": {"id": 7}},
        {"kind": "rewrite", "replace": []},
        {"kind": "pages", "form": "html"},
        {"kind": "pages", "size": 0},
        {"kind": "ignore_filters", "filters": "status"},
        {"kind": "ignore_filters", "filters": [1]},
    ],
)
async def test_an_invalid_alteration_is_refused(api: ApiClient, fault: object) -> None:
    assert (await api.control("POST", "/faults", [fault])).status_code == 400
    assert (await api.book()).json()["dateTime"] == SLOT
