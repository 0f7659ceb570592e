"""Values are stored soon after they change, not each time, and once more at the end."""

import asyncio

from bot.app.records import Change
from bot.bootstrap.operations import PAUSE, DebouncedSaver, NamedValues
from bot.storage.store import Store
from tests.app.virtual_clock import in_no_time


class Shelf(Store):
    """A store that only writes down what it is asked to remember."""

    def __init__(self) -> None:
        self.saved_values: list[NamedValues] = []

    def commit_soon(self, change: Change) -> None:
        self.saved_values.append(change.saved_values)


@in_no_time
async def test_many_changes_are_saved_together() -> None:
    shelf, value = Shelf(), [0]
    keeper = DebouncedSaver(shelf, lambda: (("n", str(value[0])),))
    for value[0] in range(5):
        keeper.changed()
    assert shelf.saved_values == []
    await asyncio.sleep(2 * PAUSE)
    assert shelf.saved_values == [(("n", "4"),)], "the last word is what is kept"
    value[0] = 9
    keeper.changed()
    await asyncio.sleep(2 * PAUSE)
    assert shelf.saved_values[1:] == [(("n", "9"),)]


@in_no_time
async def test_closing_saves_pending_changes() -> None:
    shelf = Shelf()
    keeper = DebouncedSaver(shelf, lambda: (("n", "1"),))
    keeper.changed()
    keeper.keep()
    await asyncio.sleep(2 * PAUSE)
    assert shelf.saved_values == [(("n", "1"),)]


@in_no_time
async def test_an_empty_value_is_not_saved() -> None:
    shelf = Shelf()
    DebouncedSaver(shelf, tuple).keep()
    assert shelf.saved_values == []
