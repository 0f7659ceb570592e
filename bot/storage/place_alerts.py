"""The stored alerts for earlier places, each with what decides about it. Knows nothing of what they are for."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select, true, tuple_

from bot.app.records import Work
from bot.core.appointment_book import OVER
from bot.core.earlier_places import PlaceAlert, WatchedAlert
from bot.storage import engines, mappers
from bot.storage.store import Store, execute
from bot.storage.tables import appointments, chats, place_alerts

MINUTE = len("2026-03-02T09:00")
PAGE = 500
"""Alerts in one DELETE."""
_KEY = ("chat_id", "department_id")


class SqlPlaceAlertRepository:
    """See `bot.app.place_alerts.PlaceAlertRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        values = [column.name for column in place_alerts.columns if column.name not in _KEY]
        self._save = engines.upsert(store.engine, place_alerts, values)

    async def all(self) -> tuple[WatchedAlert, ...]:
        """See `PlaceAlertRepository`."""
        return await self._watched(true())

    async def of_chat(self, chat_id: int) -> tuple[WatchedAlert, ...]:
        """See `PlaceAlertRepository`."""
        return await self._watched(place_alerts.c.chat_id == chat_id)

    async def count(self) -> int:
        """See `PlaceAlertRepository`."""
        (row,) = await self._store.reader.rows(select(func.count().label("alerts")).select_from(place_alerts))
        return int(row.alerts)

    async def end(self, alerts: tuple[PlaceAlert, ...]) -> None:
        """See `PlaceAlertRepository`."""
        keys = [(each.chat_id, each.department_id, _text(each.asked_at)) for each in alerts]
        key = tuple_(place_alerts.c.chat_id, place_alerts.c.department_id, place_alerts.c.asked_at)
        for start in range(0, len(keys), PAGE):
            await execute(self._store, delete(place_alerts).where(key.in_(keys[start : start + PAGE])))

    def saved(self, alert: PlaceAlert) -> Work:
        """See `PlaceAlertRepository`."""

        def work(connection: Connection) -> None:
            connection.execute(self._save, _row(alert))

        return work

    def stopped(self, chat_id: int, department_id: int) -> Work:
        """See `PlaceAlertRepository`."""
        stop = delete(place_alerts).where(
            place_alerts.c.chat_id == chat_id, place_alerts.c.department_id == department_id
        )

        def work(connection: Connection) -> None:
            connection.execute(stop)

        return work

    async def _watched(self, condition: Any) -> tuple[WatchedAlert, ...]:
        alerts = (
            select(place_alerts, chats.c.is_left)
            .outerjoin(chats, chats.c.chat_id == place_alerts.c.chat_id)
            .where(condition)
            .order_by(place_alerts.c.asked_at)
        )
        of_alert = place_alerts.c.appointment_id == appointments.c.appointment_id
        entries = select(appointments).join(place_alerts, of_alert).where(condition)
        is_later = and_(
            appointments.c.chat_id == place_alerts.c.chat_id,
            appointments.c.department_id == place_alerts.c.department_id,
            appointments.c.booked_at >= func.substr(place_alerts.c.asked_at, 1, MINUTE),
            appointments.c.status.not_in([each.value for each in OVER]),
        )
        booked = (
            select(place_alerts.c.chat_id, place_alerts.c.department_id)
            .join(appointments, is_later)
            .where(condition, place_alerts.c.appointment_id.is_(None))
        )
        of_number = {row.appointment_id: mappers.read_entry(row) for row in await self._store.reader.rows(entries)}
        has_booked = {(row.chat_id, row.department_id) for row in await self._store.reader.rows(booked)}
        return tuple(
            WatchedAlert(
                _read(row),
                of_number.get(row.appointment_id),
                is_booked=(row.chat_id, row.department_id) in has_booked,
                has_left=row.is_left is None or row.is_left,
            )
            for row in await self._store.reader.rows(alerts)
        )


def _row(alert: PlaceAlert) -> mappers.Values:
    return {
        "chat_id": alert.chat_id,
        "department_id": alert.department_id,
        "appointment_id": alert.appointment_id,
        "worker_id": alert.worker_id,
        "asked_at": _text(alert.asked_at),
        "sent": alert.sent,
        "sent_at": _text(alert.sent_at) if alert.sent_at else None,
        "sent_slot": mappers.office_text(alert.sent_slot) if alert.sent_slot else None,
    }


def _read(row: Row[Any]) -> PlaceAlert:
    return PlaceAlert(
        row.chat_id,
        row.department_id,
        datetime.fromisoformat(row.asked_at),
        row.appointment_id,
        row.worker_id,
        row.sent,
        datetime.fromisoformat(row.sent_at) if row.sent_at else None,
        datetime.fromisoformat(row.sent_slot) if row.sent_slot else None,
    )


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
