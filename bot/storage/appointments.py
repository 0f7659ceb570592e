"""Updates the table of appointments from lists that the API returned.

So the table also has appointments that were moved, cancelled or made outside the bot. Must not know why the API was
asked.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, select, update

from bot.app.records import Made, Work
from bot.core.model import Appointment, AppointmentStatus
from bot.storage import engines, mappers
from bot.storage.store import Store
from bot.storage.tables import appointments


class AppointmentBook:
    """The table of appointments."""

    def __init__(self, store: Store) -> None:
        columns = ["chat_id", "department_id", "starts_at", "is_cancelled"]
        self._put = engines.upsert(store.engine, appointments, columns)

    def replace(
        self,
        chat_id: int,
        listed: Collection[Appointment],
        made_since: frozenset[int] = frozenset(),
        *,
        since: date = date.min,
    ) -> Work:
        """The write that makes `listed` the chat's appointments from the day `since` on.

        Stored appointments that are not listed become cancelled, except those in `made_since`: they were booked after
        the API was asked, so its list cannot have them.
        """
        listed_rows = {each.id: _row(chat_id, each) for each in listed}

        def work(connection: Connection) -> None:
            found = connection.execute(select(appointments).where(appointments.c.chat_id == chat_id))
            known = {row.appointment_id: row._mapping for row in found}  # noqa: SLF001 — documented as public
            changed = [
                row for number, row in listed_rows.items() if not row.items() <= dict(known.get(number, {})).items()
            ]
            if changed:
                connection.execute(self._put, changed)
            not_cancelled = {
                number
                for number, row in known.items()
                if not row["is_cancelled"] and row["starts_at"] >= since.isoformat()
            }
            if gone := not_cancelled - listed_rows.keys() - made_since:
                connection.execute(
                    update(appointments).where(appointments.c.appointment_id.in_(gone)).values(is_cancelled=True)
                )

        return work


def _row(chat_id: int, appointment: Appointment) -> mappers.Values:
    row = mappers.made_row(chat_id, Made(appointment.id, appointment.department_id, appointment.at))
    return row | {"is_cancelled": appointment.status is AppointmentStatus.CANCELLED}
