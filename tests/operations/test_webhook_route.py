"""The webhook route refuses bodies that are too long, too slow, too many or not signed, and never with 410."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from bot.operations import http, webhook_route
from bot.operations.webhook_route import AT_ONCE, Hook, Receive, Reply, WebhookRoute

GOOD = {"x-signature": "good"}
PATH, LONGEST = "/hooks/sender", 64 * 1024


def is_signed(headers: Mapping[str, str], _body: bytes) -> bool:
    return headers.get("x-signature") == "good"


@asynccontextmanager
async def serving(receive: Receive, **settings: Any) -> AsyncIterator[tuple[WebhookRoute, httpx.AsyncClient]]:
    hook = Hook(name="webhooks", path=PATH, longest=LONGEST, receive=receive, is_signed=is_signed)
    here = WebhookRoute(replace(hook, **settings))
    listener = http.bound("127.0.0.1", 0)
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    limits = httpx.Limits(max_connections=AT_ONCE + 2)
    async with (
        http.serving([here.route()], listener),
        httpx.AsyncClient(base_url=base, limits=limits) as client,
    ):
        yield here, client


class StoredBodies(list[bytes]):
    """The stored bodies."""

    async def receive(self, body: bytes) -> Reply:
        self.append(body)
        return {}


async def test_a_signed_webhook_is_stored_unchanged_before_it_is_answered() -> None:
    kept = StoredBodies()
    async with serving(kept.receive) as (_, client):
        answer = await client.post(PATH, content=b"\xff{ }", headers=GOOD)
    assert (answer.status_code, answer.content, kept) == (204, b"", [b"\xff{ }"])


async def test_an_unsigned_webhook_is_refused_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = StoredBodies()
    with caplog.at_level(logging.WARNING):
        async with serving(kept.receive) as (route, client):
            for _ in range(3):
                answer = await client.post(PATH, content=b"{}")
                assert (answer.status_code, answer.content) == (401, b"")
    assert (kept, route.refused, len(caplog.records)) == ([], 3, 1)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_other_methods_are_not_allowed(method: str) -> None:
    async with serving(StoredBodies().receive) as (_, client):
        assert (await client.request(method, PATH)).status_code == 405


async def test_a_too_long_webhook_is_refused_before_it_is_read() -> None:
    kept = StoredBodies()

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(LONGEST // 1024 + 1):
            yield b"x" * 1024

    async with serving(kept.receive) as (_, client):
        assert (await client.post(PATH, content=b"x" * (LONGEST + 1), headers=GOOD)).status_code == 413
        assert (await client.post(PATH, content=pieces(), headers=GOOD)).status_code == 413
        assert (await client.post(PATH, content=b"x" * LONGEST, headers=GOOD)).status_code == 204
    assert [len(each) for each in kept] == [LONGEST]


async def test_a_webhook_whose_body_does_not_arrive_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_route, "BODY_SECONDS", 0.01)
    async with serving(StoredBodies().receive) as (_, client):
        assert (await client.get(PATH)).status_code == 405, "it listens"
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: bot\r\nContent-Length: 9\r\n\r\n{{".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()
        await writer.wait_closed()


async def test_too_many_webhooks_at_once_get_503() -> None:
    stored = asyncio.Event()
    arrived = asyncio.Semaphore(0)

    async def receive(_body: bytes) -> Reply:
        arrived.release()
        await stored.wait()
        return {}

    async with serving(receive) as (_, client):
        posts = [asyncio.create_task(client.post(PATH, content=b"{}", headers=GOOD)) for _ in range(AT_ONCE)]
        for _ in posts:
            await arrived.acquire()
        answer = await client.post(PATH, content=b"{}", headers=GOOD)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        stored.set()
        assert {(await each).status_code for each in posts} == {204}
        assert (await client.post(PATH, content=b"{}", headers=GOOD)).status_code == 204


@pytest.mark.parametrize("trouble", ["not ready", "broken", "slow", "slow and broken"])
async def test_a_webhook_that_cannot_be_stored_gets_503(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_route, "STORE_SECONDS", 0.01)
    go_on = asyncio.Event()

    async def receive(_body: bytes) -> Reply | None:
        if trouble.startswith("slow"):
            await go_on.wait()
        if trouble.endswith("broken"):
            raise OSError("disk")
        return {} if trouble == "slow" else None

    async with serving(receive) as (route, client):
        answer = await client.post(PATH, content=b"{}", headers=GOOD)
        go_on.set()
    assert (answer.status_code, answer.headers["retry-after"], route.postponed) == (503, "5", 1)


async def test_a_webhook_that_is_not_stored_when_the_server_stops_gets_503(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http, "GRACE", 0.01)
    arrived, stored = asyncio.Event(), asyncio.Event()

    async def receive(_body: bytes) -> Reply:
        arrived.set()
        await stored.wait()
        return {}

    route = WebhookRoute(Hook(name="webhooks", path=PATH, longest=LONGEST, receive=receive))
    listener = http.bound("127.0.0.1", 0)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        async with http.serving([route.route()], listener):
            waiting = asyncio.create_task(client.post(PATH, content=b"{}"))
            await arrived.wait()
        answer = await waiting
    assert (answer.status_code, answer.headers["retry-after"], route.postponed) == (503, "5", 1)
    assert "Exception" not in caplog.text
    stored.set()


async def test_a_sender_that_headers_do_not_prove_is_refused_before_the_body_is_read() -> None:
    read: list[bytes] = []

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(4096):
            read.append(b"x" * 1024)
            yield read[-1]

    kept = StoredBodies()
    async with serving(kept.receive, is_admitted=lambda _: False, longest=1024**2) as (route, client):
        with contextlib.suppress(httpx.TransportError):  # the connection is closed while the client still sends
            assert (await client.post(PATH, content=pieces())).status_code == 401
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: bot\r\nContent-Length: 9000000\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 401"), "although no byte of the body was sent"
        writer.close()
        await writer.wait_closed()
    assert (kept, route.refused) == ([], 2)


async def test_senders_without_a_proof_hold_up_no_one() -> None:
    async def nothing_is_read(_body: bytes) -> Reply:
        raise AssertionError

    async with serving(nothing_is_read, is_admitted=lambda _: False) as (_, client):
        assert (await client.get(PATH)).status_code == 405, "it listens"
        waiting = [await asyncio.open_connection(client.base_url.host, client.base_url.port) for _ in range(AT_ONCE)]
        for _, writer in waiting:
            writer.write(f"POST {PATH} HTTP/1.1\r\nHost: bot\r\nContent-Length: 9\r\n\r\n".encode())
        assert (await client.post(PATH, content=b"{}")).status_code == 401
        for _, writer in waiting:
            writer.close()


async def test_a_receiver_may_answer_with_json() -> None:
    async def receive(_body: bytes) -> Reply:
        return {"method": "answerCallbackQuery"}

    async with serving(receive) as (_, client):
        answer = await client.post(PATH, content=b"{}", headers=GOOD)
    assert (answer.status_code, answer.json()) == (200, {"method": "answerCallbackQuery"})
