"""Why an HTTP request got no response, and whether it was surely not sent: one rule for all services.

A request that was surely not sent is repeated without a lookup, so a mistake here would book twice. The rule depends on
the phase alone: "not sent" are only those errors that aiohttp raises before it writes the first byte of a request.
`docs/failure-phases.md` has the table, and the tests check it with real servers. Knows aiohttp's errors, but not which
service was called.
"""

import errno
import socket
import ssl
from collections.abc import Iterator
from enum import Enum

import aiohttp

from bot.http_client.body import BodyTooLargeError, BodyUnreadableError
from bot.http_client.session import MustNotSendError

BEFORE_SENDING = (
    # Raised only while a connection is made, including the TLS handshake (aiohttp: connector.py).
    aiohttp.ClientConnectorError,
    # Raised while a connection is made or a free one is awaited (aiohttp: client.py).
    aiohttp.ConnectionTimeoutError,
)
NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL})


class RequestFailure(Enum):
    """A kind of failure. Operators read `words` after the name of the service and a colon."""

    DNS = "its host name cannot be resolved (DNS)"
    REFUSED = "the connection is refused: nothing listens at this address and port"
    NO_ROUTE = "there is no route to it: is this machine's network up?"
    CERTIFICATE = "its TLS certificate is not accepted (expired, another name, unknown issuer, or our clock is wrong)"
    TLS = "the TLS handshake failed"
    CONNECT = "no connection can be made"
    CONNECT_TIMEOUT = "no connection within the time limit: it is silent, or all of ours are busy"
    NOT_LEADING = "this process must not send now: it does not know whether it still leads"
    TIMEOUT = "no complete response within the time limit"
    BROKEN = "the connection broke before the response was complete"
    TOO_LARGE = "the response is larger than we accept"
    UNREADABLE = "the response cannot be decoded"

    @property
    def words(self) -> str:
        """What happened, in plain words; no address, no token."""
        return self.value

    @property
    def surely_not_sent(self) -> bool:
        """Whether no byte of the request can have left this machine."""
        return self in _NOT_SENT

    @property
    def timed_out(self) -> bool:
        """Whether a time limit was over."""
        return self in {RequestFailure.CONNECT_TIMEOUT, RequestFailure.TIMEOUT}


_NOT_SENT = frozenset(
    {
        RequestFailure.DNS,
        RequestFailure.REFUSED,
        RequestFailure.NO_ROUTE,
        RequestFailure.CERTIFICATE,
        RequestFailure.TLS,
        RequestFailure.CONNECT,
        RequestFailure.CONNECT_TIMEOUT,
        RequestFailure.NOT_LEADING,
    }
)


def failure_of(error: BaseException) -> RequestFailure:
    """The kind of failure of an error. After an unknown error the request may have arrived."""
    if isinstance(error, MustNotSendError):
        return RequestFailure.NOT_LEADING
    if isinstance(error, BEFORE_SENDING):
        return _connecting(error)
    if isinstance(error, BodyTooLargeError):
        return RequestFailure.TOO_LARGE
    if isinstance(error, BodyUnreadableError):
        return RequestFailure.UNREADABLE
    return RequestFailure.TIMEOUT if isinstance(error, TimeoutError) else RequestFailure.BROKEN


def _connecting(error: BaseException) -> RequestFailure:
    """What went wrong before the first byte. The causes of the error, from the system or OpenSSL, tell it."""
    if isinstance(error, TimeoutError):
        return RequestFailure.CONNECT_TIMEOUT
    causes = list(_causes(error))
    for kind, failure in (
        (socket.gaierror, RequestFailure.DNS),
        (ssl.SSLCertVerificationError, RequestFailure.CERTIFICATE),
        (ssl.SSLError, RequestFailure.TLS),
        (ConnectionRefusedError, RequestFailure.REFUSED),
    ):
        if any(isinstance(each, kind) for each in causes):
            return failure
    routes = any(isinstance(each, OSError) and each.errno in NO_ROUTE for each in causes)
    return RequestFailure.NO_ROUTE if routes else RequestFailure.CONNECT


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and its chain of causes; if several addresses were tried, those of all."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__
