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
from bot.moncreneau.client import Client, Timeouts
from bot.moncreneau.errors import CircuitOpen, NoConnection, NoConnectionFree, ServerError, TimedOut, UnreadableAnswer
from bot.moncreneau.quota import Quota, RequestKind
from bot.moncreneau.transport import CONNECTIONS
from tests.moncreneau.support import (
    KEY,
    RESET,
    SILENCE,
    Answer,
    ScriptedServer,
    StillClock,
    answer,
    budget_headers,
    circuit_breaker,
    refusal,
)

SECRET = "Jean Dupont"
OWNER = "telegram:77"


class ClientSetup:
    """A client with its parts; its pauses are recorded and take no time."""

    def __init__(
        self, url: str, clock: StillClock, transport: httpx.AsyncBaseTransport | None = None, connect: float = 5
    ) -> None:
        self.pauses: list[float] = []
        self.breaker, self.writes = circuit_breaker(clock), circuit_breaker(clock)
        self.quota = Quota(clock)
        self.client = Client(
            url,
            KEY,
            quota=self.quota,
            breaker=self.breaker,
            writes=self.writes,
            now=lambda: clock.unix,
            transport=transport,
            timeouts=Timeouts(connect=connect, read=0.2, total=30),
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
async def setup(server: ScriptedServer, clock: StillClock) -> AsyncIterator[ClientSetup]:
    found = ClientSetup(server.url, clock)
    yield found
    await found.client.aclose()


async def test_every_request_carries_the_key_in_its_header_and_nowhere_else(
    setup: ClientSetup, server: ScriptedServer
) -> None:
    await setup.client.get("departments")
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("GET", "/api/v1/departments")
    assert seen.headers["x-api-key"] == KEY
    assert [name for name, value in seen.headers.items() if KEY in value] == ["x-api-key"]


@pytest.mark.parametrize("end", ["", "/", "//"])
async def test_the_base_url_may_end_with_a_slash(end: str, server: ScriptedServer, clock: StillClock) -> None:
    setup = ClientSetup(server.url + end, clock)
    await setup.client.get("departments")
    await setup.client.aclose()
    assert server.seen[0].target == "/api/v1/departments"


async def test_a_body_is_sent_as_json_even_if_its_text_is_not_valid_unicode(
    setup: ClientSetup, server: ScriptedServer
) -> None:
    server.respond_with(answer({"id": 1}, 201))
    await setup.client.post("appointments", {"name": "Aïssatou \ud83d"})
    assert server.seen[0].headers["content-type"] == "application/json"
    assert json.loads(server.seen[0].body) == {"name": "Aïssatou \ud83d"}


async def test_connections_are_reused(setup: ClientSetup, server: ScriptedServer) -> None:
    for method in ("GET", "POST", "GET", "DELETE"):
        await setup.call(method)
    assert {seen.connection for seen in server.seen} == {1}


async def test_a_query_is_escaped(setup: ClientSetup, server: ScriptedServer) -> None:
    await setup.client.get("appointments", {"externalUserId": "a&b=c d", "page": 0})
    assert server.seen[0].target in {
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
async def test_a_write_with_unknown_outcome_is_sent_once(
    method: str, said: Answer, setup: ClientSetup, server: ScriptedServer
) -> None:
    server.respond_with(said)
    error = await setup.fails(method)
    assert (error.outcome, error.failure.code) == (WriteOutcome.UNKNOWN, FailureCode.DOWN)
    assert len(server.seen) == 1


@pytest.mark.parametrize("said", [RESET, HALF, answer(None, 500), answer(b"<html>", 502)], ids=repr)
async def test_a_read_is_retried_twice(said: Answer, setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(said)
    error = await setup.fails("GET")
    assert error.failure.code is FailureCode.DOWN
    assert len(server.seen) == 3
    assert setup.pauses == [0.3, 0.6]


async def test_a_read_may_succeed_on_the_second_try(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(RESET, answer(["here"]))
    assert await setup.call("GET") == ["here"]


@pytest.mark.parametrize("said", [refusal(401, "INVALID_API_KEY"), refusal(429, "RATE_LIMIT_EXCEEDED"), HTML], ids=repr)
async def test_an_answered_read_is_not_retried(said: Answer, setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(said)
    await setup.fails("GET")
    assert len(server.seen) == 1


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_refused_connection_means_not_sent(method: str, clock: StillClock) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/api/v1"
        setup = ClientSetup(url, clock)
        error = await setup.fails(method)
        assert isinstance(error, NoConnection)
        assert error.outcome is WriteOutcome.NOT_SENT
        await setup.client.aclose()


@pytest.mark.parametrize("said", [answer(None, 204), answer(None, 200), answer({"id": 5}, 200)], ids=repr)
async def test_a_delete_succeeds_with_or_without_a_body(
    said: Answer, setup: ClientSetup, server: ScriptedServer
) -> None:
    server.respond_with(said)
    await setup.client.delete("appointments/5")
    assert [seen.method for seen in server.seen] == ["DELETE"]


async def test_a_redirect_is_not_followed_so_that_the_key_stays_with_the_api(
    setup: ClientSetup, server: ScriptedServer
) -> None:
    server.respond_with(answer(None, 307, Location=server.url + "/elsewhere"), answer([]))
    assert (await setup.fails("POST")).outcome is WriteOutcome.UNKNOWN
    assert [seen.target for seen in server.seen] == ["/api/v1/appointments"]


async def test_a_compressed_answer_is_read(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(answer(gzip.compress(b'["small"]'), Content_Encoding="gzip", Content_Type="application/json"))
    assert await setup.call("GET") == ["small"]


async def test_a_booking_succeeds_after_the_api_closed_an_idle_connection(
    setup: ClientSetup, server: ScriptedServer
) -> None:
    server.respond_with(answer([], then="close"), answer({"id": 1}, 201))
    await setup.call("GET")
    await asyncio.sleep(0.05)  # until the end of the connection has come through
    assert await setup.call("POST") == {"id": 1}
    assert len(server.seen) == 2


async def test_the_quota_learns_from_every_response(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(
        answer([], 200, "go on", **budget_headers(900)), refusal(402, "INSUFFICIENT_CREDITS", **budget_headers(899))
    )
    await setup.call("GET")
    await setup.fails("POST")
    assert setup.quota.remaining == 899
    server.respond_with(RESET)
    await setup.fails("DELETE")
    assert setup.quota.remaining == 898


async def test_after_a_429_nothing_is_sent_until_it_is_time(
    setup: ClientSetup, server: ScriptedServer, clock: StillClock
) -> None:
    server.respond_with(refusal(429, "RATE_LIMIT_EXCEEDED", Retry_After="120"), answer({"id": 1}))
    for method in ("POST", "POST", "GET", "DELETE"):
        error = await setup.fails(method)
        assert (error.outcome, error.failure.code, error.retry_after) == (WriteOutcome.NOT_SENT, FailureCode.BUSY, 120)
    assert len(server.seen) == 1
    clock.pass_(120)
    await setup.call("POST")


async def test_while_the_breaker_is_open_no_request_is_sent(
    setup: ClientSetup, server: ScriptedServer, clock: StillClock
) -> None:
    server.respond_with(answer(None, 500))
    for _ in range(3):
        await setup.fails("GET")
    for method in ("GET", "POST", "DELETE"):
        assert isinstance(await setup.fails(method), CircuitOpen)
    assert len(server.seen) == 5
    clock.pass_(1)
    assert isinstance(await setup.fails("POST"), ServerError), "a write may be what finds out"
    assert isinstance(await setup.fails("GET"), CircuitOpen)
    clock.pass_(2)
    server.respond_with(answer([]))
    await setup.call("GET")
    assert setup.breaker.closed


async def test_a_background_request_is_not_sent_while_the_breaker_is_open_not_even_as_its_probe(
    setup: ClientSetup, server: ScriptedServer, clock: StillClock
) -> None:
    server.respond_with(answer(None, 500))
    for _ in range(3):
        await setup.fails("GET")
    clock.pass_(60)
    sent = len(server.seen)
    with pytest.raises(CircuitOpen):
        await setup.client.get("appointments", kind=RequestKind.BACKGROUND)
    assert len(server.seen) == sent
    server.respond_with(answer([]))
    await setup.call("GET")
    await setup.client.get("appointments", kind=RequestKind.BACKGROUND)


async def test_while_writes_fail_reads_work_and_do_not_close_the_breaker_of_writes(
    setup: ClientSetup, server: ScriptedServer, clock: StillClock
) -> None:
    for _ in range(5):
        server.respond_with(answer(None, 503))
        await setup.fails("POST")
        server.respond_with(answer([]))
        await setup.call("GET")
    for method in ("POST", "DELETE"):
        assert isinstance(await setup.fails(method), CircuitOpen)
    assert (setup.breaker.closed, setup.writes.closed, len(server.seen)) == (True, False, 10)
    clock.pass_(1)
    await setup.call("POST")
    assert setup.writes.closed


async def test_a_read_whose_retry_is_refused_raises_the_first_error(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(answer(None, 500))
    for path in ("appointments", "departments"):
        with pytest.raises(ServerError):
            await setup.client.get(path)
    assert len(server.seen) == 5, "three tries, then two of three"


async def test_reads_of_a_path_that_keeps_failing_are_not_retried(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(answer(None, 500))
    await setup.fails("GET")
    await setup.fails("GET")
    assert len(server.seen) == 4
    server.respond_with(answer([]))
    await setup.call("GET")
    server.respond_with(answer(None, 500))
    await setup.fails("GET")
    assert len(server.seen) == 8, "once it answered, it is retried again"


async def test_a_refusal_closes_the_breaker(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(refusal(409, "SLOT_NOT_AVAILABLE"))
    for _ in range(10):
        assert (await setup.fails("POST")).failure.code is FailureCode.SLOT_TAKEN
    assert setup.breaker.closed


async def test_a_cancelled_request_leaves_quota_and_breaker_consistent(
    setup: ClientSetup, server: ScriptedServer, clock: StillClock
) -> None:
    server.respond_with(answer(None, 500, **budget_headers(100)))
    for _ in range(5):
        await setup.fails("POST")
    clock.pass_(1)
    server.respond_with(SILENCE)
    probe = asyncio.create_task(setup.call("POST"))
    await server.received(6)
    assert isinstance(await setup.fails("POST"), CircuitOpen)
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert setup.quota.remaining == 99
    server.respond_with(answer({"id": 1}))
    assert await setup.call("POST") == {"id": 1}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("said", [RESET, HTML, SILENCE, refusal(400, "INVALID_REQUEST"), answer([])], ids=repr)
async def test_logs_and_errors_contain_no_key_name_or_chat_id(
    method: str, said: Answer, setup: ClientSetup, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.respond_with(said)
    shown = repr(setup.client)
    with caplog.at_level(logging.DEBUG):
        (error,) = await asyncio.gather(setup.call(method), return_exceptions=True)
    if isinstance(error, ApiError):
        shown += "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
        assert (error.__context__, error.__cause__) == (None, None)
    shown += caplog.text
    for secret in (KEY, SECRET, OWNER, OWNER.replace(":", "%3A")):
        assert secret not in shown


async def test_one_timeout_spares_the_next_citizens_the_wait(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(SILENCE)
    assert isinstance(await setup.fails("GET"), TimedOut)
    assert isinstance(await setup.fails("GET"), CircuitOpen)
    assert len(server.seen) == 1, "a caller that waited once does not wait again"


async def test_all_tries_together_have_one_time_limit(server: ScriptedServer, clock: StillClock) -> None:
    setup = ClientSetup(server.url, clock)
    setup.client._timeouts = Timeouts(read=9, total=0.1)
    server.respond_with(SILENCE)
    assert isinstance(await setup.fails("POST"), TimedOut)
    assert isinstance(await setup.fails("GET"), TimedOut)
    assert len(server.seen) == 2
    await setup.client.aclose()


async def test_an_html_page_in_response_to_a_delete_means_unknown(setup: ClientSetup, server: ScriptedServer) -> None:
    server.respond_with(HTML)
    assert isinstance(await setup.fails("DELETE"), UnreadableAnswer)


async def test_requests_are_counted_by_urgency(setup: ClientSetup) -> None:
    await setup.call("GET")
    await setup.call("POST")
    await setup.client.get("appointments", kind=RequestKind.SETTLE)
    assert setup.client.sent == {RequestKind.READ: 1, RequestKind.WRITE: 1, RequestKind.SETTLE: 1}


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
            breaker=circuit_breaker(clock),
            writes=circuit_breaker(clock),
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

    setup = ClientSetup("https://example.org", clock, httpx.MockTransport(slow))
    asked = [asyncio.create_task(setup.fails("GET")) for _ in range(3 * CONNECTIONS)]
    await full.wait()
    door.set()
    errors = await asyncio.gather(*asked)
    assert seen == CONNECTIONS
    assert {error.failure.code for error in errors} == {FailureCode.BUSY}
    await setup.client.aclose()


async def test_in_a_new_hour_all_wait_for_the_answer_to_the_first(clock: StillClock) -> None:
    answers = iter([httpx.Response(200, json=[], headers=budget_headers(0))])
    late = httpx.Response(429, headers=budget_headers(0) | {"Retry-After": "1"})
    setup = ClientSetup("https://example.org", clock, httpx.MockTransport(lambda _: next(answers, late)))
    await setup.call("GET")
    clock.pass_(3601)
    await asyncio.gather(*(setup.fails("POST") for _ in range(9)))
    assert setup.client.sent[RequestKind.WRITE] == 1
    await setup.client.aclose()


class HeldTransport(httpx.AsyncBaseTransport):
    """Answers once the test says so, and counts the requests that wait for that."""

    def __init__(self) -> None:
        self.waiting = self.most = 0
        self.full, self.go = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        if self.waiting == CONNECTIONS:
            self.full.set()
        await self.go.wait()
        self.waiting -= 1
        return httpx.Response(200, content=b"[]", request=request)


async def test_the_number_of_requests_at_once_is_limited(clock: StillClock) -> None:
    transport = HeldTransport()
    setup = ClientSetup("http://unused", clock, transport)
    reads = [asyncio.create_task(setup.call("GET")) for _ in range(CONNECTIONS + 5)]
    await transport.full.wait()
    transport.go.set()
    await asyncio.gather(*reads)
    assert transport.most == CONNECTIONS


async def test_waiting_for_a_connection_has_a_time_limit_and_does_not_count_as_an_outage(clock: StillClock) -> None:
    transport = HeldTransport()
    setup = ClientSetup("http://unused", clock, transport, 0.01)
    reads = [asyncio.create_task(setup.call("GET")) for _ in range(CONNECTIONS)]
    await transport.full.wait()
    for _ in range(10):
        assert isinstance(await setup.fails("POST"), NoConnectionFree)
    transport.go.set()
    await asyncio.gather(*reads)
    assert setup.breaker.closed
    assert setup.client.sent[RequestKind.WRITE] == 0
