"""The page behind the QR code of a ticket: what a clerk sees after scanning it.

It must not show the citizen's name: anybody who has the link can open it.
"""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.sandbox.moncreneau.appointments import AppointmentBook
from bot.sandbox.moncreneau.config import OFFICE
from bot.sandbox.moncreneau.errors import ApiError
from bot.sandbox.moncreneau.request_parser import parse_integer

_PAGE = """<!doctype html>
<html lang="fr">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 24rem; margin: 15vh auto; padding: 0 1rem }}
body {{ text-align: center }}
strong {{ display: block; font-size: 3rem; letter-spacing: .05em }}
</style>
<body>{body}</body>
</html>
"""


class TicketPage:
    """Serves the page of each ticket."""

    def __init__(self, appointments: AppointmentBook) -> None:
        self._appointments = appointments

    async def show(self, request: Request) -> Response:
        """`GET /qr/{id}`."""
        try:
            ticket = self._appointments.get(parse_integer("id", request.path_params["id"]), OFFICE)
            department = self._appointments.department(ticket.department_id, OFFICE)
        except ApiError:
            return HTMLResponse(_PAGE.format(title="Rendez-vous inconnu", body="Rendez-vous inconnu"), 404)
        lines = (
            f"Rendez-vous<strong>{ticket.id}</strong>",
            escape(f"{department.name} · {department.organization.name}"),
            f"{ticket.at:%d/%m/%Y %H:%M}",
            escape(ticket.status),
        )
        return HTMLResponse(_PAGE.format(title=f"Rendez-vous {ticket.id}", body="<br>".join(lines)))
