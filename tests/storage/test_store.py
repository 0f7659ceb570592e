"""What is stored is stored whole, once, and found again by the next life."""

import asyncio
import time
from dataclasses import replace
from datetime import datetime

import pytest

from bot.app.records import Change, Delivery, Made, SetAside, Settled, StoredAttempt, StoredChat, Work
from bot.storage.store import Store, StoreClosedError
from tests.storage.databases import Database
from tests.storage.values import CHAT, attempt, delivery, turn, update

AT = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time


async def deliveries(store: Store) -> list[Delivery]:
    return [each async for each in store.open_deliveries()]


async def test_an_update_is_new_once_and_open_until_it_is_done(store: Store) -> None:
    assert await store.receive((update(2), update(1))) == (update(1), update(2))
    assert await store.receive((update(2), update(3))) == (update(3),)
    await store.commit(Change(done=(2,)))
    assert await store.open_updates() == (update(1), update(3))
    assert await store.receive((update(2),)) == (), "a done one is still known"


async def test_an_update_and_its_being_done_can_be_stored_together(store: Store, database: Database) -> None:
    new, _ = await asyncio.gather(store.receive((update(1), update(2))), store.commit(turn(1, 11)))
    assert new == (update(1), update(2))
    assert await store.open_updates() == (update(2),)
    assert await store.receive((update(1),)) == (), "it is known all the same"
    assert database.rows("SELECT update_id, body IS NULL FROM inbox ORDER BY 1") == [(1, True), (2, False)]


async def test_an_update_that_is_done_before_it_is_stored_is_not_open_afterwards(store: Store) -> None:
    await store.commit(turn(1, 11))
    assert await store.receive((update(1),)) == ()
    assert await store.open_updates() == ()


async def test_the_newest_update_is_known_to_the_next_life(store: Store) -> None:
    assert await store.newest_update() == -1
    await store.receive((update(9), update(4)))
    assert await store.newest_update() == 9


async def test_numbers_far_apart_are_known_again_all_the_same(store: Store) -> None:
    far = (update(3), update(5_000_000))
    assert await store.receive(far) == far
    assert await store.receive((update(3), update(4), update(5_000_000))) == (update(4),)


async def test_an_update_that_two_bring_at_once_is_new_for_one_of_them(store: Store) -> None:
    both = await asyncio.gather(store.receive((update(1), update(2))), store.receive((update(2), update(3))))
    assert sorted(each.update_id for new in both for each in new) == [1, 2, 3]


async def test_a_done_update_leaves_nothing_of_what_was_written(store: Store, database: Database) -> None:
    await store.receive((update(1, body='{"text": "Aïssatou"}'),))
    await store.commit(Change(done=(1,)))
    await store.close()
    assert database.rows("SELECT body, done_at IS NULL FROM inbox") == [(None, 0)]


async def test_one_that_is_set_aside_is_not_open_and_keeps_why(store: Store, database: Database) -> None:
    await store.receive((update(1),))
    await store.commit(Change(failed=(SetAside(1, "KeyError"),)))
    assert await store.open_updates() == ()
    await store.forget_done(time.time() + 60)
    await store.close()
    assert database.rows("SELECT update_id, error FROM inbox") == [(1, "KeyError")]


async def test_done_updates_are_forgotten_after_a_while(store: Store, database: Database) -> None:
    await store.receive((update(1), update(2)))
    await store.commit(Change(done=(1,)))
    await store.forget_done(0)
    assert database.rows("SELECT count(*) FROM inbox") == [(2,)]
    await store.forget_done(1e12)
    assert database.rows("SELECT update_id FROM inbox") == [(2,)]


async def test_a_turn_is_stored_with_all_that_it_changes(store: Store) -> None:
    await store.receive((update(1),))
    await store.commit(turn(1, 11, 12, opened=5))
    assert await store.chat(CHAT) == StoredChat(CHAT, "session after 1", "fr")
    assert await deliveries(store) == [delivery(11), delivery(12)]
    assert await store.open_attempts() == (attempt(5),)
    assert await store.open_updates() == ()


async def test_who_leaves_loses_what_waits_for_them_and_nobody_else_does(store: Store) -> None:
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
    await store.commit(Change(settled=Settled(CHAT, 1, "booked", 50, made=Made(50, 5, AT))))
    assert await store.open_attempts() == (attempt(2),)
    assert await store.made_by(CHAT) == {50}
    assert await store.made_by(8) == frozenset()
    await store.close()
    assert database.rows("SELECT body, outcome FROM attempts WHERE number = 1") == [(None, "booked")]


async def test_the_same_attempt_opened_again_changes_nothing(store: Store) -> None:
    await store.commit(Change(opened=(attempt(1),)))
    await store.commit(Change(opened=(StoredAttempt(CHAT, 1, attempt(1).kind, "other"),)))
    assert await store.open_attempts() == (attempt(1),)


async def test_what_nobody_waits_for_is_stored_before_the_end(store: Store, database: Database) -> None:
    for number in range(50):
        store.commit_soon(Change(remembered=((f"fact {number}", "x"),)))
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


async def test_of_two_turns_of_a_chat_in_one_batch_the_later_session_stays(store: Store) -> None:
    await asyncio.gather(*(store.commit(Change(chat=StoredChat(CHAT, f"s{number}", "fr"))) for number in range(5)))
    assert await store.chat(CHAT) == StoredChat(CHAT, "s4", "fr")


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreClosedError):
        await store.commit(Change())
    store.commit_soon(Change())


async def test_the_next_life_finds_everything(store: Store, database: Database) -> None:
    await store.receive((update(1), update(2)))
    await store.commit(turn(1, 11, opened=5))
    await store.close()
    again = await Store(database.url).open()
    assert await again.open_updates() == (update(2),)
    assert [each.id async for each in again.open_deliveries()] == [11]
    assert await again.open_attempts() == (attempt(5),)
    assert await again.chat(CHAT) == StoredChat(CHAT, "session after 1", "fr")
    await again.close()
