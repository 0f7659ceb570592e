"""The endpoints of the contract: each parses its request strictly, asks the appointment book, and returns JSON.

It must not know the rules of booking, nor the rate limit.
"""

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.moncreneau.alterations import Alterations
from bot.sandbox.moncreneau.appointments import STATUSES, AppointmentBook, AppointmentFilter
from bot.sandbox.moncreneau.authentication import require_scope
from bot.sandbox.moncreneau.config import CREATE, READ, ApiKey
from bot.sandbox.moncreneau.errors import ApiError, invalid_field
from bot.sandbox.moncreneau.middleware import ALTERATIONS, KEY
from bot.sandbox.moncreneau.request_parser import (
    parse_date,
    parse_integer,
    parse_json_booking,
    parse_page,
    parse_query,
)
from bot.sandbox.moncreneau.schemas import appointment_json, department_json

_LONGEST_RANGE = 366
"""Days that one availability request may span. The real limit is not known."""
_LARGEST_BODY = 64 * 1024


class Api:
    """The handlers of the endpoints, and their routes."""

    def __init__(self, appointments: AppointmentBook, public_url: str) -> None:
        self._appointments = appointments
        self._public_url = public_url

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
        """`GET /departments`: inactive ones are included and marked."""
        key = _key(request, READ)
        parse_query(request.query_params, ())
        return JSONResponse([department_json(department) for department in self._appointments.departments(key)])

    async def department(self, request: Request) -> Response:
        """`GET /departments/{id}`."""
        key = _key(request, READ)
        parse_query(request.query_params, ())
        return JSONResponse(department_json(self._appointments.department(_id(request), key)))

    async def availability(self, request: Request) -> Response:
        """`GET /departments/{id}/availability`: every day of the range; a closed day has no slots."""
        department = self._appointments.active_department(_id(request), _key(request, READ))
        values = parse_query(request.query_params, ("startDate", "endDate"))
        if missing := [name for name in ("startDate", "endDate") if name not in values]:
            raise invalid_field(missing[0], "is required", code="MISSING_REQUIRED_FIELD")
        first, last = (parse_date(name, values[name]) for name in ("startDate", "endDate"))
        if last < first:
            raise invalid_field("endDate", "must not be before startDate", code="INVALID_DATE_TIME")
        if (last - first).days >= _LONGEST_RANGE:
            raise invalid_field("endDate", f"must be within {_LONGEST_RANGE} days of startDate")
        now = self._appointments.now()
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        rendered = ",".join(self._appointments.availability.day_json(department.id, day, now) for day in days)
        text = f'{{"departmentId":{department.id},"availability":[{rendered}]}}'
        return Response(text, media_type="application/json")

    async def create_appointment(self, request: Request) -> Response:
        """`POST /appointments`: 201 and the appointment."""
        key = _key(request, CREATE)
        parse_query(request.query_params, ())
        booking = parse_json_booking(request.headers.get("content-type", ""), await _body(request))
        created = self._appointments.create(booking, key, _alterations(request).stored)
        return JSONResponse(appointment_json(created, self._public_url), 201)

    async def appointment(self, request: Request) -> Response:
        """`GET /appointments/{id}`."""
        key = _key(request, READ)
        parse_query(request.query_params, ())
        return JSONResponse(appointment_json(self._appointments.get(_id(request), key), self._public_url))

    async def list_appointments(self, request: Request) -> Response:
        """`GET /appointments`: one page of what passes the filters, in order of id."""
        key = _key(request, READ)
        known = ("page", "size", "status", "departmentId", "externalUserId", "startDate", "endDate")
        alterations = _alterations(request)
        values = alterations.query(parse_query(request.query_params, known))
        page, size = parse_page(values)
        size = alterations.page_size(size)
        found = alterations.listed(self._appointments.find(_filter(values), key), self._appointments.now())
        content = [appointment_json(each, self._public_url) for each in found[page * size : (page + 1) * size]]
        return JSONResponse(alterations.page(content, page, size, len(found)))

    async def cancel_appointment(self, request: Request) -> Response:
        """`DELETE /appointments/{id}`: 204, one credit refunded."""
        key = _key(request, CREATE)
        parse_query(request.query_params, ())
        self._appointments.cancel(_id(request), key)
        return Response(status_code=204)


async def not_found(_scope: Any, _receive: Any, _send: Any) -> None:
    """Answer an unknown path."""
    raise ApiError("NOT_FOUND", "There is no such endpoint")


def _key(request: Request, scope: str) -> ApiKey:
    key: ApiKey = request.scope[KEY]
    require_scope(key, scope)
    return key


def _alterations(request: Request) -> Alterations:
    alterations: Alterations = request.scope[ALTERATIONS]
    return alterations


def _id(request: Request) -> int:
    return parse_integer("id", request.path_params["id"])


def _filter(values: dict[str, str]) -> AppointmentFilter:
    status = values.get("status")
    if status is not None and status not in STATUSES:
        raise invalid_field("status", f"must be one of {', '.join(STATUSES)}")
    return AppointmentFilter(
        status=status,
        department_id=parse_integer("departmentId", values["departmentId"]) if "departmentId" in values else None,
        external_user_id=values.get("externalUserId"),
        first=parse_date("startDate", values["startDate"]) if "startDate" in values else None,
        last=parse_date("endDate", values["endDate"]) if "endDate" in values else None,
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise ApiError("INVALID_REQUEST", f"The body is larger than {_LARGEST_BODY} bytes")
    return bytes(body)
