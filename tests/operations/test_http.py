"""Health, readiness and metrics over loopback; a port that is taken is one clear line."""

import asyncio
import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.bootstrap.connections import StartError
from bot.core.health import ReplicaHealth, Role
from bot.operations import http
from bot.operations.webhook_route import Hook, WebhookRoute
from tests.e2e.running_bot import stopped_bot
from tests.e2e.services import separate_bot
from tests.e2e.waiting import eventually


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def starting() -> list[Route]:
    """The pages of a bot that is not ready yet."""

    async def report() -> None:
        return None

    return http.routes(report)


@asynccontextmanager
async def port(routes: list[Route], host: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    listener = http.bound(host, 0)
    number = listener.getsockname()[1]
    place = f"[{host}]" if ":" in host else host
    async with http.serving(routes, listener), httpx.AsyncClient(base_url=f"http://{place}:{number}") as client:
        yield client


async def test_a_starting_bot_is_healthy_and_not_ready() -> None:
    async with port(starting()) as client:
        assert (await client.get("/healthz")).text == "ok\n"
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"started": False})
        metrics = await client.get("/metrics")
        assert metrics.status_code == 200
        assert "process_resident_memory_bytes" in metrics.text
        assert "moncreneau_bot_" not in metrics.text
        assert (await client.get("/")).status_code == 404


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("database", [True, False])
async def test_a_standby_is_ready_to_receive_also_while_it_becomes_the_leader(role: Role, *, database: bool) -> None:
    async def report() -> None:
        return None

    def replica() -> ReplicaHealth:
        return ReplicaHealth(
            role=role,
            replica="a",
            leader="b",
            since=None,
            epoch=1,
            lease_age=1.0,
            takeovers=0,
            standbys=0,
            database=database,
        )

    async with port(http.routes(report, replica)) as client:
        ready = await client.get("/readyz")
    found = {"started": True, "database": database, "role": role}
    assert (ready.status_code, ready.json()) == (200 if database else 503, found)


STANDBY = ReplicaHealth(
    role=Role.STANDBY,
    replica="second",
    leader="first",
    since=datetime(2026, 3, 2, tzinfo=UTC),
    epoch=7,
    lease_age=1.5,
    takeovers=2,
    standbys=1,
)


async def no_report() -> None:
    return None


async def test_the_metrics_of_a_standby_say_who_leads() -> None:
    async with port(http.routes(no_report, lambda: STANDBY)) as client:
        metrics = (await client.get("/metrics")).text
        for line in ("leader 0.0", "lease_epoch 7.0", "lease_age_seconds 1.5", "standbys 1.0", "takeovers_total 2.0"):
            assert f"\nmoncreneau_bot_{line}\n" in metrics
        assert "moncreneau_bot_leader_since_timestamp_seconds 1.7724096e+09" in metrics


async def test_what_a_receiver_refuses_is_counted_on_a_standby_too() -> None:
    async def report() -> None:
        return None

    async def receive(_body: bytes) -> None:
        return None

    hook = Hook(name="updates", path="/hooks/x", longest=9, receive=receive, is_admitted=lambda each: "good" in each)
    async with port(http.routes(report, receivers=(WebhookRoute(hook),))) as client:
        for headers in ({}, {}, {"good": "1"}):
            await client.post("/hooks/x", content=b"{}", headers=headers)
        text = (await client.get("/metrics")).text
    assert "moncreneau_bot_updates_refused_total 2.0" in text
    assert "moncreneau_bot_updates_postponed_total 1.0" in text


async def test_the_port_listens_on_the_given_address_unless_it_is_in_use() -> None:
    async with port(starting(), "::1") as client:
        assert (await client.get("/healthz")).status_code == 200
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        http.bound("127.0.0.1", taken.getsockname()[1])


async def test_stopping_finishes_open_responses_and_closes_idle_connections() -> None:
    asked, say = asyncio.Event(), asyncio.Event()

    async def slow(_request: Request) -> Response:
        asked.set()
        await say.wait()
        return PlainTextResponse("said")

    listener = http.bound("127.0.0.1", 0)
    number = listener.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{number}") as client:
        async with http.serving([Route("/slow", slow), Route("/fast", slow)], listener):
            answer = asyncio.create_task(client.get("/slow"))
            await asked.wait()
            say.set()
        assert (await answer).text == "said"
        with pytest.raises(httpx.ConnectError):
            await client.get("/fast")


