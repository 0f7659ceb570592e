"""What is told of a request that failed: surely not sent, or perhaps; and never the address, which has the token."""

import asyncio
import socket
import time
from typing import Any

import pytest
from telegram import InputFile
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.sandbox.telegram.config import TOKEN
from bot.telegram.transport import FastRequest, RawBot, SurelyNotSentError, seconds
from tests.moncreneau.support import RESET, SILENCE, Answer, Wire, answer
from tests.telegram.conftest import bot_at

OK = answer({"ok": True, "result": {"message_id": 5}})


def closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def failing(bot: RawBot, **how: Any) -> TelegramError:
    """The error of a call; whatever it is, it must not show the token."""
    with pytest.raises(TelegramError) as caught:
        await bot.call("sendMessage", {"chat_id": 7, "text": "Aïssatou"}, **how)
    seen: BaseException | None = caught.value
    while seen is not None:
        assert TOKEN not in str(seen) + repr(seen)
        assert "S4ndb0x" not in str(seen) + repr(seen)
        seen = seen.__cause__
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


async def test_parameters_go_out_as_a_form_and_the_result_comes_in_as_it_is(wire: Wire, bot: RawBot) -> None:
    wire.says(OK)
    assert await bot.call("sendMessage", {"chat_id": 7, "text": "é & = +", "flag": True}) == {"message_id": 5}
    (seen,) = wire.seen
    assert (seen.method, seen.target) == ("POST", f"/api/v1/bot{TOKEN}/sendMessage")
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert seen.body == b"chat_id=7&text=%C3%A9+%26+%3D+%2B&flag=true"


async def test_files_go_out_in_parts(wire: Wire, bot: RawBot) -> None:
    wire.says(OK)
    photo = InputFile(b"\x89PNG-bytes", filename="qr.png", attach=False)
    await bot.call("sendPhoto", {"chat_id": 7, "photo": photo, "caption": "é"})
    (seen,) = wire.seen
    assert seen.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="chat_id"', b"\r\n7\r\n", b'filename="qr.png"', b"image/png", b"\x89PNG-bytes", "é".encode()):
        assert part in seen.body


async def test_connections_are_kept(wire: Wire, bot: RawBot) -> None:
    wire.says(OK)
    for _ in range(5):
        await bot.call("getMe", {})
    assert wire.connections == 1


async def test_a_door_that_nobody_opens_means_surely_not_sent() -> None:
    bot = bot_at(f"http://127.0.0.1:{closed_port()}")
    await bot._request[1].initialize()
    assert isinstance(await failing(bot), SurelyNotSentError)
    await bot._request[1].shutdown()


async def test_a_name_that_nobody_has_means_surely_not_sent() -> None:
    bot = bot_at("http://nobody.invalid")
    await bot._request[1].initialize()
    assert isinstance(await failing(bot), SurelyNotSentError)
    await bot._request[1].shutdown()


@pytest.mark.parametrize(
    "end",
    [RESET, Answer(then="close"), Answer(b"HTTP/1.1 200 OK\r\nContent-Le", "reset"), Answer(b"\x00\x01\x02", "close")],
    ids=["reset", "closed", "reset in the middle", "nonsense"],
)
async def test_a_wire_cut_after_the_request_means_perhaps(wire: Wire, bot: RawBot, end: Answer) -> None:
    wire.says(end)
    error = await failing(bot)
    assert isinstance(error, NetworkError)
    assert not isinstance(error, SurelyNotSentError)


async def test_a_wire_cut_on_a_connection_that_was_kept_means_perhaps(wire: Wire, bot: RawBot) -> None:
    wire.says(OK, RESET)
    await bot.call("getMe", {})
    assert not isinstance(await failing(bot), SurelyNotSentError)


async def test_an_answer_cut_short_means_perhaps(wire: Wire, bot: RawBot) -> None:
    whole = answer({"ok": True, "result": {"text": "x" * 500}})
    wire.says(Answer(whole.data[:-200], "close"))
    assert not isinstance(await failing(bot), SurelyNotSentError)


async def test_silence_ends_at_the_time_limit_and_means_perhaps(wire: Wire, bot: RawBot) -> None:
    wire.says(SILENCE)
    began = time.monotonic()
    error = await failing(bot, read_timeout=0.3)
    assert isinstance(error, TimedOut)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401), InvalidToken),
        (answer({"ok": False, "error_code": 404, "description": "Not Found"}, 404), InvalidToken),
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
async def test_what_telegram_refuses_comes_as_ptb_names_it(
    wire: Wire, bot: RawBot, said: Answer, kind: type[TelegramError]
) -> None:
    wire.says(said)
    assert isinstance(await failing(bot), kind)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(7, 7.0), (0, 1.0), (10**9, 86400.0), ("7", 7.0), ("soon", 1.0), (None, 1.0), ([], 1.0), (-3, 0.0), (0.5, 0.5)],
)
async def test_a_429_asks_for_a_wait_whatever_it_says(wire: Wire, bot: RawBot, asked: object, waits: float) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": asked}}
    wire.says(answer(body, 429))
    error = await failing(bot)
    assert (seconds(error) if isinstance(error, RetryAfter) else 1.0) == waits


async def test_a_429_with_a_number_beyond_all_numbers_is_an_error_like_others(wire: Wire, bot: RawBot) -> None:
    wire.says(answer({"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 10**30}}, 429))
    assert not isinstance(await failing(bot), RetryAfter)


async def test_what_cannot_be_written_is_refused_and_not_tried_for_ever(bot: RawBot) -> None:
    with pytest.raises(BadRequest, match="cannot be written"):
        await bot.call("sendMessage", {"chat_id": 7, "text": "half \ud83d a pair"})


async def test_a_redirect_is_not_followed_for_the_token_stands_in_the_address(wire: Wire, bot: RawBot) -> None:
    wire.says(answer(b"", 302, Location=f"{wire.url}/elsewhere"), OK)
    await failing(bot)
    assert len(wire.seen) == 1


def test_half_a_pair_of_surrogates_does_not_hold_up_a_batch() -> None:
    payload = b'{"ok":true,"result":["\\ud83d", "\\ud83d\\ude00"]}'
    assert FastRequest.parse_json_payload(payload) == {"ok": True, "result": ["?", "😀"]}
    assert FastRequest.parse_json_payload(b'{"result":[1,2.5,null]}') == {"result": [1, 2.5, None]}
    with pytest.raises(TelegramError, match="the answer is not JSON"):
        FastRequest.parse_json_payload(b"<html>")


async def test_who_is_told_to_end_ends_even_when_an_answer_comes_at_that_very_moment(wire: Wire, bot: RawBot) -> None:
    wire.says(OK)

    async def ask_for_ever() -> None:
        while True:
            await bot.call("getMe", {})

    for number in range(150):
        task = asyncio.create_task(ask_for_ever())
        await wire.heard(len(wire.seen) + 1 + number % 3)
        task.cancel()
        _, alive = await asyncio.wait({task}, timeout=5)
        assert not alive


async def test_it_can_be_opened_and_closed_twice() -> None:
    request = FastRequest()
    for _ in range(2):
        await request.initialize()
        await request.initialize()
        await request.shutdown()
        await request.shutdown()
    assert request.read_timeout == 15
