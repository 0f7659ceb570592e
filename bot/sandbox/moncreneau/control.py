"""The control calls below /__sandbox: tests and curious people read the ledger, inject faults and set what they need.

They take no key, count against no rate limit and suffer no faults. The real service has none of them.
"""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.moncreneau.appointments import AppointmentBook
from bot.sandbox.moncreneau.config import DEMO_KEY
from bot.sandbox.moncreneau.errors import ApiError, invalid_field
from bot.sandbox.moncreneau.faults import FaultInjector, parse_fault
from bot.sandbox.moncreneau.middleware import ApiMiddleware
from bot.sandbox.moncreneau.rate_limiter import RateLimiter
from bot.sandbox.moncreneau.request_parser import parse_integer
from bot.sandbox.moncreneau.schemas import ledger_entry

_STATUS = re.compile(r"[A-Z][A-Z_]{0,39}", re.ASCII)


class Control:
    """The control calls of one stand-in."""

    def __init__(
        self,
        appointments: AppointmentBook,
        limiter: RateLimiter,
        faults: FaultInjector,
        api: ApiMiddleware,
        public_url: str,
    ) -> None:
        self._appointments = appointments
        self._limiter = limiter
        self._faults = faults
        self._api = api
        self._public_url = public_url

    def routes(self) -> list[Route]:
        """Return the routes below /__sandbox."""
        return [
            Route("/ledger", self.ledger, methods=["GET"]),
            Route("/faults", self.list_faults, methods=["GET"]),
            Route("/faults", self.add_faults, methods=["POST"]),
            Route("/faults", self.clear_faults, methods=["DELETE"]),
            Route("/credits", self.set_credits, methods=["POST"]),
            Route("/ratelimit", self.set_rate_limit, methods=["POST"]),
            Route("/appointments/{id}/status", self.set_status, methods=["POST"]),
        ]

    async def ledger(self, _request: Request) -> Response:
        """Return every appointment ever made, the balance of credits, and the number of requests by endpoint."""
        return JSONResponse(
            {
                "appointments": [ledger_entry(each, self._public_url) for each in self._appointments.all()],
                "credits": self._appointments.balance,
                "requests": dict(sorted(self._api.requests.items())),
            }
        )

    async def list_faults(self, _request: Request) -> Response:
        """Return the faults in force and how often each has struck."""
        return JSONResponse({"faults": self._faults.report()})

    async def add_faults(self, request: Request) -> Response:
        """Add a list of faults (or `{"faults": [...]}`) to those in force: all of them, or none where one is wrong."""
        data = await _json(request)
        if isinstance(data, dict) and data.keys() == {"faults"}:
            data = data["faults"]
        if not isinstance(data, list):
            raise invalid_field("faults", "must be a list")
        self._faults.active.extend([parse_fault(item) for item in data])
        return JSONResponse({"faults": self._faults.report()}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """End all faults."""
        self._faults.active.clear()
        return Response(status_code=204)

    async def set_credits(self, request: Request) -> Response:
        """Set the balance of credits: `{"credits": 0}`."""
        data = await _fields(request, "credits")
        if "credits" not in data:
            raise invalid_field("credits", "is required", code="MISSING_REQUIRED_FIELD")
        self._appointments.balance = data["credits"]
        return JSONResponse({"credits": self._appointments.balance})

    async def set_rate_limit(self, request: Request) -> Response:
        """Set `limit` and `windowSeconds` (every key gets a new window), then the requests `remaining` to `key`.

        Without `key` it is the demo key.
        """
        data = await _fields(request, "limit", "windowSeconds", "remaining", text="key")
        if data.keys() & {"limit", "windowSeconds"}:
            self._limiter.limit = data.get("limit", self._limiter.limit)
            self._limiter.window = data.get("windowSeconds", self._limiter.window)
            self._limiter.reset()
        token = data.get("key", DEMO_KEY)
        if "remaining" in data:
            self._limiter.set_remaining(token, data["remaining"])
        quota = self._limiter.peek(token)
        return JSONResponse({"limit": quota.limit, "remaining": quota.remaining, "reset": quota.reset})

    async def set_status(self, request: Request) -> Response:
        """Set an appointment's status: `{"status": "COMPLETED"}`. A status unknown to the contract is accepted too."""
        data = await _fields(request, text="status")
        status = data.get("status", "")
        if not _STATUS.fullmatch(status):
            raise invalid_field("status", "must be capital letters and underscores")
        number = parse_integer("id", request.path_params["id"])
        return JSONResponse(ledger_entry(self._appointments.set_status(number, status), self._public_url))


async def error_response(_request: Request, error: Exception) -> Response:
    """Answer a refused control call in the API's envelope."""
    assert isinstance(error, ApiError)  # noqa: S101 — registered for ApiError alone; Starlette's type is wider
    return error.response()


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise ApiError("INVALID_REQUEST", "The body is not JSON") from None


async def _fields(request: Request, *numbers: str, text: str | None = None) -> dict[str, Any]:
    """Parse a JSON object of whole numbers (0 or more) and at most one string."""
    data = await _json(request)
    if not isinstance(data, dict):
        raise ApiError("INVALID_REQUEST", "The body must be a JSON object")
    for name, value in data.items():
        if name == text:
            if not isinstance(value, str):
                raise invalid_field(name, "must be a string")
        elif name not in numbers:
            raise invalid_field(name, "is not a known field")
        elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise invalid_field(name, "must be a whole number, 0 or more")
    return data
