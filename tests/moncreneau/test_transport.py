"""The fast transport says that nothing was sent only where that is sure, whatever pyreqwest calls the failure."""

import asyncio
import socket
from collections import Counter

import httpx
import pytest

from bot.moncreneau.transport import fast_transport
from tests.moncreneau.support import RESET, SILENCE, Answer, Wire, answer


async def failure(url: str, connect: float = 5, read: float = 0.1) -> type[BaseException]:
    async with httpx.AsyncClient(transport=fast_transport(connect, read)) as client:
        with pytest.raises(httpx.TransportError) as caught:
            await client.post(url)
    return caught.type


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (RESET, httpx.ReadError),
        (Answer(then="close"), httpx.ReadError),
        (Answer(b"HTTP/1.1 200", "close"), httpx.ReadError),
        (SILENCE, httpx.ReadTimeout),
    ],
    ids=repr,
)
async def test_what_breaks_after_sending_is_not_taken_for_a_failure_to_connect(
    said: Answer, kind: type[BaseException], wire: Wire
) -> None:
    wire.says(said)
    assert await failure(wire.url) is kind
    assert len(wire.seen) == 1


async def test_the_same_holds_on_a_connection_that_is_used_again(wire: Wire) -> None:
    wire.says(answer([]), RESET)
    async with httpx.AsyncClient(transport=fast_transport()) as client:
        await client.get(wire.url)
        with pytest.raises(httpx.ReadError):
            await client.post(wire.url)
    assert [seen.connection for seen in wire.seen] == [1, 1]


async def test_a_door_that_nobody_opens_is_a_failure_to_connect() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert await failure(f"http://127.0.0.1:{unused.getsockname()[1]}") is httpx.ConnectError


async def test_a_handshake_that_never_ends_is_a_failure_to_connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        assert await failure(f"https://127.0.0.1:{deaf.getsockname()[1]}", 0.1, 5) is httpx.ConnectTimeout


async def test_no_more_than_so_many_requests_are_under_way_and_the_rest_was_not_sent(wire: Wire) -> None:
    wire.says(SILENCE)
    async with httpx.AsyncClient(transport=fast_transport(connect=1, read=2)) as client:
        ends = await asyncio.gather(*(client.post(wire.url) for _ in range(70)), return_exceptions=True)
    assert Counter(type(end) for end in ends) == {httpx.ReadTimeout: 64, httpx.PoolTimeout: 6}
    assert len(wire.seen) == 64
