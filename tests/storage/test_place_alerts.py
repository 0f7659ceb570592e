"""The stored alerts are read with what decides about them, on both databases."""

from dataclasses import replace
from datetime import timedelta

from bot.app.records import Change, Erasure, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.earlier_places import PlaceAlert, WatchedAlert, told
from bot.core.model import AppointmentStatus
from bot.storage.place_alerts import SqlPlaceAlertRepository
from bot.storage.store import Store
from tests.storage.test_timers import BOOKED, FACT, MADE, START
from tests.storage.values import CHAT

ASKED = BOOKED + timedelta(minutes=5, seconds=7)
ALERT = PlaceAlert(CHAT, 5, ASKED, appointment_id=50, worker_id=3)
ANY = PlaceAlert(CHAT, 6, ASKED)
SLOT = START - timedelta(days=2)


async def keep(store: Store, *alerts: PlaceAlert) -> SqlPlaceAlertRepository:
    """A known chat with its appointment and these alerts."""
    repository = SqlPlaceAlertRepository(store)
    works = tuple(map(repository.saved, alerts))
    await store.commit(Change(chat=StoredChat(CHAT, "session", "fr"), facts=(FACT,), works=works))
    return repository


async def test_an_alert_comes_back_as_it_was_stored_with_its_appointment(store: Store) -> None:
    sent = told(ALERT, SLOT, ASKED + timedelta(hours=1))
    repository = await keep(store, sent, ANY)
    assert await repository.of_chat(CHAT) == (WatchedAlert(sent, await store.entry(50)), WatchedAlert(ANY))
    assert await repository.all() == await repository.of_chat(CHAT)
    assert await repository.of_chat(CHAT + 1) == ()
    assert await repository.count() == 2


async def test_a_chat_has_one_alert_for_a_department(store: Store) -> None:
    repository = await keep(store, ALERT, replace(ALERT, appointment_id=None))
    assert [each.alert.appointment_id for each in await repository.all()] == [None]


async def test_a_booking_in_the_department_since_then_is_seen_and_others_are_not(store: Store) -> None:
    repository = await keep(store, ANY, replace(ANY, department_id=5))
    assert [each.is_booked for each in await repository.all()] == [False, False], "booked before"
    later = BOOKED + timedelta(hours=1)
    made = replace(MADE, id=51, department_id=6)
    await store.commit(Change(facts=(Fact(51, CHAT, later, Source.ATTEMPT, made),)))
    assert {each.alert.department_id: each.is_booked for each in await repository.all()} == {5: False, 6: True}
    gone = replace(made, status=AppointmentStatus.CANCELLED)
    await store.commit(Change(facts=(Fact(51, CHAT, later, Source.ATTEMPT, gone),)))
    assert not any(each.is_booked for each in await repository.all())


async def test_a_chat_that_left_or_is_unknown_is_told_apart(store: Store) -> None:
    repository = await keep(store, ALERT, replace(ANY, chat_id=CHAT + 1))
    assert {each.alert.chat_id: each.has_left for each in await repository.all()} == {CHAT: False, CHAT + 1: True}
    await store.commit(Change(left=CHAT))
    assert all(each.has_left for each in await repository.all())


async def test_ending_spares_an_alert_that_was_asked_for_again(store: Store) -> None:
    repository = await keep(store, ALERT, ANY)
    again = replace(ANY, asked_at=ASKED + timedelta(hours=1))
    await store.commit(Change(works=(repository.saved(again),)))
    await repository.end((ALERT, ANY))
    assert [each.alert for each in await repository.all()] == [again]
    await repository.end(())


async def test_stopping_deletes_the_alert_of_one_department_of_one_chat(store: Store) -> None:
    repository = await keep(store, ALERT, ANY, replace(ANY, chat_id=CHAT + 1))
    await store.commit(Change(works=(repository.stopped(CHAT, 6),)))
    assert [(each.alert.chat_id, each.alert.department_id) for each in await repository.all()] == [
        (CHAT, 5),
        (CHAT + 1, 6),
    ]


async def test_erasing_a_chat_deletes_its_alerts(store: Store) -> None:
    repository = await keep(store, ALERT, replace(ANY, chat_id=CHAT + 1))
    await store.commit(Change(erased=Erasure(CHAT, ASKED)))
    assert [each.alert.chat_id for each in await repository.all()] == [CHAT + 1]
