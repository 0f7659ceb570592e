"""The repository of broadcasts on a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app.records import Change
from bot.broadcast.lifecycle import ENDED, cursor_of
from bot.broadcast.model import AdminAction, Broadcast, BroadcastStatus, HistoryEntry, RecipientStatus
from bot.broadcast.ports import NOWHERE, Admin, ProgressMessage, StatusUpdate
from tests.storage.broadcast_examples import ADMIN, CONFIRMED, NOW, BroadcastDatabase, broadcast_feature, plan
from tests.storage.databases import Database

OTHER = Admin(901, "Hawa")
LIVE = frozenset(BroadcastStatus) - ENDED


@pytest.fixture
async def room(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as here:
        yield here


async def reports(room: BroadcastDatabase, number: int) -> None:
    """The report of the present end is sent."""
    broadcast = await room.repository.broadcast(number)
    assert broadcast
    await room.repository.write(room.repository.reported(broadcast))


async def test_no_number_is_given_twice(room: BroadcastDatabase) -> None:
    assert [await room.repository.next_number() for _ in range(3)] == [1, 2, 3]


async def test_a_draft_is_stored_replaced_and_deleted(room: BroadcastDatabase) -> None:
    assert await room.repository.draft(900) is None
    await room.repository.write(room.repository.keep_draft(900, "one"))
    await room.store.commit(Change(works=(room.repository.keep_draft(900, "two"),)))
    assert await room.repository.draft(900) == "two"
    await room.repository.write(room.repository.keep_draft(900, None))
    assert await room.repository.draft(900) is None


async def test_confirming_stores_the_broadcast_and_deletes_the_draft(room: BroadcastDatabase) -> None:
    await room.repository.write(room.repository.keep_draft(900, "draft"))
    assert await room.confirms()
    assert await room.repository.draft(900) is None
    broadcast = await room.repository.broadcast(1)
    assert broadcast
    assert (broadcast.plan, broadcast.status, broadcast.history) == (plan(), BroadcastStatus.PREPARING, (CONFIRMED,))
    assert await room.repository.progress_messages(1) == (ProgressMessage(1, 900, 70, "fr"),)


async def test_confirming_twice_changes_nothing(room: BroadcastDatabase) -> None:
    await room.confirms()
    await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    assert not await room.confirms()
    broadcast = await room.repository.broadcast(1)
    assert broadcast
    assert (broadcast.status, len(broadcast.history)) == (BroadcastStatus.DONE, 1)


async def test_a_status_is_left_only_once(room: BroadcastDatabase) -> None:
    await room.confirms()
    stopped = HistoryEntry("Hawa", AdminAction.STOPPED, NOW)
    assert await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.STOPPED, (OTHER, stopped))
    assert not await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.STOPPED, (ADMIN, stopped))
    broadcast = await room.repository.broadcast(1)
    assert broadcast
    assert broadcast.history == (CONFIRMED, stopped)


async def test_admins_of_one_name_are_told_apart(room: BroadcastDatabase) -> None:
    await room.confirms()
    paused = HistoryEntry("Ibrahima", AdminAction.PAUSED, NOW)
    assert await room.repository.move(
        1, BroadcastStatus.PREPARING, BroadcastStatus.PAUSED, (Admin(901, "Ibrahima"), paused)
    )
    resumed = HistoryEntry("Hawa", AdminAction.RESUMED, NOW)
    assert await room.repository.move(1, BroadcastStatus.PAUSED, BroadcastStatus.RUNNING, (Admin(902, "Hawa"), resumed))
    broadcast = await room.repository.broadcast(1)
    assert broadcast
    assert [each.user_id for each in broadcast.history] == [900, 901, None]


async def test_the_newest_broadcasts_come_first(room: BroadcastDatabase) -> None:
    for number in (1, 2, 3):
        await room.confirms(number=number)
    assert [each.plan.number for each in await room.repository.recent(2)] == [3, 2]
    assert await room.repository.broadcast(4) is None


async def test_the_list_is_sorted_and_paged_without_gaps(room: BroadcastDatabase) -> None:
    for number, status in enumerate(BroadcastStatus, start=1):
        await room.confirms(number=number)
        await room.repository.move(number, BroadcastStatus.PREPARING, status)
    for number in (20, 21, 22, 23):
        starts = NOW + timedelta(days=10 - number // 2)
        timed = replace(plan(number=number), starts=starts)
        await room.repository.confirm(timed, ADMIN, CONFIRMED, ProgressMessage(number, 900, number, "fr"))
        await room.repository.move(number, BroadcastStatus.PREPARING, BroadcastStatus.SCHEDULED)
    listed = await room.repository.listed(99)
    assert listed == tuple(sorted(listed, key=lambda each: cursor_of(each).key))
    assert {each.plan.number for each in listed} == {*range(1, len(BroadcastStatus) + 1), 20, 21, 22, 23}
    pages, after = list[Broadcast](), None
    while page := await room.repository.listed(2, after):
        pages.extend(page)
        after = cursor_of(page[-1])
    assert tuple(pages) == listed


async def test_active_and_unreported_broadcasts_are_found_after_a_restart(room: BroadcastDatabase) -> None:
    for number in (1, 2, 3):
        await room.confirms(number=number)
    await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    await room.repository.move(2, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    await reports(room, 2)
    assert await room.repository.is_reported(2)
    assert await room.repository.numbers(LIVE) == (1, 3)


async def test_a_broadcast_that_runs_again_is_reported_again(room: BroadcastDatabase) -> None:
    await room.confirms()
    await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    await reports(room, 1)
    await room.repository.move(1, BroadcastStatus.DONE, BroadcastStatus.RUNNING)
    assert not await room.repository.is_reported(1)


async def test_the_report_of_one_end_is_not_that_of_the_next(room: BroadcastDatabase) -> None:
    await room.confirms()
    await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    first_end = await room.repository.broadcast(1)
    assert first_end
    again = HistoryEntry("Hawa", AdminAction.RESENT, NOW)
    await room.repository.move(1, BroadcastStatus.DONE, BroadcastStatus.RUNNING, (OTHER, again), again=True)
    await room.repository.write(room.repository.reported(first_end))
    await room.repository.move(1, BroadcastStatus.RUNNING, BroadcastStatus.DONE)
    await room.repository.write(room.repository.reported(first_end))
    assert not await room.repository.is_reported(1)
    assert await room.repository.numbers(LIVE) == (1,)
    await reports(room, 1)
    assert await room.repository.is_reported(1)


async def test_a_resend_changes_unknown_recipients_in_the_same_transaction(room: BroadcastDatabase) -> None:
    await room.chats(1, 2)
    await room.confirms()
    await room.prepares()
    await room.recipients.record(
        1, (StatusUpdate(1, RecipientStatus.UNKNOWN), StatusUpdate(2, RecipientStatus.SENT, 71))
    )
    again = HistoryEntry("Hawa", AdminAction.RESENT, NOW)
    assert not await room.repository.move(1, BroadcastStatus.DONE, BroadcastStatus.RUNNING, (OTHER, again), again=True)
    assert (await room.recipients.count_by_status(1)).of(RecipientStatus.UNKNOWN) == 1
    assert await room.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, (OTHER, again), again=True)
    counts = await room.recipients.count_by_status(1)
    assert (counts.of(RecipientStatus.AGAIN), counts.of(RecipientStatus.SENT)) == (1, 1)


async def test_counts_are_those_last_written(room: BroadcastDatabase) -> None:
    await room.chats(1, 2)
    await room.confirms()
    await room.prepares()
    await room.recipients.count_by_status(1)
    broadcast = await room.repository.broadcast(1)
    assert broadcast
    assert broadcast.counts.of(RecipientStatus.PENDING) == 2


async def test_an_admin_has_one_progress_message_per_broadcast(room: BroadcastDatabase) -> None:
    await room.confirms()
    await room.repository.put_progress_message(ProgressMessage(1, 900, 71, "en"))
    await room.repository.put_progress_message(ProgressMessage(1, 901, 72, "fr"))
    assert set(await room.repository.progress_messages(1)) == {
        ProgressMessage(1, 900, 71, "en"),
        ProgressMessage(1, 901, 72, "fr"),
    }


async def test_a_message_shows_one_broadcast(room: BroadcastDatabase) -> None:
    await room.confirms()
    await room.confirms(number=2)
    assert await room.repository.progress_messages(1) == (ProgressMessage(1, 900, NOWHERE, "fr"),)
    await room.repository.put_progress_message(ProgressMessage(1, 900, 70, "fr"))
    await room.repository.put_progress_message(ProgressMessage(1, 901, 70, "fr"))
    assert await room.repository.progress_messages(1) == (
        ProgressMessage(1, 900, 70, "fr"),
        ProgressMessage(1, 901, 70, "fr"),
    )
    assert await room.repository.progress_messages(2) == (ProgressMessage(2, 900, NOWHERE, "fr"),)
    await room.repository.clear_progress_message(900, 70)
    assert await room.repository.progress_messages(1) == (
        ProgressMessage(1, 900, NOWHERE, "fr"),
        ProgressMessage(1, 901, 70, "fr"),
    )
