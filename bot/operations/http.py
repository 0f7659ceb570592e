"""The optional port for operators: `/healthz`, `/readyz` and `/metrics`, served inside the bot's own event loop.

Knows how the house looks from outside (`Overview`), none of its parts, and no citizen: figures alone go out.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.operations.metrics import MetricsCollector
from bot.operations.status import Readiness

GRACE = 1
"""Seconds for answers that are under way when the bot stops."""


def create_app(readiness: Readiness) -> Starlette:
    """The three pages."""

    async def healthz(_request: Request) -> Response:
        """The process lives and its loop turns: else nobody would answer."""
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        """Whether it can serve citizens now; what it cannot do without is named."""
        if readiness.health is None:
            return JSONResponse({"started": False}, 503)
        condition = await readiness.health.look()
        found = {"started": True, "database": condition.database, "telegram": condition.telegram}
        return JSONResponse(found, 200 if all(found.values()) else 503)

    async def metrics(_request: Request) -> Response:
        """For Prometheus; a registry of its own each time, because the figures live in the house and not here."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        if readiness.health is not None:
            registry.register(MetricsCollector(await readiness.health.look()))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


class _Server(uvicorn.Server):
    """uvicorn in a process that has its own ideas about signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command line."""
        yield


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError where the address cannot be had."""
    # IPPROTO_TCP is said because asyncio sets TCP_NODELAY only where it stands there; else answers wait 40 ms.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 — the standard library's own
    return listener


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Serve `app` on a socket of `bound`, and close it."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=GRACE
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        yield
    finally:
        server.should_exit = True
        await task
