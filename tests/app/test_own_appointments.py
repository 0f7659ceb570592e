"""If the API returns no owners, only appointments booked here belong to a chat."""

from datetime import datetime

from bot.app.appointment_recorder import AppointmentRecorder, own_appointments
from bot.app.ports import Need
from bot.app.records import DeliveryIds
from bot.app.turn import Turns
from bot.core.events import Commanded
from bot.core.model import Appointment, Order, Slot
from bot.core.session import Session
from bot.core.states import AskingCancel, Listing
from tests.app.fakes import FakeMoncreneau
from tests.app.test_turn import HORIZON, NOW, OFFICE, TEN, draw

ME = "telegram:7"


async def made(_chat_id: int) -> frozenset[int]:
    return frozenset({1})


class Ownerless(FakeMoncreneau):
    """A service that ignores whose appointments are asked for, and does not tell whose they are."""

    async def appointments(
        self,
        owner: str,  # noqa: ARG002 — the protocol's
        need: Need = Need.LOOK,  # noqa: ARG002 — as above
    ) -> tuple[Appointment, ...]:
        return tuple(self.books.values())


def appointment(number: int, owner: str | None = None, at: datetime = TEN) -> Appointment:
    return Appointment(number, OFFICE.id, at, "Aïssatou Bah", owner=owner)


async def test_a_list_with_owners_needs_no_further_query() -> None:
    async def unasked(_chat_id: int) -> frozenset[int]:
        raise AssertionError

    found = (appointment(1, ME), appointment(2, ME))
    assert await own_appointments(7, found, unasked) == found


async def test_without_owners_only_appointments_booked_here_are_shown() -> None:
    assert [each.id for each in await own_appointments(7, (appointment(1), appointment(2)), made)] == [1]


async def test_an_appointment_of_somebody_else_is_neither_shown_nor_cancelled() -> None:
    office = Ownerless((OFFICE,), (Slot(TEN),), {1: appointment(1), 2: appointment(2)})
    turns = Turns(office, draw, lambda: NOW, HORIZON, made, ids=DeliveryIds())
    state = (await turns.take(7, Session("fr", NOW), Commanded(at=NOW, name="appointments"))).session.state
    assert isinstance(state, Listing)
    assert [each.appointment.id for each in state.tickets] == [1]
    state = (await turns.take(7, Session("fr", NOW), Commanded(at=NOW, name="cancel", argument="2"))).session.state
    assert isinstance(state, Listing)
    state = (await turns.take(7, Session("fr", NOW), Commanded(at=NOW, name="cancel", argument="1"))).session.state
    assert isinstance(state, AskingCancel)


async def test_an_appointment_of_somebody_else_is_not_recorded_but_the_worker_may_look_it_up() -> None:
    noted: list[int] = []
    office = Ownerless((OFFICE,), (Slot(TEN),), {1: appointment(1), 2: appointment(2)})
    asked = AppointmentRecorder(
        office, lambda _chat, told, _since: noted.extend(each.id for each in told), lambda: TEN, made
    )
    await asked.book(Order(OFFICE.id, TEN, "Aïssatou Bah", ME))
    assert len(await asked.appointments(ME, Need.SETTLE)) == 3
    assert noted == [1, 100], "the second names its owner"
