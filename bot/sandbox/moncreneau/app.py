"""Builds the stand-in's app out of its parts. The only file of this package that knows them all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

from starlette.applications import Starlette
from starlette.routing import Mount, Route, Router

from bot.sandbox.moncreneau.api import Api, not_found
from bot.sandbox.moncreneau.appointments import AppointmentBook
from bot.sandbox.moncreneau.authentication import ApiKeys
from bot.sandbox.moncreneau.clock import MovableClock
from bot.sandbox.moncreneau.config import MoncreneauSandbox
from bot.sandbox.moncreneau.control import Control, error_response
from bot.sandbox.moncreneau.errors import ApiError
from bot.sandbox.moncreneau.faults import FaultInjector
from bot.sandbox.moncreneau.middleware import ApiMiddleware
from bot.sandbox.moncreneau.office import Office
from bot.sandbox.moncreneau.rate_limiter import RateLimiter
from bot.sandbox.moncreneau.store import Store
from bot.sandbox.moncreneau.ticket_page import TicketPage
from bot.sandbox.moncreneau.webhooks import Webhooks


def create_app(config: MoncreneauSandbox) -> Starlette:
    """Return the stand-in: the API (/api/v1), control calls (/__sandbox), the office's page (/office), tickets (/qr).

    It must be served by one event loop. Raises sqlite3.OperationalError if the file cannot be used or another
    process holds it.
    """
    clock = MovableClock(config.clock, config.on_clock_moved)
    config = replace(config, clock=clock)
    store = Store(config.database)
    webhooks = Webhooks(config, Random(config.seed))  # noqa: S311 — a run must be repeatable
    appointments = AppointmentBook(config, store, webhooks.publish)
    limiter = RateLimiter(config.rate_limit, config.rate_window, config.clock)
    faults = FaultInjector(Random(config.seed))  # noqa: S311 — a run must be repeatable
    router = Router(Api(appointments, config.public_url).routes(), redirect_slashes=False, default=not_found)
    api = ApiMiddleware(router, ApiKeys(config), limiter, faults)

    control = Control(appointments, limiter, faults, api, webhooks, clock, config.public_url)
    office = Office(appointments, webhooks, config.public_url)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await webhooks.aclose()
        store.close()

    return Starlette(
        routes=[
            Mount("/api/v1", api),
            Mount("/__sandbox", routes=[*control.routes(), *office.routes()]),
            *office.page_routes(),
            Route("/qr/{id}", TicketPage(appointments).show, methods=["GET"]),
        ],
        exception_handlers={ApiError: error_response},
        lifespan=lifespan,
    )
