"""The moncreneau API, with note taken of what it tells of citizens' appointments on the way.

What an office cancels, moves or books by itself comes to light whenever the bot reads a citizen's appointments anyway:
it costs no request more. Knows neither HTTP nor SQL, nor what the notes are for.

Which of the appointments that the API lists for a chat are the chat's, where the API does not say whose they are.

A service that ignores our filter and names no owner would show strangers' appointments, and let them be cancelled. So
one without an owner is the chat's only where it was made here, by that chat. Asks neither HTTP nor SQL.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.app.attempt import chat_of
from bot.app.ports import Moncreneau, Need
from bot.core.model import Appointment

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


Record = Callable[[int, tuple[Appointment, ...], datetime], None]
"""Hears a chat's appointments, all of them, as they were at this office time or later."""
SERVES = timedelta(seconds=10)
"""How old a list may be (`bot.moncreneau.appointments.SERVES`)."""


class AppointmentRecorder:
    """See `Moncreneau`; everything comes from `api`."""

    def __init__(
        self, api: Moncreneau, note: Record, office_time: Callable[[], datetime], made_by: MadeBy = nobody
    ) -> None:
        self._api = api
        self._note = note
        self._now = office_time
        self._made_by = made_by
        self.departments = api.departments
        self.availability = api.availability
        self.hold = api.hold
        self.appointment = api.appointment
        self.book = api.book
        self.cancel = api.cancel

    async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
        """See `Moncreneau.appointments`."""
        began = self._now()
        found = await self._api.appointments(owner, need)
        chat_id = chat_of(owner)
        if chat_id is not None:
            self._note(chat_id, await own_appointments(chat_id, found, self._made_by), began - SERVES)
        return found
