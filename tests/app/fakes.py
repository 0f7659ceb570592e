"""Fakes that obey the protocols of `bot.app.ports`; `test_contracts.py` tests them with the real adapters."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import count

from bot.app.ports import ApiError, ChatLeftError, EditLostError, Need, Receipt, SlotChoice, WriteOutcome
from bot.app.records import Delivery, Kind
from bot.core.model import Appointment, AppointmentStatus, Department, Failure, FailureCode, Order, Slot


class ScriptedError(ApiError):
    """A failed write, which the service carried out all the same if `acted`."""

    def __init__(
        self,
        outcome: WriteOutcome,
        code: FailureCode = FailureCode.DOWN,
        *,
        acted: bool = False,
        retry_after: float | None = None,
        presumed_refusal: FailureCode | None = None,
    ) -> None:
        super().__init__(f"{outcome.value}: {code}")
        self.outcome = outcome
        self.failure = Failure(code)
        self.retry_after = retry_after
        self.acted = acted
        self.presumed_refusal = presumed_refusal


def refused(code: FailureCode) -> ScriptedError:
    return ScriptedError(WriteOutcome.REFUSED, code)


@dataclass(slots=True)
class FakeMoncreneau:
    """An API in memory.

    `writes` and `reads` say how the next calls fail (None: they do not); `lag` is how many seconds a write takes;
    while `shut` is not set the departments do not come. `stores` maps a booked appointment to the stored one;
    `tells_owner` and `filters` say whether a list has owners, and whether it is of the owner alone who was asked for.
    """

    offices: tuple[Department, ...] = ()
    free: tuple[Slot, ...] = ()
    books: dict[int, Appointment] = field(default_factory=dict)
    writes: deque[ScriptedError | None] = field(default_factory=deque)
    reads: deque[ScriptedError | None] = field(default_factory=deque)
    lag: float = 0.0
    shut: asyncio.Event | None = None
    choices: dict[str, SlotChoice | None] = field(default_factory=dict)
    posts: int = 0
    deletes: int = 0
    looks: int = 0
    needs: list[Need] = field(default_factory=list)
    days: list[tuple[int, date]] = field(default_factory=list)
    stores: Callable[[Appointment], Appointment] = lambda appointment: appointment
    tells_owner: bool = True
    filters: bool = True
    _numbers: "count[int]" = field(default_factory=lambda: count(100))

    async def departments(self) -> tuple[Department, ...]:
        if self.shut:
            await self.shut.wait()
        self._read()
        return self.offices

    async def availability(  # noqa: PLR0913 — what a reading is of, and whom it is for
        self,
        owner: str,  # noqa: ARG002 — the protocol's
        department_id: int,
        first: date,
        last: date,
        worker_id: int | None = None,  # noqa: ARG002 — the protocol's
        *,
        wanted: datetime | None = None,  # noqa: ARG002 — the protocol's
    ) -> tuple[Slot, ...]:
        self._read()
        known = any(each.id == department_id for each in self.offices)
        if not known:
            raise refused(FailureCode.DEPARTMENT_GONE)
        return tuple(each for each in self.free if first <= each.at.date() <= last)

    def hold(self, owner: str, choice: SlotChoice | None, *, check: bool = False) -> datetime | None:
        mine, self.choices[owner] = self.choices.get(owner), choice
        others = (each for holder, each in self.choices.items() if each and holder != owner)
        if not check or not choice or all(each.at != choice.at for each in others):
            return choice.at if choice else None
        if choice.confirmed:
            return choice.at if mine and mine.at == choice.at else None
        at = next((slot.at for slot in self.free if slot.at > choice.at), None)
        if at is None:
            return None
        self.choices[owner] = replace(choice, at=at)
        return at

    async def appointment(self, appointment_id: int, need: Need = Need.SETTLE) -> Appointment | None:
        self.needs.append(need)
        self._read()
        return self.books.get(appointment_id)

    async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
        self.looks += need in {Need.SETTLE, Need.SETTLE_AGAIN}
        self.needs.append(need)
        self._read()
        found = [each for each in self.books.values() if each.owner == owner or not self.filters]
        found = [each if self.tells_owner else replace(each, owner=None) for each in found]
        return tuple(sorted(found, key=lambda each: (each.at, each.id)))

    async def day(self, department_id: int, day: date) -> tuple[Appointment, ...]:
        self.days.append((department_id, day))
        self._read()
        found = [each for each in self.books.values() if (each.department_id, each.at.date()) == (department_id, day)]
        return tuple(each if self.tells_owner else replace(each, owner=None) for each in found)

    async def book(self, order: Order) -> Appointment:
        self.posts += 1
        failure = await self._write()
        if failure and not failure.acted:
            raise failure
        number = next(self._numbers)
        link = f"https://moncreneau.gn/qr/{number}"
        made = Appointment(number, order.department_id, order.at, order.name, qr_link=link, owner=order.owner)
        self.books[number] = self.stores(made)
        if failure:
            raise failure
        return self.books[number]

    async def cancel(self, appointment_id: int) -> None:
        self.deletes += 1
        failure = await self._write()
        if failure and not failure.acted:
            raise failure
        if appointment_id not in self.books:
            raise refused(FailureCode.APPOINTMENT_GONE)
        self.books[appointment_id] = replace(self.books[appointment_id], status=AppointmentStatus.CANCELLED)
        if failure:
            raise failure

    def _read(self) -> None:
        if self.reads and (failure := self.reads.popleft()):
            raise failure

    async def _write(self) -> ScriptedError | None:
        if self.lag:
            await asyncio.sleep(self.lag)
        return self.writes.popleft() if self.writes else None


@dataclass(slots=True)
class FakeMessenger:
    """Telegram in memory. `failures` are the errors that the next deliveries meet (None: they arrive)."""

    phones: dict[int, dict[int, Delivery]] = field(default_factory=dict)
    left: set[int] = field(default_factory=set)
    failures: deque[Exception | None] = field(default_factory=deque)
    heard: list[tuple[float, Delivery, str | None]] = field(default_factory=list)
    typings: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None
    pictures: Exception | None = None
    """The error that every picture meets, if any."""
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def deliver(self, delivery: Delivery, file_id: str | None) -> Receipt:
        self.heard.append((asyncio.get_running_loop().time(), delivery, file_id))
        if self.pictures and delivery.kind in {Kind.PICTURE, Kind.NEW_PICTURE}:
            raise self.pictures
        if self.gate:
            await self.gate.wait()
        if self.failures and (failure := self.failures.popleft()):
            raise failure
        if delivery.chat_id in self.left:
            raise ChatLeftError("bot was blocked by the user")
        phone = self.phones.setdefault(delivery.chat_id, {})
        if delivery.kind is Kind.EDIT:
            if delivery.target not in phone:
                raise EditLostError("message to edit not found")
            phone[delivery.target] = delivery
            return Receipt(delivery.target)
        number = next(self._numbers)
        phone[number] = delivery
        return Receipt(number, f"file-{number}" if delivery.kind in {Kind.PICTURE, Kind.NEW_PICTURE} else None)

    async def typing(self, chat_id: int) -> None:
        self.typings.append(chat_id)

    def texts(self, chat_id: int = 7) -> list[str]:
        """The texts in a chat."""
        return [each.message.text for each in self.phones.get(chat_id, {}).values()]
