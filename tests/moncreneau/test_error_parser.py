"""Every error of the contract's table becomes the type that it is; nothing that a service says breaks the reading."""

import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ports import Fate
from bot.core.model import Problem
from bot.moncreneau import errors
from bot.moncreneau.error_parser import error_from
from tests.moncreneau.support import KEY, START

TABLE = [
    (400, "INVALID_REQUEST", errors.InvalidRequest, Problem.BAD_REQUEST),
    (400, "MISSING_REQUIRED_FIELD", errors.MissingRequiredField, Problem.BAD_REQUEST),
    (422, "INVALID_FIELD_VALUE", errors.InvalidFieldValue, Problem.BAD_REQUEST),
    (400, "INVALID_DATE_TIME", errors.InvalidDateTime, Problem.BAD_DATE),
    (422, "INVALID_PHONE_NUMBER", errors.InvalidPhoneNumber, Problem.BAD_REQUEST),
    (400, "INVALID_EMAIL", errors.InvalidEmail, Problem.BAD_REQUEST),
    (401, "MISSING_API_KEY", errors.MissingApiKey, Problem.NO_ACCESS),
    (401, "INVALID_API_KEY", errors.InvalidApiKey, Problem.NO_ACCESS),
    (401, "EXPIRED_API_KEY", errors.ExpiredApiKey, Problem.NO_ACCESS),
    (401, "INVALID_TOKEN_FORMAT", errors.InvalidTokenFormat, Problem.NO_ACCESS),
    (402, "INSUFFICIENT_CREDITS", errors.InsufficientCredits, Problem.OUT_OF_CREDITS),
    (402, "CREDIT_CHECK_FAILED", errors.CreditCheckFailed, Problem.OUT_OF_CREDITS),
    (402, "PAYMENT_REQUIRED", errors.PaymentRequired, Problem.OUT_OF_CREDITS),
    (403, "INSUFFICIENT_SCOPE", errors.InsufficientScope, Problem.NO_ACCESS),
    (403, "ORGANIZATION_MISMATCH", errors.OrganizationMismatch, Problem.NO_ACCESS),
    (403, "DEPARTMENT_ACCESS_DENIED", errors.DepartmentAccessDenied, Problem.DEPARTMENT_GONE),
    (404, "APPOINTMENT_NOT_FOUND", errors.AppointmentNotFound, Problem.APPOINTMENT_GONE),
    (404, "DEPARTMENT_NOT_FOUND", errors.DepartmentNotFound, Problem.DEPARTMENT_GONE),
    (404, "USER_NOT_FOUND", errors.UserNotFound, Problem.BAD_REQUEST),
    (409, "SLOT_NOT_AVAILABLE", errors.SlotNotAvailable, Problem.SLOT_TAKEN),
    (409, "DUPLICATE_APPOINTMENT", errors.DuplicateAppointment, Problem.ALREADY_BOOKED),
    (429, "RATE_LIMIT_EXCEEDED", errors.RateLimitExceeded, Problem.BUSY),
    (429, "TOO_MANY_REQUESTS", errors.TooManyRequests, Problem.BUSY),
]


def told(status: int, body: bytes, path: str = "appointments", **headers: str) -> errors.MoncreneauError:
    request = httpx.Request("GET", "https://example.org/api/v1/" + path + "?externalUserId=telegram:77")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return error_from(httpx.Response(status, headers=names, content=body, request=request), START.timestamp)


@pytest.mark.parametrize(("status", "code", "kind", "problem"), TABLE)
def test_every_error_of_the_contract_is_a_type(
    status: int, code: str, kind: type[errors.MoncreneauError], problem: Problem
) -> None:
    error = told(status, json.dumps({"error": {"code": code, "message": "?", "details": {"a": [1]}}}).encode())
    assert type(error) is kind
    assert error.trouble.problem is problem
    assert error.fate is (Fate.NOT_SENT if status == 429 else Fate.REFUSED)
    assert str(error) == f"{status} {code}"


