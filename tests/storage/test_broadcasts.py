"""The repository of broadcasts on a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app.records import Change
from bot.broadcast.lifecycle import ENDED, cursor_of
from bot.broadcast.model import AdminAction, Broadcast, BroadcastStatus, HistoryEntry, RecipientStatus
from bot.broadcast.ports import NOWHERE, Admin, OwnBroadcasts, ProgressMessage, StatusUpdate
from tests.storage.broadcast_examples import ADMIN, CONFIRMED, NOW, BroadcastDatabase, broadcast_feature, plan
from tests.storage.databases import Database

OTHER = Admin(901, "Hawa")
LIVE = frozenset(BroadcastStatus) - ENDED


@pytest.fixture
async def db(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as opened:
        yield opened


async def reports(db: BroadcastDatabase, number: int) -> None:
    """Record that the report of the broadcast's present end was sent."""
    broadcast = await db.repository.broadcast(number)
    assert broadcast
    await db.repository.write(db.repository.reported(broadcast))


async def test_no_broadcast_number_is_used_twice(db: BroadcastDatabase) -> None:
    assert [await db.repository.next_number() for _ in range(3)] == [1, 2, 3]


async def test_a_draft_is_stored_replaced_and_deleted(db: BroadcastDatabase) -> None:
    assert await db.repository.draft(900) is None
    await db.repository.write(db.repository.keep_draft(900, "one"))
    await db.store.commit(Change(works=(db.repository.keep_draft(900, "two"),)))
    assert await db.repository.draft(900) == "two"
    await db.repository.write(db.repository.keep_draft(900, None))
    assert await db.repository.draft(900) is None


async def test_confirming_stores_the_broadcast_and_deletes_the_draft(db: BroadcastDatabase) -> None:
    await db.repository.write(db.repository.keep_draft(900, "draft"))
    assert await db.confirm_broadcast()
    assert await db.repository.draft(900) is None
    broadcast = await db.repository.broadcast(1)
    assert broadcast
    assert (broadcast.plan, broadcast.status, broadcast.history) == (plan(), BroadcastStatus.PREPARING, (CONFIRMED,))
    assert await db.repository.progress_messages(1) == (ProgressMessage(1, 900, 70, "fr"),)


async def test_confirming_twice_changes_nothing(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    assert not await db.confirm_broadcast()
    broadcast = await db.repository.broadcast(1)
    assert broadcast
    assert (broadcast.status, len(broadcast.history)) == (BroadcastStatus.DONE, 1)


async def test_a_status_changes_only_if_it_is_the_expected_one(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    stopped = HistoryEntry("Hawa", AdminAction.STOPPED, NOW)
    assert await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.STOPPED, (OTHER, stopped))
    assert not await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.STOPPED, (ADMIN, stopped))
    broadcast = await db.repository.broadcast(1)
    assert broadcast
    assert broadcast.history == (CONFIRMED, stopped)


