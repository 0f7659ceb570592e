"""The endpoints of the contract: each reads its request strictly, asks the registry, and writes the answer.

It must not know how a booking is judged or kept, nor who counts requests.
"""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.moncreneau import request_parser as checks
from bot.sandbox.moncreneau import schemas as wire
from bot.sandbox.moncreneau.appointments import STATUSES, Registry, Wanted
from bot.sandbox.moncreneau.authentication import require
from bot.sandbox.moncreneau.config import CREATE, READ, Key, MoncreneauSandbox
from bot.sandbox.moncreneau.errors import Refusal, bad_field
from bot.sandbox.moncreneau.middleware import KEY

_LONGEST_RANGE = 366
"""Days that one availability request may span; the real limit is not known."""
_LARGEST_BODY = 64 * 1024


class Api:
    """The handlers, and the routes that lead to them."""

    def __init__(self, config: MoncreneauSandbox, registry: Registry) -> None:
        self._config = config
        self._registry = registry

    def routes(self) -> list[Route]:
        """Return the routes below /api/v1, the most used first."""
        return [
            Route("/departments/{id}/availability", self.availability, methods=["GET"]),
            Route("/appointments", self.list_appointments, methods=["GET"]),
            Route("/appointments", self.create_appointment, methods=["POST"]),
            Route("/appointments/{id}", self.appointment, methods=["GET"]),
            Route("/appointments/{id}", self.cancel_appointment, methods=["DELETE"]),
            Route("/departments", self.list_departments, methods=["GET"]),
            Route("/departments/{id}", self.department, methods=["GET"]),
        ]

    async def list_departments(self, request: Request) -> Response:
        """`GET /departments`: inactive ones too, marked so."""
        key = _key(request, READ)
        checks.query(request.query_params, ())
        shown = [d for d in self._config.departments if key.organization_id in (None, d.organization.id)]
        return JSONResponse([wire.department(d) for d in shown])

    async def department(self, request: Request) -> Response:
        """`GET /departments/{id}`."""
        key = _key(request, READ)
        checks.query(request.query_params, ())
        return JSONResponse(wire.department(self._registry.department(_id(request), key)))

    async def availability(self, request: Request) -> Response:
        """`GET /departments/{id}/availability`: every day of the range, closed ones with no slots."""
        department = self._registry.open_department(_id(request), _key(request, READ))
        values = checks.query(request.query_params, ("startDate", "endDate"))
        if missing := [name for name in ("startDate", "endDate") if name not in values]:
            raise bad_field(missing[0], "is required", code="MISSING_REQUIRED_FIELD")
        first, last = (checks.day(name, values[name]) for name in ("startDate", "endDate"))
        if last < first:
            raise bad_field("endDate", "must not be before startDate", code="INVALID_DATE_TIME")
        if (last - first).days >= _LONGEST_RANGE:
            raise bad_field("endDate", f"must be within {_LONGEST_RANGE} days of startDate")
        now = self._registry.now()
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        shown = ",".join(self._registry.slots.shown(department.id, day, now) for day in days)
        return _json(f'{{"departmentId":{department.id},"availability":[{shown}]}}')

    async def create_appointment(self, request: Request) -> Response:
        """`POST /appointments`: 201 and the appointment."""
        key = _key(request, CREATE)
        checks.query(request.query_params, ())
        order = checks.order(request.headers.get("content-type", ""), await _body(request))
        return JSONResponse(wire.appointment(self._registry.create(order, key), self._config.public_url), 201)

    async def appointment(self, request: Request) -> Response:
        """`GET /appointments/{id}`."""
        key = _key(request, READ)
        checks.query(request.query_params, ())
        return JSONResponse(wire.appointment(self._registry.get(_id(request), key), self._config.public_url))

    async def list_appointments(self, request: Request) -> Response:
        """`GET /appointments`: a page of what passes the filters, oldest number first."""
        key = _key(request, READ)
        known = ("page", "size", "status", "departmentId", "externalUserId", "startDate", "endDate")
        values = checks.query(request.query_params, known)
        page, size = checks.page(values)
        found = self._registry.find(_wanted(values), key)
        content = found[page * size : (page + 1) * size]
        pages = -(-len(found) // size)
        return JSONResponse(
            {
                "content": [wire.appointment(a, self._config.public_url) for a in content],
                "page": page,
                "size": size,
                "totalElements": len(found),
                "totalPages": pages,
                "last": page + 1 >= pages,
            }
        )

    async def cancel_appointment(self, request: Request) -> Response:
        """`DELETE /appointments/{id}`: 204, one credit refunded."""
        key = _key(request, CREATE)
        checks.query(request.query_params, ())
        self._registry.cancel(_id(request), key)
        return Response(status_code=204)


async def not_found(_scope: Any, _receive: Any, _send: Any) -> None:
    """Answer for every path that is no endpoint."""
    raise Refusal("NOT_FOUND", "There is no such endpoint")


def _key(request: Request, scope: str) -> Key:
    key: Key = request.scope[KEY]
    require(key, scope)
    return key


def _id(request: Request) -> int:
    return checks.integer("id", request.path_params["id"])


def _wanted(values: dict[str, str]) -> Wanted:
    status = values.get("status")
    if status is not None and status not in STATUSES:
        raise bad_field("status", f"must be one of {', '.join(STATUSES)}")
    return Wanted(
        status=status,
        department_id=checks.integer("departmentId", values["departmentId"]) if "departmentId" in values else None,
        external_user_id=values.get("externalUserId"),
        first=checks.day("startDate", values["startDate"]) if "startDate" in values else None,
        last=checks.day("endDate", values["endDate"]) if "endDate" in values else None,
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise Refusal("INVALID_REQUEST", f"The body is larger than {_LARGEST_BODY} bytes")
    return bytes(body)


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
