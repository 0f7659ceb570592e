"""The control calls below /__sandbox: tests and curious people read the ledger, inject faults and set what they need.

They take no key, count against no rate limit and suffer no faults. The real service has none of them. What its staff do
is in `office`.
"""

import re
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.moncreneau.appointments import AppointmentBook
from bot.sandbox.moncreneau.clock import MovableClock
from bot.sandbox.moncreneau.config import DEMO_KEY
from bot.sandbox.moncreneau.control_parser import (
    BOOLEAN,
    NATURAL,
    SECONDS,
    TEXT,
    Check,
    is_number,
    one_of,
    optional,
    parse_department,
    parse_fields,
    parse_json,
)
from bot.sandbox.moncreneau.errors import ApiError, invalid_field
from bot.sandbox.moncreneau.faults import FaultInjector, parse_fault
from bot.sandbox.moncreneau.middleware import ApiMiddleware
from bot.sandbox.moncreneau.rate_limiter import RateLimiter
from bot.sandbox.moncreneau.request_parser import parse_integer
from bot.sandbox.moncreneau.schemas import department_json, ledger_entry
from bot.sandbox.moncreneau.webhook_faults import parse_webhook_fault
from bot.sandbox.moncreneau.webhooks import STYLES, Delivery, Webhooks

_STATUS = re.compile(r"[A-Z][A-Z_]{0,39}", re.ASCII)
_STATUS_CHECK: Check = (
    lambda v: isinstance(v, str) and _STATUS.fullmatch(v) is not None,
    "must be capital letters and underscores",
)
_ADVANCE: Check = (lambda v: is_number(v) and 0 <= v <= _YEAR, "must be a number of seconds, at most a year")
_YEAR = 366 * 24 * 3600
_RATE_LIMIT = {"limit": NATURAL, "windowSeconds": NATURAL, "remaining": NATURAL, "key": TEXT}
_ENDPOINT = {
    "url": optional(TEXT),
    "secret": TEXT,
    "style": one_of(*STYLES),
    "timeFactor": SECONDS,
    "timeoutSeconds": SECONDS,
    "createdAs": one_of("iso", "unix"),
    "disabled": BOOLEAN,
}


