"""Turns an answer that is not a 2xx into the error that it stands for; must not know what was asked, beyond its path.

What the contract's table lists is recognised by its code; a code that it does not list by the HTTP status; a body that
is not the API's (a proxy's page, nothing at all) by the HTTP status too.
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
"""The contract's table of errors: what became of the request, and what citizens are told."""

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
    kind, failure_code = _kind(response, code, body)
    wait = retry_after(response.headers, now())
    if wait is not None and not issubclass(kind, errors.RateLimited):
        wait = min(wait, HOUR)  # how long a service will be ill is a guess of its own; what it allows us it knows
    if kind is errors.InvalidRequest and failure_code is not FailureCode.BAD_DATE and _fields_in(body) == {"name"}:
        failure_code = FailureCode.BAD_NAME
    error = kind(code, status=response.status_code, retry_after=wait, failure_code=failure_code)
    if isinstance(error, errors.ServerError) and (presumed_refusal := _VERDICTS.get(response.status_code)):
        error.presumed_refusal, error.outage = presumed_refusal, False
    return error


def body_of(response: httpx.Response) -> Any:
    """The JSON in the answer, or None where there is none that can be read."""
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        return None


_Kind: TypeAlias = tuple[type[errors.MoncreneauError], FailureCode | None]


def _kind(response: httpx.Response, code: str, body: Any) -> _Kind:
    """The class of the error, and its failure code where that is not the class's own."""
    status = response.status_code
    if not response.is_client_error or status == HTTPStatus.REQUEST_TIMEOUT:
        return errors.ServerError, None
    if status == HTTPStatus.FORBIDDEN and not response.content.strip():
        return errors.ServerError, None  # a firewall: the API has a code for each of its reasons
    if body is None and response.content.strip() and (status in _OURS_TO_SAY or _may_have_acted(response)):
        # A page of something in between: it knows nothing of keys, credits and slots, and what is behind it may have
        # done what was asked.
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
    """A 404 without a code of the contract: what is missing can be told by the path, if it is the API that speaks.

    An empty body is what many frameworks send for "no such thing"; a page of HTML comes from something in between.
    """
    if body is None and response.content.strip():
        return FailureCode.DOWN
    path = response.request.url.path
    if _APPOINTMENT.search(path):
        return FailureCode.APPOINTMENT_GONE
    return FailureCode.DEPARTMENT_GONE if _DEPARTMENT.search(path) else None


def _fields_in(body: Any) -> set[str]:
    """The fields that the error is about. The contract does not say how `details` names them; these forms are usual."""
    error = body.get("error") if isinstance(body, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    named = details
    if isinstance(details, dict):
        named = next((details[key] for key in ("fields", "field", "errors") if details.get(key)), details)
    each = named if isinstance(named, list | dict) else [named]
    names = (one.get("field") if isinstance(one, dict) else one for one in each)
    return {name for name in names if isinstance(name, str)}


def _code_in(body: Any) -> str:
    """The service's word for the error, if it looks like one: anything else might hold what must not be logged."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