async def test_admins_with_the_same_name_are_shown_with_their_user_ids(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    paused = HistoryEntry("Ibrahima", AdminAction.PAUSED, NOW)
    assert await db.repository.move(
        1, BroadcastStatus.PREPARING, BroadcastStatus.PAUSED, (Admin(901, "Ibrahima"), paused)
    )
    resumed = HistoryEntry("Hawa", AdminAction.RESUMED, NOW)
    assert await db.repository.move(1, BroadcastStatus.PAUSED, BroadcastStatus.RUNNING, (Admin(902, "Hawa"), resumed))
    broadcast = await db.repository.broadcast(1)
    assert broadcast
    assert [each.user_id for each in broadcast.history] == [900, 901, None]


async def test_the_newest_broadcasts_come_first(db: BroadcastDatabase) -> None:
    for number in (1, 2, 3):
        await db.confirm_broadcast(number=number)
    assert [each.plan.number for each in await db.repository.recent(2)] == [3, 2]
    assert await db.repository.broadcast(4) is None


async def test_the_list_is_sorted_and_paged_without_gaps(db: BroadcastDatabase) -> None:
    for number, status in enumerate(BroadcastStatus, start=1):
        await db.confirm_broadcast(number=number)
        await db.repository.move(number, BroadcastStatus.PREPARING, status)
    for number in (20, 21, 22, 23):
        starts = NOW + timedelta(days=10 - number // 2)
        timed = replace(plan(number=number), starts=starts)
        await db.repository.confirm(timed, ADMIN, CONFIRMED, ProgressMessage(number, 900, number, "fr"))
        await db.repository.move(number, BroadcastStatus.PREPARING, BroadcastStatus.SCHEDULED)
    listed = await db.repository.listed(99)
    assert listed == tuple(sorted(listed, key=lambda each: cursor_of(each).key))
    assert {each.plan.number for each in listed} == {*range(1, len(BroadcastStatus) + 1), 20, 21, 22, 23}
    pages, after = list[Broadcast](), None
    while page := await db.repository.listed(2, after):
        pages.extend(page)
        after = cursor_of(page[-1])
    assert tuple(pages) == listed


async def test_active_and_unreported_broadcasts_are_found_after_a_restart(db: BroadcastDatabase) -> None:
    for number in (1, 2, 3):
        await db.confirm_broadcast(number=number)
    await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    await db.repository.move(2, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    await reports(db, 2)
    assert await db.repository.is_reported(2)
    assert await db.repository.numbers(LIVE) == (1, 3)


async def test_a_broadcast_that_runs_again_is_reported_again(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    await reports(db, 1)
    await db.repository.move(1, BroadcastStatus.DONE, BroadcastStatus.RUNNING)
    assert not await db.repository.is_reported(1)


async def test_the_report_of_an_earlier_end_does_not_count_for_a_later_one(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.DONE)
    first_end = await db.repository.broadcast(1)
    assert first_end
    again = HistoryEntry("Hawa", AdminAction.RESENT, NOW)
    await db.repository.move(1, BroadcastStatus.DONE, BroadcastStatus.RUNNING, (OTHER, again), again=True)
    await db.repository.write(db.repository.reported(first_end))
    await db.repository.move(1, BroadcastStatus.RUNNING, BroadcastStatus.DONE)
    await db.repository.write(db.repository.reported(first_end))
    assert not await db.repository.is_reported(1)
    assert await db.repository.numbers(LIVE) == (1,)
    await reports(db, 1)
    assert await db.repository.is_reported(1)


async def test_a_resend_changes_unknown_recipients_in_the_same_transaction(db: BroadcastDatabase) -> None:
    await db.add_chats(1, 2)
    await db.confirm_broadcast()
    await db.list_recipients()
    await db.recipients.record(1, (StatusUpdate(1, RecipientStatus.UNKNOWN), StatusUpdate(2, RecipientStatus.SENT, 71)))
    again = HistoryEntry("Hawa", AdminAction.RESENT, NOW)
    assert not await db.repository.move(1, BroadcastStatus.DONE, BroadcastStatus.RUNNING, (OTHER, again), again=True)
    assert (await db.recipients.count_by_status(1)).of(RecipientStatus.UNKNOWN) == 1
    assert await db.repository.move(1, BroadcastStatus.PREPARING, BroadcastStatus.RUNNING, (OTHER, again), again=True)
    counts = await db.recipients.count_by_status(1)
    assert (counts.of(RecipientStatus.AGAIN), counts.of(RecipientStatus.SENT)) == (1, 1)


async def test_counts_are_those_last_written(db: BroadcastDatabase) -> None:
    await db.add_chats(1, 2)
    await db.confirm_broadcast()
    await db.list_recipients()
    await db.recipients.count_by_status(1)
    broadcast = await db.repository.broadcast(1)
    assert broadcast
    assert broadcast.counts.of(RecipientStatus.PENDING) == 2


async def test_an_admin_has_one_progress_message_per_broadcast(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    await db.repository.put_progress_message(ProgressMessage(1, 900, 71, "en"))
    await db.repository.put_progress_message(ProgressMessage(1, 901, 72, "fr"))
    assert set(await db.repository.progress_messages(1)) == {
        ProgressMessage(1, 900, 71, "en"),
        ProgressMessage(1, 901, 72, "fr"),
    }


async def test_a_message_shows_the_progress_of_one_broadcast_only(db: BroadcastDatabase) -> None:
    await db.confirm_broadcast()
    await db.confirm_broadcast(number=2)
    assert await db.repository.progress_messages(1) == (ProgressMessage(1, 900, NOWHERE, "fr"),)
    await db.repository.put_progress_message(ProgressMessage(1, 900, 70, "fr"))
    await db.repository.put_progress_message(ProgressMessage(1, 901, 70, "fr"))
    assert await db.repository.progress_messages(1) == (
        ProgressMessage(1, 900, 70, "fr"),
        ProgressMessage(1, 901, 70, "fr"),
    )
    assert await db.repository.progress_messages(2) == (ProgressMessage(2, 900, NOWHERE, "fr"),)
    await db.repository.clear_progress_message(900, 70)
    assert await db.repository.progress_messages(1) == (
        ProgressMessage(1, 900, NOWHERE, "fr"),
        ProgressMessage(1, 901, 70, "fr"),
    )


async def test_staff_see_what_they_confirmed_for_departments_that_are_still_theirs(db: BroadcastDatabase) -> None:
    fatou = Admin(901, "Fatou")
    for number, staff_of, admin in ((1, None, fatou), (2, 5, fatou), (3, 8, fatou), (4, 5, ADMIN), (5, 5, fatou)):
        await db.confirm_broadcast(number=number, staff_of=staff_of, admin=admin)
    own = OwnBroadcasts(901, frozenset({5, 9}))
    assert [each.plan.number for each in await db.repository.listed(9, own=own)] == [5, 2]
    assert [each.plan.number for each in await db.repository.listed(1, own=own)] == [5]
    assert len(await db.repository.listed(9)) == 5
    assert [await db.repository.is_own(number, own) for number in (1, 2, 3, 4, 5, 6)] == [
        False, True, False, False, True, False,
    ]  # fmt: skip
    (found,) = await db.repository.listed(1, own=own)
    assert found.plan.department_id == 5
