"""Builds the stand-in's app out of its parts. The only file of this package that knows them all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from starlette.applications import Starlette
from starlette.routing import Mount, Route, Router

from bot.sandbox.moncreneau.api import Api, not_found
from bot.sandbox.moncreneau.appointments import AppointmentBook
from bot.sandbox.moncreneau.authentication import ApiKeys
from bot.sandbox.moncreneau.config import MoncreneauSandbox
from bot.sandbox.moncreneau.control import Control, error_response
from bot.sandbox.moncreneau.errors import ApiError
from bot.sandbox.moncreneau.faults import FaultInjector
from bot.sandbox.moncreneau.middleware import ApiMiddleware
from bot.sandbox.moncreneau.rate_limiter import RateLimiter
from bot.sandbox.moncreneau.store import Store
from bot.sandbox.moncreneau.ticket_page import TicketPage


def create_app(config: MoncreneauSandbox) -> Starlette:
    """Return the stand-in: the API below /api/v1, the control calls below /__sandbox, the tickets' pages below /qr.

    It must be served by one event loop. Raises sqlite3.OperationalError where the file cannot be used or another
    process holds it.
    """
    store = Store(config.database)
    appointments = AppointmentBook(config, store)
    limiter = RateLimiter(config.rate_limit, config.rate_window, config.clock)
    faults = FaultInjector(Random(config.seed))  # noqa: S311 — a run must be repeatable
    router = Router(Api(appointments, config.public_url).routes(), redirect_slashes=False, default=not_found)
    api = ApiMiddleware(router, ApiKeys(config), limiter, faults)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    return Starlette(
        routes=[
            Mount("/api/v1", api),
            Mount("/__sandbox", routes=Control(appointments, limiter, faults, api, config.public_url).routes()),
            Route("/qr/{id}", TicketPage(appointments).show, methods=["GET"]),
        ],
        exception_handlers={ApiError: error_response},
        lifespan=lifespan,
    )
