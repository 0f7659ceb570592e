"""What is known of citizens' appointments beyond the bookings made here: whatever the API told when it was asked.

Knows the table, and nothing of why the API was asked.
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
    """The table of appointments, kept in step with what is told."""

    def __init__(self, store: Store) -> None:
        columns = ["chat_id", "department_id", "starts_at", "is_cancelled"]
        self._put = engines.upsert(store.engine, appointments, columns)

    def told(
        self,
        chat_id: int,
        told: Collection[Appointment],
        made_since: frozenset[int] = frozenset(),
        *,
        since: date = date.min,
    ) -> Work:
        """The write that follows when these are all of a chat's appointments that begin at `since` or later.

        One that is not among them is not its any more, but for those `made_since` the question was asked.
        """
        news = {each.id: _row(chat_id, each) for each in told}

        def work(connection: Connection) -> None:
            found = connection.execute(select(appointments).where(appointments.c.chat_id == chat_id))
            known = {row.appointment_id: row._mapping for row in found}  # noqa: SLF001 — public by its documentation
            changed = [row for number, row in news.items() if not row.items() <= dict(known.get(number, {})).items()]
            if changed:
                connection.execute(self._put, changed)
            standing = {
                number
                for number, row in known.items()
                if not row["is_cancelled"] and row["starts_at"] >= since.isoformat()
            }
            if gone := standing - news.keys() - made_since:
                connection.execute(
                    update(appointments).where(appointments.c.appointment_id.in_(gone)).values(is_cancelled=True)
                )

        return work


def _row(chat_id: int, appointment: Appointment) -> mappers.Values:
    row = mappers.made_row(chat_id, Made(appointment.id, appointment.department_id, appointment.at))
    return row | {"is_cancelled": appointment.status is AppointmentStatus.CANCELLED}
