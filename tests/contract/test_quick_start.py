"""The quick start's examples word for word behind `httpx.MockTransport`: what it sends is what we send."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.app.ports import ApiError, WriteOutcome
from bot.core.model import Appointment, AppointmentStatus, Department, FailureCode, Order
from bot.moncreneau.gateway import Gateway

BASE = "https://mc-prd.duckdns.org/api/v1"
DEPARTMENTS = """[
{
"id": 5,
"name": "Passport Service",
"description": "Passport issuance",
"organization": {
"id": 1,
"name": "Ministry of Interior"
}
},
{
"id": 8,
"name": "ID Card Service",
"description": "National ID card issuance",
"organization": {
"id": 1,
"name": "Ministry of Interior"
}
}
]"""
ASKED = """{
"departmentId": 5,
"dateTime": "2026-01-25T14:30:00",
"name": "Jean Dupont"
}"""
BOOKED = """{
"id": 12345,
"departmentId": 5,
"dateTime": "2026-01-25T14:30:00",
"status": "SCHEDULED",
"name": "Jean Dupont",
"qrCode": "https://moncreneau.gn/qr/12345",
"createdAt": "2026-01-21T10:30:00"
}"""
NO_CREDITS = """{
"error": {
"code": "INSUFFICIENT_CREDITS",
"message": "Your organization has 0 credits remaining"
}
}"""
LIMITS = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "987", "X-RateLimit-Reset": "1642435200"}
RESET = datetime(2022, 1, 17, 16, 0, tzinfo=UTC)
"""The meaning of the last one."""
NOW = datetime(2022, 1, 17, 15, 30, tzinfo=UTC)
AT = datetime(2026, 1, 25, 14, 30)  # noqa: DTZ001 — office time
ORDER = Order(5, AT, "Jean Dupont", "telegram:77")
TICKET = Appointment(
    12345,
    5,
    AT,
    "Jean Dupont",
    AppointmentStatus.SCHEDULED,
    "https://moncreneau.gn/qr/12345",
    created_at=datetime(2026, 1, 21, 10, 30),  # noqa: DTZ001 — office time
)


class Recording:
    """Answers every request with the same words, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.status, self.text = 200, ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(self.status, headers=LIMITS, text=self.text)

    def says(self, text: str, status: int = 200) -> None:
        self.status, self.text = status, text

    @property
    def line(self) -> str:
        """The one request, as curl has it."""
        (request,) = self.asked
        assert request.headers["X-API-Key"] == "YOUR_API_KEY"
        return f"{request.method} {request.url}"


@pytest.fixture
def recording() -> Recording:
    return Recording()


@pytest.fixture
async def gateway(recording: Recording) -> AsyncIterator[Gateway]:
    found = Gateway(BASE, "YOUR_API_KEY", clock=lambda: NOW, transport=httpx.MockTransport(recording))
    yield found
    await found.aclose()


async def test_step_2_lists_the_departments(gateway: Gateway, recording: Recording) -> None:
    recording.says(DEPARTMENTS)
    assert await gateway.departments() == (
        Department(5, "Passport Service", "Ministry of Interior", description="Passport issuance"),
        Department(8, "ID Card Service", "Ministry of Interior", description="National ID card issuance"),
    )
    assert recording.line == f"GET {BASE}/departments"


@pytest.mark.parametrize("status", [200, 201])
async def test_step_3_creates_an_appointment(gateway: Gateway, recording: Recording, status: int) -> None:
    recording.says(BOOKED, status)
    made = await gateway.book(ORDER)
    assert (made.id, made.at, made.name, made.status, made.qr_link) == (
        TICKET.id,
        TICKET.at,
        TICKET.name,
        TICKET.status,
        TICKET.qr_link,
    )
    assert recording.line == f"POST {BASE}/appointments"
    (request,) = recording.asked
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.content) == {**json.loads(ASKED), "externalUserId": ORDER.owner}


async def test_step_4_retrieves_the_appointment(gateway: Gateway, recording: Recording) -> None:
    recording.says(BOOKED)
    assert await gateway.appointment(12345) == TICKET
    assert recording.line == f"GET {BASE}/appointments/12345"


async def test_step_5_cancels_the_appointment(gateway: Gateway, recording: Recording) -> None:
    recording.says("", 204)
    await gateway.cancel(12345)
    assert recording.line == f"DELETE {BASE}/appointments/12345"


@pytest.mark.parametrize("text", ["", BOOKED])
async def test_step_5_answered_with_200_is_believed_only_if_it_says_cancelled(
    gateway: Gateway, recording: Recording, text: str
) -> None:
    recording.says(text, 200)
    with pytest.raises(ApiError) as caught:
        await gateway.cancel(12345)
    assert caught.value.outcome is WriteOutcome.UNKNOWN
    recording.says(BOOKED.replace("SCHEDULED", "CANCELLED"), 200)
    await gateway.cancel(12345)


async def test_the_rate_limit_headers_of_the_quick_start_are_understood(gateway: Gateway, recording: Recording) -> None:
    recording.says(DEPARTMENTS)
    await gateway.verify()
    stats = gateway.stats()
    # In whole seconds: it may be up to one later.
    assert (stats.limit, stats.remaining, stats.reset) == (1000, 987, RESET + timedelta(seconds=1))


async def test_the_error_of_the_quick_start_is_understood(gateway: Gateway, recording: Recording) -> None:
    recording.says(NO_CREDITS, 402)
    with pytest.raises(ApiError) as caught:
        await gateway.book(ORDER)
    assert (caught.value.failure.code, caught.value.outcome) == (FailureCode.OUT_OF_CREDITS, WriteOutcome.REFUSED)
    assert str(caught.value) == "402 INSUFFICIENT_CREDITS", "the code, and none of its words"
