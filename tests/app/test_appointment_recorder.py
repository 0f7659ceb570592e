"""What the API tells of a citizen's appointments is noted on the way, at no request more."""

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.app.appointment_recorder import AppointmentRecorder
from bot.app.ports import ApiError, Moncreneau, Need
from bot.core.model import Appointment, AppointmentStatus, Department, FailureCode, Order, Slot
from tests.app.fakes import FakeMoncreneau, refused

ME, STRANGER = "telegram:7", "somebody else"
AT = datetime.fromisoformat("2026-03-02T09:00")
Noted = tuple[int, list[tuple[int, AppointmentStatus]], frozenset[int]]


class Office:
    """An office, and what is noted of it."""

    def __init__(self) -> None:
        self.api = FakeMoncreneau((Department(5, "Mairie"),), tuple(Slot(AT + timedelta(hours=n)) for n in range(9)))
        self.noted: list[Noted] = []
        self.asked: Moncreneau = AppointmentRecorder(self.api, self._note)

    def _note(self, chat_id: int, appointments: tuple[Appointment, ...], made_since: frozenset[int]) -> None:
        self.noted.append((chat_id, [(each.id, each.status) for each in appointments], made_since))

    async def books(self, owner: str = ME) -> int:
        hour = len(self.api.books)
        return (await self.asked.book(Order(5, AT + timedelta(hours=hour), "Aïssatou", owner))).id


async def test_what_is_read_is_noted() -> None:
    office = Office()
    kept, cancelled = await office.books(), await office.books()
    await office.asked.cancel(cancelled)
    found = await office.asked.appointments(ME)
    assert [each.id for each in found] == [kept, cancelled]
    assert office.noted == [
        (7, [(kept, AppointmentStatus.SCHEDULED), (cancelled, AppointmentStatus.CANCELLED)], frozenset())
    ]


async def test_who_is_no_chat_is_not_noted() -> None:
    office = Office()
    await office.books(STRANGER)
    assert await office.asked.appointments(STRANGER)
    assert office.noted == []


async def test_what_cannot_be_read_is_not_noted() -> None:
    office = Office()
    office.api.reads.append(refused(FailureCode.DOWN))
    with pytest.raises(ApiError):
        await office.asked.appointments(ME)
    assert office.noted == []


async def test_what_is_made_meanwhile_is_known_as_such() -> None:
    office = Office()
    slow = asyncio.Event()

    class Slow(FakeMoncreneau):
        """Answers with what there was when it was asked, when it is let."""

        async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
            found = await super().appointments(owner, need)
            await slow.wait()
            return found

    office.api = Slow(office.api.offices, office.api.free)
    office.asked = AppointmentRecorder(office.api, office._note)
    reading = asyncio.create_task(office.asked.appointments(ME))
    await asyncio.sleep(0)
    number = await office.books()
    slow.set()
    assert await reading == ()
    assert office.noted == [(7, [], frozenset({number}))]
