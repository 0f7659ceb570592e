"""Notes go to the disk many at a time, in their order."""

import asyncio

import pytest

from bot.broadcast.model import Fate
from bot.broadcast.ports import Entry
from bot.broadcast.run import Ledger
from tests.broadcast.press import FakeRoll


class CountingRoll(FakeRoll):
    """Counts how often it writes."""

    writes = 0

    async def note(self, number: int, entries: tuple[Entry, ...]) -> None:
        self.writes += 1
        await super().note(number, entries)


async def test_while_one_batch_is_written_the_next_one_gathers() -> None:
    roll = CountingRoll()
    ledger = Ledger(roll, 1)
    await asyncio.gather(*(ledger.now(Entry(each, Fate.SENDING)) for each in range(100)))
    for each in range(100):
        ledger.soon(Entry(each, Fate.SENT))
    await ledger.close()
    assert len(roll.log) == 200
    assert roll.writes <= 4


async def test_a_note_that_is_waited_for_is_on_the_disk() -> None:
    roll = FakeRoll()
    ledger = Ledger(roll, 1)
    await ledger.now(Entry(1, Fate.SENDING))
    assert roll.log == [Entry(1, Fate.SENDING)]


async def test_notes_of_one_recipient_keep_their_order() -> None:
    roll = FakeRoll()
    ledger = Ledger(roll, 1)
    ledger.soon(Entry(1, Fate.SENDING))
    ledger.soon(Entry(1, Fate.PENDING))
    await ledger.now(Entry(1, Fate.SENDING))
    ledger.soon(Entry(1, Fate.SENT, 5))
    await ledger.close()
    assert [each.fate for each in roll.log] == [Fate.SENDING, Fate.PENDING, Fate.SENDING, Fate.SENT]


async def test_closing_an_empty_ledger_is_nothing() -> None:
    await Ledger(FakeRoll(), 1).close()


async def test_what_cannot_be_written_is_told_to_who_waits_and_who_closes() -> None:
    ledger = Ledger(FakeRoll(broken=True), 1)
    with pytest.raises(OSError, match="no disk"):
        await ledger.now(Entry(1, Fate.SENDING))
    ledger.soon(Entry(2, Fate.SENT))
    with pytest.raises(OSError, match="no disk"):
        await ledger.close()
