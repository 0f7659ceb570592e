"""What is remembered of broadcasts: drafts, plans, statuses, deeds and cards; their recipients stand in `recipients`.

Every write goes through the store's one writer, together with what citizens do. Knows nothing of why it is written.
"""

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from bot.app.broadcast_ports import Admin, Card
from bot.app.records import Work
from bot.core.broadcast import Broadcast, Done, Plan, Status
from bot.core.steering import ENDED
from bot.storage import broadcast_rows as shapes
from bot.storage import dialect
from bot.storage.store import Store
from bot.storage.tables import broadcasts, cards, deeds, drafts, facts
from bot.storage.writing import execute, write

COUNTER = "broadcast number"


class BroadcastBooks:
    """See `Books`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine
        self._put_draft = dialect.upsert(self._engine, drafts, ["body"])
        self._put_card = dialect.upsert(self._engine, cards, ["message_id", "locale"])
        self._put_fact = dialect.upsert(self._engine, facts, ["value"])
        self._put_broadcast = dialect.insert_ignore(self._engine, broadcasts)

    # --- composing -----------------------------------------------------------------------------------------------

    async def next_number(self) -> int:
        """See `Books`."""

        def work(connection: Connection) -> int:
            last = connection.scalar(select(facts.c.value).where(facts.c.name == COUNTER))
            number = int(last or 0) + 1
            connection.execute(self._put_fact, {"name": COUNTER, "value": str(number)})
            return number

        return await write(self._store, work)

    async def draft(self, chat_id: int) -> str | None:
        """See `Books`."""
        async with self._engine.connect() as connection:
            found: str | None = await connection.scalar(select(drafts.c.body).where(drafts.c.chat_id == chat_id))
        return found

    def keep_draft(self, chat_id: int, body: str | None) -> Work:
        """See `Books`."""

        def work(connection: Connection) -> None:
            if body is None:
                connection.execute(delete(drafts).where(drafts.c.chat_id == chat_id))
            else:
                connection.execute(self._put_draft, {"chat_id": chat_id, "body": body})

        return work

    async def write(self, work: Work) -> None:
        """See `Books`."""
        await write(self._store, work)

    async def confirm(self, plan: Plan, admin: Admin, done: Done, card: Card) -> bool:
        """See `Books`."""

        def work(connection: Connection) -> bool:
            made = connection.execute(self._put_broadcast, shapes.plan_row(plan))
            connection.execute(delete(drafts).where(drafts.c.chat_id == card.chat_id))
            if not made.rowcount:
                return False
            connection.execute(insert(deeds), shapes.deed_row(plan.number, admin, done))
            connection.execute(self._put_card, shapes.card_row(card))
            return True

        return await write(self._store, work)

    # --- the broadcast -------------------------------------------------------------------------------------------

    async def move(self, number: int, before: Status, after: Status, by: tuple[Admin, Done] | None = None) -> bool:
        """See `Books`."""
        mine = update(broadcasts).where(broadcasts.c.number == number, broadcasts.c.status == before)
        ended = {"is_reported": False} if after not in ENDED else {}

        def work(connection: Connection) -> bool:
            moved = connection.execute(mine.values(status=after.value, **ended))
            if moved.rowcount and by:
                connection.execute(insert(deeds), shapes.deed_row(number, *by))
            return bool(moved.rowcount)

        return await write(self._store, work)

    async def insist(self, number: int) -> None:
        """See `Books`."""
        await execute(self._store, update(broadcasts).where(broadcasts.c.number == number).values(at_night=True))

    async def broadcast(self, number: int) -> Broadcast | None:
        """See `Books`."""
        found = await self._read(select(broadcasts).where(broadcasts.c.number == number))
        return found[0] if found else None

    async def recent(self, most: int) -> tuple[Broadcast, ...]:
        """See `Books`."""
        return await self._read(select(broadcasts).order_by(broadcasts.c.number.desc()).limit(most))

    async def _read(self, query: Any) -> tuple[Broadcast, ...]:
        async with self._engine.connect() as connection:
            found = (await connection.execute(query)).all()
            numbers = [row.number for row in found]
            history = await connection.execute(select(deeds).where(deeds.c.number.in_(numbers)).order_by(deeds.c.id))
            told: dict[int, list[Done]] = {}
            for each in history:
                told.setdefault(each.number, []).append(shapes.read_deed(each))
        return tuple(shapes.read_broadcast(row, told.get(row.number, ())) for row in found)

    async def numbers(self, statuses: frozenset[Status]) -> tuple[int, ...]:
        """See `Books`."""
        wanted = [each.value for each in statuses]
        ended = broadcasts.c.status.in_([each.value for each in ENDED]) & broadcasts.c.is_reported.is_(False)
        query = select(broadcasts.c.number).where(broadcasts.c.status.in_(wanted) | ended)
        async with self._engine.connect() as connection:
            return tuple(await connection.scalars(query.order_by(broadcasts.c.number)))

    async def is_reported(self, number: int) -> bool:
        """See `Books`."""
        async with self._engine.connect() as connection:
            query = select(broadcasts.c.is_reported).where(broadcasts.c.number == number)
            return bool(await connection.scalar(query))

    async def reported(self, number: int) -> None:
        """See `Books`."""
        await execute(self._store, update(broadcasts).where(broadcasts.c.number == number).values(is_reported=True))

    # --- the cards -----------------------------------------------------------------------------------------------

    async def put_card(self, card: Card) -> None:
        """See `Books`."""
        await execute(self._store, self._put_card, shapes.card_row(card))

    async def drop_card(self, card: Card) -> None:
        """See `Books`."""
        mine = (cards.c.number == card.number, cards.c.chat_id == card.chat_id, cards.c.message_id == card.message_id)
        await execute(self._store, delete(cards).where(*mine))

    async def cards(self, number: int) -> tuple[Card, ...]:
        """See `Books`."""
        async with self._engine.connect() as connection:
            found = await connection.execute(select(cards).where(cards.c.number == number))
            return tuple(Card(row.number, row.chat_id, row.message_id, row.locale) for row in found)
