"""Turns an answer that is not a 2xx into the error that it stands for; must not know what was asked, beyond its path.

What the contract's table lists is recognised by its code; a code that it does not list by the HTTP status; a body that
is not the API's (a proxy's page, nothing at all) by the HTTP status too.
"""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from bot.core.model import FailureCode
from bot.moncreneau import errors
from bot.moncreneau.quota import HOUR, retry_after

_BY_CODE: dict[str, type[errors.MoncreneauError]] = {
    "INVALID_REQUEST": errors.InvalidRequest,
    "MISSING_REQUIRED_FIELD": errors.MissingRequiredField,
    "INVALID_FIELD_VALUE": errors.InvalidFieldValue,
    "INVALID_DATE_TIME": errors.InvalidDateTime,
    "INVALID_PHONE_NUMBER": errors.InvalidPhoneNumber,
    "INVALID_EMAIL": errors.InvalidEmail,
    "MISSING_API_KEY": errors.MissingApiKey,
    "INVALID_API_KEY": errors.InvalidApiKey,
    "EXPIRED_API_KEY": errors.ExpiredApiKey,
    "INVALID_TOKEN_FORMAT": errors.InvalidTokenFormat,
    "INSUFFICIENT_CREDITS": errors.InsufficientCredits,
    "CREDIT_CHECK_FAILED": errors.CreditCheckFailed,
    "PAYMENT_REQUIRED": errors.PaymentRequired,
    "INSUFFICIENT_SCOPE": errors.InsufficientScope,
    "ORGANIZATION_MISMATCH": errors.OrganizationMismatch,
    "DEPARTMENT_ACCESS_DENIED": errors.DepartmentAccessDenied,
    "APPOINTMENT_NOT_FOUND": errors.AppointmentNotFound,
    "DEPARTMENT_NOT_FOUND": errors.DepartmentNotFound,
    "USER_NOT_FOUND": errors.UserNotFound,
    "SLOT_NOT_AVAILABLE": errors.SlotNotAvailable,
    "DUPLICATE_APPOINTMENT": errors.DuplicateAppointment,
    "RATE_LIMIT_EXCEEDED": errors.RateLimitExceeded,
    "TOO_MANY_REQUESTS": errors.TooManyRequests,
}

_BY_STATUS: dict[int, type[errors.MoncreneauError]] = {
    HTTPStatus.UNAUTHORIZED: errors.NoAccess,
    HTTPStatus.FORBIDDEN: errors.NoAccess,
    HTTPStatus.PAYMENT_REQUIRED: errors.OutOfCredits,
    HTTPStatus.CONFLICT: errors.Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: errors.RateLimited,
    HTTPStatus.REQUEST_TIMEOUT: errors.ServerError,
}

_VERDICTS: dict[int, FailureCode] = {
    HTTPStatus.BAD_REQUEST: FailureCode.BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY: FailureCode.BAD_REQUEST,
    HTTPStatus.CONFLICT: FailureCode.SLOT_TAKEN,
}
"""What a page of this status says, if what was asked for turns out not to be done: proxies hardly ever say these."""

_OURS_TO_SAY = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT}
)
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,49}")
_APPOINTMENT = re.compile(r"/appointments/[^/]+/?$")
_DEPARTMENT = re.compile(r"/departments/[^/]+")


def error_from(response: httpx.Response, now: Callable[[], float]) -> errors.MoncreneauError:
    """The error that this answer stands for; never raises, whatever the body holds.

    `now` gives Unix seconds, for a `Retry-After` that names a date.
    """
    body = body_of(response)
    code = _code_in(body)
    kind = _kind(response, code, body)
    wait = retry_after(response.headers, now())
    if wait is not None and not issubclass(kind, errors.RateLimited):
        wait = min(wait, HOUR)  # how long a service will be ill is a guess of its own; what it allows us it knows
    error = kind(code, status=response.status_code, retry_after=wait)
    if isinstance(error, errors.ServerError) and (presumed_refusal := _VERDICTS.get(response.status_code)):
        error.presumed_refusal, error.outage = presumed_refusal, False
    return error


def body_of(response: httpx.Response) -> Any:
    """The JSON in the answer, or None where there is none that can be read."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


def _kind(response: httpx.Response, code: str, body: Any) -> type[errors.MoncreneauError]:
    status = response.status_code
    if not response.is_client_error or status == HTTPStatus.REQUEST_TIMEOUT:
        return errors.ServerError
    if status == HTTPStatus.FORBIDDEN and not response.content.strip():
        return errors.ServerError  # a firewall: the API has a code for each of its reasons
    if body is None and response.content.strip() and (status in _OURS_TO_SAY or _may_have_acted(response)):
        # A page of something in between: it knows nothing of keys, credits and slots, and what is behind it may have
        # done what was asked.
        return errors.ServerError
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        named = _BY_CODE.get(code, errors.RateLimited)
        return named if issubclass(named, errors.RateLimited) else errors.RateLimited
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == HTTPStatus.NOT_FOUND:
        return _not_found(response, body)
    return _BY_STATUS.get(status, errors.InvalidRequest)


def _may_have_acted(response: httpx.Response) -> bool:
    return response.request.method not in {"GET", "HEAD"}


def _not_found(response: httpx.Response, body: Any) -> type[errors.MoncreneauError]:
    """A 404 without a code of the contract: what is missing can be told by the path, if it is the API that speaks.

    An empty body is what many frameworks send for "no such thing"; a page of HTML comes from something in between.
    """
    if body is None and response.content.strip():
        return errors.NoSuchPage
    path = response.request.url.path
    if _APPOINTMENT.search(path):
        return errors.AppointmentNotFound
    return errors.DepartmentNotFound if _DEPARTMENT.search(path) else errors.NotFound


def _code_in(body: Any) -> str:
    """The service's word for the error, if it looks like one: anything else might hold what must not be logged."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
