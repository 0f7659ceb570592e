"""Runs a Starlette app on a real socket of this machine, and closes it at once and cleanly.

It exists beside `uvicorn.Server` for three reasons: port 0 yields an address that is ready when it is handed out, the
end does not wait for idle connections or long polls (which matters hundreds of times in the tests), and an app can
break the connection under a request (`drop_connection`), which no ASGI message can say.
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
    """Close the TCP connection of this request now; the peer sees its end and not one byte of an answer.

    The app must return right after, without sending. Works only under `serving` and `serving_in_thread`.
    """
    scope["extensions"][_DROP]()


class _DroppableProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose requests carry the means to break their own connection."""

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        app = self.app

        async def droppable(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                scope.setdefault("extensions", {})[_DROP] = self.drop
            try:
                await app(scope, receive, send)
            except ClientDisconnect:
                return  # the client was killed in the middle of its request, as bots are here
            except asyncio.CancelledError:
                # The server is closing under a request; uvicorn would log a stack trace for it.
                if not self.transport.is_closing():
                    raise

        self.app = droppable

    def drop(self) -> None:
        """Break the connection; telling the cycle keeps uvicorn from answering 500 for the silence."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()


@asynccontextmanager
async def serving(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve `app` in the running event loop and yield its base URL, `http://host:port` without a slash at the end.

    Port 0 takes a free one. Raises OSError where the address cannot be had, and whatever the app's lifespan raises.
    """
    config = Config(
        app, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False, timeout_keep_alive=75
    )
    config.load()
    state = ServerState()
    async with app.router.lifespan_context(app) as lifespan_state:
        app_state = dict(lifespan_state or {})
        # The loop makes the socket itself: under one of `socket.create_server` it forgets TCP_NODELAY, which costs
        # every answer 40 ms.
        server = await asyncio.get_running_loop().create_server(
            lambda: _DroppableProtocol(config, state, app_state), host, port, backlog=2048
        )
        try:
            bound = server.sockets[0].getsockname()[1]
            yield f"http://[{host}]:{bound}" if ":" in host else f"http://{host}:{bound}"
        finally:
            server.close()
            await _end(state)
            await server.wait_closed()


async def _end(state: ServerState) -> None:
    for connection in list(state.connections):
        connection.transport.abort()
    tasks = list(state.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # A transport tells its protocol of the end one turn of the loop later.
    await asyncio.sleep(0)


@contextmanager
def serving_in_thread(app: Starlette, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve `app` in an event loop of its own thread and yield its base URL; for clients that block.

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
