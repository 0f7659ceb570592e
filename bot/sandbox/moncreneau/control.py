"""The calls below /__sandbox with which a test or a curious person looks behind the scenes and plays the office.

No key, no budget, no faults. The real service has none of this.
"""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.moncreneau import request_parser as checks
from bot.sandbox.moncreneau import schemas as wire
from bot.sandbox.moncreneau.appointments import Registry
from bot.sandbox.moncreneau.config import DEMO_KEY, MoncreneauSandbox
from bot.sandbox.moncreneau.errors import Refusal, bad_field
from bot.sandbox.moncreneau.faults import Faults, fault_from
from bot.sandbox.moncreneau.middleware import Gate
from bot.sandbox.moncreneau.rate_limiter import Meter

_STATUS = re.compile(r"[A-Z][A-Z_]{0,39}", re.ASCII)


class Control:
    """The control calls over all parts of one stand-in."""

    def __init__(self, config: MoncreneauSandbox, registry: Registry, meter: Meter, faults: Faults, gate: Gate) -> None:
        self._config = config
        self._registry = registry
        self._meter = meter
        self._faults = faults
        self._gate = gate

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
        """Tell everything that ever happened: appointments with owner and times, the balance, requests by endpoint."""
        return JSONResponse(
            {
                "appointments": [wire.entry(a, self._config.public_url) for a in self._registry.all()],
                "credits": self._registry.balance,
                "requests": dict(sorted(self._gate.requests.items())),
            }
        )

    async def list_faults(self, _request: Request) -> Response:
        """Tell what was injected and how often each fault struck."""
        return JSONResponse({"faults": self._faults.report()})

    async def add_faults(self, request: Request) -> Response:
        """Add a list of faults (or `{"faults": [...]}`) behind those in force; all or none of them."""
        data = await _json(request)
        if isinstance(data, dict) and data.keys() == {"faults"}:
            data = data["faults"]
        if not isinstance(data, list):
            raise bad_field("faults", "must be a list")
        self._faults.active.extend([fault_from(item) for item in data])
        return JSONResponse({"faults": self._faults.report()}, 201)

    async def clear_faults(self, _request: Request) -> Response:
        """End all faults."""
        self._faults.active.clear()
        return Response(status_code=204)

    async def set_credits(self, request: Request) -> Response:
        """Set the balance: `{"credits": 0}`."""
        data = await _fields(request, "credits")
        if "credits" not in data:
            raise bad_field("credits", "is required", code="MISSING_REQUIRED_FIELD")
        self._registry.balance = data["credits"]
        return JSONResponse({"credits": self._registry.balance})

    async def set_rate_limit(self, request: Request) -> Response:
        """Set `limit` and `windowSeconds` (everybody's window begins anew), then what `remaining` the `key` has left.

        Without `key` the demo key is meant.
        """
        data = await _fields(request, "limit", "windowSeconds", "remaining", text="key")
        if data.keys() & {"limit", "windowSeconds"}:
            self._meter.limit = data.get("limit", self._meter.limit)
            self._meter.window = data.get("windowSeconds", self._meter.window)
            self._meter.forget()
        token = data.get("key", DEMO_KEY)
        if "remaining" in data:
            self._meter.set_remaining(token, data["remaining"])
        standing = self._meter.look(token)
        return JSONResponse({"limit": standing.limit, "remaining": standing.remaining, "reset": standing.reset})

    async def set_status(self, request: Request) -> Response:
        """Play the office: `{"status": "COMPLETED"}`. A status that the contract does not know is accepted too."""
        data = await _fields(request, text="status")
        status = data.get("status", "")
        if not _STATUS.fullmatch(status):
            raise bad_field("status", "must be capital letters and underscores")
        number = checks.integer("id", request.path_params["id"])
        return JSONResponse(wire.entry(self._registry.play_office(number, status), self._config.public_url))


async def refused(_request: Request, refusal: Exception) -> Response:
    """Answer a refused control call in the API's own envelope."""
    assert isinstance(refusal, Refusal)  # noqa: S101 — registered for it alone; Starlette's type is wider
    return refusal.response()


async def _json(request: Request) -> Any:
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise Refusal("INVALID_REQUEST", "The body is not JSON") from None


async def _fields(request: Request, *numbers: str, text: str | None = None) -> dict[str, Any]:
    """Read a JSON object of whole numbers (0 or more) and at most one string."""
    data = await _json(request)
    if not isinstance(data, dict):
        raise Refusal("INVALID_REQUEST", "The body must be a JSON object")
    for name, value in data.items():
        if name == text:
            if not isinstance(value, str):
                raise bad_field(name, "must be a string")
        elif name not in numbers:
            raise bad_field(name, "is not a known field")
        elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise bad_field(name, "must be a whole number, 0 or more")
    return data