async def test_the_metrics_have_figures_and_no_names(tmp_path: Path) -> None:
    number = free_port()
    async with stopped_bot(tmp_path, rate_limit=1000) as bot:
        await bot.start(http_port=number)
        citizen = await bot.citizen()
        await citizen.books("Fanta Sylla")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{number}") as client:
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()) == (200, {"started": True, "database": True, "telegram": True})
            text = (await client.get("/metrics")).text
    figures = dict(re.findall(r"^(moncreneau_bot_\S+) (\S+)$", text, re.MULTILINE))
    expected = {
        "api_reachable": 1,
        "api_accepting": 1,
        "api_requests_limit": 1000,
        "api_requests_remaining": 997,
        'api_requests_total{urgency="write"}': 1,
        "lost_races_total": 0,
        "lost_races_per_booking": 0,
        'chat_limits_reached_total{limit="updates"}': 0,
        'chat_limits_reached_total{limit="slot_readings"}': 0,
        "bookings_today": 1,
        "requests_today": 3,
        "requests_per_booking_today": 3,
        "inbox": 0,
        "outbox": 0,
        "stalled_chats": 0,
        "open_attempts": 0,
        "set_aside_updates": 0,
        "telegram_reachable": 1,
        "database_writable": 1,
        'attempts_settled_total{outcome="booked"}': 1,
        "messages_refused_total": 0,
        "timers_due": 0,
        "place_alerts": 0,
        "place_alerts_sent_total": 0,
        "timers_late": 0,
        "reminders_total": 0,
        "reminders_dropped_total": 0,
        "reminders_coming_total": 0,
    }
    found = {name: float(figures[f"moncreneau_bot_{name}"]) for name in expected}
    assert found == expected
    assert float(figures["moncreneau_bot_messages_sent_total"]) >= 5
    assert float(figures["moncreneau_bot_api_cache_hit_ratio"]) > 0
    assert 0 <= float(figures["moncreneau_bot_slot_age_seconds"]) < 60
    for private in ("Fanta", "Sylla", str(citizen.id), "mk_sandbox", "/qr/"):
        assert private not in text


async def test_while_the_database_cannot_be_written_the_bot_is_healthy_and_not_ready(tmp_path: Path) -> None:
    number = free_port()
    async with stopped_bot(tmp_path) as bot, httpx.AsyncClient(base_url=f"http://127.0.0.1:{number}") as client:
        await bot.start(http_port=number)
        other = sqlite3.connect(tmp_path / "bot.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            ready = await client.get("/readyz")
            assert (ready.status_code, ready.json()["database"]) == (503, False)
            assert (await client.get("/healthz")).status_code == 200
        finally:
            other.close()

        async def is_ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await eventually("it is ready again", is_ready)


async def test_a_port_in_use_ends_the_start_with_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with stopped_bot(tmp_path) as bot:
            with pytest.raises(StartError, match="HTTP_PORT: cannot listen there: Address already in use"):
                await bot.start(http_port=taken.getsockname()[1])
    assert not (tmp_path / "bot.db").exists()


async def test_the_health_port_answers_while_telegram_is_down(tmp_path: Path) -> None:
    number = free_port()
    async with (
        separate_bot(tmp_path) as (services, process),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{number}") as client,
    ):
        await process.start(ready=False, HTTP_PORT=str(number), TELEGRAM_API_URL="http://127.0.0.1:9")

        async def answers() -> bool:
            try:
                return (await client.get("/healthz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually("it is alive", answers)
        assert (await client.get("/readyz")).status_code == 503
        assert await process.stop() == 0
        await process.start(HTTP_PORT=str(number))
        assert (await client.get("/readyz")).status_code == 200
        assert await process.stop() == 0
        assert "GET /" not in process.log, "no access log"
        assert await services.pending() == 0
