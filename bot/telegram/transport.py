"""The HTTP transport under python-telegram-bot: Rust's reqwest behind PTB's own seam, `BaseRequest`.

PTB's default (httpx) slows down as concurrency grows (encode/httpx#3215); this one does not. It also says what PTB's
own errors leave open: whether a failed request was surely not sent. Knows nothing of Bot API methods.
"""

import asyncio
import contextlib
import json
import os
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import from_json
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import DetailedPyreqwestError, PoolTimeoutError, PyreqwestError, RequestTimeoutError
from pyreqwest.multipart import FormBuilder, PartBuilder
from telegram import Bot, InputFile
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

if TYPE_CHECKING:
    from pyreqwest.response import Response

CONNECTIONS = 48
"""At once. A busy one costs 90 kB; at 100 ms a call these carry 480 calls/s, sixteen times what Telegram grants."""
IDLE = timedelta(seconds=50)
CONNECT = timedelta(seconds=5)
READ = timedelta(seconds=15)
SUCCESS = range(200, 300)
DAY, UNSAID = 24 * 3600.0, 1.0
WHILE_CONNECTING = "client error (Connect)"
NOT_TELEGRAM = "the answer is none of the Bot API's"
# PTB's way to say that `RetryAfter.retry_after` may be a timedelta; without it each 429 raises a deprecation warning.
os.environ.setdefault("PTB_TIMEDELTA", "true")


class SurelyNotSentError(NetworkError):
    """The connection was never made: the request did not leave this machine."""


def seconds(error: RetryAfter) -> float:
    """How long a 429 asks to wait: a day at most, and a second where it says nothing that can be read."""
    try:
        after = error.retry_after
        wait = after.total_seconds() if isinstance(after, timedelta) else float(after)
    except (AttributeError, TypeError, ValueError):
        return UNSAID
    return min(max(wait, 0.0), DAY) if wait == wait else UNSAID  # noqa: PLR0124 — NaN is not itself


class RawBot(Bot):
    """PTB's `Bot` with a lean way to call: ready values in, raw JSON out, PTB's errors.

    `Bot.do_api_request` does the same and more: it warns of every method that PTB knows, and looks into every value for
    objects of PTB's, which takes longer than the rest of the call.
    """

    async def call(self, method: str, parameters: dict[str, Any], *, read_timeout: float | None = None) -> Any:
        """Call a Bot API method; values are strings (ready JSON), numbers or `InputFile`. Raises `TelegramError`."""
        limit = BaseRequest.DEFAULT_NONE if read_timeout is None else read_timeout
        form = cast("RequestData", Form(parameters))
        url = f"{self.base_url}/{method}"
        status, body = await self.request.do_request(url, "POST", form, read_timeout=limit)
        try:
            if status in SUCCESS:
                return FastRequest.parse_json_payload(body)["result"]
            return await _Answered(status, body).post(url)
        except (KeyError, TypeError, AttributeError, OverflowError):
            raise TelegramError(NOT_TELEGRAM) from None
        except TelegramError as error:
            if isinstance(error.__cause__, TelegramError):
                # A page of something in between: its 403 says nothing of the chat, its 400 nothing of the message.
                raise NetworkError(NOT_TELEGRAM) from None
            raise


class Form:
    """The parameters of a call. `BaseRequest.post` hands them to `do_request` as they are, and nobody else looks.

    PTB's own `RequestData` is final and made of objects that are made for every parameter.
    """

    __slots__ = ("json_parameters", "multipart_data")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.json_parameters: dict[str, str] = {}
        self.multipart_data: dict[str, tuple[str, Any, str]] = {}
        for name, value in values.items():
            if isinstance(value, InputFile):
                self.multipart_data[name] = value.field_tuple
            else:
                self.json_parameters[name] = value if isinstance(value, str) else json.dumps(value)

    @property
    def contains_files(self) -> bool:
        """See `RequestData.contains_files`."""
        return bool(self.multipart_data)


