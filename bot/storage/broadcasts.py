"""The repository of broadcasts: drafts, plans, statuses, histories and progress messages.

The recipients have their own repository in `recipients`. Every write goes through the store's single writer.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, select, update

from bot.app.records import Work
from bot.broadcast.lifecycle import ENDED, ListCursor
from bot.broadcast.model import AdminAction, Broadcast, BroadcastStatus, HistoryEntry, Plan, RecipientStatus
from bot.broadcast.ports import NOWHERE, Admin, OwnBroadcasts, ProgressMessage
from bot.storage import broadcast_mappers as mappers
from bot.storage import engines
from bot.storage.store import Store, execute, write
from bot.storage.tables import broadcasts, drafts, history_entries, progress_messages, recipients, saved_values

COUNTER = "broadcast number"

_BEGINNING = func.substr(history_entries.c.who, 1, mappers.NAME)
NAMESAKES = select(_BEGINNING).group_by(_BEGINNING).having(func.count(history_entries.c.user_id.distinct()) > 1)
"""Finds names in the history that more than one admin has."""


class SqlBroadcastRepository:
    """See `BroadcastRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reader = store.reader
        self._put_draft = engines.upsert(store.engine, drafts, ["body"])
        self._put_progress = engines.upsert(store.engine, progress_messages, ["message_id", "locale"])
        here = (
            progress_messages.c.chat_id == bindparam("chat"),
            progress_messages.c.message_id == bindparam("message"),
        )
        self._clear_message = update(progress_messages).where(*here).values(message_id=NOWHERE)
        self._save_value = engines.upsert(store.engine, saved_values, ["value"])
        self._put_broadcast = engines.insert_ignore(store.engine, broadcasts)

    # --- drafts --------------------------------------------------------------------------------------------------

    async def next_number(self) -> int:
        """See `BroadcastRepository`."""

        def work(connection: Connection) -> int:
            last = connection.scalar(select(saved_values.c.value).where(saved_values.c.name == COUNTER))
            number = int(last or 0) + 1
            connection.execute(self._save_value, {"name": COUNTER, "value": str(number)})
            return number

        return await write(self._store, work)

    async def draft(self, chat_id: int) -> str | None:
        """See `BroadcastRepository`."""
        query = select(drafts.c.body).where(drafts.c.chat_id == chat_id)
        found: str | None = await self._reader.scalar(query)
        return found

    def keep_draft(self, chat_id: int, body: str | None) -> Work:
        """See `BroadcastRepository`."""

        def work(connection: Connection) -> None:
            if body is None:
                connection.execute(delete(drafts).where(drafts.c.chat_id == chat_id))
            else:
                connection.execute(self._put_draft, {"chat_id": chat_id, "body": body})

        return work

    async def write(self, work: Work) -> None:
        """See `BroadcastRepository`."""
        await write(self._store, work)

    async def confirm(self, plan: Plan, admin: Admin, entry: HistoryEntry, progress: ProgressMessage) -> bool:
        """See `BroadcastRepository`."""

        def work(connection: Connection) -> bool:
            made = connection.execute(self._put_broadcast, mappers.plan_row(plan))
            connection.execute(delete(drafts).where(drafts.c.chat_id == progress.chat_id))
            if not made.rowcount:
                return False
            connection.execute(insert(history_entries), mappers.history_row(plan.number, admin, entry))
            self._put(connection, progress)
            return True

        return await write(self._store, work)

    # --- broadcasts ----------------------------------------------------------------------------------------------

    async def move(
        self,
        number: int,
        before: BroadcastStatus,
        after: BroadcastStatus,
        by: tuple[Admin, HistoryEntry] | None = None,
        *,
        again: bool = False,
    ) -> bool:
        """See `BroadcastRepository`."""
        mine = update(broadcasts).where(broadcasts.c.number == number, broadcasts.c.status == before)
        ended = {"is_reported": False} if after not in ENDED else {}
        unknown = update(recipients).where(
            recipients.c.number == number, recipients.c.status == RecipientStatus.UNKNOWN.value
        )

        def work(connection: Connection) -> bool:
            moved = connection.execute(mine.values(status=after.value, **ended))
            if moved.rowcount and by:
                connection.execute(insert(history_entries), mappers.history_row(number, *by))
            if moved.rowcount and again:
                connection.execute(unknown.values(status=RecipientStatus.AGAIN.value))
            return bool(moved.rowcount)

        return await write(self._store, work)

    async def broadcast(self, number: int) -> Broadcast | None:
        """See `BroadcastRepository`."""
        found = await self._found(select(broadcasts).where(broadcasts.c.number == number))
        return found[0] if found else None

    async def recent(self, most: int) -> tuple[Broadcast, ...]:
        """See `BroadcastRepository`."""
        return await self._found(select(broadcasts).order_by(broadcasts.c.number.desc()).limit(most))

    async def listed(
        self, most: int, after: ListCursor | None = None, own: OwnBroadcasts | None = None
    ) -> tuple[Broadcast, ...]:
        """See `BroadcastRepository`."""
        query = select(broadcasts).order_by(*mappers.LISTING).limit(most)
        if own:
            query = query.where(*_is_own(own))
        return await self._found(query.where(mappers.after_cursor(after)) if after else query)

    async def is_own(self, number: int, own: OwnBroadcasts) -> bool:
        """See `BroadcastRepository`."""
        query = select(broadcasts.c.number).where(broadcasts.c.number == number, *_is_own(own))
        return await self._reader.scalar(query) is not None

    async def _found(self, query: Any) -> tuple[Broadcast, ...]:
        def work(connection: Connection) -> tuple[Broadcast, ...]:
            found = connection.execute(query).all()
            numbers = [row.number for row in found]
            history = connection.execute(
                select(history_entries).where(history_entries.c.number.in_(numbers)).order_by(history_entries.c.id)
            )
            namesakes = frozenset(connection.scalars(NAMESAKES))
            entries: dict[int, list[HistoryEntry]] = {}
            for each in history:
                entries.setdefault(each.number, []).append(mappers.read_history_entry(each, namesakes))
            return tuple(mappers.read_broadcast(row, entries.get(row.number, ())) for row in found)

        return await self._reader.read(work)

    async def numbers(self, statuses: frozenset[BroadcastStatus]) -> tuple[int, ...]:
        """See `BroadcastRepository`."""
        wanted = [each.value for each in statuses]
        ended = broadcasts.c.status.in_([each.value for each in ENDED]) & broadcasts.c.is_reported.is_(False)
        query = select(broadcasts.c.number).where(broadcasts.c.status.in_(wanted) | ended).order_by(broadcasts.c.number)
        return tuple(row.number for row in await self._reader.rows(query))

    async def is_reported(self, number: int) -> bool:
        """See `BroadcastRepository`."""
        query = select(broadcasts.c.is_reported).where(broadcasts.c.number == number)
        return bool(await self._reader.scalar(query))

    def reported(self, broadcast: Broadcast) -> Work:
        """See `BroadcastRepository`."""
        number = broadcast.plan.number
        acted = (
            select(func.count())
            .select_from(history_entries)
            .where(history_entries.c.number == number)
            .scalar_subquery()
        )
        same = (broadcasts.c.status == broadcast.status.value, acted == len(broadcast.history))
        mine = update(broadcasts).where(broadcasts.c.number == number, *same)

        def work(connection: Connection) -> None:
            connection.execute(mine.values(is_reported=True))

        return work

    # --- progress messages ---------------------------------------------------------------------------------------

    async def put_progress_message(self, progress: ProgressMessage) -> None:
        """See `BroadcastRepository`."""
        await write(self._store, lambda connection: self._put(connection, progress))

    def _put(self, connection: Connection, progress: ProgressMessage) -> None:
        connection.execute(self._clear_message, {"chat": progress.chat_id, "message": progress.message_id})
        connection.execute(self._put_progress, mappers.progress_row(progress))

    async def clear_progress_message(self, chat_id: int, message_id: int) -> None:
        """See `BroadcastRepository`."""
        await execute(self._store, self._clear_message, {"chat": chat_id, "message": message_id})

    async def progress_messages(self, number: int) -> tuple[ProgressMessage, ...]:
        """See `BroadcastRepository`."""
        query = (
            select(progress_messages).where(progress_messages.c.number == number).order_by(progress_messages.c.chat_id)
        )
        rows = await self._reader.rows(query)
        return tuple(ProgressMessage(row.number, row.chat_id, row.message_id, row.locale) for row in rows)


def _is_own(own: OwnBroadcasts) -> tuple[ColumnElement[bool], ...]:
    """That this member of staff confirmed it, for a department that is still theirs."""
    confirmed = exists().where(
        history_entries.c.number == broadcasts.c.number,
        history_entries.c.user_id == own.user_id,
        history_entries.c.deed == AdminAction.CONFIRMED.value,
    )
    return broadcasts.c.department_id.in_(own.departments), confirmed
