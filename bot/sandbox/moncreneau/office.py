"""The office: what the staff of a department do to appointments, as control calls, and the page with their buttons.

Every change that they make is told by a webhook, as the real service would tell it. This module must not know how.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.moncreneau.appointments import AppointmentBook
from bot.sandbox.moncreneau.config import OFFICE
from bot.sandbox.moncreneau.control import webhooks_json
from bot.sandbox.moncreneau.control_parser import ANYTHING, TEXT, WHOLE, optional, parse_fields
from bot.sandbox.moncreneau.errors import invalid_field
from bot.sandbox.moncreneau.request_parser import parse_booking, parse_date_time, parse_integer
from bot.sandbox.moncreneau.schemas import department_json, ledger_entry
from bot.sandbox.moncreneau.store import Appointment
from bot.sandbox.moncreneau.webhooks import Webhooks

BY_OFFICE = "organization"
"""`cancelledBy` if the staff cancelled and the call names nobody. The vendor's own values are not public."""
PAGE = Path(__file__).parent / "page"
POLICY = "default-src 'self'; frame-ancestors 'none'"
"""The page needs nothing from elsewhere, and a citizen's name cannot become a script."""
_BOOKING_FIELDS = ("chat", "externalUserId", "departmentId", "dateTime", "name", "workerId")
_DAYS = 30
"""How many days the list of free slots covers."""
_SHOWN = 200
"""How many appointments and deliveries the page shows at most."""


class Office:
    """The calls of the staff, and their page."""

    def __init__(self, appointments: AppointmentBook, webhooks: Webhooks, public_url: str) -> None:
        self._appointments = appointments
        self._webhooks = webhooks
        self._public_url = public_url

    def routes(self) -> list[Route]:
        """Return the routes below /__sandbox."""
        return [
            Route("/office", self.overview, methods=["GET"]),
            Route("/departments/{id}/slots", self.free_slots, methods=["GET"]),
            Route("/appointments", self.book, methods=["POST"]),
            Route("/appointments/{id}/cancel", self.cancel, methods=["POST"]),
            Route("/appointments/{id}/move", self.move, methods=["POST"]),
            Route("/appointments/{id}/validate", self.validate, methods=["POST"]),
            Route("/appointments/{id}/no-show", self.no_show, methods=["POST"]),
        ]

    def page_routes(self) -> list[BaseRoute]:
        """Return the routes of the page."""
        return [Route("/office", self.page, methods=["GET"]), Mount("/office", StaticFiles(directory=PAGE))]

    async def page(self, _request: Request) -> Response:
        """Return the page."""
        headers = {"cache-control": "no-store", "content-security-policy": POLICY}
        return FileResponse(PAGE / "index.html", headers=headers)

    async def overview(self, _request: Request) -> Response:
        """Return what the page shows: departments, the appointments of today and later, and the webhooks."""
        now = self._appointments.now()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        recent = [a for a in self._appointments.all() if a.at >= today or now - a.updated_at < timedelta(days=1)]
        recent.sort(key=lambda a: (a.at, a.id))
        return JSONResponse(
            {
                "now": now.replace(microsecond=0).isoformat(),
                "departments": [department_json(each) for each in self._appointments.departments(OFFICE)],
                "appointments": [ledger_entry(each, self._public_url) for each in recent[:_SHOWN]],
                "webhooks": webhooks_json(self._webhooks, _SHOWN),
            }
        )

    async def free_slots(self, request: Request) -> Response:
        """Return the free slots of the coming days: `{"slots": ["2026-03-03T10:00:00", …]}`."""
        department = self._appointments.department(parse_integer("id", request.path_params["id"]), OFFICE)
        now = self._appointments.now()
        slots = self._appointments.availability.free_slots(department.id, now.date(), _DAYS, now)
        return JSONResponse({"slots": [at.isoformat() for at in slots]})

    async def book(self, request: Request) -> Response:
        """Make an appointment: the fields of `POST /appointments`, with `chat` (a number) for `externalUserId`."""
        data = await parse_fields(request, {**dict.fromkeys(_BOOKING_FIELDS, ANYTHING), "chat": WHOLE})
        if "chat" in data:
            if "externalUserId" in data:
                raise invalid_field("chat", "excludes externalUserId")
            data["externalUserId"] = f"telegram:{data.pop('chat')}"
        return self._answer(self._appointments.create(parse_booking(data), OFFICE), 201)

    async def cancel(self, request: Request) -> Response:
        """Cancel an appointment: `{"reason": "…", "by": "…"}`, both optional."""
        data = await parse_fields(request, {"reason": optional(TEXT), "by": TEXT})
        by, reason = data.get("by", BY_OFFICE), data.get("reason")
        return self._answer(self._appointments.cancel(_id(request), OFFICE, by, reason))

    async def move(self, request: Request) -> Response:
        """Give an appointment another time: `{"dateTime": "2026-03-03T10:00:00"}`, at which it need not be free."""
        data = await parse_fields(request, {"dateTime": TEXT}, ("dateTime",))
        return self._answer(self._appointments.move(_id(request), parse_date_time("dateTime", data["dateTime"])))

    async def validate(self, request: Request) -> Response:
        """Confirm that the citizen came."""
        await parse_fields(request, {})
        return self._answer(self._appointments.close(_id(request), "COMPLETED"))

    async def no_show(self, request: Request) -> Response:
        """Record that the citizen did not come."""
        await parse_fields(request, {})
        return self._answer(self._appointments.close(_id(request), "NO_SHOW"))

    def _answer(self, appointment: Appointment, status: int = 200) -> Response:
        entry: dict[str, Any] = ledger_entry(appointment, self._public_url)
        return JSONResponse(entry, status)


def _id(request: Request) -> int:
    return parse_integer("id", request.path_params["id"])
