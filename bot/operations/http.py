"""Serves HTTP inside the bot's own event loop, and answers `/healthz`, `/readyz` and `/metrics` for operators.

`bot.bootstrap.http` joins these routes with those of other parts. Knows the health report, not the parts behind it. Its
responses have figures only, nothing about a citizen.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager

import uvicorn
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.core.health import HealthReport, ReplicaHealth
from bot.operations.metrics import MetricsCollector, ReceiversCollector, StandbyCollector
from bot.operations.webhook_route import WebhookRoute

Report = Callable[[], Awaitable[HealthReport | None]]
"""Returns the health report; None while the bot starts or stops, and on a standby."""
Replica = Callable[[], ReplicaHealth | None]
"""Returns what is known of the leadership; None while the bot starts or stops, and on SQLite."""
GRACE = 1
"""Seconds for open responses when the bot stops."""
KEEP_ALIVE = 75
"""Seconds for which an idle connection is kept: longer than a web server in front keeps it (deploy/Caddyfile). It would
otherwise use one at the moment in which it is closed, and answer 502."""


def routes(report: Report, replica: Replica = lambda: None, receivers: Sequence[WebhookRoute] = ()) -> list[Route]:
    """The three pages, and the webhook routes."""

    async def healthz(_request: Request) -> Response:
        """Answer 200: the process runs and its event loop works."""
        return PlainTextResponse("ok\n")

    async def readyz(_request: Request) -> Response:
        """Answer whether this process can receive webhooks and do its part, and what is missing.

        A standby is ready, also while it becomes the leader: it stores what comes, and a web server that forwarded
        nothing in these seconds would make senders wait for many more.
        """
        health, present = await report(), replica()
        role = {} if present is None else {"role": present.role.value}
        if health is not None:
            found = {"started": True, "database": health.database, "telegram": health.telegram}
        elif present is not None:
            found = {"started": True, "database": present.database}
        else:
            return JSONResponse({"started": False, **role}, 503)
        return JSONResponse({**found, **role}, 200 if all(found.values()) else 503)

    async def metrics(_request: Request) -> Response:
        """Answer with metrics for Prometheus, from a new registry each time, because the figures are kept elsewhere."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        if health := await report():
            registry.register(MetricsCollector(health))
        elif present := replica():
            registry.register(StandbyCollector(present))
        registry.register(ReceiversCollector(receivers))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    pages = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}
    return [*(Route(path, page) for path, page in pages.items()), *(each.route() for each in receivers)]


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the command line has its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle none."""
        yield


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError or UnicodeError if the address cannot be used."""
    # IPPROTO_TCP is given because asyncio then sets TCP_NODELAY; without it responses take 40 ms longer.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, UnicodeError):
        listener.close()
        raise
    listener.setblocking(False)  # noqa: FBT003 — the standard library's own
    return listener


@asynccontextmanager
async def serving(routes: Sequence[BaseRoute], listener: socket.socket) -> AsyncIterator[None]:
    """Serve these routes on a socket of `bound`, and close it."""
    config = uvicorn.Config(
        Starlette(routes=routes),
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=KEEP_ALIVE,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    try:
        yield
    finally:
        server.should_exit = True
        await task
