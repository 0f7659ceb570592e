"""Statuses are written in batches and in order."""

import asyncio

import pytest

from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import StatusUpdate
from bot.broadcast.run import StatusWriter
from tests.broadcast.fakes import FakeRecipients


class CountingRecipients(FakeRecipients):
    """Counts how often it writes."""

    writes = 0

    async def record(self, number: int, entries: tuple[StatusUpdate, ...]) -> None:
        self.writes += 1
        await super().record(number, entries)


async def test_updates_are_written_in_batches() -> None:
    recipients = CountingRecipients()
    status_writer = StatusWriter(recipients, 1)
    await asyncio.gather(
        *(status_writer.record_and_wait(StatusUpdate(each, RecipientStatus.SENDING)) for each in range(100))
    )
    for each in range(100):
        status_writer.record(StatusUpdate(each, RecipientStatus.SENT))
    await status_writer.close()
    assert len(recipients.log) == 200
    assert recipients.writes <= 4


async def test_an_update_that_was_waited_for_is_stored() -> None:
    recipients = FakeRecipients()
    status_writer = StatusWriter(recipients, 1)
    await status_writer.record_and_wait(StatusUpdate(1, RecipientStatus.SENDING))
    assert recipients.log == [StatusUpdate(1, RecipientStatus.SENDING)]


async def test_updates_of_one_recipient_keep_their_order() -> None:
    recipients = FakeRecipients()
    status_writer = StatusWriter(recipients, 1)
    status_writer.record(StatusUpdate(1, RecipientStatus.SENDING))
    status_writer.record(StatusUpdate(1, RecipientStatus.PENDING))
    await status_writer.record_and_wait(StatusUpdate(1, RecipientStatus.SENDING))
    status_writer.record(StatusUpdate(1, RecipientStatus.SENT, 5))
    await status_writer.close()
    assert [each.status for each in recipients.log] == [
        RecipientStatus.SENDING,
        RecipientStatus.PENDING,
        RecipientStatus.SENDING,
        RecipientStatus.SENT,
    ]


async def test_closing_an_empty_writer_does_nothing() -> None:
    await StatusWriter(FakeRecipients(), 1).close()


async def test_a_write_error_is_raised_to_the_waiter_and_at_close() -> None:
    status_writer = StatusWriter(FakeRecipients(broken=True), 1)
    with pytest.raises(OSError, match="no disk"):
        await status_writer.record_and_wait(StatusUpdate(1, RecipientStatus.SENDING))
    status_writer.record(StatusUpdate(2, RecipientStatus.SENT))
    with pytest.raises(OSError, match="no disk"):
        await status_writer.close()
