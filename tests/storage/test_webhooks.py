"""A webhook is stored once, worked until it is done, and its id is known for 30 days."""

from bot.app.records import Change, StoredWebhook
from bot.storage.store import Store
from bot.storage.webhooks import KEEP, SqlWebhookRepository
from tests.storage.databases import Database

FIRST, SECOND = StoredWebhook("evt_1", "{}", 100.0), StoredWebhook("evt_2", "{}", 101.0)


async def test_due_webhooks_are_read_in_order_up_to_a_limit(store: Store) -> None:
    webhooks = SqlWebhookRepository(store)
    assert await webhooks.next_due() is None
    assert await webhooks.last_received() is None
    await webhooks.add(SECOND)
    await webhooks.add(FIRST)
    assert await webhooks.due(100.5, 10) == (FIRST,)
    assert await webhooks.due(200.0, 10) == (FIRST, SECOND)
    assert await webhooks.due(200.0, 1) == (FIRST,)
    assert (await webhooks.next_due(), await webhooks.last_received()) == (100.0, 101.0)


async def test_the_same_event_again_changes_nothing_even_when_it_is_done(store: Store, database: Database) -> None:
    webhooks = SqlWebhookRepository(store)
    await webhooks.add(FIRST)
    await store.commit(Change(works=(webhooks.done("evt_1"),)))
    await webhooks.add(FIRST)
    assert await webhooks.due(200.0, 10) == ()
    assert database.rows("SELECT event_id, body, error FROM hooks") == [("evt_1", None, None)]


async def test_a_postponed_webhook_is_due_later(store: Store) -> None:
    webhooks = SqlWebhookRepository(store)
    await webhooks.add(FIRST)
    await store.commit(Change(works=(webhooks.postponed("evt_1", 160.0),)))
    assert await webhooks.due(159.0, 10) == ()
    assert await webhooks.due(160.0, 10) == (FIRST,)


async def test_a_webhook_set_aside_keeps_the_reason_and_loses_its_content(store: Store, database: Database) -> None:
    webhooks = SqlWebhookRepository(store)
    await webhooks.add(FIRST, "unreadable")
    await webhooks.add(SECOND)
    await webhooks.finish("evt_2", "E" * 99)
    assert await webhooks.due(200.0, 10) == ()
    assert database.rows("SELECT body, error FROM hooks ORDER BY event_id") == [(None, "unreadable"), (None, "E" * 64)]


async def test_ids_are_forgotten_after_thirty_days_but_not_those_that_are_open(store: Store) -> None:
    webhooks = SqlWebhookRepository(store)
    await webhooks.add(FIRST)
    await webhooks.add(SECOND)
    await webhooks.finish("evt_1")
    await webhooks.forget_done(100.0 + KEEP)
    assert await webhooks.last_received() == 101.0
    await webhooks.add(FIRST)
    assert await webhooks.due(200.0, 10) == (SECOND,), "it is known for one second more"
    await webhooks.forget_done(101.0 + KEEP)
    await webhooks.add(FIRST)
    assert await webhooks.due(200.0, 10) == (FIRST, SECOND)