@pytest.mark.parametrize(
    ("status", "problem", "fate"),
    [
        (400, Problem.BAD_REQUEST, Fate.REFUSED),
        (401, Problem.NO_ACCESS, Fate.REFUSED),
        (402, Problem.OUT_OF_CREDITS, Fate.REFUSED),
        (408, Problem.DOWN, Fate.UNKNOWN),
        (409, Problem.SLOT_TAKEN, Fate.REFUSED),
        (418, Problem.BAD_REQUEST, Fate.REFUSED),
        (429, Problem.BUSY, Fate.NOT_SENT),
        (301, Problem.DOWN, Fate.UNKNOWN),
        (500, Problem.DOWN, Fate.UNKNOWN),
        (502, Problem.DOWN, Fate.UNKNOWN),
        (503, Problem.DOWN, Fate.UNKNOWN),
        (504, Problem.DOWN, Fate.UNKNOWN),
    ],
)
@pytest.mark.parametrize("body", [b"", b'{"error": {"code": "BRAND_NEW"}}', b'{"error": "x"}', b"[1]"])
def test_an_unknown_code_or_body_is_read_by_its_status(status: int, problem: Problem, fate: Fate, body: bytes) -> None:
    error = told(status, body)
    assert (error.trouble.problem, error.fate) == (problem, fate)


@pytest.mark.parametrize("body", [b"<html>proxy</html>", b"\xff\x00"])
@pytest.mark.parametrize("status", [401, 402, 403, 409, 500, 502])
def test_a_page_of_something_in_between_knows_nothing_of_keys_credits_and_slots(status: int, body: bytes) -> None:
    error = told(status, body)
    assert (error.trouble.problem, error.fate) == (Problem.DOWN, Fate.UNKNOWN)


def test_an_empty_403_is_a_firewall_s_and_says_nothing_of_the_key() -> None:
    assert told(403, b"").trouble.problem is Problem.DOWN
    assert told(403, b'{"error": {}}').trouble.problem is Problem.NO_ACCESS


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(409, Problem.SLOT_TAKEN), (400, Problem.BAD_REQUEST), (422, Problem.BAD_REQUEST), (404, None)],
)
def test_a_page_that_answers_a_booking_says_what_it_means_if_nothing_was_booked(
    status: int, verdict: Problem | None
) -> None:
    request = httpx.Request("POST", "https://example.org/api/v1/appointments")
    answered = httpx.Response(status, content=b"<h1>Conflict</h1>", request=request)
    error = error_from(answered, lambda: 0.0)
    assert (error.fate, error.verdict) == (Fate.UNKNOWN, verdict)
    assert error.outage == (verdict is None), "the service is up"


@pytest.mark.parametrize(("status", "seconds"), [(503, 3600), (429, 20_000)])
def test_how_long_to_wait_is_believed_for_a_day_where_it_is_our_limit_and_for_an_hour_where_it_is_a_guess(
    status: int, seconds: float
) -> None:
    assert told(status, b"", Retry_After="20000").retry_after == seconds


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("appointments/7", b"", Problem.APPOINTMENT_GONE),
        ("appointments/7", b'{"status": 404}', Problem.APPOINTMENT_GONE),
        ("departments/5/availability", b"", Problem.DEPARTMENT_GONE),
        ("appointments", b"{}", Problem.BAD_REQUEST),
        ("appointments/7", b"<html>nginx</html>", Problem.DOWN),
    ],
)
def test_a_404_without_a_code_is_told_by_its_path_unless_a_proxy_speaks(
    path: str, body: bytes, problem: Problem
) -> None:
    error = told(404, body, path)
    assert (error.trouble.problem, error.fate) == (problem, Fate.REFUSED)


def test_a_server_error_stays_one_whatever_code_it_carries() -> None:
    error = told(503, b'{"error": {"code": "SLOT_NOT_AVAILABLE"}}', Retry_After="7")
    assert (error.trouble.problem, error.fate, error.retry_after) == (Problem.DOWN, Fate.UNKNOWN, 7)


def test_a_code_that_is_no_code_is_not_repeated() -> None:
    for code in ("Jean Dupont", "telegram:77", KEY, "X" * 500, 5, None):
        error = told(400, json.dumps({"error": {"code": code, "message": "Jean Dupont"}}).encode())
        assert str(error) == "400 InvalidRequest"


@given(
    st.integers(300, 599),
    st.binary() | st.recursive(st.none() | st.text(), st.lists).map(lambda x: json.dumps(x).encode()),
)
def test_no_answer_breaks_the_reading(status: int, body: bytes) -> None:
    assert isinstance(told(status, body, Retry_After="soon"), errors.MoncreneauError)


def test_a_body_of_endless_brackets_breaks_nothing() -> None:
    assert told(400, b"[" * 200_000).trouble.problem is Problem.BAD_REQUEST
