"""Values are stored soon after they change, not each time, and once more at the end."""

import asyncio

from bot.app.records import Change
from bot.bootstrap.operations import PAUSE, DebouncedSaver, NamedValues
from bot.storage.store import Store
from tests.app.virtual_clock import in_no_time


class RecordingStore(Store):
    """A store that records which values it is asked to save."""

    def __init__(self) -> None:
        self.saved_values: list[NamedValues] = []

    def commit_soon(self, change: Change) -> None:
        self.saved_values.append(change.saved_values)


@in_no_time
async def test_many_changes_are_saved_together() -> None:
    store, value = RecordingStore(), [0]
    keeper = DebouncedSaver(store, lambda: (("n", str(value[0])),))
    for value[0] in range(5):
        keeper.changed()
    assert store.saved_values == []
    await asyncio.sleep(2 * PAUSE)
    assert store.saved_values == [(("n", "4"),)], "the last word is what is kept"
    value[0] = 9
    keeper.changed()
    await asyncio.sleep(2 * PAUSE)
    assert store.saved_values[1:] == [(("n", "9"),)]


@in_no_time
async def test_closing_saves_pending_changes() -> None:
    store = RecordingStore()
    keeper = DebouncedSaver(store, lambda: (("n", "1"),))
    keeper.changed()
    keeper.keep()
    await asyncio.sleep(2 * PAUSE)
    assert store.saved_values == [(("n", "1"),)]


@in_no_time
async def test_an_empty_value_is_not_saved() -> None:
    store = RecordingStore()
    DebouncedSaver(store, tuple).keep()
    assert store.saved_values == []
