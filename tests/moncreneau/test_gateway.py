"""The gateway as the conversation uses it: what a citizen gets, and which requests it costs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import aiohttp
import httpx
import pytest

from bot.app.earlier_places import KnownSlots
from bot.app.ports import ApiError, Moncreneau, Need, SlotChoice, WriteOutcome
from bot.core.health import OperatorIssue
from bot.core.model import Appointment, AppointmentStatus, FailureCode, Order, Slot
from bot.moncreneau.appointments import ALLOWED
from bot.moncreneau.availability import READINGS
from bot.moncreneau.errors import MoncreneauError, NoAccess, UnreadableAnswer, UnreadableEntries
from bot.moncreneau.gateway import KEPT_KNOWN, Gateway
from tests.moncreneau.support import APPOINTMENT, DEPARTMENTS, KEY, START, StillClock, budget_headers

Handler: TypeAlias = Callable[[httpx.Request], httpx.Response]
AT = datetime(2026, 1, 25, 14, 30)  # noqa: DTZ001 — office time is naive
OWNER = "telegram:77"
CREDITS = OperatorIssue(FailureCode.OUT_OF_CREDITS)
ORDER = Order(5, AT, "Jean Dupont", OWNER)
TODAY = START.date()
SUNDAY = AT.date()


class Service:
    """The API as far as a test needs it; `says` overrides an endpoint, `asked` holds what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.overrides: dict[str, Handler] = {}
        self.remaining = 1000

    def __call__(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.removeprefix('/api/v1')}"
        self.asked.append(name)
        self.remaining -= 1
        found = next((act for prefix, act in self.overrides.items() if name.startswith(prefix)), self.default)
        response = found(request)
        response.headers.update(budget_headers(self.remaining))
        return response

    def says(self, prefix: str, body: Any = None, status: int = 200) -> None:
        self.overrides[prefix] = lambda _request: httpx.Response(status, json=body)

    def refuses(self, prefix: str, status: int, code: str) -> None:
        self.says(prefix, {"error": {"code": code, "message": "no"}}, status)

    def default(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/")
        if request.method == "POST":
            return httpx.Response(201, json={**APPOINTMENT, **json.loads(request.content)})
        if request.method == "DELETE":
            return httpx.Response(204)
        if path == "departments":
            return httpx.Response(200, json=DEPARTMENTS)
        if path.endswith("availability"):
            slots = [{"time": f"{hour}:30", "available": True} for hour in (13, 14)]
            return httpx.Response(200, json={"availability": [{"date": SUNDAY.isoformat(), "slots": slots}]})
        return httpx.Response(200, json=APPOINTMENT)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def gateway(service: Service, clock: StillClock) -> AsyncIterator[Gateway]:
    found = Gateway("https://example.org/api/v1", KEY, clock=clock, transport=httpx.MockTransport(service))
    yield found
    await found.aclose()


async def times(gateway: Gateway, day: date = SUNDAY) -> list[Slot]:
    return list(await gateway.availability("telegram:77", 5, day, day))


async def refused(gateway: Gateway, order: Order = ORDER) -> MoncreneauError:
    with pytest.raises(MoncreneauError) as caught:
        await gateway.book(order)
    return caught.value


def test_the_gateway_implements_the_port(gateway: Gateway) -> None:
    port: Moncreneau = gateway
    assert port is gateway


async def test_a_booking_sends_what_was_confirmed_and_gives_the_appointment(gateway: Gateway, service: Service) -> None:
    bodies: list[Any] = []

    def book(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(201, json=APPOINTMENT)

    service.overrides["POST /appointments"] = book
    assert await gateway.book(ORDER) == Appointment(
        12345,
        5,
        AT,
        "Jean Dupont",
        AppointmentStatus.SCHEDULED,
        "https://moncreneau.gn/qr/12345",
        OWNER,
        created_at=datetime.fromisoformat(APPOINTMENT["createdAt"]),
    )
    assert bodies == [
        {"departmentId": 5, "dateTime": "2026-01-25T14:30:00", "name": "Jean Dupont", "externalUserId": OWNER}
    ]


async def test_a_slot_of_one_member_of_staff_says_nothing_of_the_others(gateway: Gateway, service: Service) -> None:
    service.refuses("POST", 409, "SLOT_NOT_AVAILABLE")
    await refused(gateway, Order(5, AT, "x", OWNER, worker_id=42))
    await refused(gateway, Order(5, AT, "x", OWNER, worker_id=43))
    assert len(service.asked) == 2


async def test_a_booking_with_unknown_outcome_can_be_sent_again(gateway: Gateway, service: Service) -> None:
    service.says("POST", {"error": "?"}, 502)
    assert (await refused(gateway)).outcome is WriteOutcome.UNKNOWN
    del service.overrides["POST"]
    assert (await gateway.book(ORDER)).id == 12345


async def test_an_answer_about_another_appointment_is_unreadable(gateway: Gateway, service: Service) -> None:
    service.says("GET /appointments/7", {**APPOINTMENT, "status": "CANCELLED"})
    with pytest.raises(UnreadableAnswer):
        await gateway.appointment(7)


async def test_a_missing_appointment_is_none_when_read_and_an_error_when_cancelled(
    gateway: Gateway, service: Service
) -> None:
    service.refuses("GET /appointments/7", 404, "APPOINTMENT_NOT_FOUND")
    service.refuses("DELETE /appointments/7", 404, "APPOINTMENT_NOT_FOUND")
    assert await gateway.appointment(7) is None
    with pytest.raises(ApiError) as caught:
        await gateway.cancel(7)
    assert caught.value.failure.code is FailureCode.APPOINTMENT_GONE


@pytest.mark.parametrize("body", [{"success": False, "message": "too late"}, APPOINTMENT, None], ids=str)
async def test_a_2xx_without_status_cancelled_is_unclear(gateway: Gateway, service: Service, body: Any) -> None:
    service.says("DELETE", body)
    with pytest.raises(ApiError) as caught:
        await gateway.cancel(12345)
    assert caught.value.outcome is WriteOutcome.UNKNOWN
    if body:
        assert caught.value.presumed_refusal is FailureCode.BAD_REQUEST
    service.says("DELETE", {**APPOINTMENT, "status": "CANCELLED"})
    await gateway.cancel(12345)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [(b"Trop tard", FailureCode.BAD_REQUEST), (b"<html></html>", None), (b'{"id": 12345, "st', None)],
    ids=["words", "page", "cut off"],
)
async def test_words_in_answer_to_a_cancelling_are_unclear_and_what_is_not_the_apis_answer_is_an_outage(
    gateway: Gateway, service: Service, content: bytes, wanted: FailureCode | None
) -> None:
    service.overrides["DELETE"] = lambda _: httpx.Response(200, content=content)
    with pytest.raises(ApiError) as caught:
        await gateway.cancel(12345)
    assert (caught.value.outcome, caught.value.presumed_refusal) == (WriteOutcome.UNKNOWN, wanted)


def pages(entries: list[dict[str, Any]], **more: Any) -> Handler:
    """The list endpoint over these entries, in the pages that are asked for."""

    def act(request: httpx.Request) -> httpx.Response:
        page, size = int(request.url.params["page"]), int(request.url.params["size"])
        assert request.url.params["externalUserId"] == OWNER
        return httpx.Response(200, json={"content": entries[page * size : (page + 1) * size], **more})

    return act


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {**APPOINTMENT, "id": number, "externalUserId": OWNER, **more}


@pytest.mark.parametrize("more", [{}, {"totalPages": 3}])
async def test_all_pages_of_a_citizens_appointments_are_read_in_order_of_time(
    gateway: Gateway, service: Service, more: dict[str, Any]
) -> None:
    entries = [entry(n, dateTime=(AT - timedelta(days=n)).isoformat()) for n in range(250)]
    service.overrides["GET /appointments"] = pages(entries, **more)
    found = await gateway.appointments(OWNER)
    assert [one.id for one in found] == list(range(249, -1, -1))
    assert len(service.asked) == (3 if more else 4), "if nothing is said of a total, a page without news is the end"


async def test_reading_stops_where_the_service_says_that_it_was_the_last_page(
    gateway: Gateway, service: Service
) -> None:
    service.overrides["GET /appointments"] = pages([entry(n) for n in range(100)], last=True)
    assert len(await gateway.appointments(OWNER)) == 100
    assert len(service.asked) == 1


async def test_reading_stops_after_ten_pages(
    gateway: Gateway, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    service.overrides["GET /appointments"] = pages([entry(n) for n in range(5000)], last=False)
    with caplog.at_level(logging.WARNING):
        assert len(await gateway.appointments(OWNER)) == 1000
    assert len(service.asked) == 10
    assert OWNER not in caplog.text


async def test_reading_stops_if_the_api_ignores_the_page_number(gateway: Gateway, service: Service) -> None:
    service.says("GET /appointments", {"content": [entry(1)], "last": False})
    assert len(await gateway.appointments(OWNER)) == 1
    assert len(service.asked) == 3
    with pytest.raises(UnreadableEntries):
        await gateway.appointments(OWNER, Need.SETTLE)


async def test_there_is_none_is_not_said_of_a_list_that_was_not_read_to_its_end(
    gateway: Gateway, service: Service
) -> None:
    over = entry(1, dateTime=(AT - timedelta(days=9)).isoformat())
    strangers = [entry(number, externalUserId="telegram:78") for number in range(2, 9)]
    service.says("GET /appointments", {"content": [over, *strangers], "totalElements": 1500})
    with pytest.raises(UnreadableAnswer):
        await gateway.appointments(OWNER)


@pytest.mark.parametrize(
    "form",
    [
        lambda page, total: {"page": {"size": 20, "number": page, "totalElements": total, "totalPages": 2}},
        lambda _page, total: {"totalElements": total},
        lambda page, _total: {"hasNext": page == 0},
        lambda page, _total: {"last": page == 1},
        lambda _page, _total: {},
    ],
)
async def test_a_short_page_is_not_taken_for_the_last(
    gateway: Gateway, service: Service, form: Callable[[int, int], dict[str, Any]]
) -> None:
    entries = [entry(n) for n in range(26)]

    def twenty_a_page(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        return httpx.Response(200, json={"content": entries[page * 20 : page * 20 + 20], **form(page, 26)})

    service.overrides["GET /appointments"] = twenty_a_page
    assert len(await gateway.appointments(OWNER)) == 26


async def test_years_of_past_appointments_cost_one_request(gateway: Gateway, service: Service) -> None:
    entries = [entry(n, dateTime=(AT - timedelta(days=n)).isoformat()) for n in range(1500)]

    def filtered(request: httpx.Request) -> httpx.Response:
        since = request.url.params["startDate"]
        found = [each for each in entries if each["dateTime"][:10] >= since]
        return httpx.Response(200, json={"content": found[:100], "totalElements": len(found)})

    service.overrides["GET /appointments"] = filtered
    found = await gateway.appointments(OWNER)
    assert len(service.asked) == 1
    assert found[-1].at == AT
    assert found[0].at.date() == TODAY - timedelta(days=31)


async def test_a_departments_day_is_read_with_requests_that_nobody_else_needs(
    gateway: Gateway, service: Service
) -> None:
    seen: list[httpx.QueryParams] = []

    def day(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params)
        first = 100 * int(request.url.params["page"])
        entries = [entry(n, externalUserId=f"citizen {n}") for n in range(first, min(first + 100, 120))]
        return httpx.Response(200, json={"content": entries, "totalElements": 120})

    service.overrides["GET /appointments"] = day
    assert len(await gateway.day(5, TODAY)) == 120
    asked = {"departmentId": "5", "startDate": TODAY.isoformat(), "endDate": TODAY.isoformat(), "size": "100"}
    assert [dict(each) for each in seen] == [asked | {"page": "0"}, asked | {"page": "1"}]
    assert gateway.stats().requests["background"] == 2


async def test_free_slots_are_known_at_no_cost_once_they_were_read(
    gateway: Gateway, service: Service, clock: StillClock
) -> None:
    assert gateway.known_slots(5) is None
    await gateway.read_in_background(5, SUNDAY, SUNDAY)
    clock.pass_(60)
    known = KnownSlots(frozenset({AT.replace(hour=13), AT}), timedelta(minutes=1))
    assert gateway.known_slots(5) == known
    assert gateway.hold(OWNER, SlotChoice(5, AT)) == AT
    assert gateway.known_slots(5) == KnownSlots(known.slots - {AT}, known.age), "a citizen holds it"
    clock.pass_(2 * KEPT_KNOWN)
    assert gateway.known_slots(5) is None
    assert service.asked.count("GET /departments/5/availability") == 1
    assert gateway.stats().requests["background"] == 1


async def test_slots_are_not_read_in_the_background_in_a_busy_hour(gateway: Gateway, service: Service) -> None:
    service.remaining = 500
    await times(gateway)
    asked = list(service.asked)
    with pytest.raises(MoncreneauError) as caught:
        await gateway.read_in_background(5, SUNDAY, SUNDAY)
    assert (caught.value.outcome, service.asked) == (WriteOutcome.NOT_SENT, asked)


async def test_appointments_of_other_owners_are_never_shown(gateway: Gateway, service: Service) -> None:
    entries = [entry(1), entry(2, externalUserId="telegram:78"), {**APPOINTMENT, "id": 3}]
    service.overrides["GET /appointments"] = pages(entries, last=True)
    found = await gateway.appointments(OWNER)
    assert [(one.id, one.owner) for one in found] == [(1, OWNER), (3, None)], "of the last the shell decides"


async def test_appointments_without_an_owner_are_accepted(gateway: Gateway, service: Service) -> None:
    service.overrides["GET /appointments"] = pages([{**APPOINTMENT, "id": 3, "externalUserId": None}], last=True)
    assert [one.id for one in await gateway.appointments(OWNER)] == [3]


async def test_a_citizen_unknown_to_the_api_has_no_appointments(gateway: Gateway, service: Service) -> None:
    service.refuses("GET /appointments", 404, "USER_NOT_FOUND")
    assert await gateway.appointments(OWNER) == ()


async def test_below_the_reserve_old_copies_are_shown_and_bookings_still_work(
    gateway: Gateway, service: Service, clock: StillClock
) -> None:
    await gateway.departments()
    assert len(await times(gateway)) == 2
    service.remaining = 61
    await gateway.book(ORDER)
    clock.pass_(1790)
    assert len(await times(gateway)) == 1
    assert len(await gateway.departments()) == 2
    clock.pass_(11)
    with pytest.raises(ApiError) as caught:
        await times(gateway)
    assert caught.value.failure.code is FailureCode.BUSY
    assert caught.value.failure.until == (START + timedelta(hours=1)).replace(tzinfo=None)
    with pytest.raises(ApiError):
        await gateway.appointments(OWNER)
    service.overrides["GET /appointments"] = pages([entry(1)], last=True)
    assert len(await gateway.appointments(OWNER, Need.SETTLE)) == 1
    await gateway.cancel(12345)


async def test_with_little_quota_left_lookups_and_cancellations_still_work(gateway: Gateway, service: Service) -> None:
    service.overrides["GET /appointments"] = pages([entry(1)], last=True)
    service.remaining = 45
    await gateway.book(ORDER)
    for refused_now in (Need.LOOK, Need.SETTLE_AGAIN):
        with pytest.raises(ApiError):
            await gateway.appointments(OWNER, refused_now)
    for need in (Need.CANCEL, Need.SETTLE):
        assert [one.id for one in await gateway.appointments(OWNER, need)] == [1]


async def test_one_citizens_list_costs_a_bounded_number_of_requests(
    gateway: Gateway, service: Service, clock: StillClock
) -> None:
    service.overrides["GET /appointments"] = pages([entry(1)], last=True)
    await asyncio.gather(*(gateway.appointments(OWNER) for _ in range(1000)))
    assert len(service.asked) == 1
    for _ in range(ALLOWED - 1):
        clock.pass_(11)
        await gateway.appointments(OWNER)
    clock.pass_(11)
    with pytest.raises(ApiError) as caught:
        await gateway.appointments(OWNER)
    assert caught.value.failure.code is FailureCode.BUSY
    assert caught.value.failure.until == (START + timedelta(hours=1)).replace(tzinfo=None)
    assert len(service.asked) == ALLOWED


async def test_one_citizens_readings_of_slots_are_bounded_and_the_hour_is_told(gateway: Gateway) -> None:
    for number in range(READINGS):
        await gateway.availability(OWNER, 100 + number, SUNDAY, SUNDAY)
    with pytest.raises(ApiError) as caught:
        await gateway.availability(OWNER, 99, SUNDAY, SUNDAY)
    assert caught.value.failure.code is FailureCode.BUSY
    assert caught.value.failure.until == (START + timedelta(hours=1)).replace(tzinfo=None)


async def test_lookups_are_never_answered_from_the_cache(gateway: Gateway, service: Service) -> None:
    service.overrides["GET /appointments"] = pages([], last=True)
    assert await gateway.appointments(OWNER) == ()
    service.overrides["GET /appointments"] = pages([entry(1)], last=True)
    assert len(await gateway.appointments(OWNER, Need.SETTLE)) == 1


async def test_an_own_booking_or_cancellation_is_in_the_list_at_once(gateway: Gateway, service: Service) -> None:
    service.overrides["GET /appointments"] = pages([entry(1)], last=True)
    await gateway.appointments(OWNER)
    await gateway.cancel(1)
    await gateway.appointments(OWNER)
    await gateway.book(ORDER)
    await gateway.appointments(OWNER)
    assert service.asked.count("GET /appointments") == 3


async def test_departments_are_cached_for_a_day_while_the_api_is_down(
    gateway: Gateway, service: Service, clock: StillClock
) -> None:
    await gateway.departments()
    service.says("GET", None, 500)
    clock.pass_(86_000)
    assert len(await gateway.departments()) == 2


async def test_a_wrong_key_shows_at_once(gateway: Gateway, service: Service) -> None:
    service.refuses("GET /departments", 401, "INVALID_API_KEY")
    with pytest.raises(NoAccess):
        await gateway.verify()


async def test_departments_read_at_the_start_are_cached(gateway: Gateway, service: Service) -> None:
    await gateway.verify()
    await gateway.departments()
    assert service.asked == ["GET /departments"]


async def test_health_reports_the_state_of_the_api(gateway: Gateway, service: Service) -> None:
    await gateway.verify()
    for _ in range(3):
        await gateway.departments()
    await gateway.book(ORDER)
    service.refuses("POST", 402, "INSUFFICIENT_CREDITS")
    await refused(gateway)
    stats = gateway.stats()
    assert stats.reachable
    assert (stats.limit, stats.remaining, stats.reset) == (1000, 997, START + timedelta(hours=1, seconds=1))
    assert (stats.hits, stats.misses, stats.booked) == (3, 0, 1)
    assert dict(stats.requests) == {"read": 0, "settle": 1, "urgent": 0, "write": 2, "background": 0}
    assert (stats.last_error, stats.last_error_at) == ("402 INSUFFICIENT_CREDITS", START)
    assert stats.open_issues == {CREDITS}
    assert stats.heard == START


async def test_each_operator_issue_is_reported_once(clock: StillClock, service: Service) -> None:
    heard: list[Any] = []
    gateway = Gateway(
        "https://example.org/api/v1",
        KEY,
        clock=clock,
        transport=httpx.MockTransport(service),
        on_issue=lambda issue, present: heard.append((issue, present)),
    )
    service.refuses("POST", 402, "INSUFFICIENT_CREDITS")
    for _ in range(3):
        await refused(gateway)
    del service.overrides["POST"]
    await gateway.book(ORDER)
    assert heard == [(CREDITS, True), (CREDITS, False)]
    service.refuses("GET /departments/5/availability", 403, "DEPARTMENT_ACCESS_DENIED")
    for _ in range(2):
        with pytest.raises(ApiError) as caught:
            await times(gateway)
        assert caught.value.failure.code is FailureCode.DEPARTMENT_GONE, "which is all that a citizen need know"
    del service.overrides["GET /departments/5/availability"]
    await gateway.availability("telegram:77", 8, SUNDAY, SUNDAY)
    await times(gateway)
    assert heard[2:] == [
        (OperatorIssue(FailureCode.NO_ACCESS, 5), True),
        (OperatorIssue(FailureCode.NO_ACCESS, 5), False),
    ]
    await gateway.aclose()


async def test_operators_see_name_and_id_of_a_department(gateway: Gateway) -> None:
    assert gateway.name_of(5) == "(5)"
    await gateway.departments()
    assert gateway.name_of(5) == "Passport Service (5)"
    assert gateway.name_of(99) == "(99)"


async def test_while_writes_fail_only_a_probe_is_sent_now_and_then(
    gateway: Gateway, service: Service, clock: StillClock
) -> None:
    service.overrides["GET /appointments"] = pages([], last=True)
    service.says("POST", None, 503)
    for _ in range(1800):
        error = await refused(gateway)
        if error.outcome is WriteOutcome.UNKNOWN:
            await gateway.appointments(OWNER, Need.SETTLE)
        clock.pass_(2)
    assert service.asked.count("POST /appointments") <= 60, "an hour long"
    stats = gateway.stats()
    assert (stats.reachable, stats.accepts) == (True, False)
    del service.overrides["POST"]
    clock.pass_(120)
    await gateway.book(ORDER)
    assert gateway.stats().accepts


async def test_a_probe_costs_one_request(gateway: Gateway, service: Service, clock: StillClock) -> None:
    assert gateway.silence > 1e9
    await gateway.probe()
    assert (gateway.silence, gateway.stats().reachable) == (0, True)
    clock.pass_(250)
    assert gateway.silence == 250
    service.says("GET", None, 502)
    await gateway.probe()
    stats = gateway.stats()
    assert (gateway.silence, stats.reachable, stats.heard) == (0, False, START)
    assert len(await gateway.departments()) == 2, "what was read before is kept"
    del service.overrides["GET"]
    await gateway.probe()
    assert gateway.stats().reachable


async def test_a_slow_probe_counts_as_no_answer(clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr("bot.moncreneau.gateway._PROBE", 0.01)
    gateway = Gateway("https://example.org/api/v1", KEY, clock=clock, transport=httpx.MockTransport(hang))
    await gateway.probe()
    assert not gateway.stats().reachable
    await gateway.aclose()


async def test_no_probe_is_sent_below_the_reserve(gateway: Gateway, service: Service) -> None:
    service.remaining = 101
    await gateway.verify()
    await gateway.probe()
    service.says("DELETE", None, 429)
    with pytest.raises(ApiError):
        await gateway.cancel(1)
    await gateway.probe()
    assert service.asked == ["GET /departments", "DELETE /appointments/1"]
    assert gateway.stats().last_error == "429 too many requests"


async def test_the_quota_survives_a_restart(clock: StillClock, service: Service) -> None:
    def recent() -> Gateway:
        return Gateway("https://example.org/api/v1", KEY, clock=clock, transport=httpx.MockTransport(service))

    before, after = recent(), recent()
    assert before.quota_snapshot() is None
    await before.verify()
    kept = before.quota_snapshot()
    assert kept is not None
    after.restore_quota(kept)
    assert after.stats().remaining == 999
    for gateway in (before, after):
        await gateway.aclose()


async def test_concurrent_identical_reads_are_one_request(gateway: Gateway, service: Service) -> None:
    await asyncio.gather(*(gateway.departments() for _ in range(20)), *(times(gateway) for _ in range(20)))
    assert len(service.asked) == 2


@pytest.mark.parametrize("content", [json.dumps(APPOINTMENT | {"id": "apt_7f"}), "{}"])
async def test_a_booking_accepted_with_an_unreadable_response_is_never_sent_again(
    gateway: Gateway, service: Service, content: str
) -> None:
    service.overrides["POST"] = lambda _request: httpx.Response(201, text=content)
    error = await refused(gateway)
    assert (error.outcome, error.failure.code) == (WriteOutcome.ACCEPTED, FailureCode.NO_TICKET)
    assert "without an appointment that can be read" in str(gateway.stats().last_error)


async def test_in_an_outage_health_shows_the_apis_error_and_the_hit_rate(gateway: Gateway, service: Service) -> None:
    service.says("GET", {"error": "?"}, 503)
    for _ in range(9):
        with pytest.raises(ApiError):
            await gateway.departments()
    stats = gateway.stats()
    assert "503" in str(stats.last_error)
    assert stats.hit_rate == 0


async def test_unsent_requests_are_not_counted(clock: StillClock) -> None:
    def nobody(_request: httpx.Request) -> httpx.Response:
        raise aiohttp.ConnectionTimeoutError

    gateway = Gateway("https://example.org/api/v1", KEY, clock=clock, transport=httpx.MockTransport(nobody))
    with pytest.raises(ApiError):
        await gateway.departments()
    assert sum(gateway.stats().requests.values()) == 0
    await gateway.aclose()


@pytest.mark.parametrize("prefix", ["GET /departments/5/availability", "POST /appointments"])
async def test_a_department_that_is_gone_is_offered_no_more(gateway: Gateway, service: Service, prefix: str) -> None:
    before = {each.id for each in await gateway.departments()}
    service.refuses(prefix, 404, "DEPARTMENT_NOT_FOUND")
    with pytest.raises(ApiError):
        await (
            gateway.book(ORDER) if prefix.startswith("POST") else gateway.availability("telegram:77", 5, TODAY, SUNDAY)
        )
    assert {each.id for each in gateway.known_departments()} == before - {5}
