"""The HTTP transport of python-telegram-bot (PTB): aiohttp behind PTB's extension point, `BaseRequest`.

PTB's default (httpx) slows down as concurrency grows (encode/httpx#3215). Its errors also tell
whether a failed request was surely not sent. Knows nothing of Bot API methods.
"""

import contextlib
import io
import json
import os
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from pydantic_core import from_json, to_json
from telegram import Bot, InputFile
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.http_client.body import ACCEPT_ENCODING, read_body
from bot.http_client.failures import failure_of
from bot.http_client.session import MaySend, always, open_session

CONNECTIONS = 48
"""Connections. At 100 ms per call they allow 480 calls/s, sixteen times what Telegram grants."""
IDLE = 50.0
"""Seconds for which an idle connection is kept."""
CONNECT = 5.0
"""Seconds to wait for a free connection, or to make one."""
READ = 15.0
"""Seconds for a whole call, unless the caller gives a limit."""
LARGEST_BODY = 16 * 1024**2
"""Bytes after decompression. A hundred updates with the largest messages have about 2 MiB."""
SUCCESS = range(200, 300)
DAY, UNSAID = 24 * 3600.0, 1.0
UNKNOWN_HOST = "an address that cannot be read"
NOT_TELEGRAM = "the answer is none of the Bot API's"
# PTB's way to say that `RetryAfter.retry_after` may be a timedelta; without it each 429 raises a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")


class SurelyNotSentError(NetworkError):
    """No byte of the request left this machine."""


def seconds(error: RetryAfter) -> float:
    """The wait that a 429 asks for: at most a day, and a second if it is unreadable."""
    try:
        after = error.retry_after
        wait = after.total_seconds() if isinstance(after, timedelta) else float(after)
    except (AttributeError, TypeError, ValueError):
        return UNSAID
    return min(max(wait, 0.0), DAY) if wait == wait else UNSAID  # noqa: PLR0124 — NaN is not itself


def words_of(error: TelegramError) -> str:
    """The error as one line for the log. Without a response it has the cause: DNS, TLS, refused, …"""
    return " ".join(str(error).split())[:200] or "it gives no reason"


def host_of(info: dict[str, Any]) -> str:
    """The host of a webhook, by Telegram's `WebhookInfo`; empty if there is none.

    Not the whole address: its path may be a secret.
    """
    url = info.get("url")
    if not isinstance(url, str) or not url:
        return ""
    try:
        return urlsplit(url).hostname or UNKNOWN_HOST
    except ValueError:
        return UNKNOWN_HOST


class RawBot(Bot):
    """PTB's `Bot`, for calls by method name: JSON values in, raw JSON out, PTB's errors."""

    async def identify(self) -> str:
        """Call `getMe`; returns the bot's username. Raises `TelegramError`."""
        name: Any = None
        try:
            await self.initialize()
            name = self.username
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError):
            pass  # JSON of the right shape with nonsense in it
        if not isinstance(name, str) or not name:
            await self.shutdown()  # so that the next call asks again
            raise TelegramError("getMe tells no username")
        return name

    async def webhook_info(self) -> dict[str, Any]:
        """Call `getWebhookInfo`. Raises `TelegramError`."""
        info = await self.call("getWebhookInfo", {})
        if not isinstance(info, dict):
            raise TelegramError(NOT_TELEGRAM)
        return info

    async def call(self, method: str, parameters: dict[str, Any], *, read_timeout: float | None = None) -> Any:
        """Call a Bot API method; values are strings (ready JSON), numbers or `InputFile`. Raises `TelegramError`.

        The methods of `Bot` build an object from every answer, which costs more than the call, and fail if an answer is
        not quite as PTB expects it: the message was sent all the same.
        """
        limit = BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout
        try:
            # PTB only hands the parameters on to `do_request`.
            return await self.request.post(f"{self.base_url}/{method}", Parameters(parameters), limit)  # type: ignore[arg-type]
        except (KeyError, TypeError, AttributeError, OverflowError):
            # Valid JSON with invalid values, which PTB does not expect.
            raise TelegramError(NOT_TELEGRAM) from None


