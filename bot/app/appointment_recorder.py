"""The moncreneau API, with note taken of what it tells of citizens' appointments on the way.

What an office cancels, moves or books by itself comes to light whenever the bot reads a citizen's appointments anyway:
it costs no request more. Knows neither HTTP nor SQL, nor what the notes are for.
"""

from collections.abc import Callable

from bot.app.attempt import chat_of
from bot.app.owning import MadeBy, nobody, own
from bot.app.ports import Moncreneau, Need
from bot.core.model import Appointment, Order

Note = Callable[[int, tuple[Appointment, ...], frozenset[int]], None]
"""Hears a chat's appointments, all of them, but for those of these numbers: they were made while the API was asked."""


class Noting:
    """See `Moncreneau`; everything comes from `api`."""

    def __init__(self, api: Moncreneau, note: Note, made_by: MadeBy = nobody) -> None:
        self._api = api
        self._note = note
        self._made_by = made_by
        self._asking: list[set[int]] = []
        self.departments = api.departments
        self.availability = api.availability
        self.chosen = api.chosen
        self.appointment = api.appointment
        self.cancel = api.cancel
        self.freed = api.freed

    async def appointments(
        self, owner: str, need: Need = Need.LOOK, *, number: int | None = None
    ) -> tuple[Appointment, ...]:
        """See `Moncreneau.appointments`."""
        made = set[int]()
        self._asking.append(made)
        try:
            found = await self._api.appointments(owner, need, number=number)
            chat_id = chat_of(owner)
            mine = () if chat_id is None else await own(chat_id, found, self._made_by)
        finally:
            self._asking = [each for each in self._asking if each is not made]
        # One that is wanted alone may have come alone: that says nothing of the others.
        alone = number is not None and [each.id for each in found] == [number]
        if chat_id is not None and not alone:
            self._note(chat_id, mine, frozenset(made))
        return found

    async def book(self, order: Order) -> Appointment:
        """See `Moncreneau.book`."""
        appointment = await self._api.book(order)
        for made in self._asking:
            made.add(appointment.id)
        return appointment
