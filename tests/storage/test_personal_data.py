"""Copying and erasing forget no table: every table of the database has rows of two chats, and one of them goes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Float, Integer, Table, insert

from bot.app.pseudonyms import Pseudonyms
from bot.app.records import BookingCounts, Change, Erasure, Settled, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment
from bot.storage.personal_data import CHAT_OF, KEPT, OF_ADMINS, erase
from bot.storage.retention import SqlRetention
from bot.storage.store import Store, execute, write
from bot.storage.tables import block_entries, erased_counts, history_entries, inbox, metadata, outbox, saved_values
from bot.views.my_data import COLUMNS, TABLES
from tests.storage.databases import Database
from tests.storage.test_timers import BOOKED
from tests.storage.test_timers import MADE as MADE_APPOINTMENT
from tests.storage.values import attempt, delivery

MINE, OTHERS = 7_000_077, 7_000_078
NOW = datetime.fromisoformat("2026-03-02T09:00")
PSEUDONYMS = Pseudonyms("a bot's token")


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """An open store that knows the pseudonyms."""
    opened = await Store(database.url, PSEUDONYMS).open()
    yield opened
    await opened.close()


def names_a_chat(column: Column[Any]) -> bool:
    return column.name.endswith(("chat_id", "user_id", "pseudonym"))


def row_of(table: Table, chat_id: int, number: int) -> dict[str, Any]:
    """A row of this chat with a value in every column; `number` makes its key unique."""

    def value(column: Column[Any]) -> Any:
        if column.name == "pseudonym":
            return PSEUDONYMS.of(chat_id)
        if names_a_chat(column):
            return chat_id
        match column.type:
            case Boolean():
                return False
            case Float() | Integer():
                return number
            case _:
                return str(number)

    return {column.name: value(column) for column in table.columns}


async def fill(store: Store) -> None:
    """A row of both chats in every table."""
    for table in metadata.sorted_tables:
        await execute(store, insert(table), [row_of(table, MINE, 1), row_of(table, OTHERS, 2)])


def copied(table: Table) -> dict[str, Any]:
    """What a copy has of the row."""
    return {name: value for name, value in row_of(table, MINE, 1).items() if name not in OF_ADMINS.get(table, ())}


def rows(database: Database, table: Table) -> list[Any]:
    return database.rows(f"SELECT * FROM {table.name} ORDER BY 1, 2")  # noqa: S608 — our own names


def test_every_table_that_knows_a_chat_is_copied_and_erased_or_kept_for_a_reason() -> None:
    known = {table for table in metadata.sorted_tables if any(map(names_a_chat, table.columns))}
    assert known == CHAT_OF.keys()
    assert {history_entries, block_entries, erased_counts} == KEPT


async def test_erasing_leaves_no_trace_of_the_chat_and_all_of_the_others(store: Store, database: Database) -> None:
    await fill(store)
    before = {table: rows(database, table) for table in metadata.sorted_tables if table is not saved_values}
    await write(store, lambda connection: erase(connection, [MINE], NOW, PSEUDONYMS))
    for table, rows_before in before.items():
        after = rows(database, table)
        if table is block_entries:
            assert [each[1] for each in after] == [PSEUDONYMS.of(MINE), OTHERS], "a block stays, without the chat"
            continue
        if table not in CHAT_OF or table in KEPT:
            assert after == rows_before, table.name
            continue
        assert not [each for each in after if MINE in each], table.name
        assert [each for each in after if OTHERS in each] == [each for each in rows_before if OTHERS in each]
    kept = {each.name: [copied(each)] for each in KEPT}
    kept["block_entries"][0]["chat_id"] = PSEUDONYMS.of(MINE)
    assert await store.copy_of(MINE) == kept
    await write(store, lambda connection: erase(connection, [MINE], NOW, PSEUDONYMS))


async def test_the_ids_of_updates_stay_and_so_do_the_last_words_and_what_is_not_read_yet(
    store: Store, database: Database
) -> None:
    await fill(store)
    new = row_of(inbox, MINE, 3) | {"done_at": None, "error": None, "body": "new"}
    await execute(store, insert(inbox), new)
    await execute(store, insert(outbox), row_of(outbox, MINE, 4))
    await write(store, lambda connection: erase(connection, [MINE], NOW, PSEUDONYMS, keep=[4]))
    updates = database.rows("SELECT update_id, chat_id, body FROM inbox ORDER BY update_id")
    assert updates == [(1, 0, None), (2, OTHERS, "2"), (3, MINE, "new")]
    assert database.rows("SELECT id, chat_id FROM outbox ORDER BY id") == [(2, OTHERS), (4, MINE)]


async def test_a_copy_has_every_row_of_the_chat_with_every_column_and_of_nobody_else(store: Store) -> None:
    await fill(store)
    copy = await store.copy_of(MINE)
    assert copy == {table.name: [copied(table)] for table in CHAT_OF}
    assert "who" not in copy["block_entries"][0], "the admin who did it is not a citizen's data"
    assert await store.copy_of(5) == {}


def test_every_table_and_column_of_a_copy_has_plain_words() -> None:
    assert {table.name for table in CHAT_OF} == set(TABLES)
    assert {column.name for table in CHAT_OF for column in table.columns} == set(COLUMNS)


async def test_the_change_that_settles_an_attempt_erases_its_chat_and_keeps_the_outcome_to_tell(
    store: Store, database: Database
) -> None:
    chat = StoredChat(MINE, "session", "fr")
    await store.commit(Change(chat=chat, queued=(delivery(1, MINE),), opened=(attempt(1, MINE),)))
    made = Fact(50, MINE, BOOKED, Source.ATTEMPT, MADE_APPOINTMENT)
    end = Settled(MINE, 1, "booked", 50, (made,))
    await store.commit(Change(chat=chat, queued=(delivery(2, MINE),), settled=end, erased=Erasure(MINE, NOW)))
    assert await store.chat(MINE) is None
    assert await store.entries_of(MINE) == ()
    assert (await store.copy_of(MINE)).keys() == {"outbox", "erased_counts"}
    assert database.rows("SELECT id FROM outbox") == [(2,)]
    await store.commit(Change(sent=(2,)))
    assert (await store.copy_of(MINE)).keys() == {"erased_counts"}
    assert await store.count_bookings(MINE, NOW) == BookingCounts(coming=1, pending=0, booked=1)


async def test_erasing_makes_no_room_for_more_appointments_until_the_last_one_has_begun(store: Store) -> None:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    chat = StoredChat(MINE, "session", "fr")

    async def books(*days: int) -> None:
        for day in days:
            made = Appointment(50 + day, 5, now + timedelta(days=day), "Aïssatou")
            fact = Fact(made.id, MINE, now, Source.ATTEMPT, made)
            end = Settled(MINE, day, "booked", made.id, (fact,))
            await store.commit(Change(chat=chat, opened=(attempt(day, MINE),)))
            await store.commit(Change(settled=end))

    async def erased() -> tuple[int, int]:
        await store.commit(Change(erased=Erasure(MINE, now)))
        counts = await store.count_bookings(MINE, now)
        return counts.coming, counts.booked

    await books(1, 3)
    await store.commit(Change(facts=(Fact(59, MINE, now, Source.ATTEMPT, None),)))
    assert await erased() == (2, 2)
    await books(5)
    assert (await store.count_bookings(MINE, now)).coming == 3
    listed = Appointment(51, 5, now + timedelta(days=1), "Aïssatou")
    await store.commit(Change(facts=(Fact(51, MINE, now, Source.LIST, listed),)))
    assert await erased() == (3, 3), "an appointment that is brought back from the service counts once"
    assert await store.count_bookings(OTHERS, now) == BookingCounts(0, 0, 0)
    later = [await store.count_bookings(MINE, now + timedelta(days=days)) for days in (1, 4, 5)]
    assert [(each.coming, each.booked) for each in later] == [(2, 0), (1, 0), (0, 0)]
    await SqlRetention(store).forget_erased(now + timedelta(days=4))
    assert len((await store.copy_of(MINE))["erased_counts"]) == 1
    await SqlRetention(store).forget_erased(now + timedelta(days=5))
    assert await store.copy_of(MINE) == {}


async def test_with_another_token_the_chats_erased_before_are_not_recognised(store: Store, database: Database) -> None:
    await execute(store, insert(erased_counts), row_of(erased_counts, MINE, 1) | {"kind": "open", "until": "9999"})
    assert (await store.count_bookings(MINE, NOW)).coming == 1
    other = await Store(database.url, Pseudonyms("another token")).open()
    assert (await other.count_bookings(MINE, NOW)).coming == 0
    await other.close()
