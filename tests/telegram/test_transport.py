"""Requests, responses and errors of the transport; no error shows the URL, which contains the token.

Which failures mean "surely not sent" is in tests/http_client.
"""

import asyncio
import gzip
import json
from typing import Any

import pytest
from telegram import InputFile
from telegram.error import BadRequest, Conflict, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.sandbox.telegram.config import TOKEN
from bot.telegram.transport import LARGEST_BODY, AiohttpRequest, RawBot, seconds
from tests.moncreneau.support import Answer, ScriptedServer, answer

OK = answer({"ok": True, "result": {"message_id": 5}})


async def failing(bot: RawBot, text: str = "Aïssatou") -> TelegramError:
    """The error of a call; whatever it is, it must not show the token."""
    with pytest.raises(TelegramError) as caught:
        await bot.call("sendMessage", {"chat_id": 7, "text": text})
    seen: BaseException | None = caught.value
    while seen is not None:
        assert TOKEN not in str(seen) + repr(seen)
        assert "S4ndb0x" not in str(seen) + repr(seen)
        seen = seen.__cause__
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


async def test_parameters_are_sent_as_json_and_the_result_is_returned_unchanged(
    server: ScriptedServer, bot: RawBot
) -> None:
    server.respond_with(OK)
    assert await bot.call("sendMessage", {"chat_id": 7, "text": "é & = +", "flag": True}) == {"message_id": 5}
    (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", f"/api/v1/bot{TOKEN}/sendMessage")
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {"chat_id": "7", "text": "é & = +", "flag": "true"}


async def test_files_are_sent_as_multipart(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(OK)
    photo = InputFile(b"\x89PNG-bytes", filename="qr.png", attach=False)
    await bot.call("sendPhoto", {"chat_id": 7, "photo": photo, "caption": "é"})
    (seen,) = server.seen
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="chat_id"', b"\r\n7\r\n", b'filename="qr.png"', b"image/png", b"\x89PNG-bytes", "é".encode()):
        assert part in seen.body


async def test_connections_are_reused(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(OK)
    for _ in range(5):
        await bot.call("getMe", {})
    assert server.connections == 1


async def test_a_too_large_response_fails_alone(server: ScriptedServer, bot: RawBot) -> None:
    huge = b'{"ok":true,"result":"' + b"x" * LARGEST_BODY + b'"}'
    server.respond_with(answer(huge), answer(gzip.compress(huge), Content_Encoding="gzip"), OK)
    for _ in range(2):
        error = await failing(bot)
        assert isinstance(error, NetworkError)
        assert str(error) == "the response is larger than we accept"
    assert await bot.call("getMe", {}) == {"message_id": 5}


async def test_a_compressed_response_is_read(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(answer(gzip.compress(b'{"ok":true,"result":"small"}'), Content_Encoding="gzip"))
    assert await bot.call("getMe", {}) == "small"
    assert server.seen[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401), InvalidToken),
        (answer({"ok": False, "error_code": 404, "description": "Not Found"}, 404), InvalidToken),
        (answer({"ok": False, "error_code": 409, "description": "Conflict"}, 409), Conflict),
        (answer({"ok": False, "error_code": 500, "description": "Internal"}, 500), NetworkError),
        (answer({"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}, 400), BadRequest),
        (
            answer({"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 3}}, 429),
            RetryAfter,
        ),
        (answer(b"<html>502 Bad Gateway</html>", 502), TelegramError),
        (answer(b"<html>all is well</html>", 200), TelegramError),
        (answer(b"", 200), TelegramError),
    ],
)
async def test_refusals_become_the_exceptions_of_python_telegram_bot(
    server: ScriptedServer, bot: RawBot, said: Answer, kind: type[TelegramError]
) -> None:
    server.respond_with(said)
    assert isinstance(await failing(bot), kind)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(7, 7.0), (0, 1.0), (10**9, 86400.0), ("7", 7.0), ("soon", 1.0), (None, 1.0), ([], 1.0), (-3, 0.0), (0.5, 0.5)],
)
async def test_every_429_has_a_wait(server: ScriptedServer, bot: RawBot, asked: object, waits: float) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": asked}}
    server.respond_with(answer(body, 429))
    error = await failing(bot)
    assert (seconds(error) if isinstance(error, RetryAfter) else 1.0) == waits


async def test_a_429_with_an_absurd_wait_is_an_ordinary_error(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(
        answer({"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 10**30}}, 429)
    )
    assert not isinstance(await failing(bot), RetryAfter)


@pytest.mark.parametrize("other", [{}, {"photo": InputFile(b"\x89PNG-bytes", filename="qr.png", attach=False)}])
async def test_a_text_that_cannot_be_encoded_is_refused(
    other: dict[str, Any], server: ScriptedServer, bot: RawBot
) -> None:
    with pytest.raises(BadRequest, match="cannot be written"):
        await bot.call("sendPhoto", {"chat_id": 7, "caption": "half \ud83d a pair", **other})
    assert not server.seen


@pytest.mark.parametrize("refused", [401, 404])
async def test_a_token_refused_after_it_worked_is_reported_as_such(
    refused: int, server: ScriptedServer, bot: RawBot
) -> None:
    server.respond_with(
        answer({"ok": True, "result": {"id": 42, "is_bot": True, "first_name": "Bot", "username": "b"}})
    )
    await bot.initialize()
    server.respond_with(answer({"ok": False, "error_code": refused, "description": "no"}, refused))
    assert isinstance(await failing(bot), InvalidToken)


@pytest.mark.parametrize(
    "body",
    [{"ok": False, "description": 7}, {"ok": False, "description": "x", "parameters": "nonsense"}, {"ok": False}, [7]],
    ids=str,
)
@pytest.mark.parametrize("status", [200, 400, 403, 429, 502])
async def test_invalid_json_is_a_network_error(body: object, status: int, server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(answer(body, status))
    await failing(bot)


async def test_a_redirect_is_not_followed_because_the_url_contains_the_token(
    server: ScriptedServer, bot: RawBot
) -> None:
    server.respond_with(answer(b"", 302, Location=f"{server.url}/elsewhere"), OK)
    await failing(bot)
    assert len(server.seen) == 1


def test_a_lone_surrogate_does_not_stop_a_batch() -> None:
    payload = b'{"ok":true,"result":["\\ud83d", "\\ud83d\\ude00"]}'
    assert AiohttpRequest.parse_json_payload(payload) == {"ok": True, "result": ["?", "😀"]}
    assert AiohttpRequest.parse_json_payload(b'{"result":[1,2.5,null]}') == {"result": [1, 2.5, None]}
    with pytest.raises(TelegramError, match="the answer is not JSON"):
        AiohttpRequest.parse_json_payload(b"<html>")


async def test_a_cancelled_call_ends_even_if_its_response_arrives_at_that_moment(
    server: ScriptedServer, bot: RawBot
) -> None:
    server.respond_with(OK)

    async def ask_for_ever() -> None:
        while True:
            await bot.call("getMe", {})

    for number in range(150):
        task = asyncio.create_task(ask_for_ever())
        await server.received(len(server.seen) + 1 + number % 3)
        task.cancel()
        _, alive = await asyncio.wait({task}, timeout=5)
        assert not alive


async def test_the_transport_can_be_opened_and_closed_twice() -> None:
    request = AiohttpRequest()
    for _ in range(2):
        await request.initialize()
        await request.initialize()
        await request.shutdown()
        await request.shutdown()
    assert request.read_timeout == 15
