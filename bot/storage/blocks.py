"""The stored record of blocked chats: who blocked and unblocked them, and when. The last entry of a chat counts."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, true

from bot.app.records import BlockEntry, Work
from bot.storage.reader import SharedReads
from bot.storage.store import Store
from bot.storage.tables import WHO, block_entries, chats


class SqlBlockRepository:
    """See `bot.operations.blocking.BlockRepository`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pseudonyms = store.pseudonyms
        self._blocked = SharedReads(self._are_blocked)

    async def is_blocked(self, chat_id: int) -> bool:
        """Whether the chat may book nothing further."""
        return await self._blocked.of(chat_id)

    async def _are_blocked(self, chat_ids: Collection[int]) -> dict[int, bool]:
        chats_by_id = {each: chat_id for chat_id in chat_ids for each in (chat_id, self._pseudonyms.of(chat_id))}
        mine = select(block_entries).where(block_entries.c.chat_id.in_(chats_by_id)).order_by(block_entries.c.id)
        last = {chats_by_id[row.chat_id]: bool(row.is_blocked) for row in await self._store.reader.rows(mine)}
        return dict.fromkeys(chat_ids, False) | last

    async def is_known(self, chat_id: int) -> bool:
        """See `BlockRepository`."""
        return bool(await self._store.reader.rows(select(chats.c.chat_id).where(chats.c.chat_id == chat_id)))

    async def last(self, chat_id: int) -> BlockEntry | None:
        """See `BlockRepository`."""
        mine = select(block_entries).where(block_entries.c.chat_id.in_((chat_id, self._pseudonyms.of(chat_id))))
        rows = await self._store.reader.rows(mine.order_by(block_entries.c.id.desc()).limit(1))
        return replace(_read(rows[0]), chat_id=chat_id) if rows else None

    async def blocked(self) -> tuple[BlockEntry, ...]:
        """See `BlockRepository`."""
        newest = select(func.max(block_entries.c.id)).group_by(block_entries.c.chat_id)
        query = select(block_entries).where(block_entries.c.id.in_(newest), block_entries.c.is_blocked == true())
        return tuple(map(_read, await self._store.reader.rows(query.order_by(block_entries.c.id.desc()))))

    def record(self, entry: BlockEntry) -> Work:
        """See `BlockRepository`. The entries of a chat that was erased once stay under its pseudonym."""
        pseudonym = self._pseudonyms.of(entry.chat_id)
        was_erased = select(block_entries.c.id).where(block_entries.c.chat_id == pseudonym)
        row = {
            "is_blocked": entry.is_blocked,
            "user_id": entry.user_id,
            "who": entry.who[:WHO],
            "at": entry.at.isoformat(timespec="seconds"),
        }

        def work(connection: Connection) -> None:
            chat_id = pseudonym if connection.execute(was_erased).first() else entry.chat_id
            connection.execute(insert(block_entries), row | {"chat_id": chat_id})

        return work


def _read(row: Row[Any]) -> BlockEntry:
    return BlockEntry(row.chat_id, row.is_blocked, row.user_id, row.who, datetime.fromisoformat(row.at))