class Parameters:
    """The parameters of a call, in place of PTB's `RequestData`, which takes longer to build than the call to send."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def body(self) -> aiohttp.Payload:
        """The parameters as JSON, or as a multipart form if there is a file among them."""
        files = {name: each for name, each in self._values.items() if isinstance(each, InputFile)}
        texts = {name: _text(each) for name, each in self._values.items() if name not in files}
        if not files:
            return aiohttp.BytesPayload(to_json(texts), content_type="application/json")
        form = aiohttp.FormData(texts)
        for name, file in files.items():
            content = file.input_file_content
            stream = io.BytesIO(content) if isinstance(content, bytes) else content  # aiohttp writes it in pieces
            form.add_field(name, stream, filename=file.filename, content_type=file.mimetype)
        return form()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value).decode()


class AiohttpRequest(BaseRequest):
    """A pool of at most `connections`; a call waits at most `connect` seconds for one.

    `may_send`: see `open_session`.
    """

    def __init__(self, connections: int = CONNECTIONS, connect: float = CONNECT, may_send: MaySend = always) -> None:
        self._may_send = may_send
        self._connections = connections
        self._connect = connect
        self._session: aiohttp.ClientSession | None = None
        self._last: tuple[str | None, float] = (None, 0.0)

    @property
    def said(self) -> tuple[str | None, float]:
        """The `Date` of the last response, and when it arrived (Unix seconds)."""
        return self._last

    @property
    def read_timeout(self) -> float:
        """The default time limit of a call in seconds."""
        return READ

    async def initialize(self) -> None:
        """Open the pool."""
        if self._session is None:
            headers = {"User-Agent": self.USER_AGENT, "Accept-Encoding": ACCEPT_ENCODING}
            self._session = open_session(self._connections, IDLE, headers, self._may_send)

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(  # noqa: PLR0913, PLR0917 — PTB's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | Parameters | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 — one limit is enough here
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """Send one request; returns status and body. Raises `SurelyNotSentError`, `TimedOut`, `NetworkError`."""
        assert self._session is not None, "not initialised"  # noqa: S101 — a mistake of ours, not of the network
        limit = READ if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        try:
            content = None if request_data is None else _body(request_data)
        except (ValueError, TypeError) as error:
            # A lone surrogate, for example, which can never be encoded.
            raise BadRequest(f"the request cannot be written: {type(error).__name__}") from None
        try:
            async with self._session.request(
                method,
                url,
                data=content,
                timeout=aiohttp.ClientTimeout(total=limit, connect=self._connect),
                allow_redirects=False,  # the token is in the URL and must not be passed on
            ) as response:
                self._last = (response.headers.get("Date"), time.time())
                encoding = response.headers.get("Content-Encoding", "")
                body = await read_body(response.content.iter_any(), encoding, LARGEST_BODY)
        except Exception as error:  # noqa: BLE001 — whatever aiohttp raises; its text may hold the address, and the token
            raise _no_answer(error) from None
        if response.status not in SUCCESS:
            _check_refusal(body)
        return response.status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """See `BaseRequest.parse_json_payload`; strict about surrogates, and no copy of the payload in the log."""
        answer = None
        with contextlib.suppress(ValueError):
            answer = from_json(payload)
        if answer is None:
            try:
                # Lone surrogates, invalid bytes, deep nesting: one such update must not stop a batch.
                lenient = json.loads(payload.decode("utf-8", "replace"))
                answer = json.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))
            except (ValueError, RecursionError):
                raise TelegramError("the answer is not JSON") from None
        if not isinstance(answer, dict) or not answer.keys() & {"result", "description"}:
            raise TelegramError(NOT_TELEGRAM)
        return answer


def _body(data: RequestData | Parameters) -> aiohttp.Payload:
    """The body of a call by `RawBot`, or of one by PTB itself (`getMe`), which sends no files."""
    if isinstance(data, Parameters):
        return data.body()
    return aiohttp.BytesPayload(data.json_payload, content_type="application/json")


def _no_answer(error: Exception) -> NetworkError:
    failure = failure_of(error)
    if failure.surely_not_sent:
        return SurelyNotSentError(failure.words)
    return TimedOut(failure.words) if failure.timed_out else NetworkError(failure.words)


def _check_refusal(body: bytes) -> None:
    """Raise `NetworkError` for a proxy's page: it says nothing about a chat, a message or the token."""
    try:
        AiohttpRequest.parse_json_payload(body)
    except TelegramError:
        raise NetworkError(NOT_TELEGRAM) from None