@dataclass(frozen=True, slots=True)
class Control:
    """The control calls of one stand-in."""

    appointments: AppointmentBook
    limiter: RateLimiter
    faults: FaultInjector
    api: ApiMiddleware
    webhooks: Webhooks
    clock: MovableClock
    public_url: str

    def routes(self) -> list[Route]:
        """Return the routes below /__sandbox."""
        return [
            Route("/ledger", self.ledger, methods=["GET"]),
            Route("/faults", self.list_faults, methods=["GET"]),
            Route("/faults", self.add_faults, methods=["POST"]),
            Route("/faults", self.clear_faults, methods=["DELETE"]),
            Route("/credits", self.set_credits, methods=["POST"]),
            Route("/clock", self.move_clock, methods=["POST"]),
            Route("/ratelimit", self.set_rate_limit, methods=["POST"]),
            Route("/appointments/{id}/status", self.set_status, methods=["POST"]),
            Route("/departments", self.set_departments, methods=["POST"]),
            Route("/departments/{id}", self.remove_department, methods=["DELETE"]),
            Route("/webhooks", self.show_webhooks, methods=["GET"]),
            Route("/webhooks", self.set_endpoint, methods=["POST"]),
            Route("/webhooks/faults", self.add_webhook_faults, methods=["POST"]),
            Route("/webhooks/faults", self.clear_webhook_faults, methods=["DELETE"]),
            Route("/webhooks/{event}/replay", self.replay, methods=["POST"]),
        ]

    async def ledger(self, _request: Request) -> Response:
        """Return every appointment ever made, the balance of credits, and the number of requests by endpoint."""
        return JSONResponse(
            {
                "appointments": [ledger_entry(each, self.public_url) for each in self.appointments.all()],
                "credits": self.appointments.balance,
                "requests": dict(sorted(self.api.requests.items())),
            }
        )

    async def list_faults(self, _request: Request) -> Response:
        """Return the faults in force and how often each has struck."""
        return JSONResponse({"faults": self.faults.report()})

    async def add_faults(self, request: Request) -> Response:
        """Add a list of faults (or `{"faults": [...]}`) to those in force: all of them, or none if one is wrong."""
        self.faults.active.extend([parse_fault(item) for item in await _fault_list(request)])
        return JSONResponse({"faults": self.faults.report()}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """End all faults."""
        self.faults.active.clear()
        return Response(status_code=204)

    async def set_credits(self, request: Request) -> Response:
        """Set the balance of credits: `{"credits": 0}`."""
        data = await parse_fields(request, {"credits": NATURAL}, ("credits",))
        self.appointments.balance = data["credits"]
        return JSONResponse({"credits": self.appointments.balance})

    async def move_clock(self, request: Request) -> Response:
        """Move the clock forward by so many seconds: `{"advance": 3600}`."""
        data = await parse_fields(request, {"advance": _ADVANCE}, ("advance",))
        self.clock.advance(data["advance"])
        return JSONResponse({"now": self.appointments.now().replace(microsecond=0).isoformat()})

    async def set_rate_limit(self, request: Request) -> Response:
        """Set `limit` and `windowSeconds` (every key gets a new window), then the requests `remaining` to `key`.

        Without `key` it is the demo key.
        """
        data = await parse_fields(request, _RATE_LIMIT)
        if data.keys() & {"limit", "windowSeconds"}:
            self.limiter.limit = data.get("limit", self.limiter.limit)
            self.limiter.window = data.get("windowSeconds", self.limiter.window)
            self.limiter.reset()
        token = data.get("key", DEMO_KEY)
        if "remaining" in data:
            self.limiter.set_remaining(token, data["remaining"])
        quota = self.limiter.peek(token)
        return JSONResponse({"limit": quota.limit, "remaining": quota.remaining, "reset": quota.reset})

    async def set_status(self, request: Request) -> Response:
        """Set an appointment's status: `{"status": "COMPLETED"}`. A status unknown to the contract is accepted too."""
        data = await parse_fields(request, {"status": _STATUS_CHECK}, ("status",))
        number = parse_integer("id", request.path_params["id"])
        return JSONResponse(ledger_entry(self.appointments.set_status(number, data["status"]), self.public_url))

    async def set_departments(self, request: Request) -> Response:
        """Add a list of departments in the API's own form, or replace those with the same id."""
        data = await parse_json(request)
        if not isinstance(data, list):
            raise invalid_field("departments", "must be a list")
        departments = [parse_department(item) for item in data]
        self.appointments.set_departments(departments)
        return JSONResponse([department_json(department) for department in departments], 201)

    async def remove_department(self, request: Request) -> Response:
        """Remove a department; its appointments stay."""
        self.appointments.remove_department(parse_integer("id", request.path_params["id"]))
        return Response(status_code=204)

    async def show_webhooks(self, _request: Request) -> Response:
        """Return the endpoint, the faults of webhooks, and every delivery, oldest first."""
        return JSONResponse(webhooks_json(self.webhooks))

    async def set_endpoint(self, request: Request) -> Response:
        """Set where and how webhooks are sent; what is not named stays. A new URL is enabled."""
        data = await parse_fields(request, _ENDPOINT)
        endpoint = self.webhooks.endpoint
        endpoint.url = data.get("url", endpoint.url)
        endpoint.secret = data.get("secret", endpoint.secret)
        endpoint.style = data.get("style", endpoint.style)
        endpoint.time_factor = data.get("timeFactor", endpoint.time_factor)
        endpoint.timeout = data.get("timeoutSeconds", endpoint.timeout)
        endpoint.created_as = data.get("createdAs", endpoint.created_as)
        endpoint.is_disabled = data.get("disabled", endpoint.is_disabled and "url" not in data)
        return JSONResponse(webhooks_json(self.webhooks))

    async def add_webhook_faults(self, request: Request) -> Response:
        """Add a list of faults of webhooks (or `{"faults": [...]}`): all of them, or none if one is wrong."""
        self.webhooks.faults.add([parse_webhook_fault(item) for item in await _fault_list(request)])
        return JSONResponse({"faults": self.webhooks.faults.report()}, 201)

    async def clear_webhook_faults(self, _request: Request) -> Response:
        """End all faults of webhooks, and send what they held back."""
        self.webhooks.clear_faults()
        return Response(status_code=204)

    async def replay(self, request: Request) -> Response:
        """Send an earlier event once more, byte for byte."""
        return JSONResponse(_delivery_json(self.webhooks.replay(request.path_params["event"])), 202)


def webhooks_json(webhooks: Webhooks, newest: int | None = None) -> dict[str, Any]:
    """Return the state of the webhooks; `newest` limits the deliveries."""
    endpoint = webhooks.endpoint
    deliveries = webhooks.deliveries if newest is None else webhooks.deliveries[-newest:]
    return {
        "url": endpoint.url,
        "style": endpoint.style,
        "timeFactor": endpoint.time_factor,
        "timeoutSeconds": endpoint.timeout,
        "createdAs": endpoint.created_as,
        "disabled": endpoint.is_disabled,
        "faults": webhooks.faults.report(),
        "deliveries": [_delivery_json(delivery) for delivery in deliveries],
    }


def _delivery_json(delivery: Delivery) -> dict[str, Any]:
    event = delivery.event
    return {
        "event": event.id,
        "type": event.type,
        "created": event.created,
        "appointmentId": event.appointment_id,
        "state": delivery.state,
        "attempts": delivery.attempts,
    }


async def _fault_list(request: Request) -> list[Any]:
    data = await parse_json(request)
    if isinstance(data, dict) and data.keys() == {"faults"}:
        data = data["faults"]
    if not isinstance(data, list):
        raise invalid_field("faults", "must be a list")
    return data


async def error_response(_request: Request, error: Exception) -> Response:
    """Answer a refused control call in the API's envelope."""
    assert isinstance(error, ApiError)  # noqa: S101 — registered for ApiError alone; Starlette's type is wider
    return error.response()
