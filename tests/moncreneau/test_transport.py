"""One request over the connection: sent once, with a bounded response. Failures are in tests/http_client."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest

from bot.moncreneau.errors import MoncreneauError
from bot.moncreneau.transport import LARGEST_BODY, exchange, new_client
from tests.moncreneau.support import KEY, RESET, SILENCE, Answer, ScriptedServer, answer


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[httpx.AsyncClient]:
    async with new_client(server.url, KEY, connect=5, read=5) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, method: str = "POST", seconds: float = 20) -> httpx.Response | MoncreneauError:
    deadline = asyncio.get_running_loop().time() + seconds
    return await exchange(client, client.build_request(method, "appointments"), deadline)


async def read(client: httpx.AsyncClient) -> httpx.Response:
    response = await ask(client)
    assert isinstance(response, httpx.Response)
    return response


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("end", [RESET, Answer(then="close")], ids=["reset", "close"])
async def test_no_request_is_repeated_when_a_kept_connection_breaks(
    method: str, end: Answer, client: httpx.AsyncClient, server: ScriptedServer
) -> None:
    server.respond_with(answer([]), end, answer([]))
    await read(client)
    assert isinstance(await ask(client, method), MoncreneauError)
    assert [seen.connection for seen in server.seen] == [1, 1]


async def test_a_session_that_the_service_opens_joins_no_later_request(
    client: httpx.AsyncClient, server: ScriptedServer
) -> None:
    server.respond_with(answer([], Set_Cookie="JSESSIONID=1; Path=/"))
    for _ in range(2):
        await read(client)
    assert "cookie" not in server.seen[1].headers


async def test_a_response_of_the_largest_size_is_read_and_one_byte_more_is_not(
    client: httpx.AsyncClient, server: ScriptedServer
) -> None:
    server.respond_with(answer(b"x" * LARGEST_BODY), answer(b"x" * (LARGEST_BODY + 1)), answer(b"[]"))
    assert len((await read(client)).content) == LARGEST_BODY
    error = await ask(client)
    assert str(error) == "200 the response is larger than we accept"
    assert (await read(client)).content == b"[]", "it does not harm the next"


async def test_a_response_is_decompressed_once(client: httpx.AsyncClient, server: ScriptedServer) -> None:
    server.respond_with(answer(gzip.compress(b'["small"]'), Content_Encoding="gzip"))
    response = await read(client)
    assert (response.json(), response.request.method) == (["small"], "POST")
    assert server.seen[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (SILENCE, None),
        (Answer(then="close"), None),
        (Answer(answer(b"x" * 100, 201).data[:-50], "close"), 201),
        (Answer(answer(b"x" * 100, 201).data[:-50]), 201),
        (answer(b"no gzip", 201, Content_Encoding="gzip"), 201),
    ],
    ids=repr,
)
async def test_a_failure_has_the_status_where_that_much_arrived(
    said: Answer, status: int | None, client: httpx.AsyncClient, server: ScriptedServer
) -> None:
    server.respond_with(said)
    error = await ask(client, seconds=0.3)
    assert isinstance(error, MoncreneauError)
    assert error.status == status
    assert error.__context__ is error.__cause__ is None, "httpx's errors hold addresses"
