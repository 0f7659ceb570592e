"""The moncreneau API as the conversation uses it: client, quota, circuit breakers and caches behind one protocol.

Obeys `bot.app.ports.Moncreneau`. Must not know Telegram, SQL or how a citizen is told.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import partial
from http import HTTPStatus
from types import MappingProxyType

import httpx

from bot.app.earlier_places import KnownSlots
from bot.app.ports import ApiError, Clock, Need, SlotChoice, WriteOutcome
from bot.core.health import ApiHealth, ChatLimit, OperatorIssue
from bot.core.model import Appointment, Department, FailureCode, Order, Slot
from bot.http_client.session import MaySend, always
from bot.moncreneau import schemas
from bot.moncreneau.appointments import AppointmentPager, OwnAppointments
from bot.moncreneau.availability import Availability
from bot.moncreneau.breakers import Breakers
from bot.moncreneau.cache import Ages, Cache, CacheStats
from bot.moncreneau.client import Client, Timeouts
from bot.moncreneau.errors import NotFound, NoTicket, UnclearCancelling, UnreadableAnswer, Unsure
from bot.moncreneau.incidents import IncidentLog
from bot.moncreneau.quota import Quota, QuotaSnapshot, RequestKind
from bot.moncreneau.transport import SUCCESS


async def place(client: Client, order: Order, zone: tzinfo) -> Appointment:
    """Send exactly one POST. Raises `ApiError`; `NoTicket` if it was accepted and its appointment cannot be read.

    A 2xx means that the order was accepted, whatever its body, and even if the body did not arrive. Only a page of HTML
    with status 200 leaves it open, because it may come from a proxy.
    """
    try:
        body = await client.post("appointments", schemas.order_body(order))
    except Unsure as error:
        may_be_a_page = error.is_page if isinstance(error, UnreadableAnswer) else True
        if error.status not in SUCCESS or (error.status == HTTPStatus.OK and may_be_a_page):
            raise
        raise NoTicket(status=error.status) from None
    try:
        appointment = schemas.read_appointment(body, zone, order)
    except UnreadableAnswer:
        raise NoTicket from None
    if (appointment.owner, appointment.department_id) != (order.owner, order.department_id):
        raise NoTicket  # somebody else's, or not what was asked for
    return appointment


_KINDS = {
    Need.LOOK: RequestKind.READ,
    Need.CANCEL: RequestKind.URGENT,
    Need.SETTLE: RequestKind.URGENT,
    Need.SETTLE_AGAIN: RequestKind.SETTLE,
    Need.BACKGROUND: RequestKind.BACKGROUND,
}
_AGES = Ages(good=600.0, last=86_400.0)
"""Of the departments, which hardly ever change."""
KEPT_KNOWN = 24 * 3600.0
"""Seconds for which a reading is known; an older one says nothing."""
_PROBE = 5.0  # seconds after which a probe counts as unanswered


class Gateway:
    """The moncreneau API. Close it with `aclose`.

    `clock` returns the time; `zone` is the office's. `transport` replaces httpx's own (`bot.moncreneau.transport`).
    `reserve` is the share of the hourly limit kept for writes. `on_quota` is called after every answer (cheap),
    `on_issue(issue, present)` once when credits or access are lost and once when they are back. `reached` counts what
    chats were refused because of their own share of the hour.
    """

    def __init__(  # noqa: PLR0913 — parts and callbacks, passed by name
        self,
        base_url: str,
        key: str,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        zone: tzinfo = UTC,
        transport: httpx.AsyncBaseTransport | None = None,
        may_send: MaySend = always,
        timeouts: Timeouts | None = None,
        reserve: float = 0.10,
        on_quota: Callable[[], None] | None = None,
        on_issue: Callable[[OperatorIssue, bool], None] | None = None,
        reached: Counter[ChatLimit] | None = None,
    ) -> None:
        def now() -> float:
            return clock().timestamp()

        self._clock = clock
        self._now = now
        self._zone = zone
        self._quota = Quota(clock, reserve=reserve, on_change=on_quota)
        self._breakers = Breakers(now)
        self._incident_log = IncidentLog(clock, zone, on_issue)
        self._client = Client(
            base_url,
            key,
            quota=self._quota,
            breaker=self._breakers.everything,
            writes=self._breakers.writes,
            now=now,
            transport=transport,
            may_send=may_send,
            timeouts=timeouts,
        )
        self._stats = CacheStats()
        self._departments: Cache[str, tuple[Department, ...]] = Cache(now, self._stats)
        self._availability = Availability(
            self._read_slots, now, zone, stats=self._stats, hour=lambda: self._quota.hour, reached=reached
        )
        self._pager = AppointmentPager(self._client, now, zone)
        self._own_appointments = OwnAppointments(self._pager.read, now, self._stats, reached)
        self._booked = self._lost_races = 0

    async def verify(self) -> None:
        """Read the departments once, even if little of the quota is left. Raises `ApiError`."""
        began = self._now()
        self._departments.put("", await self._read_departments(RequestKind.SETTLE), began)

    async def departments(self) -> tuple[Department, ...]:
        """See `Moncreneau.departments`. Raises `ApiError`."""
        return (await self._departments.get("", lambda: self._read_departments(RequestKind.READ), _AGES)).value

    def known_departments(self) -> tuple[Department, ...]:
        """The departments as they were last read, however long ago; empty before the first response."""
        return copy.value if (copy := self._departments.peek("")) else ()

    async def availability(  # noqa: PLR0913 — what a reading is of, and whom it is for
        self,
        owner: str,
        department_id: int,
        first: date,
        last: date,
        worker_id: int | None = None,
        *,
        wanted: datetime | None = None,
    ) -> tuple[Slot, ...]:
        """See `Moncreneau.availability`. Raises `ApiError`."""
        with self._incident_log.timed():
            return await self._availability.get(owner, department_id, first, last, worker_id, wanted=wanted)

    def hold(self, owner: str, choice: SlotChoice | None, *, check: bool = False) -> datetime | None:
        """See `Moncreneau.hold`."""
        return self._availability.hold(owner, choice, check=check)

    def known_slots(self, department_id: int) -> KnownSlots | None:
        """See `SlotSource.known_slots`."""
        known = self._availability.known(department_id)
        is_recent = known is not None and known[1] <= KEPT_KNOWN
        return KnownSlots(known[0], timedelta(seconds=known[1])) if known and is_recent else None

    async def read_in_background(self, department_id: int, first: date, last: date) -> None:
        """See `SlotSource.read_in_background`. Raises `ApiError`."""
        with self._incident_log.timed():
            fetch = partial(self._read_slots, kind=RequestKind.BACKGROUND)
            await self._availability.read(department_id, first, last, fetch)

    async def appointment(self, appointment_id: int, need: Need = Need.SETTLE) -> Appointment | None:
        """See `Moncreneau.appointment`. Raises `ApiError`."""
        with self._incident_log.watched("appointment"):
            try:
                body = await self._client.get(f"appointments/{int(appointment_id)}", kind=_KINDS[need])
            except NotFound as error:
                if error.failure.code is FailureCode.APPOINTMENT_GONE:
                    return None
                raise
            found = schemas.read_appointment(body, self._zone)
            if found.id != appointment_id:
                raise UnreadableAnswer
            return found

    async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
        """See `Moncreneau.appointments`. Raises `ApiError`."""
        with self._incident_log.watched("appointments"):
            if need in {Need.SETTLE, Need.SETTLE_AGAIN}:
                return await self._pager.read(owner, _KINDS[need], settling=True)
            return await self._own_appointments.look(owner, _KINDS[need])

    async def day(self, department_id: int, day: date) -> tuple[Appointment, ...]:
        """See `Moncreneau.day`. Raises `ApiError`."""
        with self._incident_log.watched("day", department_id):
            return await self._pager.read_day(department_id, day)

    async def book(self, order: Order) -> Appointment:
        """See `Moncreneau.book`. Raises `ApiError`."""
        slot = (order.department_id, order.at, order.worker_id)
        try:
            with self._incident_log.watched("book", order.department_id):
                appointment = await place(self._client, order, self._zone)
        except ApiError as error:
            if error.failure.code is FailureCode.SLOT_TAKEN:
                self._lost_races += 1
                self._availability.refused(*slot)
            elif error.failure.code is FailureCode.DEPARTMENT_GONE:
                self._forget_department(order.department_id, error)
            elif error.outcome in {WriteOutcome.UNKNOWN, WriteOutcome.ACCEPTED}:
                self._availability.perhaps_booked(*slot, order.owner)  # the next reading shows it
            raise
        finally:
            self._own_appointments.changed(order.owner)
        self._booked += 1
        self._availability.booked(*slot, order.owner)
        return appointment

    async def cancel(self, appointment_id: int) -> None:
        """See `Moncreneau.cancel`. Raises `ApiError`; `UnclearCancelling` for a 2xx that does not say so."""
        try:
            with self._incident_log.watched("cancel"):
                try:
                    status, body = await self._client.delete(f"appointments/{int(appointment_id)}")
                except UnreadableAnswer as error:
                    if error.is_page or error.is_cut_off:
                        raise  # a proxy's, or cut off on its way: what the API said is not known
                    raise UnclearCancelling(status=error.status) from None
                if status != HTTPStatus.NO_CONTENT and not schemas.says_cancelled(body, appointment_id):
                    raise UnclearCancelling(status=status)
        finally:
            self._own_appointments.cancelled(appointment_id)

    def quota_snapshot(self) -> QuotaSnapshot | None:
        """The state of the quota to store over a restart; None while nothing is known."""
        return self._quota.snapshot()

    def restore_quota(self, kept: QuotaSnapshot) -> None:
        """Continue with the quota of an earlier process."""
        self._quota.restore(kept)

    def open_issues(self) -> Mapping[OperatorIssue, frozenset[str]]:
        """The open issues with the operations that met them, to store over a restart."""
        return self._incident_log.issues.met()

    def restore_issues(self, kept: Mapping[OperatorIssue, Iterable[str]]) -> None:
        """Continue with the issues of an earlier process, so that their end is noticed."""
        self._incident_log.issues.restore(kept)

    @property
    def proven(self) -> bool:
        """Whether a request ever succeeded, so that the key is valid."""
        return self._client.proven

    @property
    def silence(self) -> float:
        """Seconds since the last request."""
        return self._client.last_contact.silence

    async def probe(self) -> None:
        """Test whether the API answers by reading the departments, unless no request is spare."""
        if self._quota.above_reserve == 0 or self._quota.blocked_until:
            return
        try:
            async with asyncio.timeout(_PROBE):
                with suppress(ApiError):
                    await self._departments.refresh("", lambda: self._read_departments(RequestKind.READ))
        except TimeoutError:
            self._client.last_contact.failed()

    def name_of(self, department_id: int) -> str:
        """How operators see a department: its name, if known, and its id."""
        return " ".join(
            [*(one.name for one in self.known_departments() if one.id == department_id), f"({department_id})"]
        )

    def stats(self) -> ApiHealth:
        """The health of the API."""
        error, at = self._incident_log.last_error or (None, None)
        last_contact = self._client.last_contact
        return ApiHealth(
            reachable=self._breakers.up() and not last_contact.missed,
            accepts=self._breakers.writes.closed,
            heard=None if last_contact.heard is None else datetime.fromtimestamp(last_contact.heard, UTC),
            limit=self._quota.limit,
            remaining=self._quota.remaining,
            reset=self._quota.reset,
            blocked_until=self._quota.blocked_until,
            hits=self._stats.hits,
            misses=self._stats.misses,
            requests=MappingProxyType({kind.value: self._client.sent[kind] for kind in RequestKind}),
            booked=self._booked,
            lost_races=self._lost_races,
            slot_age=self._availability.age_shown,
            last_error=error,
            last_error_at=at,
            open_issues=self._incident_log.issues.open_issues,
            clock_gap=self._client.clock_gap,
        )

    async def aclose(self) -> None:
        """Stop background reads and close the connections."""
        for single_flight in (self._departments.single_flight, self._own_appointments.single_flight):
            await single_flight.aclose()
        await self._availability.aclose()
        await self._client.aclose()

    async def _read_departments(self, kind: RequestKind) -> tuple[Department, ...]:
        with self._incident_log.watched("departments"):
            return schemas.read_departments(await self._client.get("departments", kind=kind))

    async def _read_slots(
        self, department_id: int, first: date, last: date, kind: RequestKind = RequestKind.READ
    ) -> tuple[schemas.FreeSlot, ...]:
        with self._incident_log.watched("availability", department_id):
            dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
            try:
                body = await self._client.get(f"departments/{int(department_id)}/availability", dates, kind=kind)
            except NotFound as error:
                self._forget_department(department_id, error)
                raise
            return schemas.read_slots(body, self._zone)

    def _forget_department(self, department_id: int, error: ApiError) -> None:
        """Stop offering a department that the API does not know any more, until the list is read again.

        One to which the key has merely lost access stays known: the alert to admins names it.
        """
        if isinstance(error, NotFound) and (copy := self._departments.peek("")):
            copy.value = tuple(each for each in copy.value if each.id != department_id)
