"""The stand-in misbehaves exactly as told, and its ledger says what it did meanwhile."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.sandbox.moncreneau import DEMO_KEY
from tests.sandbox.moncreneau.client import SLOT, Desk, desk, refusal


def raw(desk: Desk, method: str, path: str, body: bytes = b"") -> bytes:
    """Send one request over a bare socket and return every byte until the peer ends the connection."""
    url = desk.http.base_url
    head = (
        f"{method} /api/v1{path} HTTP/1.1\r\nHost: {url.host}\r\nX-API-Key: {DEMO_KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(head.encode() + body)
        received = b""
        try:
            while chunk := connection.recv(4096):
                received += chunk
        except ConnectionResetError:
            pass
        return received


BOOKING = f'{{"departmentId": 5, "dateTime": "{SLOT}", "name": "Hawa Camara"}}'.encode()


@pytest.mark.parametrize(("kind", "booked"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_dropped_connection_ends_without_a_byte(office: Desk, kind: str, booked: int) -> None:
    await office.inject(kind, "POST", "/appointments", times=1)
    assert await asyncio.to_thread(raw, office, "POST", "/appointments", BOOKING) == b""
    ledger = await office.ledger()
    assert (len(ledger["appointments"]), ledger["credits"]) == (booked, 10_000 - booked)


async def test_after_a_drop_the_next_connection_works_and_the_server_complains_of_nothing(
    office: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await office.inject("drop_before", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await office.get("/departments")
    assert (await office.get("/departments")).status_code == 200
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


async def test_a_drop_leaves_other_requests_alone(office: Desk) -> None:
    await office.inject("drop_before", "DELETE")
    await office.inject("delay", "GET", seconds=0.05)
    dropped, answered = await asyncio.gather(office.cancel(1), office.get("/departments"), return_exceptions=True)
    assert isinstance(dropped, httpx.RemoteProtocolError)
    assert isinstance(answered, httpx.Response)


@pytest.mark.parametrize(("when", "booked"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize(
    ("kind", "fields", "status"),
    [
        ("status", {"status": 503}, 503),
        ("status", {}, 500),
        ("html", {}, 502),
        ("html", {"status": 504}, 504),
        ("garbage", {}, 200),
        ("rate_limit", {"seconds": 7}, 429),
        ("error_code", {"code": "CREDIT_CHECK_FAILED"}, 402),
    ],
)
async def test_a_false_answer_comes_instead_of_the_act_or_after_it(  # noqa: PLR0913, PLR0917 — a table of cases
    office: Desk, kind: str, fields: dict[str, Any], status: int, when: str, booked: int
) -> None:
    await office.inject(kind, "POST", when=when, **fields)
    assert (await office.book()).status_code == status
    assert len((await office.ledger())["appointments"]) == booked


async def test_a_proxy_answers_in_html_without_the_headers_of_the_api(office: Desk) -> None:
    await office.inject("html")
    answer = await office.get("/departments")
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text
    assert "x-ratelimit-limit" not in answer.headers


async def test_garbage_says_json_and_is_none(office: Desk) -> None:
    await office.inject("garbage")
    answer = await office.get("/departments")
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()


async def test_what_a_false_answer_says_can_be_chosen(office: Desk) -> None:
    await office.inject("garbage", body="[]", times=1)
    assert (await office.get("/departments")).json() == []
    await office.inject("status", status=418, body="short and stout", times=1)
    answer = await office.get("/departments")
    assert (answer.status_code, answer.text) == (418, "short and stout")
    await office.inject("error_code", code="USER_NOT_FOUND", message="Who?", times=1)
    assert (await office.get("/departments")).json()["error"]["message"] == "Who?"


async def test_an_injected_limit_says_how_long_to_wait(office: Desk) -> None:
    await office.inject("rate_limit", seconds=7)
    answer = await office.get("/departments")
    assert refusal(answer) == (429, "RATE_LIMIT_EXCEEDED")
    assert (answer.headers["retry-after"], answer.headers["x-ratelimit-remaining"]) == ("7", "0")


async def test_a_delay_before_the_act_holds_it_back(office: Desk) -> None:
    await office.inject("delay", "POST", seconds=3600)
    booking = asyncio.create_task(office.book())
    await _until(office, lambda ledger: bool(ledger["requests"]))
    assert (await office.ledger())["appointments"] == []
    booking.cancel()


async def test_a_delay_after_the_act_holds_only_the_answer_back(office: Desk) -> None:
    await office.inject("delay", "POST", when="after", seconds=3600)
    booking = asyncio.create_task(office.book())
    await _until(office, lambda ledger: bool(ledger["appointments"]))
    assert not booking.done()
    booking.cancel()


async def test_a_delayed_answer_comes_whole(office: Desk) -> None:
    await office.inject("delay", seconds=0.01)
    await office.inject("delay", seconds=0.01, when="after")
    assert (await office.book()).status_code == 201


async def test_a_fault_strikes_only_what_it_matches_and_only_so_often(office: Desk) -> None:
    await office.inject("status", "get", "/appointments", times=2)
    assert (await office.get("/departments")).status_code == 200
    assert (await office.book()).status_code == 201
    paths = ("/appointments/12345", "/appointments", "/appointments")
    assert [(await office.get(path)).status_code for path in paths] == [500, 500, 200]
    (fault,) = (await office.control("GET", "/faults")).json()["faults"]
    assert (fault["kind"], fault["fired"], fault["times"]) == ("status", 2, 2)


async def test_the_same_seed_draws_the_same_faults() -> None:
    runs = []
    for seed in (7, 7, 8):
        async with desk(seed=seed) as office:
            await office.inject("status", probability=0.5)
            runs.append([(await office.get("/departments")).status_code for _ in range(40)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 500}


async def test_faults_may_come_wrapped_in_an_object_and_nothing_else(office: Desk) -> None:
    assert (await office.control("POST", "/faults", {"faults": [{"kind": "html"}]})).status_code == 201
    assert (await office.control("POST", "/faults", {"kind": "html"})).status_code == 400
    assert (await office.http.post("/__sandbox/faults", content=b"{")).status_code == 400
    assert len((await office.control("GET", "/faults")).json()["faults"]) == 1


async def test_faults_can_be_cleared(office: Desk) -> None:
    await office.inject("html")
    assert (await office.control("DELETE", "/faults")).status_code == 204
    assert (await office.get("/departments")).status_code == 200
    assert (await office.control("GET", "/faults")).json() == {"faults": []}


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"kind": "explode"},
        {"kind": []},
        {"kind": "delay", "seconds": -1},
        {"kind": "delay", "when": "during"},
        {"kind": "html", "probability": 2},
        {"kind": "html", "times": "often"},
        {"kind": "html", "match": {"host": "x"}},
        {"kind": "html", "match": {"method": 1}},
        {"kind": "html", "colour": "red"},
        {"kind": "status", "status": 1000},
        {"kind": "error_code"},
        {"kind": "error_code", "code": "NO_SUCH_CODE"},
        {"kind": "error_code", "code": []},
        "html",
    ],
)
async def test_a_fault_that_is_not_understood_injects_nothing(office: Desk, fault: object) -> None:
    answer = await office.control("POST", "/faults", [{"kind": "html"}, fault])
    assert answer.status_code == 400, answer.text
    assert (await office.control("GET", "/faults")).json() == {"faults": []}


async def _until(office: Desk, holds: Callable[[dict[str, list[object]]], bool]) -> None:
    """Ask the ledger until it says so; the test's own time limit ends what never comes."""
    while not holds(await office.ledger()):
        pass
