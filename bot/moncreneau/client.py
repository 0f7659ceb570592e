"""Sends one request to the API and returns the JSON or raises a `MoncreneauError`; must not know what the JSON means.

Every try passes the circuit breakers and the quota. Reads are retried twice at most, with jittered pauses, on outages
only, all within one time limit, and never after a try that took the whole limit, nor while their path keeps failing.
Writes are sent exactly once, because the API has no idempotency key. Writes have a circuit breaker of their own beside
the one for everything.
"""

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Any

import httpx

from bot.app.backoff import Backoff
from bot.app.circuit_breaker import Call, CircuitBreaker
from bot.http_client.session import MaySend, always
from bot.moncreneau.error_parser import body_of, error_from
from bot.moncreneau.errors import (
    CircuitOpen,
    MoncreneauError,
    NoConnection,
    NoConnectionFree,
    QuotaExhausted,
    TimedOut,
    UnreadableAnswer,
)
from bot.moncreneau.quota import Quota, RequestKind, clock_gap
from bot.moncreneau.transport import CONNECTIONS, exchange, new_client


def _enter(breaker: CircuitBreaker) -> Call:
    call = breaker.enter()
    if call is None:
        raise CircuitOpen(retry_after=breaker.retry_after)
    return call


MOST_FAILING = 1000
"""The number of failing paths that are remembered."""


