"""Turns a response that is not a 2xx into an error; must not know what was requested, except the path.

Codes of the contract's table decide. With an unknown code, or a body that is not the API's (a proxy's page, no body),
the HTTP status decides.
"""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeAlias

import httpx

from bot.core.model import FailureCode
from bot.moncreneau import errors
from bot.moncreneau.quota import HOUR, retry_after

_BY_CODE: dict[str, tuple[type[errors.MoncreneauError], FailureCode]] = {
    "INVALID_REQUEST": (errors.InvalidRequest, FailureCode.BAD_REQUEST),
    "MISSING_REQUIRED_FIELD": (errors.InvalidRequest, FailureCode.BAD_REQUEST),
    "INVALID_FIELD_VALUE": (errors.InvalidRequest, FailureCode.BAD_REQUEST),
    "INVALID_DATE_TIME": (errors.InvalidRequest, FailureCode.BAD_DATE),
    "INVALID_PHONE_NUMBER": (errors.InvalidRequest, FailureCode.BAD_REQUEST),
    "INVALID_EMAIL": (errors.InvalidRequest, FailureCode.BAD_REQUEST),
    "MISSING_API_KEY": (errors.NoAccess, FailureCode.NO_ACCESS),
    "INVALID_API_KEY": (errors.NoAccess, FailureCode.NO_ACCESS),
    "EXPIRED_API_KEY": (errors.NoAccess, FailureCode.NO_ACCESS),
    "INVALID_TOKEN_FORMAT": (errors.NoAccess, FailureCode.NO_ACCESS),
    "INSUFFICIENT_CREDITS": (errors.OutOfCredits, FailureCode.OUT_OF_CREDITS),
    "CREDIT_CHECK_FAILED": (errors.OutOfCredits, FailureCode.OUT_OF_CREDITS),
    "PAYMENT_REQUIRED": (errors.OutOfCredits, FailureCode.OUT_OF_CREDITS),
    "INSUFFICIENT_SCOPE": (errors.NoAccess, FailureCode.NO_ACCESS),
    "ORGANIZATION_MISMATCH": (errors.NoAccess, FailureCode.NO_ACCESS),
    errors.DEPARTMENT_ACCESS_DENIED: (errors.NoAccess, FailureCode.DEPARTMENT_GONE),
    "APPOINTMENT_NOT_FOUND": (errors.NotFound, FailureCode.APPOINTMENT_GONE),
    "DEPARTMENT_NOT_FOUND": (errors.NotFound, FailureCode.DEPARTMENT_GONE),
    errors.USER_NOT_FOUND: (errors.NotFound, FailureCode.BAD_REQUEST),
    "SLOT_NOT_AVAILABLE": (errors.Conflict, FailureCode.SLOT_TAKEN),
    "DUPLICATE_APPOINTMENT": (errors.Conflict, FailureCode.ALREADY_BOOKED),
    "RATE_LIMIT_EXCEEDED": (errors.RateLimited, FailureCode.BUSY),
    "TOO_MANY_REQUESTS": (errors.RateLimited, FailureCode.BUSY),
}
"""The contract's table of errors: the class tells the outcome of the request, the code what citizens are told."""

_BY_STATUS: dict[int, type[errors.MoncreneauError]] = {
    HTTPStatus.UNAUTHORIZED: errors.NoAccess,
    HTTPStatus.FORBIDDEN: errors.NoAccess,
    HTTPStatus.PAYMENT_REQUIRED: errors.OutOfCredits,
    HTTPStatus.CONFLICT: errors.Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: errors.RateLimited,
    HTTPStatus.REQUEST_TIMEOUT: errors.ServerError,
}

_PRESUMED_REFUSALS: dict[int, FailureCode] = {
    HTTPStatus.BAD_REQUEST: FailureCode.BAD_REQUEST,
    HTTPStatus.UNPROCESSABLE_ENTITY: FailureCode.BAD_REQUEST,
    HTTPStatus.CONFLICT: FailureCode.SLOT_TAKEN,
}
"""The presumed refusals: statuses that proxies hardly ever send. They count if lookups find that nothing was done."""

_FROM_THE_API_ONLY = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT}
)
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,49}")
_APPOINTMENT = re.compile(r"/appointments/[^/]+/?$")
_DEPARTMENT = re.compile(r"/departments/[^/]+")


def error_from(response: httpx.Response, now: Callable[[], float]) -> errors.MoncreneauError:
    """The error for this response; never raises, whatever the body contains.

    `now` gives Unix seconds, for a `Retry-After` that names a date.
    """
    body = body_of(response)
    code = _code_in(body)
    kind, failure_code = _kind(response, code, body)
    wait = retry_after(response.headers, now())
    if wait is not None and not issubclass(kind, errors.RateLimited):
        wait = min(wait, HOUR)  # after a 5xx the wait is a guess of the service; after a 429 it is a fact
    if kind is errors.InvalidRequest and failure_code is not FailureCode.BAD_DATE and _fields_in(body) == {"name"}:
        failure_code = FailureCode.BAD_NAME
    error = kind(code, status=response.status_code, retry_after=wait, failure_code=failure_code)
    if isinstance(error, errors.ServerError) and (presumed_refusal := _PRESUMED_REFUSALS.get(response.status_code)):
        error.presumed_refusal, error.outage = presumed_refusal, False
    return error


def body_of(response: httpx.Response) -> Any:
    """The JSON of the response, or None if it is not readable JSON."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


_Kind: TypeAlias = tuple[type[errors.MoncreneauError], FailureCode | None]


def _kind(response: httpx.Response, code: str, body: Any) -> _Kind:
    """The class of the error, and its failure code if it differs from the class's own."""
    status = response.status_code
    if not response.is_client_error or status == HTTPStatus.REQUEST_TIMEOUT:
        return errors.ServerError, None
    if status == HTTPStatus.FORBIDDEN and not response.content.strip():
        return errors.ServerError, None  # from a firewall: the API has a code for each of its reasons
    if body is None and response.content.strip() and (status in _FROM_THE_API_ONLY or _may_have_acted(response)):
        # A proxy's page says nothing about keys, credits or slots, and the API behind it may have acted.
        return errors.ServerError, None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return errors.RateLimited, None
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status == HTTPStatus.NOT_FOUND:
        return errors.NotFound, _not_found(response, body)
    return _BY_STATUS.get(status, errors.InvalidRequest), None


def _may_have_acted(response: httpx.Response) -> bool:
    return response.request.method not in {"GET", "HEAD"}


def _not_found(response: httpx.Response, body: Any) -> FailureCode | None:
    """Classify a 404 without a code of the contract by its path, if it comes from the API.

    Many frameworks send a 404 with an empty body; a page of HTML comes from a proxy.
    """
    if body is None and response.content.strip():
        return FailureCode.DOWN
    path = response.request.url.path
    if _APPOINTMENT.search(path):
        return FailureCode.APPOINTMENT_GONE
    return FailureCode.DEPARTMENT_GONE if _DEPARTMENT.search(path) else None


def _fields_in(body: Any) -> set[str]:
    """The fields that the error is about. The contract does not define the form of `details`; these are usual."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    named = details
    if isinstance(details, dict):
        named = next((details[key] for key in ("fields", "field", "errors") if details.get(key)), details)
    each = named if isinstance(named, list | dict) else [named]
    names = (one.get("field") if isinstance(one, dict) else one for one in each)
    return {name for name in names if isinstance(name, str)}


def _code_in(body: Any) -> str:
    """The API's error code, if it looks like one. Anything else might contain what must not be logged."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
