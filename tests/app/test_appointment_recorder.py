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


class RecorderSetup:
    """A recorder in front of a fake service, and what it recorded."""

    def __init__(self) -> None:
        slots = tuple(Slot(AT + timedelta(hours=n)) for n in range(9))
        self.service = FakeMoncreneau((Department(5, "Mairie"),), slots)
        self.recorded: list[Noted] = []
        self.now = AT
        self.api: Moncreneau = AppointmentRecorder(self.service, self.record, lambda: self.now)

    def record(self, chat_id: int, appointments: tuple[Appointment, ...], as_of: datetime) -> None:
        self.recorded.append((chat_id, [(each.id, each.status) for each in appointments], as_of))

    async def books(self, owner: str = ME) -> int:
        hour = len(self.service.books)
        return (await self.api.book(Order(5, AT + timedelta(hours=hour), "Aïssatou", owner))).id


async def test_appointments_that_are_read_are_recorded() -> None:
    setup = RecorderSetup()
    kept, cancelled = await setup.books(), await setup.books()
    await setup.api.cancel(cancelled)
    found = await setup.api.appointments(ME)
    assert [each.id for each in found] == [kept, cancelled]
    assert setup.recorded == [
        (7, [(kept, AppointmentStatus.SCHEDULED), (cancelled, AppointmentStatus.CANCELLED)], AT - SERVES)
    ]


async def test_an_owner_that_is_not_a_chat_is_not_recorded() -> None:
    setup = RecorderSetup()
    await setup.books(STRANGER)
    assert await setup.api.appointments(STRANGER)
    assert setup.recorded == []


async def test_an_unreadable_list_is_not_recorded() -> None:
    setup = RecorderSetup()
    setup.service.reads.append(refused(FailureCode.DOWN))
    with pytest.raises(ApiError):
        await setup.api.appointments(ME)
    assert setup.recorded == []


async def test_the_age_of_a_list_counts_from_its_request_and_includes_the_age_of_cached_lists() -> None:
    setup = RecorderSetup()

    class Slow(FakeMoncreneau):
        """Takes a minute."""

        async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
            setup.now = AT + timedelta(minutes=1)
            return await super().appointments(owner, need)

    setup.service = Slow(setup.service.offices, setup.service.free)
    setup.api = AppointmentRecorder(setup.service, setup.record, lambda: setup.now)
    assert await setup.api.appointments(ME) == ()
    assert setup.recorded == [(7, [], AT - SERVES)]
    assert timedelta(seconds=appointments.SERVES) == SERVES