class LastContact:
    """When the API was last asked and last answered; `now` returns Unix seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tried: float | None = None
        self.heard: float | None = None
        """When the API last answered, in Unix seconds."""
        self.missed = False
        """Whether a later request got no response."""

    @property
    def silence(self) -> float:
        """Seconds since the last request; infinite if there was none or a clock was set back."""
        silence = inf if self._tried is None else self._now() - self._tried
        return silence if silence >= 0 else inf

    def answered(self) -> None:
        """Record a response."""
        self._tried = self.heard = self._now()
        self.missed = False

    def failed(self) -> None:
        """Record a request without a response."""
        self._tried = self._now()
        self.missed = True


_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Time limits in seconds, and how often a read is retried."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 20.0
    """For one call including retries and pauses."""
    more_tries: int = 2
    pause: float = 0.3
    """The longest pause before the second try; doubled for the third."""


class Client:
    """One `httpx.AsyncClient`, its connections kept alive, with the key in a header and nowhere else.

    Raises ValueError for a key or a base URL that no request could be made with; the text never shows the key.
    """

    def __init__(  # noqa: PLR0913 — its dependencies, passed by name
        self,
        base_url: str,
        key: str,
        *,
        quota: Quota,
        breaker: CircuitBreaker,
        writes: CircuitBreaker,
        now: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None = None,
        may_send: MaySend = always,
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("the moncreneau API key is empty or holds characters that no key has")
        if not base_url.startswith(("http://", "https://")):
            raise ValueError("the moncreneau API URL must begin with http:// or https://")
        # httpx logs every URL at INFO, with a citizen's chat id in its query; httpcore logs headers, with the key.
        for name in ("httpx", "httpcore"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._quota = quota
        self._breaker = breaker
        self._writes = writes
        self._now = now
        self._timeouts = timeouts = timeouts or Timeouts()
        self._sleep = sleep
        self._jitter = jitter
        self.last_contact = LastContact(now)
        """Whether the API answers. Failing writes are counted by their own circuit breaker."""
        self.sent: Counter[RequestKind] = Counter()
        """The number of requests that left this machine, by kind."""
        self.proven = False
        """Whether a request ever got a 2xx, so that the key is valid."""
        self.clock_gap: float | None = None
        """Seconds by which the API's clock is ahead of ours, from the `Date` of its last response; None: unknown."""
        self._failing = set[str]()
        """Paths whose last read failed in all its tries: their reads are not retried until one succeeds."""
        self._connections = asyncio.Semaphore(CONNECTIONS)
        self._http = new_client(base_url, key, timeouts.connect, timeouts.read, transport, may_send)

    async def get(self, path: str, params: Mapping[str, Any] = _NONE, *, kind: RequestKind = RequestKind.READ) -> Any:
        """The JSON at `path`. Raises `ApiError`."""
        deadline = self._deadline()
        request = self._http.build_request("GET", path, params=dict(params))
        backoff = Backoff(self._timeouts.pause, inf, (0.5, 1.0), self._jitter)
        failure: MoncreneauError | None = None
        for _ in range(1 if path in self._failing else 1 + self._timeouts.more_tries):
            if failure is not None and not await self._rest(backoff.pause(), deadline):
                break
            try:
                answer = await self._once(request, kind, deadline)
                self._failing.discard(path)
                return body_of(answer)
            except (QuotaExhausted, CircuitOpen) as refused:
                raise failure or refused from None
            except MoncreneauError as error:
                if not error.outage or error.hung or isinstance(error, UnreadableAnswer):
                    raise
                failure = error
        if len(self._failing) < MOST_FAILING:
            self._failing.add(path)
        raise failure or TimedOut()

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send a POST once; returns the JSON of the response. Raises `ApiError`."""
        # ASCII with escapes: a lone surrogate in a name is then refused by the API and does not raise here.
        content = json.dumps(body, separators=(",", ":")).encode("ascii")
        headers = {"Content-Type": "application/json"}
        request = self._http.build_request("POST", path, content=content, headers=headers)
        return body_of(await self._once(request, RequestKind.WRITE, self._deadline()))

    async def delete(self, path: str) -> tuple[int, Any]:
        """Send a DELETE once; returns the status of the 2xx, and its JSON (None: no content). Raises `ApiError`."""
        request = self._http.build_request("DELETE", path)
        answer = await self._once(request, RequestKind.WRITE, self._deadline(), empty=True)
        return answer.status_code, body_of(answer)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self._timeouts.total

    async def _rest(self, pause: float, deadline: float) -> bool:
        """Wait before the next try; False if no time would be left for it."""
        if asyncio.get_running_loop().time() + pause >= deadline:
            return False
        await self._sleep(pause)
        return True

    async def _once(
        self, request: httpx.Request, kind: RequestKind, deadline: float, *, empty: bool = False
    ) -> httpx.Response:
        """One try, once a connection is free. Waiting for one is no outage of the API, and spends nothing."""
        try:
            async with asyncio.timeout(self._timeouts.connect):
                await self._connections.acquire()
        except TimeoutError:
            raise NoConnectionFree from None
        try:
            return await self._send(request, kind, deadline, empty=empty)
        finally:
            self._connections.release()

    async def _send(self, request: httpx.Request, kind: RequestKind, deadline: float, *, empty: bool) -> httpx.Response:
        """Ask the breakers and the quota, send the request, and report its outcome to both."""
        what = request.url.path.removeprefix(self._http.base_url.path)
        what = "writes" if kind is RequestKind.WRITE else what
        if kind is RequestKind.BACKGROUND and not self._breaker.closed:
            raise CircuitOpen  # a request that nobody waits for is no probe either
        with ExitStack() as admitted:
            calls = [admitted.enter_context(_enter(self._breaker))]
            if kind is RequestKind.WRITE:
                calls.append(admitted.enter_context(_enter(self._writes)))
            spending = admitted.enter_context(self._quota.spend(kind))
            answer = await self._counted(request, kind, deadline)
            error: MoncreneauError | None
            if isinstance(answer, MoncreneauError):
                error = answer
                if isinstance(answer, NoConnection):
                    spending.unsent()
            else:
                spending.answered(answer.status_code, answer.headers)
                self.clock_gap = clock_gap(answer.headers, self._now())
                error = self._error_in(answer, empty=empty)
                self.proven = self.proven or error is None
            self._note(calls, kind, what, error if error is not None and error.outage else None)
        if isinstance(answer, MoncreneauError) or error is not None:
            raise error or TimedOut()
        return answer

    async def _counted(
        self, request: httpx.Request, kind: RequestKind, deadline: float
    ) -> httpx.Response | MoncreneauError:
        left = True
        try:
            answer = await exchange(self._http, request, deadline)
            left = not isinstance(answer, NoConnection)
        finally:
            self.sent[kind] += left
        return answer

    def _note(self, calls: list[Call], kind: RequestKind, what: str, outage: MoncreneauError | None) -> None:
        """Report the outcome to the breakers, the one for all requests first, and to `LastContact`."""
        general = calls[0]
        for call in calls:
            if outage is None:
                call.answered()
            elif kind is RequestKind.WRITE and call is general and not general.is_probe:
                call.weak_failure(what)  # it says nothing of reading
            else:
                call.failed(str(outage), what, hung=outage.hung and kind is not RequestKind.WRITE)
        if outage is None:
            self.last_contact.answered()
        elif kind is not RequestKind.WRITE:
            self.last_contact.failed()

    def _error_in(self, response: httpx.Response, *, empty: bool) -> MoncreneauError | None:
        if not response.is_success:
            return error_from(response, self._now)
        if (empty and not response.content.strip()) or body_of(response) is not None:
            return None
        error = UnreadableAnswer(status=response.status_code)
        error.is_page = response.content.lstrip().startswith(b"<")
        error.is_cut_off = response.content.lstrip().startswith((b"{", b"["))
        return error
