"""Each request is sent once, without cookies, to the address or proxy that is set. test_failures.py has failures."""

import aiohttp
import pytest

from bot.http_client.session import MustNotSendError, open_session
from tests.moncreneau.support import RESET, Answer, answer, scripted_server

OK = answer([])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("end", [RESET, Answer(then="close")], ids=["reset", "close"])
async def test_no_request_is_repeated_when_a_kept_connection_breaks(method: str, end: Answer) -> None:
    async with scripted_server() as server, open_session(1, 15) as session:
        server.respond_with(OK, end, OK)
        await (await session.request(method, server.url)).read()
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.request(method, server.url)
        assert [seen.connection for seen in server.seen] == [1, 1]


@pytest.mark.parametrize(
    "unasked",
    [answer(["another citizen's"]).data, answer(status=408, Connection="close").data],
    ids=["a second answer", "a goodbye"],
)
async def test_what_the_service_says_unasked_is_no_answer_to_the_next_request(unasked: bytes) -> None:
    async with scripted_server() as server, open_session(1, 15) as session, open_session(1, 15) as other:
        await (await session.get(server.url)).read()
        server.writers[0].write(unasked)
        await (await other.get(server.url)).read()  # by then it has come
        response = await session.post(server.url)
        assert (response.status, await response.read()) == (200, b"[]")
        assert [(seen.method, seen.connection) for seen in server.seen] == [("GET", 1), ("GET", 2), ("POST", 3)]


async def test_cookies_are_not_stored() -> None:
    async with scripted_server() as server, open_session(1, 15) as session:
        server.respond_with(answer([], Set_Cookie="session=1; Path=/"))
        for _ in range(2):
            await (await session.get(server.url)).read()
        assert "cookie" not in server.seen[1].headers


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted_server() as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/api/v1"))
        monkeypatch.setenv("no_proxy", "elsewhere.invalid")
        server.respond_with(OK)
        async with open_session(1, 15) as session:
            await (await session.get("http://service.invalid/x")).read()
            with pytest.raises(aiohttp.ClientConnectorDNSError):
                await session.get("http://elsewhere.invalid/x")
        assert [seen.target for seen in server.seen] == ["http://service.invalid/x"]


async def test_connections_are_reused_and_limited_in_number() -> None:
    async with scripted_server() as server, open_session(1, 15) as session:
        server.respond_with(OK)
        for _ in range(3):
            await (await session.get(server.url)).read()
        assert server.connections == 1


async def test_a_request_is_refused_in_the_last_moment_before_it_is_written_and_its_connection_is_kept() -> None:
    answers = iter([True, False, True])
    async with scripted_server() as server, open_session(1, 15, may_send=lambda: next(answers)) as session:
        server.respond_with(OK)
        await (await session.get(server.url)).read()
        with pytest.raises(MustNotSendError):
            await session.post(server.url)
        await (await session.get(server.url)).read()
        assert [(seen.method, seen.connection) for seen in server.seen] == [("GET", 1), ("GET", 1)]


async def test_a_body_that_must_not_leave_any_more_does_not_though_the_connection_was_given() -> None:
    answers = iter((True, False))
    async with scripted_server() as server, open_session(1, 15, may_send=lambda: next(answers)) as session:
        with pytest.raises(MustNotSendError):
            await session.post(server.url, data=b"a booking")
        assert server.seen == []
