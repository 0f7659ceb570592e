"""Notes go to the disk many at a time, in their order."""

import asyncio

import pytest

from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import StatusUpdate
from bot.broadcast.run import StatusWriter
from tests.broadcast.press import FakeRoll


class CountingRoll(FakeRoll):
    """Counts how often it writes."""

    writes = 0

    async def note(self, number: int, entries: tuple[StatusUpdate, ...]) -> None:
        self.writes += 1
        await super().note(number, entries)


async def test_while_one_batch_is_written_the_next_one_gathers() -> None:
    recipients_repository = CountingRoll()
    status_writer = StatusWriter(recipients_repository, 1)
    await asyncio.gather(*(status_writer.now(StatusUpdate(each, RecipientStatus.SENDING)) for each in range(100)))
    for each in range(100):
        status_writer.soon(StatusUpdate(each, RecipientStatus.SENT))
    await status_writer.close()
    assert len(recipients_repository.log) == 200
    assert recipients_repository.writes <= 4


async def test_a_note_that_is_waited_for_is_on_the_disk() -> None:
    recipients_repository = FakeRoll()
    status_writer = StatusWriter(recipients_repository, 1)
    await status_writer.now(StatusUpdate(1, RecipientStatus.SENDING))
    assert recipients_repository.log == [StatusUpdate(1, RecipientStatus.SENDING)]


async def test_notes_of_one_recipient_keep_their_order() -> None:
    recipients_repository = FakeRoll()
    status_writer = StatusWriter(recipients_repository, 1)
    status_writer.soon(StatusUpdate(1, RecipientStatus.SENDING))
    status_writer.soon(StatusUpdate(1, RecipientStatus.PENDING))
    await status_writer.now(StatusUpdate(1, RecipientStatus.SENDING))
    status_writer.soon(StatusUpdate(1, RecipientStatus.SENT, 5))
    await status_writer.close()
    assert [each.status for each in recipients_repository.log] == [
        RecipientStatus.SENDING,
        RecipientStatus.PENDING,
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]


async def test_closing_an_empty_ledger_is_nothing() -> None:
    await StatusWriter(FakeRoll(), 1).close()


async def test_what_cannot_be_written_is_told_to_who_waits_and_who_closes() -> None:
    status_writer = StatusWriter(FakeRoll(broken=True), 1)
    with pytest.raises(OSError, match="no disk"):
        await status_writer.now(StatusUpdate(1, RecipientStatus.SENDING))
    status_writer.soon(StatusUpdate(2, RecipientStatus.SENT))
    with pytest.raises(OSError, match="no disk"):
        await status_writer.close()