class FastRequest(BaseRequest):
    """One pool of connections to one Bot API server, `connections` at most at once."""

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self._connections = connections
        self._client: Client | None = None
        self._last: tuple[Response, float] | None = None

    @property
    def said(self) -> tuple[str | None, float]:
        """The `Date` of the last answer, and when it came (Unix seconds)."""
        return (self._last[0].get_header("date"), self._last[1]) if self._last else (None, 0.0)

    @property
    def read_timeout(self) -> float:
        """The time limit of a call in seconds, where the caller gives none."""
        return READ.total_seconds()

    async def initialize(self) -> None:
        """Open the pool."""
        if self._client is None:
            builder = ClientBuilder().connect_timeout(CONNECT).pool_idle_timeout(IDLE)
            builder = builder.pool_max_idle_per_host(self._connections)
            # No redirects: the token stands in the address and must not travel on.
            builder = builder.max_connections(self._connections).follow_redirects(enable=False).referer(enable=False)
            self._client = builder.user_agent(self.USER_AGENT).build()

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def do_request(  # noqa: PLR0913, PLR0917 — PTB's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002 — one limit is enough here
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,  # noqa: ARG002
    ) -> tuple[int, bytes]:
        """Send one request; returns status and body. Raises `SurelyNotSentError`, `TimedOut`, `NetworkError`."""
        assert self._client is not None, "not initialised"  # noqa: S101 — a mistake of ours, not of the network
        limit = READ if read_timeout is BaseRequest.DEFAULT_NONE else timedelta(seconds=read_timeout)
        builder = self._client.request(method, url).timeout(limit)
        task = asyncio.current_task()
        cancelled = task.cancelling() if task else 0
        try:
            if request_data is not None and request_data.contains_files:
                builder = builder.multipart(_multipart(request_data.json_parameters, request_data.multipart_data))
            elif request_data is not None:
                builder = builder.form(request_data.json_parameters)
            response = await builder.build().send()
            self._last = (response, time.time())
            body = bytes(await response.bytes())
        except ValueError as error:
            # Half a surrogate pair, say: it can never be written, however often it is tried.
            raise BadRequest(f"the request cannot be written: {type(error).__name__}") from None
        except PyreqwestError as error:
            if isinstance(error, PoolTimeoutError) or _while_connecting(error):
                raise SurelyNotSentError(_named(error)) from None
            if isinstance(error, RequestTimeoutError):
                raise TimedOut(_named(error)) from None
            raise NetworkError(_named(error)) from None
        if task and task.cancelling() > cancelled:
            # pyreqwest 0.15 forgets a cancellation that meets an answer; who polls for ever would never end.
            raise asyncio.CancelledError
        return response.status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """See `BaseRequest.parse_json_payload`; several times as fast, and no copy of the payload in the log."""
        answer = None
        with contextlib.suppress(ValueError):
            answer = from_json(payload)
        if answer is None:
            try:
                # Halves of surrogate pairs, odd bytes, deep nests: one such update must not hold up a batch.
                lenient = json.loads(payload.decode("utf-8", "replace"))
                answer = json.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))
            except (ValueError, RecursionError):
                raise TelegramError("the answer is not JSON") from None
        if not isinstance(answer, dict) or not answer.keys() & {"result", "description"}:
            raise TelegramError(NOT_TELEGRAM)
        return answer


class _Answered(FastRequest):
    """An answer that came, put before PTB once more: what a refusal means, and which error says so, PTB knows."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__()
        self._answer = status, body

    async def do_request(self, *_: Any, **__: Any) -> tuple[int, bytes]:
        """What came."""
        return self._answer


def _while_connecting(error: PyreqwestError) -> bool:
    """Whether the connection was never made. The type does not tell: pyreqwest 0.15 says `ConnectError` later, too."""
    causes = error.details["causes"] if isinstance(error, DetailedPyreqwestError) else None
    return any(each["message"] == WHILE_CONNECTING for each in causes or ())


def _named(error: PyreqwestError) -> str:
    """The kind of the error alone: its text carries the address, and that the token."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", type(error).__name__.removesuffix("Error"))
    return words.lower()


def _multipart(fields: Mapping[str, str], files: Mapping[str, Any]) -> FormBuilder:
    form = FormBuilder()
    for name, value in fields.items():
        form = form.text(name, value)
    for name, (filename, content, mime) in files.items():
        part = PartBuilder.from_bytes(content).file_name(filename).mime(mime)
        form = form.part(name, part)
    return form
