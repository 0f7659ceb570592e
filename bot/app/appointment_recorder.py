"""The moncreneau API, with note taken of what it tells of citizens' appointments on the way.

What an office cancels, moves or books by itself comes to light whenever the bot reads a citizen's appointments anyway:
it costs no request more. Knows neither HTTP nor SQL, nor what the notes are for.

Which of the appointments that the API lists for a chat are the chat's, where the API does not say whose they are.

A service that ignores our filter and names no owner would show strangers' appointments, and let them be cancelled. So
one without an owner is the chat's only where it was made here, by that chat. Asks neither HTTP nor SQL.
"""

from collections.abc import Awaitable, Callable

from bot.app.attempt import chat_of
from bot.app.ports import Moncreneau, Need
from bot.core.model import Appointment, Order

MadeBy = Callable[[int], Awaitable[frozenset[int]]]
"""The numbers of the appointments that attempts of this chat made; see `Store.made_by`."""


async def nobody(_chat_id: int) -> frozenset[int]:
    """For whoever has no store: nothing was made here."""
    return frozenset()


async def own_appointments(chat_id: int, found: tuple[Appointment, ...], made_by: MadeBy) -> tuple[Appointment, ...]:
    """Those of the appointments found for a chat that are surely its own."""
    if all(each.owner is not None for each in found):
        return found
    made = await made_by(chat_id)
    return tuple(each for each in found if each.owner is not None or each.id in made)


Record = Callable[[int, tuple[Appointment, ...], frozenset[int]], None]
"""Hears a chat's appointments, all of them, but for those of these numbers: they were made while the API was asked."""


class AppointmentRecorder:
    """See `Moncreneau`; everything comes from `api`."""

    def __init__(self, api: Moncreneau, note: Record, made_by: MadeBy = nobody) -> None:
        self._api = api
        self._note = note
        self._made_by = made_by
        self._asking: list[set[int]] = []
        self.departments = api.departments
        self.availability = api.availability
        self.hold = api.hold
        self.appointment = api.appointment
        self.cancel = api.cancel

    async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
        """See `Moncreneau.appointments`."""
        made = set[int]()
        self._asking.append(made)
        try:
            found = await self._api.appointments(owner, need)
            chat_id = chat_of(owner)
            mine = () if chat_id is None else await own_appointments(chat_id, found, self._made_by)
        finally:
            self._asking = [each for each in self._asking if each is not made]
        if chat_id is not None:
            self._note(chat_id, mine, frozenset(made))
        return found

    async def book(self, order: Order) -> Appointment:
        """See `Moncreneau.book`."""
        appointment = await self._api.book(order)
        for made in self._asking:
            made.add(appointment.id)
        return appointment
