"""Joins the parts of the stand-in into one app.

The only file of this package that knows them all.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from starlette.applications import Starlette
from starlette.routing import Mount, Route, Router

from bot.sandbox.moncreneau.api import Api, not_found
from bot.sandbox.moncreneau.appointments import Registry
from bot.sandbox.moncreneau.authentication import Keys
from bot.sandbox.moncreneau.config import MoncreneauSandbox
from bot.sandbox.moncreneau.control import Control, refused
from bot.sandbox.moncreneau.errors import Refusal
from bot.sandbox.moncreneau.faults import Faults
from bot.sandbox.moncreneau.middleware import Gate
from bot.sandbox.moncreneau.rate_limiter import Meter
from bot.sandbox.moncreneau.store import Store
from bot.sandbox.moncreneau.ticket_page import QrPage


def create_app(config: MoncreneauSandbox) -> Starlette:
    """Return the stand-in: the API below /api/v1, the control calls below /__sandbox, the tickets' pages below /qr.

    One event loop serves it. Raises sqlite3.OperationalError where the file is unusable or held by another process.
    """
    store = Store(config.database)
    registry = Registry(config, store)
    meter = Meter(config.rate_limit, config.rate_window, config.clock)
    faults = Faults(Random(config.seed))  # noqa: S311 — the same faults in every run are the point
    router = Router(Api(config, registry).routes(), redirect_slashes=False, default=not_found)
    gate = Gate(router, Keys(config), meter, faults)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.close()

    return Starlette(
        routes=[
            Mount("/api/v1", gate),
            Mount("/__sandbox", routes=Control(config, registry, meter, faults, gate).routes()),
            Route("/qr/{id}", QrPage(registry).show, methods=["GET"]),
        ],
        exception_handlers={Refusal: refused},
        lifespan=lifespan,
    )
