"""Recalling a broadcast."""

import asyncio
import time
from collections import Counter
from dataclasses import replace

from bot.app.ports import FloodedError, MaybeSentError, MessageRefusedError, NotSentError
from bot.broadcast.model import RecipientStatus
from bot.broadcast.recaller import DELETABLE, MAX_RECALLS_IN_FLIGHT, Recaller
from bot.broadcast.run import BroadcastRun
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import PLAN, FakeRecipients, FakeSender, SharedLimits


def recall(recipients: FakeRecipients, sender: FakeSender, rate: float | None = None) -> tuple[Recaller, BroadcastRun]:
    counts = Counter(each.status for each in recipients.statuses.values())
    limits = SharedLimits(sender, rate=rate)
    return Recaller(recipients, sender, limits.throttle(MAX_RECALLS_IN_FLIGHT), limits.chat_limiter), BroadcastRun(
        PLAN, {}, frozenset({RecipientStatus.SENT}), counts
    )


@in_no_time
async def test_every_sent_message_is_deleted() -> None:
    recipients, sender = (
        FakeRecipients.of(*range(1, 3 * MAX_RECALLS_IN_FLIGHT), status=RecipientStatus.SENT),
        FakeSender(),
    )
    recaller, run = recall(recipients, sender)
    assert await recaller.recall_all(run)
    assert sorted(sender.recalled) == list(range(1, 3 * MAX_RECALLS_IN_FLIGHT))
    assert recipients.tally() == {"recalled": 3 * MAX_RECALLS_IN_FLIGHT - 1}
    assert run.recipient_counts().of(RecipientStatus.SENT) == 0


@in_no_time
async def test_a_message_that_cannot_be_deleted_stays_sent_with_the_reason() -> None:
    recipients, sender = FakeRecipients.of(1, 2, status=RecipientStatus.SENT), FakeSender()
    sender.fails(1, MessageRefusedError("message can't be deleted"))
    recaller, run = recall(recipients, sender)
    await recaller.recall_all(run)
    assert recipients.tally() == {"sent": 1, "recalled": 1}
    assert "can't be deleted" in (recipients.statuses[1].error or "")
    assert recipients.statuses[1].message_id == 10


@in_no_time
async def test_for_a_message_that_is_too_old_no_call_is_made() -> None:
    recipients, sender = FakeRecipients.of(1, 2, status=RecipientStatus.SENT), FakeSender()
    recipients.people[1] = replace(recipients.people[1], at=time.time() - DELETABLE - 60)
    recaller, run = recall(recipients, sender)
    assert await recaller.recall_all(run)
    assert sender.recalled == [2]
    assert recipients.tally() == {"sent": 1, "recalled": 1}
    assert "older than 48 hours" in (recipients.statuses[1].error or "")
    assert run.left() == 0


@in_no_time
async def test_a_message_without_an_id_stays_sent_with_the_reason() -> None:
    recipients, sender = FakeRecipients.of(1, 2, status=RecipientStatus.SENT), FakeSender()
    recipients.people[1] = replace(recipients.people[1], message_id=0)
    recaller, run = recall(recipients, sender)
    assert await recaller.recall_all(run)
    assert sender.recalled == [2]
    assert recipients.statuses[1].error == "cannot be recalled: its number is unknown"
    assert run.left() == 0


@in_no_time
async def test_a_message_that_was_already_deleted_says_so() -> None:
    recipients, sender = FakeRecipients.of(1, 2, status=RecipientStatus.SENT), FakeSender()
    sender.gone = {1, 2}
    sender.fails(2, MaybeSentError("timed out"), None)
    recaller, run = recall(recipients, sender)
    assert await recaller.recall_all(run)
    assert recipients.tally() == {"recalled": 2}
    assert recipients.statuses[1].error == "it was gone already"
    assert recipients.statuses[2].error is None, "the first try may have taken it back"


@in_no_time
async def test_floods_and_outages_are_waited_for() -> None:
    recipients, sender = FakeRecipients.of(1, 2, 3, status=RecipientStatus.SENT), FakeSender()
    sender.fails(1, FloodedError(5), None)
    sender.fails(2, NotSentError("no route"), None)
    sender.fails(3, MaybeSentError("timed out"), None)
    recaller, run = recall(recipients, sender)
    assert await recaller.recall_all(run)
    assert recipients.tally() == {"recalled": 3}


@in_no_time
async def test_a_halted_recall_leaves_the_rest_for_the_next_start() -> None:
    recipients, sender = FakeRecipients.of(*range(1, 200), status=RecipientStatus.SENT), FakeSender()
    recaller, run = recall(recipients, sender, rate=20)
    going = asyncio.create_task(recaller.recall_all(run))
    await asyncio.sleep(3)
    run.halted.set()
    assert not await going
    assert 0 < recipients.tally()["sent"] < 199
