"""The errors that the API answers with, and the JSON envelope that carries them (contract, section Errors).

It must not know why a request was refused.
"""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

STATUS_BY_CODE: Mapping[str, int] = {
    "INVALID_REQUEST": 400,
    "MISSING_REQUIRED_FIELD": 400,
    "INVALID_FIELD_VALUE": 400,
    "INVALID_DATE_TIME": 400,
    "INVALID_PHONE_NUMBER": 422,
    "INVALID_EMAIL": 422,
    "MISSING_API_KEY": 401,
    "INVALID_API_KEY": 401,
    "EXPIRED_API_KEY": 401,
    "INVALID_TOKEN_FORMAT": 401,
    "INSUFFICIENT_CREDITS": 402,
    "CREDIT_CHECK_FAILED": 402,
    "PAYMENT_REQUIRED": 402,
    "INSUFFICIENT_SCOPE": 403,
    "ORGANIZATION_MISMATCH": 403,
    "DEPARTMENT_ACCESS_DENIED": 403,
    "APPOINTMENT_NOT_FOUND": 404,
    "DEPARTMENT_NOT_FOUND": 404,
    "USER_NOT_FOUND": 404,
    "SLOT_NOT_AVAILABLE": 409,
    "DUPLICATE_APPOINTMENT": 409,
    "RATE_LIMIT_EXCEEDED": 429,
    "TOO_MANY_REQUESTS": 429,
    # The contract names no codes for these four; we chose them.
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "INTERNAL_SERVER_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}


class ApiError(Exception):
    """An error answer. A handler raises it; the middleware sends it."""

    def __init__(
        self, code: str, message: str, *, details: Mapping[str, Any] | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details
        self.status = STATUS_BY_CODE[code] if status is None else status

    def response(self, headers: Mapping[str, str] | None = None) -> JSONResponse:
        """Return the answer in the contract's envelope."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return JSONResponse({"error": error}, self.status, headers)


def invalid_field(name: str, reason: str, *, code: str = "INVALID_FIELD_VALUE") -> ApiError:
    """Return the error about one field; its details name the field and the reason."""
    return ApiError(code, f"{name} {reason}", details={"fields": {name: reason}})
