"""Wraps the moncreneau API and records the appointments that its lists contain.

So changes by an office are noticed whenever a citizen's appointments are read, without further requests. Knows neither
HTTP nor SQL, nor what the records are for.

Also decides which listed appointments belong to a chat if the API returns no owners: only those that the bot booked for
it. Such an API may ignore the filter as well, and then the list has appointments of others.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

from bot.app.attempt import chat_of
from bot.app.ports import Moncreneau, Need, SlotChoice
from bot.core.model import Appointment, Department, Order, Slot

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
    """See `Moncreneau`: everything comes from `api`, and the lists that it returns are recorded."""

    def __init__(
        self, api: Moncreneau, note: Record, office_time: Callable[[], datetime], made_by: MadeBy = nobody
    ) -> None:
        self._api = api
        self._note = note
        self._now = office_time
        self._made_by = made_by

    async def appointments(self, owner: str, need: Need = Need.LOOK) -> tuple[Appointment, ...]:
        """See `Moncreneau.appointments`."""
        began = self._now()
        found = await self._api.appointments(owner, need)
        chat_id = chat_of(owner)
        if chat_id is not None:
            self._note(chat_id, await own_appointments(chat_id, found, self._made_by), began - SERVES)
        return found

    async def departments(self) -> tuple[Department, ...]:
        """See `Moncreneau.departments`."""
        return await self._api.departments()

    async def availability(  # noqa: PLR0913 — what a reading is of, and whom it is for
        self,
        owner: str,
        department_id: int,
        first: date,
        last: date,
        worker_id: int | None = None,
        *,
        wanted: datetime | None = None,
    ) -> tuple[Slot, ...]:
        """See `Moncreneau.availability`."""
        return await self._api.availability(owner, department_id, first, last, worker_id, wanted=wanted)

    def hold(self, owner: str, choice: SlotChoice | None, *, check: bool = False) -> datetime | None:
        """See `Moncreneau.hold`."""
        return self._api.hold(owner, choice, check=check)

    async def appointment(self, appointment_id: int, need: Need = Need.SETTLE) -> Appointment | None:
        """See `Moncreneau.appointment`."""
        return await self._api.appointment(appointment_id, need)

    async def day(self, department_id: int, day: date) -> tuple[Appointment, ...]:
        """See `Moncreneau.day`."""
        return await self._api.day(department_id, day)

    async def book(self, order: Order) -> Appointment:
        """See `Moncreneau.book`."""
        return await self._api.book(order)

    async def cancel(self, appointment_id: int) -> None:
        """See `Moncreneau.cancel`."""
        await self._api.cancel(appointment_id)
