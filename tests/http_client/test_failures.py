"""Each row of docs/failure-phases.md, with both clients, against a server that fails in that way."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from telegram import InputFile
from telegram.error import NetworkError, TimedOut

from bot.http_client.failures import RequestFailure, failure_of
from bot.http_client.tls import tls_context
from bot.moncreneau import errors
from bot.moncreneau.errors import MoncreneauError
from bot.moncreneau.transport import CONNECTIONS, exchange, new_client
from bot.telegram.transport import AiohttpRequest, RawBot, SurelyNotSentError
from tests.http_client.peers import LARGE, MARK, PEERS, Peer, Seen, make_certificates, serving

DOCUMENT = Path(__file__).parents[2] / "docs" / "failure-phases.md"
SHORT, PATIENT = 0.3, 20.0
"""Seconds. The time limit that a test waits for is short, every other one long, so that it never comes first."""
TOKEN = "42:" + "s3cret" * 6


def rows() -> dict[str, tuple[RequestFailure, bool]]:
    """The document's table: what happens → what it is, and whether it surely was not sent."""
    row = re.compile(r"^\| [^|]*\| ([^|]+?) \| `(\w+)` \| (yes|no) \|$", re.MULTILINE)
    return {what: (RequestFailure[name], sure == "yes") for what, name, sure in row.findall(DOCUMENT.read_text())}


def test_the_document_has_a_row_for_each_server_and_each_kind_of_failure() -> None:
    assert rows().keys() == PEERS.keys()
    assert {failure for failure, _ in rows().values()} == set(RequestFailure)


def test_the_code_and_the_document_agree_on_what_is_surely_not_sent() -> None:
    assert {what: failure.surely_not_sent for what, (failure, _) in rows().items()} == {
        what: sure for what, (_, sure) in rows().items()
    }


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def _trusted(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ours.pem"))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


async def occupy(call: Callable[[], Awaitable[Any]]) -> None:
    """Keep a connection busy. On a busy machine the short limit may pass before there is one: then try again."""
    while True:
        with contextlib.suppress(NetworkError, aiohttp.ClientError, TimeoutError):
            await call()


async def telegram(peer: Peer, url: str, seen: Seen, connect: float, read: float) -> RequestFailure:
    """How the client of the Bot API sees it."""
    request = AiohttpRequest(connections=1, connect=connect, may_send=lambda: not peer.forbidden)
    async with request:
        bot = RawBot(TOKEN, base_url=f"{url}bot", request=request, get_updates_request=request)
        document = InputFile(MARK + b"x" * (LARGE if peer.large else 0), filename="x.txt", attach=False)
        if peer.kept:
            await bot.call("getMe", {})
        busy = asyncio.create_task(occupy(lambda: bot.call("getMe", {}, read_timeout=PATIENT))) if peer.busy else None
        await seen.heard(1 if peer.busy else 0)
        with pytest.raises(NetworkError) as caught:
            await bot.call("sendDocument", {"chat_id": 7, "document": document}, read_timeout=read * 3)
        if busy:
            busy.cancel()
    error = caught.value
    failure = RequestFailure(str(error))
    assert isinstance(error, SurelyNotSentError) == failure.surely_not_sent
    assert isinstance(error, TimedOut) == (failure is RequestFailure.TIMEOUT)
    assert TOKEN not in repr(error)
    return failure


KINDS: dict[RequestFailure, type[MoncreneauError]] = {
    RequestFailure.NOT_LEADING: errors.NotLeading,
    RequestFailure.TIMEOUT: errors.TimedOut,
    RequestFailure.BROKEN: errors.ConnectionLost,
    RequestFailure.TOO_LARGE: errors.UnreadableAnswer,
    RequestFailure.UNREADABLE: errors.UnreadableAnswer,
}


async def moncreneau(peer: Peer, url: str, seen: Seen, connect: float, read: float) -> RequestFailure:
    """How the client of the moncreneau API sees it."""
    client = new_client(url, "mk_5ecret", connect=connect, read=read, may_send=lambda: not peer.forbidden)
    async with client:
        now = asyncio.get_running_loop().time
        if peer.kept:
            first = await exchange(client, client.build_request("POST", "x"), now() + PATIENT)
            assert isinstance(first, httpx.Response)
        content = MARK + b"x" * (LARGE if peer.large else 0)
        busy = [asyncio.create_task(occupy(lambda: client.post("x"))) for _ in range(CONNECTIONS * peer.busy)]
        await seen.heard(len(busy))
        error = await exchange(client, client.build_request("POST", "x", content=content), now() + read * 3)
        for each in busy:
            each.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
    assert isinstance(error, MoncreneauError)
    failure = RequestFailure(error.code)
    assert type(error) is KINDS.get(failure, errors.NoConnection)
    assert error.hung == failure.timed_out
    assert "5ecret" not in repr(error)
    return failure


@pytest.mark.filterwarnings("ignore:Sending a large body")
@pytest.mark.parametrize("client", [telegram, moncreneau])
@pytest.mark.parametrize("what", PEERS)
async def test_each_failure_is_classified_as_documented(
    what: str, client: Callable[..., Any], certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = PEERS[what]
    expected, _ = rows()[what]
    async with serving(peer, certificates) as (address, seen):
        if peer.proxy:
            monkeypatch.setenv("https_proxy", address)
        url = "https://somewhere.invalid/" if peer.proxy else address
        connect = SHORT if expected is RequestFailure.CONNECT_TIMEOUT else PATIENT
        read = SHORT if expected is RequestFailure.TIMEOUT else PATIENT
        failure = await client(peer, url, seen, connect, read)
    assert failure is expected
    before = 1 if peer.kept else 0
    if peer.busy:
        before = CONNECTIONS if client is moncreneau else 1
    assert seen.requests - before <= 1, "nothing is sent twice"
    if failure.surely_not_sent:
        assert MARK not in seen.bytes
        assert seen.requests == before


def test_after_an_unknown_error_the_request_may_have_arrived() -> None:
    for error in (Exception("?"), OSError(111, "refused"), aiohttp.ClientOSError(111, "x")):
        assert failure_of(error) is RequestFailure.BROKEN
    assert failure_of(TimeoutError()) is RequestFailure.TIMEOUT


def test_every_failure_has_its_own_words() -> None:
    words = [each.words for each in RequestFailure]
    assert len(set(words)) == len(words)
    assert not [each for each in words if "Error" in each or "://" in each]
