"""Serves a Starlette app on a real socket, and stops at once.

It is used instead of `uvicorn.Server` for three reasons: with port 0 the address is known and accepts connections as
soon as it is returned; stopping does not wait for idle connections or long polls, which would cost the tests minutes;
and an app can drop the connection of a request (`drop_connection`), for which ASGI has no message.
It must not know which app it serves.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import Scope
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_DROP = "sandbox.drop"


def drop_connection(scope: Scope) -> None:
    """Close the TCP connection of this request at once, so that the client gets no byte of an answer.

    The app must then return without sending anything. Works only under `serving` and `serving_in_thread`.
    """
    scope["extensions"][_DROP]()


class _DroppableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol; each request's scope carries a function that drops its connection."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        app = self.app

        async def droppable(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope.setdefault("extensions", {})[_DROP] = self.drop
            try:
                await app(scope, receive, send)
            except ClientDisconnect:
                return  # the client died in the middle of its request, as bots do in the crash tests
            except asyncio.CancelledError:
                # The server is stopping during this request; uvicorn would log a stack trace.
                if not self.transport.is_closing():
                    raise

        self.app = droppable

    def drop(self) -> None:
        """Drop the connection. The flag keeps uvicorn from answering 500 because the app sent nothing."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()


@asynccontextmanager
async def serving(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve `app` in the running event loop and yield its base URL, `http://host:port` without a trailing slash.

    Port 0 takes a free port. Raises OSError if the address cannot be used, and whatever the app's lifespan raises.
    """
    config = Config(
        app, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False, timeout_keep_alive=75
    )
    config.load()
    state = ServerState()
    async with app.router.lifespan_context(app) as lifespan_state:
        app_state = dict(lifespan_state or {})
        # The event loop creates the socket itself: on one made by `socket.create_server` it does not set TCP_NODELAY,
        # and every answer takes 40 ms longer.
        server = await asyncio.get_running_loop().create_server(
            lambda: _DroppableProtocol(config, state, app_state), host, port, backlog=2048
        )
        try:
            bound = server.sockets[0].getsockname()[1]
            yield f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
        finally:
            server.close()
            await _abort_connections(state)
            await server.wait_closed()


async def _abort_connections(state: ServerState) -> None:
    for connection in list(state.connections):
        connection.transport.abort()
    tasks = list(state.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # A transport reports the closed connection to its protocol one iteration of the loop later.
    await asyncio.sleep(0)


@contextmanager
def serving_in_thread(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` in a thread with its own event loop and yield its base URL; for clients that block.

    Raises what `serving` raises. The app's lifespan runs in that thread too.
    """
    ready: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        async with serving(app, host, port) as url:
            ready.set_result(url)
            await stop.wait()

    def work() -> None:
        asyncio.set_event_loop(loop)
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            try:
                runner.run(run())
            except BaseException as error:
                if ready.done():
                    raise
                ready.set_exception(error)

    thread = threading.Thread(target=work, name="sandbox", daemon=True)
    thread.start()
    try:
        yield ready.result()
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        thread.join()
