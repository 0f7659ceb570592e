"""Serves HTTP_PORT: joins the routes of all parts.

Its libraries are imported only if a port is set.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.bootstrap.connections import StartError
from bot.bootstrap.receivers import Receivers
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.operations.http import Replica, Report


@asynccontextmanager
async def open_port(
    settings: Settings, report: "Report", receivers: Receivers, replica: "Replica"
) -> AsyncIterator[None]:
    """Serve HTTP as long as the block lasts, if the settings ask for it. Raises `StartError` for a port in use."""
    if settings.http_port is None:
        yield
        return
    from bot.operations import http  # noqa: PLC0415 — see above

    try:
        listener = http.bound(settings.http_host, settings.http_port)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise StartError(f"HTTP_HOST, HTTP_PORT: cannot listen there: {why}") from None
    async with http.serving(http.routes(report, replica, receivers.routes()), listener):
        yield
