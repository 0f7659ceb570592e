"""The migrations create the present tables from nothing and from every earlier revision, and keep all rows."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.app.records import StoredChat, TicketMessage
from bot.storage import engines, migrate
from bot.storage.store import Store
from bot.storage.tables import metadata
from tests.storage.databases import Database

FILLED = (
    "INSERT INTO chats (chat_id, session, locale, is_left, seen_at) VALUES (77, 'a session', 'en', false, 1.5)",
    "INSERT INTO inbox (update_id, chat_id, body, received_at{tries}) VALUES (5, 77, '{{}}', 1.5{zero})",
    "INSERT INTO inbox (update_id, chat_id, received_at, done_at{tries}) VALUES (4, 77, 1.5, 2.5{zero})",
    """INSERT INTO outbox (id, chat_id, kind, body, urgency{not_before})
       VALUES (9, 77, 'send', '["Oui", [], null]', 0{zero})""",
    """INSERT INTO attempts (chat_id, number, kind, body, opened_at, withdrawn)
       VALUES (77, 3, 'book', '{{}}', 1.5, true)""",
)
"""Rows that an earlier bot may have stored. Up to revision 0004 there were two columns more, which nobody read."""


def filled(revision: str) -> list[str]:
    """The statements that fill a database of this revision."""
    unread = {"tries": ", tries", "not_before": ", not_before", "zero": ", 0"}
    return [each.format_map(unread if revision < "0005" else dict.fromkeys(unread, "")) for each in FILLED]


async def made(database: Database, revision: str, *statements: str) -> None:
    """Create a database as an earlier version of the bot left it."""
    engine = engines.engine_for(database.url)
    async with engine.begin() as connection:
        await connection.run_sync(migrate.upgrade, revision)
        for statement in statements:
            await connection.execute(text(statement))
    await engine.dispose()


async def cut_short(database: Database) -> None:
    """Start an upgrade and end the process before the commit."""
    engine = engines.engine_for(database.url)
    async with engine.connect() as connection:
        await connection.run_sync(migrate.upgrade)
        await connection.close()
    await engine.dispose()


@pytest.mark.parametrize("revision", sorted(migrate.revisions()))
async def test_an_upgrade_keeps_all_rows_of_an_earlier_database(revision: str, database: Database) -> None:
    await made(database, revision, *filled(revision))
    store = await Store(database.url).open()
    try:
        assert await store.revision() == (migrate.newest(), migrate.newest())
        assert await store.chat(77) == StoredChat(77, "a session", "en")
        assert [each.update_id for each in await store.open_updates()] == [5]
        assert [each.message.text async for each in store.open_deliveries()] == ["Oui"]
        assert [(each.number, each.withdrawn) for each in await store.open_attempts()] == [(3, True)]
    finally:
        await store.close()


async def test_the_messages_of_tickets_stay_known(database: Database) -> None:
    known = "INSERT INTO appointments (appointment_id, chat_id, department_id, starts_at, is_cancelled, ticket_message)"
    rows = (
        "(50, 77, 5, '2026-03-03T10:00', false, 70)",
        "(51, 77, 5, '2026-03-03T10:00', false, NULL)",
        "(52, 78, 5, '2026-03-03T10:00', false, 70)",
    )
    await made(database, "0007", *(f"{known} VALUES {row}" for row in rows))
    store = await Store(database.url).open()
    try:
        assert await store.ticket_messages(77, 50) == (TicketMessage(77, 70, 50),)
        assert await store.ticket_messages(77, 51) == ()
        assert await store.ticket_messages(78, 52) == (TicketMessage(78, 70, 52),)
    finally:
        await store.close()


async def test_the_migrations_create_the_tables_of_the_code(database: Database) -> None:
    await made(database, "head")
    engine = engines.engine_for(database.url)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


@pytest.mark.parametrize("revision", sorted(migrate.revisions()))
async def test_an_interrupted_upgrade_leaves_the_database_unchanged(revision: str, database: Database) -> None:
    await made(database, revision, *filled(revision))
    before = database.shape()
    await cut_short(database)
    assert database.shape() == before


async def test_an_interrupted_first_start_leaves_an_empty_database(database: Database) -> None:
    await cut_short(database)
    assert database.shape() == []
