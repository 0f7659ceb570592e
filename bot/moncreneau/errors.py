"""What can go wrong with a request to the moncreneau API, as one tree; must not know who asked or why.

    ApiError (bot.app.ports)
    ├── Refused                    surely not done; asking the same again is pointless
    │   ├── InvalidRequest         400, 422
    │   ├── NoAccess               401, 403
    │   ├── OutOfCredits           402
    │   ├── NotFound               404
    │   └── Conflict               409
    ├── NotSent                    surely not done; the same may be asked again later
    │   ├── RateLimited            429
    │   ├── QuotaExhausted         our own limit, before the service has to refuse
    │   ├── CircuitOpen            the service was found down a moment ago
    │   └── NoConnection           could not connect; NoConnectionFree: all our connections are in use
    └── Unsure                     may have been done: ask before asking again
        ├── ServerError            5xx and whatever else no client could have caused
        ├── TimedOut               sent, and no answer within the time limit
        ├── ConnectionLost         sent, and the wire was cut
        ├── UnreadableAnswer       2xx and not the answer: NoTicket, UnreadableEntries
        └── UnclearCancelling      2xx to a cancelling that does not say that it is cancelled

What the service says with one of its codes is the same class with another failure code (`error_parser`).

Texts hold our own words, the HTTP status and the service's code alone: its `message` may repeat a name, the URL an id.
"""

from datetime import datetime

from bot.app.ports import ApiError, WriteOutcome
from bot.core.model import Failure, FailureCode

DEPARTMENT_ACCESS_DENIED, USER_NOT_FOUND = "DEPARTMENT_ACCESS_DENIED", "USER_NOT_FOUND"
"""Codes of the service that mean more to us than their class."""


class MoncreneauError(ApiError):
    """What all of ours share. `code` is the service's word or the class's name, safe to log.

    `failure_code` tells citizens more than the class's own does.
    """

    outcome = WriteOutcome.UNKNOWN
    failure_code = FailureCode.DOWN
    outage = False  # whether this speaks against the service being up: the circuit breaker counts these
    hung = False  # whether a whole time limit was waited for nothing: nobody else should have to

    def __init__(
        self,
        code: str = "",
        *,
        status: int | None = None,
        retry_after: float | None = None,
        until: datetime | None = None,
        failure_code: FailureCode | None = None,
    ) -> None:
        self.code = code or type(self).__name__
        self.status = status
        self.retry_after = retry_after
        self.failure = Failure(failure_code or self.failure_code, until)
        super().__init__(f"{status} {self.code}" if status else self.code)


class Refused(MoncreneauError):  # noqa: N818 — named for what became of the request
    """A 4xx answer: surely not done, and asking the same again is pointless."""

    outcome = WriteOutcome.REFUSED
    failure_code = FailureCode.BAD_REQUEST


class InvalidRequest(Refused):
    """400 or 422: the service does not accept what we sent."""


class NoAccess(Refused):
    """401 or 403: the operator must act, the citizen cannot."""

    failure_code = FailureCode.NO_ACCESS


class OutOfCredits(Refused):
    """402: the organisation has nothing left to pay for the booking."""

    failure_code = FailureCode.OUT_OF_CREDITS


class NotFound(Refused):
    """404."""


class Conflict(Refused):
    """409; most likely the slot went."""

    failure_code = FailureCode.SLOT_TAKEN


class NotSent(MoncreneauError):  # noqa: N818 — named for what became of the request
    """Surely not done; the same may be asked again after `retry_after` seconds."""

    outcome = WriteOutcome.NOT_SENT


class RateLimited(NotSent):
    """429: turned away at the door, nothing was done."""

    failure_code = FailureCode.BUSY


class QuotaExhausted(NotSent):
    """Our own restraint: what is left of the hour is kept for more urgent requests, or nothing is left."""

    failure_code = FailureCode.BUSY


class CircuitOpen(NotSent):
    """The service was found down a moment ago; this request was not even tried."""


class NoConnection(NotSent):
    """No connection could be made, so that nothing of the request was sent."""

    outage = True


class NoConnectionFree(NoConnection):
    """All of our own connections were busy for too long, which says nothing of the service."""

    outage = False


class Unsure(MoncreneauError):  # noqa: N818 — named for what became of the request
    """May have been done."""


class ServerError(Unsure):
    """5xx, 3xx or 408; a 503 too, because a proxy may say it after the service acted."""

    outage = True


class TimedOut(Unsure):
    """Sent, and no answer within the time limit."""

    outage = True


class ConnectionLost(Unsure):
    """Sent, or half sent, and the connection broke."""

    outage = True


class UnreadableAnswer(Unsure):
    """The service says that it went well, in words that cannot be understood."""

    outage = True
    is_page = False  # whether it is a page for people, as something in between the service and us may send


class UnreadableEntries(UnreadableAnswer):
    """Among the appointments of somebody's list are some that cannot be read: `seen` has the others."""

    failure_code = FailureCode.NO_TICKET


class UnclearCancelling(Unsure):
    """A 2xx to a cancelling, with something else than *cancelled* in it, such as `{"success": false}`."""

    failure_code = FailureCode.NO_TICKET
    presumed_refusal = FailureCode.BAD_REQUEST


class NoTicket(UnreadableAnswer):
    """A 2xx to a booking whose appointment cannot be read: most likely it is made, so it is never to be asked again."""

    outcome = WriteOutcome.ACCEPTED
    failure_code = FailureCode.NO_TICKET
