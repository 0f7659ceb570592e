"""Serves HTTP_PORT: joins the routes of all parts.

Its libraries are imported only if a port is set.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from bot.bootstrap.connections import StartError
from bot.moncreneau import webhooks
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.operations.http import Report
    from bot.operations.webhook_route import Receive, WebhookRoute


@asynccontextmanager
async def open_port(settings: Settings, report: "Report", receive: "Receive") -> AsyncIterator["WebhookRoute | None"]:
    """Serve HTTP as long as the block lasts, if the settings ask for it. Raises `StartError` for a port in use.

    Yields the route of webhooks, if there is one. What it takes is given to `receive`.
    """
    if settings.http_port is None:
        yield None
        return
    from bot.operations import http  # noqa: PLC0415 — see above
    from bot.operations.webhook_route import WebhookRoute  # noqa: PLC0415

    try:
        listener = http.bound(settings.http_host, settings.http_port)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise StartError(f"HTTP_HOST, HTTP_PORT: cannot listen there: {why}") from None
    routes = [*http.routes(report)]
    webhook_route = None
    if settings.webhook_secrets:
        webhook_route = WebhookRoute(partial(webhooks.is_signed, secrets=settings.webhook_secrets), receive)
        routes.append(webhook_route.route())
    async with http.serving(routes, listener):
        yield webhook_route
