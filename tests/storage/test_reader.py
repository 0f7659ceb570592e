"""The read repository returns what was stored."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import time as unix_time

import pytest
from sqlalchemy import Connection

from bot.app.records import (
    AttemptKind,
    BookingCounts,
    Change,
    Delivery,
    Kind,
    Settled,
    StoredAttempt,
    StoredChat,
    StoredUpdate,
    Urgency,
)
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment
from bot.storage import migrate, reader
from bot.storage.store import Store
from bot.views.message import Message
from tests.storage.values import CHAT, delivery


async def deliveries(store: Store) -> list[Delivery]:
    return [each async for each in store.open_deliveries()]


async def test_a_new_database_is_empty(store: Store) -> None:
    assert await store.chat(CHAT) is None
    assert await deliveries(store) == []
    assert (await store.open_updates(), await store.open_attempts(), await store.made_by(CHAT)) == ((), (), frozenset())


async def test_open_updates_are_found_by_their_ids_and_age(store: Store) -> None:
    assert (await store.open_update_ids(), await store.oldest_open_update(), await store.last_update()) == (
        (),
        None,
        None,
    )
    updates = tuple(StoredUpdate(number, CHAT, f"{number}") for number in (4, 3, 1500))
    before = unix_time()
    await store.receive(updates)
    assert await store.open_update_ids() == (3, 4, 1500)
    await store.commit(Change(done=(3,)))
    assert await store.open_update_ids() == (4, 1500)
    assert await store.updates((3, 4, 5, 1500)) == (updates[0], updates[2])
    assert await store.updates(range(2000)) == (updates[0], updates[2]), "more than one query takes"
    oldest, last = await store.oldest_open_update(), await store.last_update()
    assert oldest
    assert last
    assert before <= oldest <= last <= unix_time()


async def test_every_kind_of_delivery_is_read_as_it_was_stored(store: Store) -> None:
    sent = [
        Delivery(1, CHAT, Kind.EDIT, Message("<b>x</b>"), screen=2**40, target=9, urgency=Urgency.BULK),
        Delivery(2, -CHAT, Kind.PICTURE, Message("x", qr_link="https://x.gn/é"), urgency=Urgency.NOTICE),
        delivery(3),
    ]
    await store.commit(Change(queued=tuple(sent)))
    assert await deliveries(store) == sent
    await store.commit(Change(sent=(1, 3)))
    assert await deliveries(store) == sent[1:2]


async def test_bookings_are_counted_by_chat(store: Store) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    later, earlier = now + timedelta(days=1), now - timedelta(hours=1)
    assert await store.count_bookings(CHAT, now) == BookingCounts(0, 0, 0)
    for number in range(1, 7):
        kind = AttemptKind.CANCEL if number == 6 else AttemptKind.BOOK
        await store.commit(Change(opened=(StoredAttempt(CHAT, number, kind, "{}"),)))
    await store.commit(Change(opened=(StoredAttempt(CHAT + 1, 1, AttemptKind.BOOK, "{}"),)))
    for number, at in ((1, later), (2, later), (3, earlier)):
        made = Appointment(100 + number, 5, at, "Aïssatou")
        fact = Fact(made.id, CHAT, now, Source.ATTEMPT, made)
        await store.commit(Change(settled=Settled(CHAT, number, "booked", made.id, facts=(fact,))))
    gone = Fact(102, CHAT, now, Source.ATTEMPT, None)
    await store.commit(Change(settled=Settled(CHAT, 6, "cancelled", facts=(gone,))))
    await store.commit(Change(settled=Settled(CHAT, 4, "slot_taken")))
    assert await store.count_bookings(CHAT, now) == BookingCounts(coming=1, pending=1, booked=3)
    assert await store.count_bookings(CHAT, now + timedelta(days=2)) == BookingCounts(coming=0, pending=1, booked=3)
    assert await store.count_bookings(CHAT + 1, now) == BookingCounts(coming=0, pending=1, booked=0)


async def test_many_deliveries_are_read_in_pages_and_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "PAGE", 3)
    await store.commit(Change(queued=tuple(delivery(number) for number in range(10, 0, -1))))
    assert [each.id for each in await deliveries(store)] == list(range(1, 11))


async def test_pictures_and_facts_are_stored_and_replaced(store: Store) -> None:
    assert await store.picture("https://x.gn/1") is None
    assert await store.saved_value("face") is None
    for value in ("one", "two"):
        await store.commit(Change(picture=("https://x.gn/1", value), saved_values=(("face", value), ("budget", "{}"))))
    assert (await store.picture("https://x.gn/1"), await store.saved_value("face")) == ("two", "two")


async def test_a_picture_with_a_link_longer_than_its_column_is_not_stored_and_the_rest_is(store: Store) -> None:
    link = "https://x.gn/" + "1" * 600
    await store.commit(Change(picture=(link, "one"), saved_values=(("face", "x"),)))
    assert (await store.picture(link), await store.saved_value("face")) == (None, "x")


async def test_a_thousand_simultaneous_reads_of_chats_are_few_queries(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.commit(Change(chat=StoredChat(7, "seven", "fr")))
    looks = 0
    read = store.reader.read

    async def counted(work: Callable[[Connection], object]) -> object:
        nonlocal looks
        looks += 1
        return await read(work)

    monkeypatch.setattr(store.reader, "read", counted)
    found = await asyncio.gather(*(store.chat(number % 500) for number in range(1000)))
    assert [each.session for each in found if each] == ["seven", "seven"]
    assert looks <= 2


async def test_appointments_that_are_read_together_are_each_chats_own_in_order_of_time(store: Store) -> None:
    now = datetime.fromisoformat("2026-03-02T09:00")
    for number, chat_id, days in ((1, 7, 2), (2, 8, 3), (3, 7, 1)):
        made = Appointment(number, 5, now + timedelta(days=days), "Aïssatou")
        await store.commit(Change(facts=(Fact(number, chat_id, now, Source.ATTEMPT, made),)))
    found = await asyncio.gather(*map(store.entries_of, (8, 7, 9)))
    assert [[each.appointment_id for each in entries] for entries in found] == [[2], [3, 1], []]


async def test_a_failed_read_fails_for_all_waiting_callers_and_the_next_call_reads_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = store.reader.read

    async def broken(_work: object) -> object:
        raise ValueError("no")

    monkeypatch.setattr(store.reader, "read", broken)
    results = await asyncio.gather(*(store.chat(number) for number in range(3)), return_exceptions=True)
    assert [type(each) for each in results] == [ValueError] * 3
    monkeypatch.setattr(store.reader, "read", read)
    assert await store.chat(1) is None


async def test_the_revision_is_that_of_the_newest_migration(store: Store) -> None:
    assert await store.revision() == (migrate.newest(), migrate.newest())
