"""The statistics are written with what they count, once, on both databases."""

from dataclasses import replace
from datetime import date, timedelta

from bot.app.records import Change, Settled
from bot.core.appointment_book import Fact, Source
from bot.core.model import AppointmentStatus
from bot.core.statistics import Count, Counted
from bot.storage.statistics import SqlStatistics
from bot.storage.store import Store
from tests.storage.test_timers import BOOKED, FACT, MADE, START, said
from tests.storage.values import CHAT, attempt

TODAY = BOOKED.date()
ENDED = Settled(CHAT, 1, "booked", 50, facts=(FACT,), counts=(Count(TODAY, 5, Counted.BOOKED),))


async def counted(store: Store, since: date | None = None) -> dict[tuple[date, int, Counted], int]:
    return {(each.day, each.department_id, each.what): each.number for each in await SqlStatistics(store).counts(since)}


async def test_an_outcome_counts_once_however_often_it_is_stored(store: Store) -> None:
    await store.commit(Change(opened=(attempt(1), attempt(2))))
    await store.commit(Change(settled=ENDED))
    await store.commit(Change(settled=ENDED))
    assert await counted(store) == {(TODAY, 5, Counted.BOOKED): 1}
    await store.commit(Change(settled=replace(ENDED, number=2, facts=(), counts=ENDED.counts * 2)))
    assert await counted(store) == {(TODAY, 5, Counted.BOOKED): 3}


async def test_what_others_do_counts_once_however_often_it_is_told(store: Store) -> None:
    await store.commit(Change(facts=(FACT,)))
    moved, missed = said(1, at=START + timedelta(days=1)), said(2, Source.READING, status=AppointmentStatus.NO_SHOW)
    for change in (moved, moved, missed, missed):
        await store.commit(change)
    assert await counted(store) == {
        ((BOOKED + timedelta(minutes=1)).date(), 5, Counted.MOVED_BY_OFFICE): 1,
        (START.date(), 5, Counted.NO_SHOW): 1,
    }
    await store.commit(said(3, Source.READING, status=AppointmentStatus.COMPLETED))
    assert (await counted(store))[START.date(), 5, Counted.NO_SHOW] == 0


async def test_coming_counts_once_for_each_version_of_an_appointment(store: Store) -> None:
    await store.commit(Change(facts=(FACT,)))
    for change in (Change(coming=(50, 0)), Change(coming=(50, 0)), Change(coming=(50, 3)), Change(coming=(99, 0))):
        await store.commit(change)
    assert await counted(store) == {(START.date(), 5, Counted.COMING): 1}
    await store.commit(said(1, at=START + timedelta(days=1)))
    await store.commit(Change(coming=(50, 1)))
    assert (await counted(store))[(START + timedelta(days=1)).date(), 5, Counted.COMING] == 1


async def test_changes_of_one_transaction_add_up_and_old_days_can_be_left_out(store: Store) -> None:
    other = Fact(51, 8, BOOKED, Source.ATTEMPT, replace(MADE, id=51))
    await store.commit(Change(facts=(FACT, other)))
    gone = [
        Fact(number, chat, BOOKED, Source.READING, replace(MADE, id=number, status=AppointmentStatus.CANCELLED))
        for number, chat in ((50, CHAT), (51, 8))
    ]
    await store.commit(Change(facts=tuple(gone)))
    assert await counted(store) == {(TODAY, 5, Counted.CANCELLED_BY_UNKNOWN): 2}
    assert await counted(store, TODAY) == await counted(store)
    assert await counted(store, TODAY + timedelta(days=1)) == {}
