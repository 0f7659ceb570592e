"""The moncreneau API as the conversation uses it: client, budget, breaker and caches joined behind one protocol.

Obeys `bot.app.ports.Moncreneau`. Must not know Telegram, SQL or how a citizen is told.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType

import httpx

from bot.app.ports import ApiError, Clock, Fate
from bot.core.condition import ApiCondition
from bot.core.model import Appointment, Department, Order, Problem, Slot, Trouble
from bot.moncreneau import models, pace
from bot.moncreneau.breaker import Breaker
from bot.moncreneau.budget import Budget, BudgetSnapshot, Kind
from bot.moncreneau.cache import Cache, Tally
from bot.moncreneau.client import Client, Patience
from bot.moncreneau.errors import (
    AppointmentNotFound,
    BudgetSpent,
    MoncreneauError,
    RateLimited,
    SlotNotAvailable,
    UnreadableAnswer,
    UserNotFound,
)
from bot.moncreneau.made import Made
from bot.moncreneau.slots import SlotCache
from bot.moncreneau.standing import Standing
from bot.moncreneau.times import from_when

_log = logging.getLogger(__name__)
_PAGE = 100
_PAGES, _PAGES_SETTLING = 10, 100


class Gateway:
    """The way to the API. Close it with `aclose`.

    `clock` gives all time (budget, caches, breaker); `zone` is the office's. `transport` replaces httpx's own (see
    `bot.moncreneau.transport`). `reserve` is the share of the hourly limit kept for writes. `on_budget` is called after
    every answer (cheap; persist `budget_snapshot()` from there), `on_reachable` once per change of state,
    `on_trouble(problem, present)` once when credits or access are lost and once when they are back.
    """

    def __init__(  # noqa: PLR0913 — the parts and the callbacks, said by name
        self,
        base_url: str,
        key: str,
        *,
        clock: Clock = lambda: datetime.now(UTC),
        zone: tzinfo = UTC,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: Patience | None = None,
        reserve: float = 0.10,
        caching: bool = True,
        on_budget: Callable[[], None] | None = None,
        on_reachable: Callable[[bool], None] | None = None,
        on_trouble: Callable[[Problem, bool], None] | None = None,
    ) -> None:
        def now() -> float:
            return clock().timestamp()

        self._clock = clock
        self._now = now
        self._zone = zone
        self._caching = caching
        self._on_reachable = on_reachable or (lambda _up: None)
        self._budget = Budget(clock, zone, reserve=reserve, on_change=on_budget)
        self._breaker = Breaker(clock, on_change=self._turned)
        self._standing = Standing(on_trouble)
        self._client = Client(
            base_url, key, budget=self._budget, breaker=self._breaker, now=now, transport=transport, patience=patience
        )
        self._tally = Tally()
        self._departments: Cache[str, tuple[Department, ...]] = Cache(now, self._tally)
        self._slots = SlotCache(self._read_slots, now, zone, self._tally)
        self.chosen = self._slots.chosen
        self._made = Made(now, zone)
        self._booked = 0
        self._last_error: tuple[str, datetime] | None = None

    async def verify(self) -> None:
        """Ask for the departments once, however little of the budget is left. Raises `ApiError`."""
        began = self._now()
        self._departments.put("", await self._read_departments(Kind.SETTLE), began)

    async def departments(self) -> tuple[Department, ...]:
        """See `Moncreneau.departments`. Raises `ApiError`."""
        if not self._caching:
            return await self._read_departments(Kind.READ)
        ages = pace.department_ages(self._budget, self._now())
        return (await self._departments.get("", lambda: self._read_departments(Kind.READ), ages)).value

    async def availability(self, department_id: int, first: date, last: date) -> tuple[Slot, ...]:
        """See `Moncreneau.availability`; minutes old in busy hours (`pace`). Raises `ApiError`."""
        if not self._caching:
            slots = await self._read_slots(department_id, first, last)
            return tuple(Slot(slot.at) for slot in slots if first <= slot.at.date() <= last)
        ages = pace.slot_ages(self._budget, self._slots.active, self._now())
        return await self._slots.get(department_id, first, last, ages)

    async def appointment(self, appointment_id: int) -> Appointment | None:
        """See `Moncreneau.appointment`; urgent, since it tells what became of a cancelling. Raises `ApiError`."""
        async with self._watched("appointment"):
            try:
                body = await self._client.get(f"appointments/{int(appointment_id)}", kind=Kind.SETTLE)
            except AppointmentNotFound:
                return None
            return models.read_appointment(body, self._zone)

    async def appointments(
        self, owner: str, *, settling: bool = False, number: int | None = None
    ) -> tuple[Appointment, ...]:
        """See `Moncreneau.appointments`. Raises `ApiError`."""
        scarce = self._caching and pace.scarce(self._budget, self._now())
        if scarce and number is not None and (made := self._made.told(owner, number)):
            return (made,)
        kind = Kind.SETTLE if settling else Kind.READ
        found: dict[int, Appointment] = {}
        async with self._watched("appointments"):
            for index in range(pages := _PAGES_SETTLING if settling else _PAGES):
                try:
                    page = await self._page(owner, index, kind)
                except UserNotFound:  # the service knows nobody of that name: nothing was ever booked for them
                    break
                news = [one for one in page.appointments if one.id not in found]
                found |= {one.id: one for one in news}
                if page.is_last(index, _PAGE) or not page.entries or (page.appointments and not news):
                    break
            else:
                _log.warning("there are more than %d pages of appointments; the rest is not read", pages)
                if settling:
                    raise UnreadableAnswer  # not seen is not the same as not made
        # A service that ignores the filter would show strangers' appointments; one that does not tell must be trusted.
        tells = any(one.owner is not None for one in found.values())
        mine = [one for one in found.values() if one.owner == owner or not tells]
        return tuple(sorted(mine, key=lambda one: (one.at, one.id)))

    async def book(self, order: Order) -> Appointment:
        """See `Moncreneau.book`. Raises `ApiError`; SLOT_TAKEN without the POST where the service said so just now."""
        # The slots do not tell whose they are: of one member of staff's they know nothing.
        anybody = self._caching and order.worker_id is None
        if anybody and await self._slots.surely_taken(order.department_id, order.at):
            raise SlotNotAvailable
        try:
            async with self._watched("book"):
                body = await self._client.post("appointments", models.order_body(order))
                appointment = models.read_appointment(body, self._zone, order)
        except ApiError as error:
            if error.trouble.problem is Problem.SLOT_TAKEN:
                self._slots.refused(order.department_id, order.at)
            elif error.fate is Fate.UNKNOWN:
                self._slots.unsure(order.department_id, order.at)
            raise
        self._booked += 1
        self._slots.booked(order.department_id, order.at)
        self._made.add(appointment, order.owner)
        return appointment

    async def cancel(self, appointment_id: int) -> None:
        """See `Moncreneau.cancel`. Raises `ApiError`."""
        made = self._made.forget(appointment_id)  # whatever comes of it: from now on the service is asked
        async with self._watched("cancel"):
            await self._client.delete(f"appointments/{int(appointment_id)}")
        if made:
            self._slots.freed(made.department_id, made.at)

    def forget(self, department_id: int) -> None:
        """Read a department's slots afresh when they are next asked for (somebody else changed them)."""
        self._slots.forget(department_id)

    def budget_snapshot(self) -> BudgetSnapshot | None:
        """What of the hourly budget to keep over a restart; None while nothing is known."""
        return self._budget.snapshot()

    def restore_budget(self, kept: BudgetSnapshot) -> None:
        """Go on from an earlier process's budget."""
        self._budget.restore(kept)

    def troubles(self) -> Mapping[Problem, frozenset[str]]:
        """The troubles that stand, with the operations that met them; to keep over a restart."""
        return self._standing.met()

    def restore_troubles(self, kept: Mapping[Problem, Iterable[str]]) -> None:
        """Go on from what an earlier process met, so that its end is noticed here."""
        self._standing.restore(kept)

    def stats(self) -> ApiCondition:
        """How the service stands."""
        error, at = self._last_error or (None, None)
        return ApiCondition(
            reachable=self._breaker.closed,
            limit=self._budget.limit,
            remaining=self._budget.remaining,
            reset=self._budget.reset,
            blocked_until=self._budget.blocked_until,
            hits=self._tally.hits + self._tally.stale + self._tally.shared,
            misses=self._tally.misses,
            requests=MappingProxyType({kind.value: self._client.sent[kind] for kind in Kind}),
            booked=self._booked,
            last_error=error,
            last_error_at=at,
            troubles=self._standing.problems,
            clock_gap=self._client.clock_gap,
        )

    async def aclose(self) -> None:
        """Stop reading and close the connections."""
        await self._departments.flights.aclose()
        await self._slots.aclose()
        await self._client.aclose()

    async def _read_departments(self, kind: Kind) -> tuple[Department, ...]:
        async with self._watched("departments"):
            return models.read_departments(await self._client.get("departments", kind=kind))

    async def _read_slots(self, department_id: int, first: date, last: date) -> tuple[models.FreeSlot, ...]:
        async with self._watched("availability"):
            dates = {"startDate": first.isoformat(), "endDate": last.isoformat()}
            body = await self._client.get(f"departments/{int(department_id)}/availability", dates)
            return models.read_slots(body, self._zone)

    async def _page(self, owner: str, number: int, kind: Kind) -> models.Page:
        params = {"externalUserId": owner, "page": number, "size": _PAGE}
        return models.read_page(await self._client.get("appointments", params, kind=kind), self._zone)

    @asynccontextmanager
    async def _watched(self, operation: str) -> AsyncIterator[None]:
        """Keep what staff want to know of how an operation went."""
        try:
            yield
        except MoncreneauError as error:
            if isinstance(error, RateLimited | BudgetSpent):
                error.trouble = Trouble(error.problem, from_when(self._clock(), error.retry_after, self._zone))
            self._last_error = (str(error), self._clock())
            self._standing.failed(operation, error.problem)
            raise
        self._standing.worked(operation)

    def _turned(self, up: bool) -> None:  # noqa: FBT001 — the breaker's callback
        if up:
            _log.info("the moncreneau API answers again")
        else:
            _log.warning("the moncreneau API does not answer; probing it until it does")
        self._on_reachable(up)
