"""Broadcasts on a real database: numbers, drafts, confirming once, moving once, history, cards."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app.records import Change
from bot.broadcast.lifecycle import ENDED, place_of
from bot.broadcast.model import Broadcast, Deed, Done, Fate, Status
from bot.broadcast.ports import NOWHERE, Admin, Card, Entry
from tests.storage.broadcast_examples import ADMIN, CONFIRMED, NOW, Newsroom, newsroom, plan
from tests.storage.databases import Database

OTHER = Admin(901, "Hawa")
LIVE = frozenset(Status) - ENDED


@pytest.fixture
async def room(database: Database) -> AsyncIterator[Newsroom]:
    async with newsroom(database) as here:
        yield here


async def reports(room: Newsroom, number: int) -> None:
    """The report of the present end is sent."""
    broadcast = await room.books.broadcast(number)
    assert broadcast
    await room.books.reported(broadcast)


async def test_no_number_is_given_twice(room: Newsroom) -> None:
    assert [await room.books.next_number() for _ in range(3)] == [1, 2, 3]


async def test_a_draft_is_kept_replaced_and_forgotten(room: Newsroom) -> None:
    assert await room.books.draft(900) is None
    await room.books.write(room.books.keep_draft(900, "one"))
    await room.store.commit(Change(works=(room.books.keep_draft(900, "two"),)))
    assert await room.books.draft(900) == "two"
    await room.books.write(room.books.keep_draft(900, None))
    assert await room.books.draft(900) is None


async def test_confirming_stores_it_and_forgets_the_draft(room: Newsroom) -> None:
    await room.books.write(room.books.keep_draft(900, "draft"))
    assert await room.confirms()
    assert await room.books.draft(900) is None
    broadcast = await room.books.broadcast(1)
    assert broadcast
    assert (broadcast.plan, broadcast.status, broadcast.history) == (plan(), Status.PREPARING, (CONFIRMED,))
    assert await room.books.cards(1) == (Card(1, 900, 70, "fr"),)


async def test_confirming_twice_changes_nothing(room: Newsroom) -> None:
    await room.confirms()
    await room.books.move(1, Status.PREPARING, Status.DONE)
    assert not await room.confirms()
    broadcast = await room.books.broadcast(1)
    assert broadcast
    assert (broadcast.status, len(broadcast.history)) == (Status.DONE, 1)


async def test_a_status_is_left_once_however_many_try(room: Newsroom) -> None:
    await room.confirms()
    stopped = Done("Hawa", Deed.STOPPED, NOW)
    assert await room.books.move(1, Status.PREPARING, Status.STOPPED, (OTHER, stopped))
    assert not await room.books.move(1, Status.PREPARING, Status.STOPPED, (ADMIN, stopped))
    broadcast = await room.books.broadcast(1)
    assert broadcast
    assert broadcast.history == (CONFIRMED, stopped)


async def test_admins_of_one_name_are_told_apart(room: Newsroom) -> None:
    await room.confirms()
    paused = Done("Ibrahima", Deed.PAUSED, NOW)
    assert await room.books.move(1, Status.PREPARING, Status.PAUSED, (Admin(901, "Ibrahima"), paused))
    resumed = Done("Hawa", Deed.RESUMED, NOW)
    assert await room.books.move(1, Status.PAUSED, Status.RUNNING, (Admin(902, "Hawa"), resumed))
    broadcast = await room.books.broadcast(1)
    assert broadcast
    assert [each.user_id for each in broadcast.history] == [900, 901, None]


async def test_the_newest_come_first(room: Newsroom) -> None:
    for number in (1, 2, 3):
        await room.confirms(number=number)
    assert [each.plan.number for each in await room.books.recent(2)] == [3, 2]
    assert await room.books.broadcast(4) is None


async def test_the_list_is_in_order_and_each_page_goes_on_where_the_last_one_ended(room: Newsroom) -> None:
    for number, status in enumerate(Status, start=1):
        await room.confirms(number=number)
        await room.books.move(number, Status.PREPARING, status)
    for number in (20, 21, 22, 23):
        starts = NOW + timedelta(days=10 - number // 2)
        timed = replace(plan(number=number), starts=starts)
        await room.books.confirm(timed, ADMIN, CONFIRMED, Card(number, 900, number, "fr"))
        await room.books.move(number, Status.PREPARING, Status.SCHEDULED)
    listed = await room.books.listed(99)
    assert listed == tuple(sorted(listed, key=lambda each: place_of(each).key))
    assert {each.plan.number for each in listed} == {*range(1, len(Status) + 1), 20, 21, 22, 23}
    pages, after = list[Broadcast](), None
    while page := await room.books.listed(2, after):
        pages.extend(page)
        after = place_of(page[-1])
    assert tuple(pages) == listed


async def test_what_goes_on_or_is_not_reported_is_found_after_a_restart(room: Newsroom) -> None:
    for number in (1, 2, 3):
        await room.confirms(number=number)
    await room.books.move(1, Status.PREPARING, Status.DONE)
    await room.books.move(2, Status.PREPARING, Status.DONE)
    await reports(room, 2)
    assert await room.books.is_reported(2)
    assert await room.books.numbers(LIVE) == (1, 3)


async def test_what_runs_again_is_reported_again(room: Newsroom) -> None:
    await room.confirms()
    await room.books.move(1, Status.PREPARING, Status.DONE)
    await reports(room, 1)
    await room.books.move(1, Status.DONE, Status.RUNNING)
    assert not await room.books.is_reported(1)


async def test_the_report_of_one_end_is_not_that_of_the_next(room: Newsroom) -> None:
    await room.confirms()
    await room.books.move(1, Status.PREPARING, Status.DONE)
    first_end = await room.books.broadcast(1)
    assert first_end
    again = Done("Hawa", Deed.RESENT, NOW)
    await room.books.move(1, Status.DONE, Status.RUNNING, (OTHER, again), again=True)
    await room.books.reported(first_end)
    await room.books.move(1, Status.RUNNING, Status.DONE)
    await room.books.reported(first_end)
    assert not await room.books.is_reported(1)
    assert await room.books.numbers(LIVE) == (1,)
    await reports(room, 1)
    assert await room.books.is_reported(1)


async def test_the_unknown_get_it_again_in_the_move_that_says_so(room: Newsroom) -> None:
    await room.chats(1, 2)
    await room.confirms()
    await room.prepares()
    await room.roll.note(1, (Entry(1, Fate.UNKNOWN), Entry(2, Fate.SENT, 71)))
    again = Done("Hawa", Deed.RESENT, NOW)
    assert not await room.books.move(1, Status.DONE, Status.RUNNING, (OTHER, again), again=True)
    assert (await room.roll.count_fates(1)).of(Fate.UNKNOWN) == 1
    assert await room.books.move(1, Status.PREPARING, Status.RUNNING, (OTHER, again), again=True)
    figures = await room.roll.count_fates(1)
    assert (figures.of(Fate.AGAIN), figures.of(Fate.SENT)) == (1, 1)


async def test_figures_are_those_that_were_written_last(room: Newsroom) -> None:
    await room.chats(1, 2)
    await room.confirms()
    await room.prepares()
    await room.roll.count_fates(1)
    broadcast = await room.books.broadcast(1)
    assert broadcast
    assert broadcast.figures.of(Fate.PENDING) == 2


async def test_an_admin_has_one_card(room: Newsroom) -> None:
    await room.confirms()
    await room.books.put_card(Card(1, 900, 71, "en"))
    await room.books.put_card(Card(1, 901, 72, "fr"))
    assert set(await room.books.cards(1)) == {Card(1, 900, 71, "en"), Card(1, 901, 72, "fr")}
    await room.books.lose_card(Card(1, 900, 70, "fr"))
    await room.books.lose_card(Card(1, 901, 72, "fr"))
    assert await room.books.cards(1) == (Card(1, 900, 71, "en"), Card(1, 901, NOWHERE, "fr"))


async def test_a_message_shows_one_broadcast(room: Newsroom) -> None:
    await room.confirms()
    await room.confirms(number=2)
    assert await room.books.cards(1) == (Card(1, 900, NOWHERE, "fr"),)
    await room.books.put_card(Card(1, 900, 70, "fr"))
    await room.books.put_card(Card(1, 901, 70, "fr"))
    assert await room.books.cards(1) == (Card(1, 900, 70, "fr"), Card(1, 901, 70, "fr"))
    assert await room.books.cards(2) == (Card(2, 900, NOWHERE, "fr"),)
    await room.books.clear(900, 70)
    assert await room.books.cards(1) == (Card(1, 900, NOWHERE, "fr"), Card(1, 901, 70, "fr"))
