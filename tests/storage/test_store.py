"""The store writes each change whole and once, and finds everything after a restart."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from bot.app.records import (
    Change,
    Delivery,
    DepartmentDay,
    SetAside,
    Settled,
    StoredAttempt,
    StoredChat,
    TicketMessage,
    Work,
)
from bot.core.appointment_book import BookEntry, Fact, Origin, Source
from bot.core.model import Appointment, AppointmentStatus
from bot.storage.store import Store, StoreClosedError
from tests.storage.databases import Database
from tests.storage.values import CHAT, attempt, delivery, turn, update

AT = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
MADE = Appointment(50, 5, AT, "Aïssatou", owner=f"telegram:{CHAT}")
FACT = Fact(50, CHAT, AT, Source.ATTEMPT, MADE)


async def deliveries(store: Store) -> list[Delivery]:
    return [each async for each in store.open_deliveries()]


async def test_an_update_is_new_once_and_open_until_done(store: Store) -> None:
    assert await store.receive((update(2), update(1))) == (update(1), update(2))
    assert await store.receive((update(2), update(3))) == (update(3),)
    await store.commit(Change(done=(2,)))
    assert await store.open_updates() == (update(1), update(3))
    assert await store.receive((update(2),)) == (), "a done one is still known"


async def test_an_update_can_be_stored_and_marked_done_in_one_batch(store: Store, database: Database) -> None:
    new, _ = await asyncio.gather(store.receive((update(1), update(2))), store.commit(turn(1, 11)))
    assert new == (update(1), update(2))
    assert await store.open_updates() == (update(2),)
    assert await store.receive((update(1),)) == (), "it is known all the same"
    assert database.rows("SELECT update_id, body IS NULL FROM inbox ORDER BY 1") == [(1, True), (2, False)]


async def test_an_update_marked_done_before_it_arrives_is_not_open(store: Store) -> None:
    await store.commit(turn(1, 11))
    assert await store.receive((update(1),)) == ()
    assert await store.open_updates() == ()


async def test_the_newest_update_id_is_stored(store: Store) -> None:
    assert await store.newest_update() == -1
    await store.receive((update(9), update(4)))
    assert await store.newest_update() == 9


async def test_updates_with_distant_ids_are_recognised(store: Store) -> None:
    far = (update(3), update(5_000_000))
    assert await store.receive(far) == far
    assert await store.receive((update(3), update(4), update(5_000_000))) == (update(4),)


async def test_an_update_received_twice_at_once_is_new_for_one_caller(store: Store) -> None:
    both = await asyncio.gather(store.receive((update(1), update(2))), store.receive((update(2), update(3))))
    assert sorted(each.update_id for new in both for each in new) == [1, 2, 3]


async def test_a_done_update_keeps_no_content(store: Store, database: Database) -> None:
    await store.receive((update(1, body='{"text": "Aïssatou"}'),))
    await store.commit(Change(done=(1,)))
    await store.close()
    assert database.rows("SELECT body, done_at IS NULL FROM inbox") == [(None, 0)]


async def test_a_set_aside_update_is_not_open_and_keeps_its_error(store: Store, database: Database) -> None:
    await store.receive((update(1),))
    await store.commit(Change(failed=(SetAside(1, "KeyError"),)))
    assert await store.open_updates() == ()
    await store.forget_done(time.time() + 60)
    await store.close()
    assert database.rows("SELECT update_id, error FROM inbox") == [(1, "KeyError")]


async def test_done_updates_are_deleted_after_a_while(store: Store, database: Database) -> None:
    await store.receive((update(1), update(2)))
    await store.commit(Change(done=(1,)))
    await store.forget_done(0)
    assert database.rows("SELECT count(*) FROM inbox") == [(2,)]
    await store.forget_done(1e12)
    assert database.rows("SELECT update_id FROM inbox") == [(2,)]


async def test_all_changes_of_a_turn_are_stored(store: Store) -> None:
    await store.receive((update(1),))
    await store.commit(turn(1, 11, 12, opened=5))
    assert await store.chat(CHAT) == StoredChat(CHAT, "session after 1", "fr")
    assert await deliveries(store) == [delivery(11), delivery(12)]
    assert await store.open_attempts() == (attempt(5),)
    assert await store.open_updates() == ()


async def test_a_delivery_whose_number_exists_is_an_error_and_leaves_what_was_there(store: Store) -> None:
    await store.commit(Change(queued=(delivery(1),)))
    with pytest.raises(IntegrityError):
        await store.commit(Change(queued=(delivery(1, 8),)))
    assert await deliveries(store) == [delivery(1)]


async def test_a_chat_that_blocks_the_bot_loses_its_queued_messages_and_no_other_does(store: Store) -> None:
    await store.commit(Change(chat=StoredChat(CHAT, "s", "fr"), queued=(delivery(1), delivery(2, 8))))
    await store.commit(Change(left=CHAT))
    assert await deliveries(store) == [delivery(2, 8)]
    assert await store.chat(CHAT) == StoredChat(CHAT, "s", "fr", left=True)
    await store.commit(Change(returned=CHAT))
    assert await store.chat(CHAT) == StoredChat(CHAT, "s", "fr")


async def test_an_attempt_is_open_until_it_is_settled_and_then_keeps_no_name(store: Store, database: Database) -> None:
    await store.commit(Change(opened=(attempt(1), attempt(2))))
    await store.commit(Change(withdrawn=(CHAT, 1)))
    assert await store.open_attempts() == (replace(attempt(1), withdrawn=True), attempt(2))
    await store.commit(Change(settled=Settled(CHAT, 1, "booked", 50, facts=(FACT,))))
    assert await store.open_attempts() == (attempt(2),)
    assert await store.made_by(CHAT) == {50}
    assert await store.made_by(8) == frozenset()
    await store.close()
    assert database.rows("SELECT body, outcome FROM attempts WHERE number = 1") == [(None, "booked")]


async def test_the_appointment_book_learns_what_the_changes_of_one_transaction_tell(
    store: Store, database: Database
) -> None:
    moved = Fact(50, CHAT, AT.replace(hour=11), Source.WEBHOOK, replace(MADE, at=AT.replace(hour=12), worker_id=42))
    made = BookEntry(50, CHAT, 5, AT, as_of=AT, name="Aïssatou", origin=Origin.BOT)
    other = Fact(51, 8, AT, Source.WEBHOOK, replace(MADE, id=51), is_new=True)
    cancelled = replace(FACT, appointment=replace(MADE, status=AppointmentStatus.CANCELLED))
    await asyncio.gather(*(store.commit(Change(facts=(each,))) for each in (FACT, moved, other)))
    now = replace(made, at=AT.replace(hour=12), version=1, as_of=AT.replace(hour=11), worker_id=42)
    now = replace(now, booked_at=AT.replace(hour=11))
    assert await store.entry(50) == now
    assert await store.entries_of(CHAT) == (now,)
    await store.commit(
        Change(settled=Settled(CHAT, 2, "cancelled", facts=(cancelled,)), ticket_message=TicketMessage(CHAT, 77, 50))
    )
    assert [each.status for each in await store.entries_of(CHAT)] == [AppointmentStatus.CANCELLED]
    assert await store.ticket_messages(CHAT, 50) == (TicketMessage(CHAT, 77, 50),)
    assert await store.ticket_messages(8, 50) == ()
    assert await store.entry(99) is None
    await store.commit(Change(facts=(Fact(99, CHAT, AT, Source.READING, None),)))
    assert database.rows("SELECT appointment_id, status FROM appointments ORDER BY 1") == [
        (50, "CANCELLED"),
        (51, "SCHEDULED"),
    ]


async def test_the_days_with_appointments_that_stand_are_found_with_their_oldest_word(store: Store) -> None:
    def on(number: int, at: datetime, as_of: datetime = AT, **more: Any) -> Fact:
        return Fact(number, CHAT, as_of, Source.LIST, replace(MADE, id=number, at=at, **more))

    cancelled, next_day, hour = AppointmentStatus.CANCELLED, AT + timedelta(days=1), timedelta(hours=1)
    facts = (
        on(1, AT - timedelta(days=1)),
        on(2, AT),
        on(3, AT + hour, AT - hour),
        on(4, AT, department_id=8),
        on(5, AT + hour, AT - 2 * hour, status=cancelled),
        on(6, next_day, status=cancelled),
    )
    await store.commit(Change(facts=facts))
    found = await store.department_days(AT.date())
    assert set(found) == {DepartmentDay(5, AT.date(), AT - hour), DepartmentDay(8, AT.date(), AT)}
    assert sorted(each.appointment_id for each in await store.entries_on(5, AT.date())) == [2, 3, 5]
    assert await store.entries_on(8, next_day.date()) == ()


async def test_a_day_with_an_appointment_of_unknown_age_has_none(store: Store, database: Database) -> None:
    await store.commit(Change(facts=(FACT, replace(FACT, appointment_id=51, appointment=replace(MADE, id=51)))))
    database.execute("UPDATE appointments SET as_of = NULL WHERE appointment_id = 51")
    assert await store.department_days(AT.date()) == (DepartmentDay(5, AT.date(), None),)


async def test_names_are_forgotten_when_the_day_is_over(store: Store) -> None:
    await store.commit(Change(facts=(FACT,)))
    await store.forget_names(AT.date())
    assert (await store.entries_of(CHAT))[0].name == "Aïssatou"
    await store.forget_names(AT.date() + timedelta(days=1))
    assert (await store.entries_of(CHAT))[0].name is None


async def test_the_attempts_of_one_chat_are_found(store: Store) -> None:
    await store.commit(Change(opened=(attempt(1), attempt(2))))
    await store.commit(Change(settled=Settled(CHAT, 1, "withdrawn")))
    assert await store.open_attempts_of(CHAT) == (attempt(2),)
    assert await store.open_attempts_of(8) == ()


async def test_opening_an_attempt_twice_changes_nothing(store: Store) -> None:
    await store.commit(Change(opened=(attempt(1),)))
    await store.commit(Change(opened=(StoredAttempt(CHAT, 1, attempt(1).kind, "other"),)))
    assert await store.open_attempts() == (attempt(1),)


async def test_changes_committed_soon_are_stored_before_the_store_closes(store: Store, database: Database) -> None:
    for number in range(50):
        store.commit_soon(Change(saved_values=((f"fact {number}", "x"),)))
    await store.close()
    assert database.rows("SELECT count(*) FROM facts WHERE value = 'x'") == [(50,)]


async def test_many_turns_share_few_transactions(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    transactions = 0
    transact = store._transact

    async def counted(work: Work) -> None:
        nonlocal transactions
        transactions += 1
        await transact(work)

    monkeypatch.setattr(store, "_transact", counted)
    changes = [Change(chat=StoredChat(number, "s", "fr"), queued=(delivery(number, number),)) for number in range(500)]
    await asyncio.gather(*(store.commit(each) for each in changes))
    assert transactions <= 3
    assert len(await deliveries(store)) == 500


async def test_of_several_sessions_of_a_chat_in_one_batch_the_last_is_stored(store: Store) -> None:
    await asyncio.gather(*(store.commit(Change(chat=StoredChat(CHAT, f"s{number}", "fr"))) for number in range(5)))
    assert await store.chat(CHAT) == StoredChat(CHAT, "s4", "fr")


async def test_a_closed_store_refuses_changes(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreClosedError):
        await store.commit(Change())
    store.commit_soon(Change())


async def test_everything_is_found_after_a_restart(store: Store, database: Database) -> None:
    await store.receive((update(1), update(2)))
    await store.commit(turn(1, 11, opened=5))
    await store.close()
    again = await Store(database.url).open()
    assert await again.open_updates() == (update(2),)
    assert [each.id async for each in again.open_deliveries()] == [11]
    assert await again.open_attempts() == (attempt(5),)
    assert await again.chat(CHAT) == StoredChat(CHAT, "session after 1", "fr")
    await again.close()
