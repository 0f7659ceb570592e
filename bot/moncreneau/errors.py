"""What can go wrong with a request to the moncreneau API, as one tree; must not know who asked or why.

    ApiError (bot.app.ports)
    ├── Refused                    surely not done; asking the same again is pointless
    │   ├── InvalidRequest  MissingRequiredField, InvalidFieldValue, InvalidDateTime, InvalidPhoneNumber, InvalidEmail
    │   ├── NoAccess               MissingApiKey, InvalidApiKey, ExpiredApiKey, InvalidTokenFormat,
    │   │                          InsufficientScope, OrganizationMismatch, DepartmentAccessDenied
    │   ├── OutOfCredits           InsufficientCredits, CreditCheckFailed, PaymentRequired
    │   ├── NotFound               AppointmentNotFound, DepartmentNotFound, UserNotFound, NoSuchPage
    │   └── Conflict               SlotNotAvailable, DuplicateAppointment
    ├── NotSent                    surely not done; the same may be asked again later
    │   ├── RateLimited            RateLimitExceeded, TooManyRequests
    │   ├── QuotaExhausted         our own limit, before the service has to refuse
    │   ├── CircuitOpen            the service was found down a moment ago
    │   └── NoConnection           could not connect; NoConnectionFree: all our connections are in use
    └── Unsure                     may have been done: ask before asking again
        ├── ServerError            5xx and whatever else no client could have caused
        ├── TimedOut               sent, and no answer within the time limit
        ├── ConnectionLost         sent, and the wire was cut
        ├── UnreadableAnswer       2xx and not the answer: NoTicket, UnreadableEntries
        └── UnclearCancelling      2xx to a cancelling that does not say that it is cancelled

Texts hold our own words, the HTTP status and the service's code alone: its `message` may repeat a name, the URL an id.
"""

from datetime import datetime

from bot.app.ports import ApiError, WriteOutcome
from bot.core.model import Failure, FailureCode


class MoncreneauError(ApiError):
    """What all of ours share. `code` is the service's word or the class's name, safe to log."""

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
    ) -> None:
        self.code = code or type(self).__name__
        self.status = status
        self.retry_after = retry_after
        self.failure = Failure(self.failure_code, until)
        super().__init__(f"{status} {self.code}" if status else self.code)


class Refused(MoncreneauError):  # noqa: N818 — named for what became of the request
    """A 4xx answer: surely not done, and asking the same again is pointless."""

    outcome = WriteOutcome.REFUSED
    failure_code = FailureCode.BAD_REQUEST


class InvalidRequest(Refused):
    """400 or 422: the service does not accept what we sent."""


class MissingRequiredField(InvalidRequest):
    """400 `MISSING_REQUIRED_FIELD`."""


class InvalidFieldValue(InvalidRequest):
    """400 `INVALID_FIELD_VALUE`."""


class InvalidDateTime(InvalidRequest):
    """400 `INVALID_DATE_TIME`: the time is past, malformed, or not one of the office's."""

    failure_code = FailureCode.BAD_DATE


class InvalidPhoneNumber(InvalidRequest):
    """400 `INVALID_PHONE_NUMBER`."""


class InvalidEmail(InvalidRequest):
    """400 `INVALID_EMAIL`."""


class NoAccess(Refused):
    """401 or 403: the operator must act, the citizen cannot."""

    failure_code = FailureCode.NO_ACCESS


class MissingApiKey(NoAccess):
    """401 `MISSING_API_KEY`."""


class InvalidApiKey(NoAccess):
    """401 `INVALID_API_KEY`."""


class ExpiredApiKey(NoAccess):
    """401 `EXPIRED_API_KEY`."""


class InvalidTokenFormat(NoAccess):
    """401 `INVALID_TOKEN_FORMAT`."""


class InsufficientScope(NoAccess):
    """403 `INSUFFICIENT_SCOPE`: the key may not do this."""


class OrganizationMismatch(NoAccess):
    """403 `ORGANIZATION_MISMATCH`."""


class DepartmentAccessDenied(NoAccess):
    """403 `DEPARTMENT_ACCESS_DENIED`: the key is good, this department is not ours any more."""

    failure_code = FailureCode.DEPARTMENT_GONE


class OutOfCredits(Refused):
    """402: the organisation has nothing left to pay for the booking."""

    failure_code = FailureCode.OUT_OF_CREDITS


class InsufficientCredits(OutOfCredits):
    """402 `INSUFFICIENT_CREDITS`."""


class CreditCheckFailed(OutOfCredits):
    """402 `CREDIT_CHECK_FAILED`."""


class PaymentRequired(OutOfCredits):
    """402 `PAYMENT_REQUIRED`."""


class NotFound(Refused):
    """404 that fits none of those below."""


class AppointmentNotFound(NotFound):
    """404 `APPOINTMENT_NOT_FOUND`."""

    failure_code = FailureCode.APPOINTMENT_GONE


class DepartmentNotFound(NotFound):
    """404 `DEPARTMENT_NOT_FOUND`."""

    failure_code = FailureCode.DEPARTMENT_GONE


class UserNotFound(NotFound):
    """404 `USER_NOT_FOUND`."""


class NoSuchPage(NotFound):
    """404 with a page for people: a proxy spoke, not the API."""

    failure_code = FailureCode.DOWN


class Conflict(Refused):
    """409 with a code that the contract does not list: most likely the slot went."""

    failure_code = FailureCode.SLOT_TAKEN


class SlotNotAvailable(Conflict):
    """409 `SLOT_NOT_AVAILABLE`."""


class DuplicateAppointment(Conflict):
    """409 `DUPLICATE_APPOINTMENT`."""

    failure_code = FailureCode.ALREADY_BOOKED


class NotSent(MoncreneauError):  # noqa: N818 — named for what became of the request
    """Surely not done; the same may be asked again after `retry_after` seconds."""

    outcome = WriteOutcome.NOT_SENT


class RateLimited(NotSent):
    """429: turned away at the door, nothing was done."""

    failure_code = FailureCode.BUSY


class RateLimitExceeded(RateLimited):
    """429 `RATE_LIMIT_EXCEEDED`."""


class TooManyRequests(RateLimited):
    """429 `TOO_MANY_REQUESTS`."""


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
