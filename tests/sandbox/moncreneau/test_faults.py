"""The stand-in misbehaves exactly as the control call says, and its ledger shows what it did meanwhile."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.sandbox.moncreneau import DEMO_KEY
from tests.sandbox.moncreneau.client import SLOT, ApiClient, error_of, open_sandbox


def raw(desk: ApiClient, method: str, path: str, body: bytes = b"") -> bytes:
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
async def test_a_dropped_connection_ends_without_a_byte(api: ApiClient, kind: str, booked: int) -> None:
    await api.inject(kind, "POST", "/appointments", times=1)
    assert await asyncio.to_thread(raw, api, "POST", "/appointments", BOOKING) == b""
    ledger = await api.ledger()
    assert (len(ledger["appointments"]), ledger["credits"]) == (booked, 10_000 - booked)


async def test_after_a_drop_the_next_connection_works_and_the_server_logs_nothing(
    api: ApiClient, caplog: pytest.LogCaptureFixture
) -> None:
    await api.inject("drop_before", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await api.get("/departments")
    assert (await api.get("/departments")).status_code == 200
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


async def test_a_drop_does_not_affect_other_requests(api: ApiClient) -> None:
    await api.inject("drop_before", "DELETE")
    await api.inject("delay", "GET", seconds=0.05)
    dropped, answered = await asyncio.gather(api.cancel(1), api.get("/departments"), return_exceptions=True)
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
async def test_a_false_answer_replaces_the_request_or_follows_it(  # noqa: PLR0913, PLR0917 — a table of cases
    api: ApiClient, kind: str, fields: dict[str, Any], status: int, when: str, booked: int
) -> None:
    await api.inject(kind, "POST", when=when, **fields)
    assert (await api.book()).status_code == status
    assert len((await api.ledger())["appointments"]) == booked


async def test_a_proxy_answers_in_html_without_the_headers_of_the_api(api: ApiClient) -> None:
    await api.inject("html")
    answer = await api.get("/departments")
    assert answer.headers["content-type"].startswith("text/html")
    assert "<html>" in answer.text
    assert "x-ratelimit-limit" not in answer.headers


async def test_garbage_claims_to_be_json(api: ApiClient) -> None:
    await api.inject("garbage")
    answer = await api.get("/departments")
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match="Unterminated"):
        answer.json()


async def test_the_body_and_message_of_a_false_answer_can_be_set(api: ApiClient) -> None:
    await api.inject("garbage", body="[]", times=1)
    assert (await api.get("/departments")).json() == []
    await api.inject("status", status=418, body="short and stout", times=1)
    answer = await api.get("/departments")
    assert (answer.status_code, answer.text) == (418, "short and stout")
    await api.inject("error_code", code="USER_NOT_FOUND", message="Who?", times=1)
    assert (await api.get("/departments")).json()["error"]["message"] == "Who?"


async def test_an_injected_rate_limit_says_how_long_to_wait(api: ApiClient) -> None:
    await api.inject("rate_limit", seconds=7)
    answer = await api.get("/departments")
    assert error_of(answer) == (429, "RATE_LIMIT_EXCEEDED")
    assert (answer.headers["retry-after"], answer.headers["x-ratelimit-remaining"]) == ("7", "0")


async def test_a_delay_before_holds_back_the_booking(api: ApiClient) -> None:
    await api.inject("delay", "POST", seconds=3600)
    booking = asyncio.create_task(api.book())
    await _until(api, lambda ledger: bool(ledger["requests"]))
    assert (await api.ledger())["appointments"] == []
    booking.cancel()


async def test_a_delay_after_holds_back_only_the_answer(api: ApiClient) -> None:
    await api.inject("delay", "POST", when="after", seconds=3600)
    booking = asyncio.create_task(api.book())
    await _until(api, lambda ledger: bool(ledger["appointments"]))
    assert not booking.done()
    booking.cancel()


async def test_a_delayed_answer_is_complete(api: ApiClient) -> None:
    await api.inject("delay", seconds=0.01)
    await api.inject("delay", seconds=0.01, when="after")
    assert (await api.book()).status_code == 201


async def test_a_fault_strikes_only_matching_requests_and_only_so_often(api: ApiClient) -> None:
    await api.inject("status", "get", "/appointments", times=2)
    assert (await api.get("/departments")).status_code == 200
    assert (await api.book()).status_code == 201
    paths = ("/appointments/12345", "/appointments", "/appointments")
    assert [(await api.get(path)).status_code for path in paths] == [500, 500, 200]
    (fault,) = (await api.control("GET", "/faults")).json()["faults"]
    assert (fault["kind"], fault["fired"], fault["times"]) == ("status", 2, 2)


async def test_the_same_seed_gives_the_same_faults() -> None:
    runs = []
    for seed in (7, 7, 8):
        async with open_sandbox(seed=seed) as api:
            await api.inject("status", probability=0.5)
            runs.append([(await api.get("/departments")).status_code for _ in range(40)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {200, 500}


async def test_faults_are_a_list_bare_or_in_an_object(api: ApiClient) -> None:
    assert (await api.control("POST", "/faults", {"faults": [{"kind": "html"}]})).status_code == 201
    assert (await api.control("POST", "/faults", {"kind": "html"})).status_code == 400
    assert (await api.http.post("/__sandbox/faults", content=b"{")).status_code == 400
    assert len((await api.control("GET", "/faults")).json()["faults"]) == 1


async def test_faults_can_be_cleared(api: ApiClient) -> None:
    await api.inject("html")
    assert (await api.control("DELETE", "/faults")).status_code == 204
    assert (await api.get("/departments")).status_code == 200
    assert (await api.control("GET", "/faults")).json() == {"faults": []}


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
async def test_one_invalid_fault_injects_nothing(api: ApiClient, fault: object) -> None:
    answer = await api.control("POST", "/faults", [{"kind": "html"}, fault])
    assert answer.status_code == 400, answer.text
    assert (await api.control("GET", "/faults")).json() == {"faults": []}


async def _until(api: ApiClient, holds: Callable[[dict[str, list[object]]], bool]) -> None:
    """Ask the ledger until it says so; the test's own time limit ends what never comes."""
    while not holds(await api.ledger()):
        pass
