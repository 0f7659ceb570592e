"""Wraps the moncreneau API and records the appointments that its lists contain.

So changes by an office are noticed whenever a citizen's appointments are read, without further requests. Knows neither
HTTP nor SQL, nor what the records are for.

Also decides which listed appointments belong to a chat if the API returns no owners.

An API that ignores the filter and returns no owners would show appointments of others and let them be cancelled. So an
appointment without an owner belongs to the chat only if the bot booked it for this chat.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.app.attempt import chat_of
from bot.app.ports import Moncreneau, Need
from bot.core.model import Appointment

MadeBy = Callable[[int], Awaitable[frozenset[int]]]
"""Returns the ids of the appointments that attempts of this chat made; see `Store.made_by`."""


async def nobody(_chat_id: int) -> frozenset[int]:
    """A `MadeBy` without a store: no appointment was made."""
    return frozenset()


async def own_appointments(chat_id: int, found: tuple[Appointment, ...], made_by: MadeBy) -> tuple[Appointment, ...]:
    """The appointments that surely belong to the chat."""
    if all(each.owner is not None for each in found):
        return found
    made = await made_by(chat_id)
    return tuple(each for each in found if each.owner is not None or each.id in made)


Record = Callable[[int, tuple[Appointment, ...], datetime], None]
"""Called with all appointments of a chat, as they were at this office time or later."""
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
        self.day = api.day
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
