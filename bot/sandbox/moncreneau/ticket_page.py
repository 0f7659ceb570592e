"""The page that the QR code of a ticket leads to: what a clerk sees after scanning it.

It must not show who the citizen is: whoever holds the link can open it.
"""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.sandbox.moncreneau import request_parser as checks
from bot.sandbox.moncreneau.appointments import Registry
from bot.sandbox.moncreneau.config import Key
from bot.sandbox.moncreneau.errors import Refusal

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
_EVERYTHING = Key("")


class QrPage:
    """The page of one ticket."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def show(self, request: Request) -> Response:
        """`GET /qr/{id}`."""
        try:
            ticket = self._registry.get(checks.integer("id", request.path_params["id"]), _EVERYTHING)
            department = self._registry.department(ticket.department_id, _EVERYTHING)
        except Refusal:
            return HTMLResponse(_PAGE.format(title="Rendez-vous inconnu", body="Rendez-vous inconnu"), 404)
        lines = (
            f"Rendez-vous<strong>{ticket.id}</strong>",
            escape(f"{department.name} · {department.organization.name}"),
            f"{ticket.at:%d/%m/%Y %H:%M}",
            escape(ticket.status),
        )
        return HTMLResponse(_PAGE.format(title=f"Rendez-vous {ticket.id}", body="<br>".join(lines)))
