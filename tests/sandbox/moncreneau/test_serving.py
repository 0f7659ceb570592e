"""Serving an app on loopback: ready when the address is known, stopped at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.sandbox.serving import serving, serving_in_thread


async def hello(_request: Request) -> Response:
    return PlainTextResponse("hello")


def app() -> Starlette:
    return Starlette(routes=[Route("/", hello)])


async def test_the_address_answers_as_soon_as_it_is_known_and_not_after_the_stop() -> None:
    async with serving(app()) as url, httpx.AsyncClient() as http:
        assert (await http.get(url)).text == "hello"
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(url)


async def test_stopping_waits_for_no_request_and_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    arrived = asyncio.Event()

    async def hang(_request: Request) -> Response:
        arrived.set()
        await asyncio.Event().wait()
        return PlainTextResponse("never")

    async with httpx.AsyncClient(timeout=None) as http:  # noqa: S113 — the test's own limit ends a hang
        async with serving(Starlette(routes=[Route("/", hang)])) as url:
            asking = asyncio.create_task(http.get(url))
            await arrived.wait()
        with pytest.raises(httpx.TransportError):
            await asking
    assert caplog.text == ""


async def test_the_lifespan_of_the_app_encloses_the_serving() -> None:
    events = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        events.append("begin")
        yield
        events.append("end")

    async with serving(Starlette(lifespan=lifespan)):
        events.append("serving")
    assert events == ["begin", "serving", "end"]


def test_a_thread_serves_blocking_clients() -> None:
    with serving_in_thread(app()) as url:
        assert httpx.get(url).text == "hello"
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_port_in_use_raises_in_the_calling_thread() -> None:
    with (
        serving_in_thread(app()) as url,
        pytest.raises(OSError, match="in use"),
        serving_in_thread(app(), port=httpx.URL(url).port or 0),
    ):
        pass


async def test_a_client_that_dies_in_the_middle_of_its_request_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    read, over = asyncio.Event(), asyncio.Event()

    async def swallow(request: Request) -> Response:
        read.set()
        try:
            await request.body()
        finally:
            over.set()
        return PlainTextResponse("never")

    async with serving(Starlette(routes=[Route("/", swallow, methods=["POST"])])) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        await read.wait()
        writer.transport.abort()
        await over.wait()
    assert not caplog.records
