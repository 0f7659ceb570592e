"""Updates that were set aside are counted and listed with their errors."""

from functools import partial

from bot.app.records import Change, SetAside, StoredUpdate
from bot.storage.diagnostics import SetAsideUpdate, set_aside, set_aside_updates
from bot.storage.store import Store


async def test_set_aside_updates_are_counted_and_listed_newest_first(store: Store) -> None:
    assert await store.reader.read(set_aside) == 0
    await store.receive(tuple(StoredUpdate(number, 1, "{}") for number in range(1, 5)))
    await store.commit(Change(done=(1,)))
    await store.commit(Change(failed=(SetAside(2, "KeyError"),)))
    await store.commit(Change(failed=(SetAside(3, "ValueError"),)))
    assert await store.reader.read(set_aside) == 2
    newest, older = await store.reader.read(partial(set_aside_updates, most=5))
    assert (newest.update_id, newest.error) == (3, "ValueError")
    assert (older.update_id, older.error) == (2, "KeyError")
    assert newest.at >= older.at > 0
    (only,) = await store.reader.read(partial(set_aside_updates, most=1))
    assert only == SetAsideUpdate(3, "ValueError", newest.at)
