"""The stand-in refuses what the contract does not describe, and the error names the field."""

from typing import Any

import pytest

from tests.sandbox.moncreneau.client import ApiClient, error_of

BODY = {"departmentId": 5, "dateTime": "2026-03-03T10:00:00", "name": "Aïssatou Bah"}


@pytest.mark.parametrize("field", ["phone", "userName", "department_id"])
async def test_an_unknown_field_is_refused(api: ApiClient, field: str) -> None:
    answer = await api.book(**{field: "x"})
    assert error_of(answer) == (400, "INVALID_REQUEST")
    assert answer.json()["error"]["details"]["fields"] == {field: "is not a known field"}


async def test_every_missing_field_is_named(api: ApiClient) -> None:
    answer = await api.call("POST", "/appointments", json={"departmentId": 5, "name": None})
    assert error_of(answer) == (400, "MISSING_REQUIRED_FIELD")
    assert answer.json()["error"]["details"]["fields"].keys() == {"dateTime", "name"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("departmentId", "5"),
        ("departmentId", 5.0),
        ("departmentId", True),
        ("departmentId", 2**70),
        ("dateTime", 20260303),
        ("name", 7),
        ("name", " \n"),
        ("name", "x" * 256),
        ("workerId", "42"),
        ("externalUserId", 12),
        ("externalUserId", ""),
    ],
)
async def test_a_value_of_the_wrong_type_or_length_is_refused(api: ApiClient, field: str, value: Any) -> None:
    answer = await api.book(**{field: value})
    assert error_of(answer) == (400, "INVALID_FIELD_VALUE")
    assert answer.json()["error"]["details"]["fields"].keys() == {field}


async def test_half_a_surrogate_pair_is_refused_as_a_name(api: ApiClient) -> None:
    body = rb'{"departmentId": 5, "dateTime": "2026-03-03T10:00:00", "name": "\ud83d"}'
    answer = await api.call("POST", "/appointments", content=body, headers={"content-type": "application/json"})
    assert error_of(answer) == (400, "INVALID_FIELD_VALUE")


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-03T10:00:00Z",
        "2026-03-03T10:00:00+00:00",
        "2026-03-03T10:00",
        "2026-03-03 10:00:00",
        "2026-03-03T10:00:00.000",
        "2026-02-30T10:00:00",
        "2026-03-03",
        "٢٠٢٦-03-03T10:00:00",
        "demain",
        "",
    ],
)
async def test_a_malformed_time_is_refused(api: ApiClient, value: str) -> None:
    assert error_of(await api.book(dateTime=value)) == (400, "INVALID_DATE_TIME")


@pytest.mark.parametrize("value", ["2026-03-02T09:00:00", "2026-03-02T09:10:00", "2020-01-01T10:00:00"])
async def test_a_past_time_is_refused(api: ApiClient, value: str) -> None:
    assert error_of(await api.book(dateTime=value)) == (400, "INVALID_DATE_TIME")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 60_000, b" " * 70_000])
async def test_a_body_other_than_a_json_object_is_refused(api: ApiClient, body: bytes) -> None:
    answer = await api.call("POST", "/appointments", content=body, headers={"content-type": "application/json"})
    assert error_of(answer) == (400, "INVALID_REQUEST")


async def test_a_form_is_refused(api: ApiClient) -> None:
    assert error_of(await api.call("POST", "/appointments", data={"name": "x"})) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"owner": "x"}, "INVALID_REQUEST"),
        ({"status": ["SCHEDULED", "CANCELLED"]}, "INVALID_REQUEST"),
        ({"status": "DONE"}, "INVALID_FIELD_VALUE"),
        ({"page": "-1"}, "INVALID_FIELD_VALUE"),
        ({"page": "one"}, "INVALID_FIELD_VALUE"),
        ({"size": "0"}, "INVALID_FIELD_VALUE"),
        ({"size": "101"}, "INVALID_FIELD_VALUE"),
        ({"departmentId": "five"}, "INVALID_FIELD_VALUE"),
        ({"startDate": "03/03/2026"}, "INVALID_DATE_TIME"),
        ({"endDate": "2026-02-30"}, "INVALID_DATE_TIME"),
    ],
)
async def test_a_list_refuses_unknown_or_invalid_filters(api: ApiClient, filters: dict[str, str], code: str) -> None:
    assert error_of(await api.get("/appointments", **filters)) == (400, code)


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ({"startDate": "2026-03-03"}, "MISSING_REQUIRED_FIELD"),
        ({"startDate": "2026-03-03", "endDate": "2026-03-02"}, "INVALID_DATE_TIME"),
        ({"startDate": "2026-03-03", "endDate": "tomorrow"}, "INVALID_DATE_TIME"),
        ({"startDate": "2026-03-03", "endDate": "2027-03-04"}, "INVALID_FIELD_VALUE"),
        ({"startDate": "2026-03-03", "endDate": "2026-03-04", "workerId": "1"}, "INVALID_REQUEST"),
    ],
)
async def test_availability_refuses_an_invalid_range(api: ApiClient, span: dict[str, str], code: str) -> None:
    assert error_of(await api.get("/departments/5/availability", **span)) == (400, code)


@pytest.mark.parametrize("number", ["x", "1.5", "9" * 30, "٣"])
async def test_an_id_in_a_path_must_be_an_integer(api: ApiClient, number: str) -> None:
    assert error_of(await api.get(f"/appointments/{number}")) == (400, "INVALID_FIELD_VALUE")
    assert error_of(await api.get(f"/departments/{number}")) == (400, "INVALID_FIELD_VALUE")
