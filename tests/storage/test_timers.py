"""Timers are replaced with the entry of their appointment, in one transaction, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.app.records import Change, Settled, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment, AppointmentStatus
from bot.core.reminders import Timer, TimerKind
from bot.storage.store import Store
from bot.storage.timers import LATE, PAGE, SqlTimerRepository
from tests.storage.databases import Database
from tests.storage.values import CHAT

BOOKED = datetime.fromisoformat("2026-03-02T09:00")
START = BOOKED + timedelta(days=7)
MADE = Appointment(50, 5, START, "Aïssatou")
FACT = Fact(50, CHAT, BOOKED, Source.ATTEMPT, MADE)


async def kinds(store: Store) -> list[tuple[int, TimerKind, int]]:
    return [(each.appointment_id, each.kind, each.version) for each in await SqlTimerRepository(store).of_chat(CHAT)]


def said(minutes: int, source: Source = Source.WEBHOOK, **changed: object) -> Change:
    told = replace(MADE, **changed)  # type: ignore[arg-type]
    return Change(facts=(Fact(50, CHAT, BOOKED + timedelta(minutes=minutes), source, told),))


BOTH = [(50, TimerKind.TWO_DAYS), (50, TimerKind.HOURS)]


async def test_a_booking_arms_the_timers_and_a_cancellation_deletes_them(store: Store) -> None:
    await store.commit(Change(settled=Settled(CHAT, 1, "booked", 50, facts=(FACT,))))
    assert await kinds(store) == [(*each, 0) for each in BOTH]
    cancelled = Fact(50, CHAT, BOOKED, Source.ATTEMPT, None)
    await store.commit(Change(settled=Settled(CHAT, 2, "cancelled", facts=(cancelled,))))
    assert await kinds(store) == []


async def test_a_new_version_replaces_the_timers_and_the_same_version_does_not(store: Store) -> None:
    await store.commit(Change(facts=(FACT,)))
    first, second = await SqlTimerRepository(store).of_chat(CHAT)
    assert first == Timer(CHAT, TimerKind.TWO_DAYS, 50, 0, START - timedelta(days=2), START - timedelta(days=1))
    await store.commit(Change(fired=(first,)))
    await store.commit(said(1, name="Mamadou"))
    assert await SqlTimerRepository(store).of_chat(CHAT) == (second,)
    await store.commit(said(2, at=START + timedelta(days=1)))
    assert await kinds(store) == [(*each, 1) for each in BOTH]
    await store.commit(Change(fired=(second,)))
    assert await kinds(store) == [(*each, 1) for each in BOTH], "a turn that read the older version ends none of these"
    await store.commit(said(3, Source.READING, status=AppointmentStatus.NO_SHOW))
    assert await kinds(store) == [(50, TimerKind.NO_SHOW, 2)]


async def test_timers_are_disarmed_and_armed_again_without_a_change_of_the_entry(store: Store) -> None:
    await store.commit(Change(facts=(FACT,)))
    await store.commit(Change(disarmed=(50,)))
    assert await kinds(store) == []
    await store.commit(Change(rearmed=(50, 99)))
    assert await kinds(store) == [(*each, 0) for each in BOTH]
    other = replace(FACT, appointment_id=51, appointment=replace(MADE, id=51))
    await store.commit(Change(facts=(other,), disarmed=(50,)))
    assert await kinds(store) == [(51, kind, 0) for _, kind in BOTH]


async def test_due_timers_are_found_in_order_and_wait_while_their_chat_has_left(store: Store) -> None:
    repository = SqlTimerRepository(store)
    other = Fact(51, 8, BOOKED, Source.ATTEMPT, replace(MADE, id=51, at=START + timedelta(hours=1)))
    chats = (StoredChat(CHAT, "s", "fr"), StoredChat(8, "s", "fr"))
    for chat in chats:
        await store.commit(Change(chat=chat))
    await store.commit(Change(facts=(FACT, other)))
    due = START - timedelta(days=2)
    assert await repository.due(due - timedelta(minutes=1), 10) == ()
    assert await repository.due(due, 10) == (CHAT,)
    assert await repository.due(due + timedelta(hours=1), 10) == (CHAT, 8)
    assert await repository.due(due + timedelta(hours=1), 1) == (CHAT,)
    await store.commit(Change(left=CHAT))
    assert await repository.due(due + timedelta(hours=1), 10) == (8,)
    await store.commit(Change(returned=CHAT))
    assert len(await repository.due(due + timedelta(hours=1), 10)) == 2


async def test_timers_are_counted_when_due_and_late_and_forgotten_when_useless(store: Store) -> None:
    repository = SqlTimerRepository(store)
    for chat in (StoredChat(CHAT, "s", "fr"), StoredChat(8, "s", "fr", left=True)):
        await store.commit(Change(chat=chat))
    gone = Fact(51, 8, BOOKED, Source.ATTEMPT, replace(MADE, id=51))
    await store.commit(Change(facts=(FACT, gone)))
    due = START - timedelta(days=2)
    assert await repository.counts(due - timedelta(minutes=1)) == (0, 0)
    assert await repository.counts(due) == (1, 0)
    assert await repository.counts(due + LATE) == (1, 1)
    await repository.forget(START - timedelta(days=1))
    assert len(await repository.of_chat(8)) == 2, "it is of use until that minute"
    await repository.forget(START - timedelta(days=1) + timedelta(minutes=1))
    assert [each.kind for each in await repository.of_chat(8)] == [TimerKind.HOURS]


async def test_the_timers_of_an_earlier_release_are_set_page_by_page(store: Store, database: Database) -> None:
    numbers = range(1, 2 * PAGE + 5)
    facts = tuple(Fact(each, CHAT, BOOKED, Source.LIST, replace(MADE, id=each)) for each in numbers)
    await store.commit(Change(facts=facts))
    database.execute("DELETE FROM timers")
    await SqlTimerRepository(store).arm_known(BOOKED)
    counted = database.rows("SELECT count(*), count(DISTINCT appointment_id) FROM timers")
    assert counted == [(2 * len(numbers), len(numbers))]
    database.execute("DELETE FROM timers")
    await SqlTimerRepository(store).arm_known(BOOKED)
    assert database.rows("SELECT count(*) FROM timers") == [(0,)], "once"
