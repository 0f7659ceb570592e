"""Appointments in the API's lists are recorded, without further requests."""

from datetime import datetime, timedelta

import pytest

from bot.app.appointment_recorder import SERVES, AppointmentRecorder
from bot.app.ports import ApiError, Moncreneau, Need
from bot.core.model import Appointment, AppointmentStatus, Department, FailureCode, Order, Slot
from bot.moncreneau import appointments
from tests.app.fakes import FakeMoncreneau, refused

ME, STRANGER = "telegram:7", "somebody else"
AT = datetime.fromisoformat("2026-03-02T09:00")
Noted = tuple[int, list[tuple[int, AppointmentStatus]], datetime]


class Office:
    """An office, and what is noted of it."""

    def __init__(self) -> None:
        self.api = FakeMoncreneau((Department(5, "Mairie"),), tuple(Slot(AT + timedelta(hours=n)) for n in range(9)))
        self.noted: list[Noted] = []
        self.now = AT
        self.asked: Moncreneau = AppointmentRecorder(self.api, self.note, lambda: self.now)

    def note(self, chat_id: int, appointments: tuple[Appointment, ...], as_of: datetime) -> None:
        self.noted.append((chat_id, [(each.id, each.status) for each in appointments], as_of))

    async def books(self, owner: str = ME) -> int:
        hour = len(self.api.books)
        return (await self.asked.book(Order(5, AT + timedelta(hours=hour), "Aïssatou", owner))).id


async def test_appointments_that_are_read_are_recorded() -> None:
    office = Office()
    kept, cancelled = await office.books(), await office.books()
    await office.asked.cancel(cancelled)
    found = await office.asked.appointments(ME)
    assert [each.id for each in found] == [kept, cancelled]
    assert office.noted == [
        (7, [(kept, AppointmentStatus.SCHEDULED), (cancelled, AppointmentStatus.CANCELLED)], AT - SERVES)
    ]


async def test_an_owner_that_is_no_chat_is_not_recorded() -> None:
    office = Office()
    await office.books(STRANGER)
    assert await office.asked.appointments(STRANGER)
    assert office.noted == []


async def test_an_unreadable_list_is_not_recorded() -> None:
    office = Office()
    office.api.reads.append(refused(FailureCode.DOWN))
    with pytest.raises(ApiError):
        await office.asked.appointments(ME)
    assert office.noted == []


async def test_a_list_is_as_old_as_the_question_and_as_what_may_answer_it_from_memory() -> None:
    office = Office()

    class Slow(FakeMoncreneau):
        """Takes a minute."""

        async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
            office.now = AT + timedelta(minutes=1)
            return await super().appointments(owner, need)

    office.api = Slow(office.api.offices, office.api.free)
    office.asked = AppointmentRecorder(office.api, office.note, lambda: office.now)
    assert await office.asked.appointments(ME) == ()
    assert office.noted == [(7, [], AT - SERVES)]
    assert timedelta(seconds=appointments.SERVES) == SERVES
