"""One set of tests for the client, run on the quick start's recorded answers and on the sandbox.

The recordings are the quick start's answers word for word behind `httpx.MockTransport`; the sandbox is the colleague's
stand-in over real HTTP.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import httpx
import pytest

from bot.app.ports import ApiError, Need, WriteOutcome
from bot.core.model import AppointmentStatus, FailureCode, Order
from bot.moncreneau.gateway import Gateway
from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox, create_app
from bot.sandbox.serving import serving
from tests.moncreneau.support import APPOINTMENT, DEPARTMENTS

Opened: TypeAlias = AbstractAsyncContextManager[Callable[[str], Gateway]]

AT = datetime(2026, 1, 23, 14, 30)  # noqa: DTZ001 — office time is naive; a Friday on which the sandbox's offices are open
NOW = datetime(2026, 1, 21, 10, 30, tzinfo=UTC)
OWNER = "telegram:77"
ORDER = Order(5, AT, "Jean Dupont", OWNER)
TICKET = {**APPOINTMENT, "dateTime": AT.isoformat()}


class Recordings:
    """The quick start's answers, and the least of the rest of the contract that they need."""

    def __init__(self) -> None:
        self.used = 0
        self.booked = self.cancelled = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.used += 1
        headers = {
            "X-RateLimit-Limit": "1000",
            "X-RateLimit-Remaining": str(1000 - self.used),
            "X-RateLimit-Reset": str(int(NOW.timestamp()) + 3600),
        }
        response = self.answer(request) if request.headers["X-API-Key"] == DEMO_KEY else error(401, "INVALID_API_KEY")
        response.headers.update(headers)
        return response

    def answer(self, request: httpx.Request) -> httpx.Response:
        call = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        ticket = {**TICKET, "status": "CANCELLED" if self.cancelled else "SCHEDULED", "externalUserId": OWNER}
        if call == "GET /departments":
            return httpx.Response(200, json=DEPARTMENTS)
        if call == "GET /departments/5/availability":
            slot = {"time": "14:30", "available": not self.booked, "dateTime": AT.isoformat()}
            day = {"date": AT.date().isoformat(), "slots": [slot]}
            return httpx.Response(200, json={"departmentId": 5, "availability": [day]})
        if call == "POST /appointments" and b'"departmentId":5,' in request.content:
            if self.booked:
                return error(409, "SLOT_NOT_AVAILABLE")
            self.booked = True
            return httpx.Response(201, json=TICKET)
        if call == "POST /appointments":
            return error(404, "DEPARTMENT_NOT_FOUND")
        if call == "GET /appointments":
            mine = [ticket] if self.booked and request.url.params["externalUserId"] == OWNER else []
            return httpx.Response(200, json={"content": mine, "page": 0, "size": 100, "totalPages": 1, "last": True})
        if call == "GET /appointments/12345":
            return httpx.Response(200, json=ticket)
        if call == "DELETE /appointments/12345":
            self.cancelled = True
            return httpx.Response(204)
        return error(404, "APPOINTMENT_NOT_FOUND")


def error(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "message": "as the contract has it"}})


@asynccontextmanager
async def recorded() -> AsyncIterator[Callable[[str], Gateway]]:
    recordings = Recordings()
    yield lambda key: Gateway(
        "https://mc-prd.duckdns.org/api/v1", key, clock=lambda: NOW, transport=httpx.MockTransport(recordings)
    )


@asynccontextmanager
async def sandboxed() -> AsyncIterator[Callable[[str], Gateway]]:
    async with serving(create_app(MoncreneauSandbox(clock=lambda: NOW, capacity=1))) as url:
        yield lambda key: Gateway(url + "/api/v1", key, clock=lambda: NOW)


@pytest.fixture(
    params=[recorded, sandboxed],
    ids=["recordings", "sandbox"],
)
async def opened(request: pytest.FixtureRequest) -> AsyncIterator[Callable[[str], Gateway]]:
    opening: Callable[[], Opened] = request.param
    async with opening() as make:
        yield make


@pytest.fixture
async def gateway(opened: Callable[[str], Gateway]) -> AsyncIterator[Gateway]:
    found = opened(DEMO_KEY)
    yield found
    await found.aclose()


async def problem_of(action: object) -> tuple[FailureCode, WriteOutcome]:
    """The error of an action that must fail."""
    with pytest.raises(ApiError) as caught:
        await action  # type: ignore[misc]
    return caught.value.failure.code, caught.value.outcome


async def test_the_quick_starts_departments_are_there(gateway: Gateway) -> None:
    await gateway.verify()
    first, second, *_ = await gateway.departments()
    assert (first.id, first.name, first.organization) == (5, "Passport Service", "Ministry of Interior")
    assert (second.id, second.name, second.organization) == (8, "ID Card Service", "Ministry of Interior")


async def test_a_free_slot_can_be_found_booked_listed_and_cancelled(gateway: Gateway) -> None:
    slots = await gateway.availability("telegram:77", 5, date(2026, 1, 21), date(2026, 1, 27))
    assert AT in [slot.at for slot in slots]
    made = await gateway.book(ORDER)
    assert (made.id, made.at, made.name, made.status) == (12345, AT, "Jean Dupont", AppointmentStatus.SCHEDULED)
    assert made.qr_link == "https://moncreneau.gn/qr/12345"
    assert [one.id for one in await gateway.appointments(OWNER, Need.SETTLE)] == [12345]
    assert AT not in [slot.at for slot in await gateway.availability("telegram:77", 5, AT.date(), AT.date())]
    await gateway.cancel(made.id)
    found = await gateway.appointment(made.id)
    assert found is not None
    assert (found.id, found.status) == (12345, AppointmentStatus.CANCELLED)


async def test_the_first_booking_gets_the_slot(gateway: Gateway) -> None:
    await gateway.book(ORDER)
    second = gateway.book(Order(5, AT, "Marie Camara", "telegram:78"))
    assert await problem_of(second) == (FailureCode.SLOT_TAKEN, WriteOutcome.REFUSED)
    assert await gateway.appointments("telegram:78") == ()


async def test_booking_an_unknown_department_is_refused(gateway: Gateway) -> None:
    assert await problem_of(gateway.book(Order(999, AT, "x", OWNER))) == (
        FailureCode.DEPARTMENT_GONE,
        WriteOutcome.REFUSED,
    )


async def test_an_unknown_appointment_is_none_and_cannot_be_cancelled(gateway: Gateway) -> None:
    assert await gateway.appointment(999) is None
    assert await problem_of(gateway.cancel(999)) == (FailureCode.APPOINTMENT_GONE, WriteOutcome.REFUSED)


async def test_a_wrong_key_is_refused_at_once(opened: Callable[[str], Gateway]) -> None:
    gateway = opened("mk_wrong")
    assert await problem_of(gateway.verify()) == (FailureCode.NO_ACCESS, WriteOutcome.REFUSED)
    await gateway.aclose()


async def test_every_answer_reports_the_remaining_quota(gateway: Gateway) -> None:
    await gateway.verify()
    await problem_of(gateway.cancel(999))
    stats = gateway.stats()
    assert (stats.limit, stats.remaining, stats.reset) == (1000, 998, NOW + timedelta(hours=1, seconds=1))
