"""The client over a real connection: requests, responses, retries."""

import asyncio
import gzip
import json
import logging
import socket
import traceback
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.app.ports import ApiError, WriteOutcome
from bot.core.model import FailureCode
from bot.moncreneau.circuit_breaker import CircuitBreaker
from bot.moncreneau.client import Client, Timeouts
from bot.moncreneau.errors import CircuitOpen, NoConnection, ServerError, TimedOut, UnreadableAnswer
from bot.moncreneau.quota import Quota, RequestKind
from bot.moncreneau.transport import CONNECTIONS
from tests.moncreneau.support import (
    KEY,
    RESET,
    SILENCE,
    Answer,
    StillClock,
    Wire,
    answer,
    budget_headers,
    refusal,
)

SECRET = "Jean Dupont"
OWNER = "telegram:77"


class Bench:
    """A client with everything that it stands on, its pauses only written down."""

    def __init__(self, url: str, clock: StillClock, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.pauses: list[float] = []
        self.breaker, self.writes = CircuitBreaker(clock), CircuitBreaker(clock)
        self.quota = Quota(clock)
        self.client = Client(
            url,
            KEY,
            quota=self.quota,
            breaker=self.breaker,
            writes=self.writes,
            now=lambda: clock.unix,
            transport=transport,
            timeouts=Timeouts(connect=5, read=0.2, total=30),
            sleep=self.sleep,
            jitter=lambda: 1.0,
        )

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def fails(self, method: str) -> ApiError:
        with pytest.raises(ApiError) as caught:
            await self.call(method)
        return caught.value

    async def call(self, method: str) -> object:
        if method == "GET":
            return await self.client.get("appointments", {"externalUserId": OWNER})
        if method == "POST":
            return await self.client.post("appointments", {"name": SECRET})
        await self.client.delete("appointments/5")
        return None


@pytest.fixture
async def bench(wire: Wire, clock: StillClock) -> AsyncIterator[Bench]:
    found = Bench(wire.url, clock)
    yield found
    await found.client.aclose()


async def test_every_request_carries_the_key_in_its_header_and_nowhere_else(bench: Bench, wire: Wire) -> None:
    await bench.client.get("departments")
    (seen,) = wire.seen
    assert (seen.method, seen.target) == ("GET", "/api/v1/departments")
    assert seen.headers["x-api-key"] == KEY
    assert [name for name, value in seen.headers.items() if KEY in value] == ["x-api-key"]


@pytest.mark.parametrize("end", ["", "/", "//"])
async def test_the_base_url_may_end_with_a_slash(end: str, wire: Wire, clock: StillClock) -> None:
    bench = Bench(wire.url + end, clock)
    await bench.client.get("departments")
    await bench.client.aclose()
    assert wire.seen[0].target == "/api/v1/departments"


async def test_a_body_is_sent_as_json_even_if_it_is_no_proper_text(bench: Bench, wire: Wire) -> None:
    wire.says(answer({"id": 1}, 201))
    await bench.client.post("appointments", {"name": "Aïssatou \ud83d"})
    assert wire.seen[0].headers["content-type"] == "application/json"
    assert json.loads(wire.seen[0].body) == {"name": "Aïssatou \ud83d"}


async def test_connections_are_reused(bench: Bench, wire: Wire) -> None:
    for method in ("GET", "POST", "GET", "DELETE"):
        await bench.call(method)
    assert {seen.connection for seen in wire.seen} == {1}


async def test_a_query_is_escaped(bench: Bench, wire: Wire) -> None:
    await bench.client.get("appointments", {"externalUserId": "a&b=c d", "page": 0})
    assert wire.seen[0].target in {
        "/api/v1/appointments?externalUserId=a%26b%3Dc%20d&page=0",
        "/api/v1/appointments?externalUserId=a%26b%3Dc+d&page=0",
    }


HALF = Answer(answer({"id": 12345}).data[:-4], "close")
NO_HEAD = Answer(b"HTTP/1.1 200", "close")
NONSENSE = Answer(b"\x00\x01\x02 nonsense \r\n\r\n", "close")
BAD_GZIP = answer(b"this is no gzip", Content_Encoding="gzip")
HTML = answer(b"<html>Welcome to nginx</html>", Content_Type="text/html")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
@pytest.mark.parametrize(
    "said",
    [
        *[RESET, Answer(then="close"), HALF, NO_HEAD, NONSENSE, BAD_GZIP, HTML, SILENCE],
        *[answer(b"<html>", status) for status in (301, 302, 408, 500, 502, 503, 504)],
        refusal(503, "SERVICE_UNAVAILABLE", Retry_After="30"),
    ],
    ids=repr,
)
async def test_a_write_with_unknown_outcome_is_sent_once(method: str, said: Answer, bench: Bench, wire: Wire) -> None:
    wire.says(said)
    error = await bench.fails(method)
    assert (error.outcome, error.failure.code) == (WriteOutcome.UNKNOWN, FailureCode.DOWN)
    assert len(wire.seen) == 1


@pytest.mark.parametrize("said", [RESET, HALF, answer(None, 500), answer(b"<html>", 502)], ids=repr)
async def test_a_read_is_retried_twice(said: Answer, bench: Bench, wire: Wire) -> None:
    wire.says(said)
    error = await bench.fails("GET")
    assert error.failure.code is FailureCode.DOWN
    assert len(wire.seen) == 3
    assert bench.pauses == [0.3, 0.6]


async def test_a_read_may_succeed_on_the_second_try(bench: Bench, wire: Wire) -> None:
    wire.says(RESET, answer(["here"]))
    assert await bench.call("GET") == ["here"]


@pytest.mark.parametrize("said", [refusal(401, "INVALID_API_KEY"), refusal(429, "RATE_LIMIT_EXCEEDED"), HTML], ids=repr)
async def test_an_answered_read_is_not_retried(said: Answer, bench: Bench, wire: Wire) -> None:
    wire.says(said)
    await bench.fails("GET")
    assert len(wire.seen) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_refused_connection_means_not_sent(method: str, clock: StillClock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/api/v1"
        bench = Bench(url, clock)
        error = await bench.fails(method)
        assert isinstance(error, NoConnection)
        assert error.outcome is WriteOutcome.NOT_SENT
        await bench.client.aclose()


@pytest.mark.parametrize("said", [answer(None, 204), answer(None, 200), answer({"id": 5}, 200)], ids=repr)
async def test_a_delete_succeeds_with_or_without_a_body(said: Answer, bench: Bench, wire: Wire) -> None:
    wire.says(said)
    await bench.client.delete("appointments/5")
    assert [seen.method for seen in wire.seen] == ["DELETE"]


async def test_a_redirect_is_not_followed_so_that_the_key_stays_with_the_api(bench: Bench, wire: Wire) -> None:
    wire.says(answer(None, 307, Location=wire.url + "/elsewhere"), answer([]))
    assert (await bench.fails("POST")).outcome is WriteOutcome.UNKNOWN
    assert [seen.target for seen in wire.seen] == ["/api/v1/appointments"]


async def test_a_compressed_answer_is_read(bench: Bench, wire: Wire) -> None:
    wire.says(answer(gzip.compress(b'["small"]'), Content_Encoding="gzip", Content_Type="application/json"))
    assert await bench.call("GET") == ["small"]


async def test_a_booking_succeeds_after_the_api_closed_an_idle_connection(bench: Bench, wire: Wire) -> None:
    wire.says(answer([], then="close"), answer({"id": 1}, 201))
    await bench.call("GET")
    await asyncio.sleep(0.05)  # until the end of the connection has come through
    assert await bench.call("POST") == {"id": 1}
    assert len(wire.seen) == 2


async def test_the_quota_learns_from_every_response(bench: Bench, wire: Wire) -> None:
    wire.says(
        answer([], 200, "go on", **budget_headers(900)), refusal(402, "INSUFFICIENT_CREDITS", **budget_headers(899))
    )
    await bench.call("GET")
    await bench.fails("POST")
    assert bench.quota.remaining == 899
    wire.says(RESET)
    await bench.fails("DELETE")
    assert bench.quota.remaining == 898


async def test_after_a_429_nothing_is_sent_until_it_is_time(bench: Bench, wire: Wire, clock: StillClock) -> None:
    wire.says(refusal(429, "RATE_LIMIT_EXCEEDED", Retry_After="120"), answer({"id": 1}))
    for method in ("POST", "POST", "GET", "DELETE"):
        error = await bench.fails(method)
        assert (error.outcome, error.failure.code, error.retry_after) == (WriteOutcome.NOT_SENT, FailureCode.BUSY, 120)
    assert len(wire.seen) == 1
    clock.pass_(120)
    await bench.call("POST")


async def test_while_the_breaker_is_open_no_request_is_sent(bench: Bench, wire: Wire, clock: StillClock) -> None:
    wire.says(answer(None, 500))
    for _ in range(2):
        await bench.fails("GET")
    for method in ("GET", "POST", "DELETE"):
        assert isinstance(await bench.fails(method), CircuitOpen)
    assert len(wire.seen) == 5
    clock.pass_(1)
    assert isinstance(await bench.fails("POST"), ServerError), "a write may be what finds out"
    assert isinstance(await bench.fails("GET"), CircuitOpen)
    clock.pass_(2)
    wire.says(answer([]))
    await bench.call("GET")
    assert bench.breaker.closed


async def test_a_background_request_is_not_sent_while_the_breaker_is_open_not_even_as_its_probe(
    bench: Bench, wire: Wire, clock: StillClock
) -> None:
    wire.says(answer(None, 500))
    for _ in range(2):
        await bench.fails("GET")
    clock.pass_(60)
    sent = len(wire.seen)
    with pytest.raises(CircuitOpen):
        await bench.client.get("appointments", kind=RequestKind.BACKGROUND)
    assert len(wire.seen) == sent
    wire.says(answer([]))
    await bench.call("GET")
    await bench.client.get("appointments", kind=RequestKind.BACKGROUND)


async def test_while_writes_fail_reads_work_and_do_not_close_the_breaker_of_writes(
    bench: Bench, wire: Wire, clock: StillClock
) -> None:
    for _ in range(5):
        wire.says(answer(None, 503))
        await bench.fails("POST")
        wire.says(answer([]))
        await bench.call("GET")
    for method in ("POST", "DELETE"):
        assert isinstance(await bench.fails(method), CircuitOpen)
    assert (bench.breaker.closed, bench.writes.closed, len(wire.seen)) == (True, False, 10)
    clock.pass_(1)
    await bench.call("POST")
    assert bench.writes.closed


async def test_a_read_whose_retry_is_refused_raises_the_first_error(bench: Bench, wire: Wire) -> None:
    wire.says(answer(None, 500))
    for _ in range(2):
        assert isinstance(await bench.fails("GET"), ServerError)
    assert len(wire.seen) == 5, "three tries, then two of three"


async def test_a_refusal_closes_the_breaker(bench: Bench, wire: Wire) -> None:
    wire.says(refusal(409, "SLOT_NOT_AVAILABLE"))
    for _ in range(10):
        assert (await bench.fails("POST")).failure.code is FailureCode.SLOT_TAKEN
    assert bench.breaker.closed


async def test_a_cancelled_request_leaves_quota_and_breaker_consistent(
    bench: Bench, wire: Wire, clock: StillClock
) -> None:
    wire.says(answer(None, 500, **budget_headers(100)))
    for _ in range(5):
        await bench.fails("POST")
    clock.pass_(1)
    wire.says(SILENCE)
    probe = asyncio.create_task(bench.call("POST"))
    await wire.heard(6)
    assert isinstance(await bench.fails("POST"), CircuitOpen)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert bench.quota.remaining == 99
    wire.says(answer({"id": 1}))
    assert await bench.call("POST") == {"id": 1}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("said", [RESET, HTML, SILENCE, refusal(400, "INVALID_REQUEST"), answer([])], ids=repr)
async def test_logs_and_errors_contain_no_key_name_or_chat_id(
    method: str, said: Answer, bench: Bench, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    wire.says(said)
    shown = repr(bench.client)
    with caplog.at_level(logging.DEBUG):
        (error,) = await asyncio.gather(bench.call(method), return_exceptions=True)
    if isinstance(error, ApiError):
        shown += "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        assert (error.__context__, error.__cause__) == (None, None)
    shown += caplog.text
    for secret in (KEY, SECRET, OWNER, OWNER.replace(":", "%3A")):
        assert secret not in shown


async def test_one_timeout_spares_the_next_citizens_the_wait(bench: Bench, wire: Wire) -> None:
    wire.says(SILENCE)
    assert isinstance(await bench.fails("GET"), TimedOut)
    assert isinstance(await bench.fails("GET"), CircuitOpen)
    assert len(wire.seen) == 1, "whoever waited once does not wait a second time"


async def test_all_tries_together_have_one_time_limit(wire: Wire, clock: StillClock) -> None:
    bench = Bench(wire.url, clock)
    bench.client._timeouts = Timeouts(read=9, total=0.1)
    wire.says(SILENCE)
    assert isinstance(await bench.fails("POST"), TimedOut)
    assert isinstance(await bench.fails("GET"), TimedOut)
    assert len(wire.seen) == 2
    await bench.client.aclose()


async def test_an_html_page_in_response_to_a_delete_means_unknown(bench: Bench, wire: Wire) -> None:
    wire.says(HTML)
    assert isinstance(await bench.fails("DELETE"), UnreadableAnswer)


async def test_requests_are_counted_by_urgency(bench: Bench) -> None:
    await bench.call("GET")
    await bench.call("POST")
    await bench.client.get("appointments", kind=RequestKind.SETTLE)
    assert bench.client.sent == {RequestKind.READ: 1, RequestKind.WRITE: 1, RequestKind.SETTLE: 1}


@pytest.mark.parametrize(
    ("url", "key"), [("example.org", "k"), ("https://x", ""), ("https://x", "sécret"), ("https://x", "a\nb")]
)
def test_a_key_or_an_address_that_cannot_work_is_refused_at_once_and_not_shown(
    url: str, key: str, clock: StillClock
) -> None:
    with pytest.raises(ValueError, match="moncreneau API") as caught:
        Client(
            url,
            key,
            quota=Quota(clock),
            breaker=CircuitBreaker(clock),
            writes=CircuitBreaker(clock),
            now=lambda: clock.unix,
        )
    assert not key or key not in str(caught.value)


async def test_requests_waiting_for_a_connection_are_not_sent_after_a_429(
    clock: StillClock,
) -> None:
    seen = 0
    full, door = asyncio.Event(), asyncio.Event()

    async def slow(_request: httpx.Request) -> httpx.Response:
        nonlocal seen
        seen += 1
        if seen == CONNECTIONS:
            full.set()
        await door.wait()
        return httpx.Response(429, headers={"Retry-After": "600"})

    bench = Bench("https://example.org", clock, httpx.MockTransport(slow))
    asked = [asyncio.create_task(bench.fails("GET")) for _ in range(3 * CONNECTIONS)]
    await full.wait()
    door.set()
    errors = await asyncio.gather(*asked)
    assert seen == CONNECTIONS
    assert {error.failure.code for error in errors} == {FailureCode.BUSY}
    await bench.client.aclose()


async def test_in_a_new_hour_all_wait_for_the_answer_to_the_first(clock: StillClock) -> None:
    answers = iter([httpx.Response(200, json=[], headers=budget_headers(0))])
    late = httpx.Response(429, headers=budget_headers(0) | {"Retry-After": "1"})
    bench = Bench("https://example.org", clock, httpx.MockTransport(lambda _: next(answers, late)))
    await bench.call("GET")
    clock.pass_(3601)
    await asyncio.gather(*(bench.fails("POST") for _ in range(9)))
    assert bench.client.sent[RequestKind.WRITE] == 1
    await bench.client.aclose()
