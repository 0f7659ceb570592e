"""Every error of the contract's table becomes its type; no response raises in the parser."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ports import WriteOutcome
from bot.core.model import FailureCode
from bot.moncreneau import errors
from bot.moncreneau.error_parser import error_from
from tests.moncreneau.support import KEY, START

TABLE = [
    (400, "INVALID_REQUEST", errors.InvalidRequest, FailureCode.BAD_REQUEST),
    (400, "MISSING_REQUIRED_FIELD", errors.InvalidRequest, FailureCode.BAD_REQUEST),
    (422, "INVALID_FIELD_VALUE", errors.InvalidRequest, FailureCode.BAD_REQUEST),
    (400, "INVALID_DATE_TIME", errors.InvalidRequest, FailureCode.BAD_DATE),
    (422, "INVALID_PHONE_NUMBER", errors.InvalidRequest, FailureCode.BAD_REQUEST),
    (400, "INVALID_EMAIL", errors.InvalidRequest, FailureCode.BAD_REQUEST),
    (401, "MISSING_API_KEY", errors.NoAccess, FailureCode.NO_ACCESS),
    (401, "INVALID_API_KEY", errors.NoAccess, FailureCode.NO_ACCESS),
    (401, "EXPIRED_API_KEY", errors.NoAccess, FailureCode.NO_ACCESS),
    (401, "INVALID_TOKEN_FORMAT", errors.NoAccess, FailureCode.NO_ACCESS),
    (402, "INSUFFICIENT_CREDITS", errors.OutOfCredits, FailureCode.OUT_OF_CREDITS),
    (402, "CREDIT_CHECK_FAILED", errors.OutOfCredits, FailureCode.OUT_OF_CREDITS),
    (402, "PAYMENT_REQUIRED", errors.OutOfCredits, FailureCode.OUT_OF_CREDITS),
    (403, "INSUFFICIENT_SCOPE", errors.NoAccess, FailureCode.NO_ACCESS),
    (403, "ORGANIZATION_MISMATCH", errors.NoAccess, FailureCode.NO_ACCESS),
    (403, "DEPARTMENT_ACCESS_DENIED", errors.NoAccess, FailureCode.DEPARTMENT_GONE),
    (404, "APPOINTMENT_NOT_FOUND", errors.NotFound, FailureCode.APPOINTMENT_GONE),
    (404, "DEPARTMENT_NOT_FOUND", errors.NotFound, FailureCode.DEPARTMENT_GONE),
    (404, "USER_NOT_FOUND", errors.NotFound, FailureCode.BAD_REQUEST),
    (409, "SLOT_NOT_AVAILABLE", errors.Conflict, FailureCode.SLOT_TAKEN),
    (409, "DUPLICATE_APPOINTMENT", errors.Conflict, FailureCode.ALREADY_BOOKED),
    (429, "RATE_LIMIT_EXCEEDED", errors.RateLimited, FailureCode.BUSY),
    (429, "TOO_MANY_REQUESTS", errors.RateLimited, FailureCode.BUSY),
]


@pytest.mark.parametrize(
    "details",
    [
        {"fields": {"name": "is too long"}},
        {"fields": ["name"]},
        {"field": "name"},
        {"name": "is too long"},
        {"errors": [{"field": "name", "message": "x"}]},
        ["name"],
        "name",
    ],
)
@pytest.mark.parametrize("code", ["INVALID_FIELD_VALUE", "INVALID_REQUEST", "SOMETHING_NEW"])
def test_a_refused_name_is_recognised(details: object, code: str) -> None:
    error = told(422, json.dumps({"error": {"code": code, "details": details}}).encode())
    assert (error.failure.code, error.outcome) == (FailureCode.BAD_NAME, WriteOutcome.REFUSED)


@pytest.mark.parametrize("details", [None, {}, {"fields": {"name": "x", "dateTime": "y"}}, {"field": 3}, [None], 7])
def test_other_refusals_are_not_taken_for_a_refused_name(details: object) -> None:
    error = told(422, json.dumps({"error": {"code": "INVALID_FIELD_VALUE", "details": details}}).encode())
    assert error.failure.code is FailureCode.BAD_REQUEST


def told(status: int, body: bytes, path: str = "appointments", **headers: str) -> errors.MoncreneauError:
    request = httpx.Request("GET", "https://example.org/api/v1/" + path + "?externalUserId=telegram:77")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from(httpx.Response(status, headers=names, content=body, request=request), START.timestamp)


@pytest.mark.parametrize(("status", "code", "kind", "failure_code"), TABLE)
def test_every_error_of_the_contract_has_its_class_and_its_words(
    status: int, code: str, kind: type[errors.MoncreneauError], failure_code: FailureCode
) -> None:
    error = told(status, json.dumps({"error": {"code": code, "message": "?", "details": {"a": [1]}}}).encode())
    assert type(error) is kind
    assert error.failure.code is failure_code
    assert error.outcome is (WriteOutcome.NOT_SENT if status == 429 else WriteOutcome.REFUSED)
    assert str(error) == f"{status} {code}"


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (400, FailureCode.BAD_REQUEST, WriteOutcome.REFUSED),
        (401, FailureCode.NO_ACCESS, WriteOutcome.REFUSED),
        (402, FailureCode.OUT_OF_CREDITS, WriteOutcome.REFUSED),
        (408, FailureCode.DOWN, WriteOutcome.UNKNOWN),
        (409, FailureCode.SLOT_TAKEN, WriteOutcome.REFUSED),
        (418, FailureCode.BAD_REQUEST, WriteOutcome.REFUSED),
        (429, FailureCode.BUSY, WriteOutcome.NOT_SENT),
        (301, FailureCode.DOWN, WriteOutcome.UNKNOWN),
        (500, FailureCode.DOWN, WriteOutcome.UNKNOWN),
        (502, FailureCode.DOWN, WriteOutcome.UNKNOWN),
        (503, FailureCode.DOWN, WriteOutcome.UNKNOWN),
        (504, FailureCode.DOWN, WriteOutcome.UNKNOWN),
    ],
)
@pytest.mark.parametrize("body", [b"", b'{"error": {"code": "BRAND_NEW"}}', b'{"error": "x"}', b"[1]"])
def test_an_unknown_code_or_body_is_read_by_its_status(
    status: int, code: FailureCode, outcome: WriteOutcome, body: bytes
) -> None:
    error = told(status, body)
    assert (error.failure.code, error.outcome) == (code, outcome)


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b"\xff\x00"])
@pytest.mark.parametrize("status", [401, 402, 403, 409, 500, 502])
def test_a_proxys_error_page_says_nothing_about_keys_credits_or_slots(status: int, body: bytes) -> None:
    error = told(status, body)
    assert (error.failure.code, error.outcome) == (FailureCode.DOWN, WriteOutcome.UNKNOWN)


def test_an_empty_403_does_not_mean_that_the_key_is_refused() -> None:
    assert told(403, b"").failure.code is FailureCode.DOWN
    assert told(403, b'{"error": {}}').failure.code is FailureCode.NO_ACCESS


@pytest.mark.parametrize(
    ("status", "presumed_refusal"),
    [(409, FailureCode.SLOT_TAKEN), (400, FailureCode.BAD_REQUEST), (422, FailureCode.BAD_REQUEST), (404, None)],
)
def test_a_proxys_page_in_response_to_a_booking_is_a_presumed_refusal(
    status: int, presumed_refusal: FailureCode | None
) -> None:
    request = httpx.Request("POST", "https://example.org/api/v1/appointments")
    answered = httpx.Response(status, content=b"<h1>Conflict</h1>", request=request)
    error = error_from(answered, lambda: 0.0)
    assert (error.outcome, error.presumed_refusal) == (WriteOutcome.UNKNOWN, presumed_refusal)
    assert error.outage == (presumed_refusal is None), "the service is up"


@pytest.mark.parametrize(("status", "seconds"), [(503, 3600), (429, 20_000)])
def test_retry_after_is_capped_at_a_day_for_429_and_an_hour_otherwise(status: int, seconds: float) -> None:
    assert told(status, b"", Retry_After="20000").retry_after == seconds


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("appointments/7", b"", FailureCode.APPOINTMENT_GONE),
        ("appointments/7", b'{"status": 404}', FailureCode.APPOINTMENT_GONE),
        ("departments/5/availability", b"", FailureCode.DEPARTMENT_GONE),
        ("appointments", b"{}", FailureCode.BAD_REQUEST),
        ("appointments/7", b"<html>nginx</html>", FailureCode.DOWN),
    ],
)
def test_a_404_without_a_code_is_classified_by_its_path(path: str, body: bytes, code: FailureCode) -> None:
    error = told(404, body, path)
    assert (error.failure.code, error.outcome) == (code, WriteOutcome.REFUSED)


def test_a_5xx_is_a_server_error_whatever_code_is_in_its_body() -> None:
    error = told(503, b'{"error": {"code": "SLOT_NOT_AVAILABLE"}}', Retry_After="7")
    assert (error.failure.code, error.outcome, error.retry_after) == (FailureCode.DOWN, WriteOutcome.UNKNOWN, 7)


def test_an_invalid_error_code_is_not_shown() -> None:
    for code in ("Jean Dupont", "telegram:77", KEY, "X" * 500, 5, None):
        error = told(400, json.dumps({"error": {"code": code, "message": "Jean Dupont"}}).encode())
        assert str(error) == "400 the request is refused"


@given(
    st.integers(300, 599),
    st.binary() | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()),
)
def test_no_response_raises_in_the_parser(status: int, body: bytes) -> None:
    assert isinstance(told(status, body, Retry_After="soon"), errors.MoncreneauError)


def test_deeply_nested_json_does_not_raise() -> None:
    assert told(400, b"[" * 200_000).failure.code is FailureCode.BAD_REQUEST
