"""The repository of recipients on a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.broadcast.model import BroadcastStatus, DayVisitors, Everyone, RecipientStatus, Visitors
from bot.broadcast.ports import Recipient, StatusUpdate
from bot.storage import recipients
from tests.storage.broadcast_examples import NOW, BroadcastDatabase, broadcast_feature, plan
from tests.storage.databases import Database

PENDING, SENT = frozenset({RecipientStatus.PENDING}), frozenset({RecipientStatus.SENT})


@pytest.fixture
async def db(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as opened:
        yield opened


async def test_recipients_are_stored_page_by_page(db: BroadcastDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "RANGE", 3)
    await db.add_chats(*range(1, 8))
    await db.confirm_broadcast()
    assert await db.recipients.prepare(1, NOW)
    assert (await db.recipients.count_by_status(1)).total == 3
    assert await db.recipients.prepare(1, NOW)
    assert not await db.recipients.prepare(1, NOW)
    assert (await db.recipients.count_by_status(1)).of(RecipientStatus.PENDING) == 7


async def test_a_last_page_that_is_full_ends_the_list(db: BroadcastDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "RANGE", 3)
    await db.add_chats(*range(1, 7))
    await db.confirm_broadcast()
    await db.list_recipients()
    assert (await db.recipients.count_by_status(1)).total == 6


async def test_without_chats_there_are_no_recipients(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    assert not await db.recipients.prepare(1, NOW)


async def test_a_stopped_broadcast_gets_no_more_recipients(db: BroadcastDatabase) -> None:
    await db.add_chats(1, 2)
    await db.confirm_broadcast()
    await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.STOPPED)
    await db.list_recipients()
    assert (await db.recipients.count_by_status(1)).total == 0


async def test_a_page_has_recipients_of_a_status_with_their_present_chat(db: BroadcastDatabase) -> None:
    await db.add_chats(1, 2, 3, 4, 5)
    await db.confirm_broadcast()
    await db.list_recipients()
    await db.add_chats(2, locale="en")
    await db.add_chats(3, left=True)
    await db.add_chats(4, announcements=False)
    db.database.execute("DELETE FROM chats WHERE chat_id = 5")
    assert await db.recipients.page(1, PENDING, 0, 10) == (
        Recipient(1, "fr"),
        Recipient(2, "en"),
        Recipient(3, "fr", left=True),
        Recipient(4, "fr", wanted=False),
        Recipient(5, "", wanted=False),
    )
    assert [each.chat_id for each in await db.recipients.page(1, PENDING, 2, 2)] == [3, 4]


async def test_a_recipient_is_refreshed_from_their_chat(db: BroadcastDatabase) -> None:
    await db.add_chats(1, locale="en", announcements=False)
    assert await db.recipients.refresh(Recipient(1, "fr", status=RecipientStatus.AGAIN)) == Recipient(
        1, "en", wanted=False, status=RecipientStatus.AGAIN
    )
    assert await db.recipients.refresh(Recipient(2, "fr", left=True)) == Recipient(2, "", left=True, wanted=False)


async def test_a_page_can_have_several_statuses(db: BroadcastDatabase) -> None:
    await db.add_chats(1, 2, 3)
    await db.confirm_broadcast()
    await db.list_recipients()
    await db.recipients.record(1, (StatusUpdate(2, RecipientStatus.AGAIN), StatusUpdate(3, RecipientStatus.SENT)))
    found = await db.recipients.page(1, frozenset({RecipientStatus.PENDING, RecipientStatus.AGAIN}), 0, 10)
    assert [(each.chat_id, each.status) for each in found] == [(1, RecipientStatus.PENDING), (2, RecipientStatus.AGAIN)]


async def test_a_new_reason_keeps_the_time_of_the_status(db: BroadcastDatabase) -> None:
    await db.add_chats(1)
    await db.confirm_broadcast()
    await db.list_recipients()
    await db.recipients.record(1, (StatusUpdate(1, RecipientStatus.SENT, 71),))
    (before,) = await db.recipients.page(1, SENT, 0, 10)
    await db.recipients.record(1, (StatusUpdate(1, RecipientStatus.SENT, 71, "cannot be recalled"),))
    assert await db.recipients.page(1, SENT, 0, 10) == (before,)
    assert before.at > 0


async def test_statuses_are_recorded_and_reported(db: BroadcastDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "PAGE", 2)
    await db.add_chats(1, 2, 3)
    await db.confirm_broadcast()
    await db.list_recipients()
    await db.recipients.record(
        1,
        (
            StatusUpdate(1, RecipientStatus.SENDING),
            StatusUpdate(2, RecipientStatus.FAILED, error="no"),
            StatusUpdate(1, RecipientStatus.SENT, 71),
        ),
    )
    everybody = [each async for page in db.recipients.read_statuses(1, 0, 10) for each in page]
    assert everybody == [
        StatusUpdate(1, RecipientStatus.SENT, 71),
        StatusUpdate(2, RecipientStatus.FAILED, error="no"),
        StatusUpdate(3, RecipientStatus.PENDING),
    ]
    assert [page async for page in db.recipients.read_statuses(1, 1, 1)] == [tuple(everybody[1:2])]
    assert [page async for page in db.recipients.read_statuses(1, 3, 1)] == []
    (found,) = await db.recipients.page(1, SENT, 0, 10)
    assert (found.chat_id, found.message_id, found.status) == (1, 71, RecipientStatus.SENT)


async def test_all_recipients_of_one_status_get_another(db: BroadcastDatabase) -> None:
    await db.add_chats(1, 2, 3)
    await db.confirm_broadcast()
    await db.list_recipients()
    await db.recipients.record(1, (StatusUpdate(1, RecipientStatus.SENDING), StatusUpdate(2, RecipientStatus.SENDING)))
    assert await db.recipients.change_statuses(1, RecipientStatus.SENDING, RecipientStatus.UNKNOWN, "killed") == 2
    counts = await db.recipients.count_by_status(1)
    assert (counts.of(RecipientStatus.UNKNOWN), counts.of(RecipientStatus.PENDING)) == (2, 1)
    assert db.database.rows("SELECT chat_id, error FROM recipients ORDER BY chat_id") == [
        (1, "killed"),
        (2, "killed"),
        (3, None),
    ]
    assert db.database.rows("SELECT figures FROM broadcasts") == [('{"pending": 1, "unknown": 2}',)]


async def test_who_cancelled_or_moved_since_the_list_was_made_is_not_booked_any_more(db: BroadcastDatabase) -> None:
    await db.add_chats(1, 2)
    tomorrow = NOW + timedelta(days=1)
    for chat in (1, 2):
        await db.add_appointment(chat, 100 + chat, 5, tomorrow.isoformat(timespec="minutes"))
    day = tomorrow.date()
    of_day, coming = plan(DayVisitors(5, "Passports", day, day)), plan(Visitors(5, "Passports"))
    by_staff = replace(plan(Everyone()), department_id=5)
    for each in (of_day, coming, by_staff):
        assert await db.recipients.is_booked(each, 1, NOW)
        assert not await db.recipients.is_booked(each, 3, NOW)
    await db.cancel_appointment(1, 101)
    for each in (of_day, coming, by_staff):
        assert not await db.recipients.is_booked(each, 1, NOW)
        assert await db.recipients.is_booked(each, 2, NOW)
    await db.add_appointment(1, 201, 5, (tomorrow + timedelta(days=1)).isoformat(timespec="minutes"))
    assert [await db.recipients.is_booked(each, 1, NOW) for each in (of_day, coming, by_staff)] == [False, True, True]
