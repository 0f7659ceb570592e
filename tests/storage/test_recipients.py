"""The repository of recipients on a real database."""

from collections.abc import AsyncIterator

import pytest

from bot.broadcast.model import BroadcastStatus, RecipientStatus
from bot.broadcast.ports import Recipient, StatusUpdate
from bot.storage import recipients
from tests.storage.broadcast_examples import NOW, BroadcastDatabase, broadcast_feature
from tests.storage.databases import Database

PENDING, SENT = frozenset({RecipientStatus.PENDING}), frozenset({RecipientStatus.SENT})


@pytest.fixture
async def room(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as here:
        yield here


async def test_recipients_are_stored_page_by_page(room: BroadcastDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "RANGE", 3)
    await room.chats(*range(1, 8))
    await room.confirms()
    assert await room.recipients.prepare(1, NOW)
    assert (await room.recipients.count_by_status(1)).total == 3
    assert await room.recipients.prepare(1, NOW)
    assert not await room.recipients.prepare(1, NOW)
    assert (await room.recipients.count_by_status(1)).of(RecipientStatus.PENDING) == 7


async def test_a_last_page_that_is_full_ends_the_list(room: BroadcastDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "RANGE", 3)
    await room.chats(*range(1, 7))
    await room.confirms()
    await room.prepares()
    assert (await room.recipients.count_by_status(1)).total == 6


async def test_without_chats_there_are_no_recipients(room: BroadcastDatabase) -> None:
    await room.confirms()
    assert not await room.recipients.prepare(1, NOW)


async def test_a_stopped_broadcast_gets_no_more_recipients(room: BroadcastDatabase) -> None:
    await room.chats(1, 2)
    await room.confirms()
    await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.STOPPED)
    await room.prepares()
    assert (await room.recipients.count_by_status(1)).total == 0


async def test_a_page_has_recipients_of_a_status_with_their_present_chat(room: BroadcastDatabase) -> None:
    await room.chats(1, 2, 3, 4, 5)
    await room.confirms()
    await room.prepares()
    await room.chats(2, locale="en")
    await room.chats(3, left=True)
    await room.chats(4, announcements=False)
    room.database.says("DELETE FROM chats WHERE chat_id = 5")
    assert await room.recipients.page(1, PENDING, 0, 10) == (
        Recipient(1, "fr"),
        Recipient(2, "en"),
        Recipient(3, "fr", left=True),
        Recipient(4, "fr", wanted=False),
        Recipient(5, "", wanted=False),
    )
    assert [each.chat_id for each in await room.recipients.page(1, PENDING, 2, 2)] == [3, 4]


async def test_a_recipient_is_refreshed_from_their_chat(room: BroadcastDatabase) -> None:
    await room.chats(1, locale="en", announcements=False)
    assert await room.recipients.refresh(Recipient(1, "fr", status=RecipientStatus.AGAIN)) == Recipient(
        1, "en", wanted=False, status=RecipientStatus.AGAIN
    )
    assert await room.recipients.refresh(Recipient(2, "fr", left=True)) == Recipient(2, "", left=True, wanted=False)


async def test_a_page_can_have_several_statuses(room: BroadcastDatabase) -> None:
    await room.chats(1, 2, 3)
    await room.confirms()
    await room.prepares()
    await room.recipients.record(1, (StatusUpdate(2, RecipientStatus.AGAIN), StatusUpdate(3, RecipientStatus.SENT)))
    found = await room.recipients.page(1, frozenset({RecipientStatus.PENDING, RecipientStatus.AGAIN}), 0, 10)
    assert [(each.chat_id, each.status) for each in found] == [(1, RecipientStatus.PENDING), (2, RecipientStatus.AGAIN)]


async def test_a_new_reason_keeps_the_time_of_the_status(room: BroadcastDatabase) -> None:
    await room.chats(1)
    await room.confirms()
    await room.prepares()
    await room.recipients.record(1, (StatusUpdate(1, RecipientStatus.SENT, 71),))
    (before,) = await room.recipients.page(1, SENT, 0, 10)
    await room.recipients.record(1, (StatusUpdate(1, RecipientStatus.SENT, 71, "cannot be recalled"),))
    assert await room.recipients.page(1, SENT, 0, 10) == (before,)
    assert before.at > 0


async def test_statuses_are_recorded_and_reported(room: BroadcastDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "PAGE", 2)
    await room.chats(1, 2, 3)
    await room.confirms()
    await room.prepares()
    await room.recipients.record(
        1,
        (
            StatusUpdate(1, RecipientStatus.SENDING),
            StatusUpdate(2, RecipientStatus.FAILED, error="no"),
            StatusUpdate(1, RecipientStatus.SENT, 71),
        ),
    )
    everybody = [each async for page in room.recipients.read_statuses(1, 0, 10) for each in page]
    assert everybody == [
        StatusUpdate(1, RecipientStatus.SENT, 71),
        StatusUpdate(2, RecipientStatus.FAILED, error="no"),
        StatusUpdate(3, RecipientStatus.PENDING),
    ]
    assert [page async for page in room.recipients.read_statuses(1, 1, 1)] == [tuple(everybody[1:2])]
    assert [page async for page in room.recipients.read_statuses(1, 3, 1)] == []
    (found,) = await room.recipients.page(1, SENT, 0, 10)
    assert (found.chat_id, found.message_id, found.status) == (1, 71, RecipientStatus.SENT)


async def test_all_recipients_of_one_status_get_another(room: BroadcastDatabase) -> None:
    await room.chats(1, 2, 3)
    await room.confirms()
    await room.prepares()
    await room.recipients.record(
        1, (StatusUpdate(1, RecipientStatus.SENDING), StatusUpdate(2, RecipientStatus.SENDING))
    )
    assert await room.recipients.change_statuses(1, RecipientStatus.SENDING, RecipientStatus.UNKNOWN, "killed") == 2
    counts = await room.recipients.count_by_status(1)
    assert (counts.of(RecipientStatus.UNKNOWN), counts.of(RecipientStatus.PENDING)) == (2, 1)
    assert room.database.rows("SELECT chat_id, error FROM recipients ORDER BY chat_id") == [
        (1, "killed"),
        (2, "killed"),
        (3, None),
    ]
    assert room.database.rows("SELECT figures FROM broadcasts") == [('{"pending": 1, "unknown": 2}',)]
