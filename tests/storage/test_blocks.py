"""The record of blocked chats, on both databases."""

import asyncio
from dataclasses import replace
from datetime import datetime

from bot.app.pseudonyms import is_pseudonym
from bot.app.records import BlockEntry, Change, StoredChat
from bot.storage.blocks import SqlBlockRepository
from bot.storage.personal_data import erase
from bot.storage.store import Store, write
from tests.storage.values import CHAT

AT = datetime.fromisoformat("2026-03-02T09:00:05")
BLOCKED = BlockEntry(CHAT, is_blocked=True, user_id=900, who="Ibrahima", at=AT)


async def test_the_last_entry_of_a_chat_counts(store: Store) -> None:
    blocks = SqlBlockRepository(store)
    assert (await blocks.last(CHAT), await blocks.is_blocked(CHAT), await blocks.blocked()) == (None, False, ())
    other = replace(BLOCKED, chat_id=8, who="M" * 500)
    for entry in (BLOCKED, other):
        await store.commit(Change(works=(blocks.record(entry),)))
    assert await blocks.last(CHAT) == BLOCKED
    assert await blocks.is_blocked(CHAT)
    assert [each.chat_id for each in await blocks.blocked()] == [8, CHAT]
    undone = replace(BLOCKED, is_blocked=False, user_id=901, who="Fatou")
    await store.commit(Change(works=(blocks.record(undone),)))
    assert await blocks.last(CHAT) == undone
    assert not await blocks.is_blocked(CHAT)
    assert [each.chat_id for each in await blocks.blocked()] == [8]


async def test_chats_that_are_looked_up_together_are_told_apart(store: Store) -> None:
    blocks = SqlBlockRepository(store)
    other, undone = replace(BLOCKED, chat_id=8), replace(BLOCKED, is_blocked=False)
    for entry in (BLOCKED, other, undone):
        await store.commit(Change(works=(blocks.record(entry),)))
    assert await asyncio.gather(*map(blocks.is_blocked, (CHAT, 8, 9, 8))) == [False, True, False, True]


async def test_a_chat_is_known_until_it_is_erased_and_its_block_stays(store: Store) -> None:
    blocks = SqlBlockRepository(store)
    await store.commit(Change(chat=StoredChat(CHAT, "s", "fr"), works=(blocks.record(BLOCKED),)))
    assert await blocks.is_known(CHAT)
    await write(store, lambda connection: erase(connection, [CHAT], AT, store.pseudonyms))
    assert not await blocks.is_known(CHAT)
    assert await blocks.last(CHAT) == BLOCKED
    (hidden,) = await blocks.blocked()
    assert is_pseudonym(hidden.chat_id)
    for is_blocked in (False, True):
        await store.commit(Change(works=(blocks.record(replace(BLOCKED, is_blocked=is_blocked)),)))
        assert await blocks.is_blocked(CHAT) == is_blocked
        assert [each.chat_id for each in await blocks.blocked()] == [hidden.chat_id] * is_blocked
