"""The errors of requests to the moncreneau API, as one tree. Must not know who made the request or why.

    ApiError (bot.app.ports)
    ├── Refused                    surely not done; asking the same again is pointless
    │   ├── InvalidRequest         400, 422
    │   ├── NoAccess               401, 403
    │   ├── OutOfCredits           402
    │   ├── NotFound               404
    │   └── Conflict               409
    ├── NotSent                    surely not done; the same may be asked again later
    │   ├── RateLimited            429
    │   ├── QuotaExhausted         our own limit, applied before the API refuses
    │   ├── CircuitOpen            the API was down a moment ago
    │   └── NoConnection           could not connect; NoConnectionFree, NotLeading: the reason is ours
    └── Unsure                     may have been done: look up before sending again
        ├── ServerError            5xx and other statuses that no request can cause
        ├── TimedOut               sent, and no response within the time limit
        ├── ConnectionLost         sent, and the connection broke
        ├── UnreadableAnswer       2xx with an unreadable body: NoTicket, UnreadableEntries
        └── UnclearCancelling      2xx to a cancellation that does not say CANCELLED

A code of the API gives the same class another failure code (`error_parser`).

The text of an error has our words, the HTTP status and the API's code only. The API's `message` may contain a name, and
the URL an id.
"""

from bot.app.ports import ApiError, WriteOutcome
from bot.core.model import Failure, FailureCode

DEPARTMENT_ACCESS_DENIED, USER_NOT_FOUND = "DEPARTMENT_ACCESS_DENIED", "USER_NOT_FOUND"
"""Codes of the API that mean more than their class."""


class MoncreneauError(ApiError):
    """The base class. Its text is the HTTP status with `code`, the API's code or our words: safe to log and to show.

    `failure_code` replaces that of the class.
    """

    words = "it failed"
    """The description if the API gave no code."""
    outcome = WriteOutcome.UNKNOWN
    failure_code = FailureCode.DOWN
    outage = False  # whether the circuit breaker counts it as an outage
    hung = False  # whether the request waited for its whole time limit, which opens the circuit breaker at once

    def __init__(
        self,
        code: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
        failure_code: FailureCode | None = None,
    ) -> None:
        self.code = code
        self.status = status
        self.retry_after = retry_after
        self.failure = Failure(failure_code or self.failure_code)
        super().__init__(f"{status} {code or self.words}" if status else code or self.words)


class Refused(MoncreneauError):  # noqa: N818 — named for the outcome of the request
    """A 4xx answer: surely not done, and asking the same again is pointless."""

    words = "the request is refused"
    outcome = WriteOutcome.REFUSED
    failure_code = FailureCode.BAD_REQUEST


class InvalidRequest(Refused):
    """400 or 422: the API does not accept the request."""


class NoAccess(Refused):
    """401 or 403: the operator must act, the citizen cannot."""

    words = "access is refused"
    failure_code = FailureCode.NO_ACCESS


class OutOfCredits(Refused):
    """402: the organisation has no credits left."""

    words = "no credits are left"
    failure_code = FailureCode.OUT_OF_CREDITS


class NotFound(Refused):
    """404."""

    words = "there is no such thing"


class Conflict(Refused):
    """409; most likely the slot was taken."""

    words = "it conflicts with something else"
    failure_code = FailureCode.SLOT_TAKEN


class NotSent(MoncreneauError):  # noqa: N818 — named for the outcome of the request
    """Surely not done; the same may be asked again after `retry_after` seconds."""

    words = "the request could not be sent"
    outcome = WriteOutcome.NOT_SENT


class RateLimited(NotSent):
    """429: refused before anything was done."""

    words = "too many requests"
    failure_code = FailureCode.BUSY


class QuotaExhausted(NotSent):
    """Not sent: the rest of the hour is kept for more urgent requests, or nothing is left."""

    words = "no request of this hour is left for it"
    failure_code = FailureCode.BUSY


class CircuitOpen(NotSent):
    """Not sent: the API was down a moment ago."""

    words = "the API was down a moment ago"


class NoConnection(NotSent):
    """No connection could be made, so that nothing of the request was sent."""

    words = "no connection can be made"
    outage = True


class NoConnectionFree(NoConnection):
    """All of our own connections were busy for too long. It says nothing about the API."""

    words = "all of our connections are in use"
    outage = False


class NotLeading(NoConnection):
    """This process must not send now, because another one may lead. It says nothing about the API."""

    words = "this process does not lead"
    outage = False


class Unsure(MoncreneauError):  # noqa: N818 — named for the outcome of the request
    """May have been done."""


class ServerError(Unsure):
    """5xx, 3xx or 408; also 503, because a proxy may send it after the API acted."""

    words = "the service fails"
    outage = True


class TimedOut(Unsure):
    """Sent, and no response within the time limit."""

    words = "no complete response within the time limit"
    outage = True


class ConnectionLost(Unsure):
    """Sent completely or partly, and the connection broke."""

    words = "the connection broke before the response was complete"
    outage = True


class UnreadableAnswer(Unsure):
    """A 2xx with a body that cannot be read."""

    words = "the response cannot be read"
    outage = True
    is_page = False  # whether it is a page of HTML, as a proxy may send it
    is_cut_off = False  # whether it begins as JSON and ends too early


class UnreadableEntries(UnreadableAnswer):
    """Some appointments of a list cannot be read; `seen` has the others."""

    words = "not all of the list can be read"
    failure_code = FailureCode.NO_TICKET


class UnclearCancelling(Unsure):
    """A 2xx to a cancellation whose body does not say CANCELLED, such as `{"success": false}`."""

    words = "the response does not say that it is cancelled"
    failure_code = FailureCode.NO_TICKET
    presumed_refusal = FailureCode.BAD_REQUEST


class NoTicket(UnreadableAnswer):
    """A 2xx to a booking without a readable appointment. Most likely it was made, so it must not be sent again."""

    words = "accepted, without an appointment that can be read"
    outcome = WriteOutcome.ACCEPTED
    failure_code = FailureCode.NO_TICKET
