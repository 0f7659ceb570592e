"""Each request is sent once, alone and where it was told to go. What failures mean: test_failures.py."""

import aiohttp
import pytest

from bot.http_client.session import open_session
from tests.moncreneau.support import RESET, Answer, answer, wired

OK = answer([])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("end", [RESET, Answer(then="close")], ids=["reset", "close"])
async def test_no_request_is_repeated_when_a_kept_connection_breaks(method: str, end: Answer) -> None:
    async with wired() as wire, open_session(1, 15) as session:
        wire.says(OK, end, OK)
        await (await session.request(method, wire.url)).read()
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.request(method, wire.url)
        assert [seen.connection for seen in wire.seen] == [1, 1]


async def test_cookies_are_not_stored() -> None:
    async with wired() as wire, open_session(1, 15) as session:
        wire.says(answer([], Set_Cookie="session=1; Path=/"))
        for _ in range(2):
            await (await session.get(wire.url)).read()
        assert "cookie" not in wire.seen[1].headers


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with wired() as wire:
        monkeypatch.setenv("http_proxy", wire.url.removesuffix("/api/v1"))
        monkeypatch.setenv("no_proxy", "elsewhere.invalid")
        wire.says(OK)
        async with open_session(1, 15) as session:
            await (await session.get("http://service.invalid/x")).read()
            with pytest.raises(aiohttp.ClientConnectorDNSError):
                await session.get("http://elsewhere.invalid/x")
        assert [seen.target for seen in wire.seen] == ["http://service.invalid/x"]


async def test_connections_are_reused_and_limited_in_number() -> None:
    async with wired() as wire, open_session(1, 15) as session:
        wire.says(OK)
        for _ in range(3):
            await (await session.get(wire.url)).read()
        assert wire.connections == 1
