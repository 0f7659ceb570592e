"""Taking a broadcast back."""

import asyncio
import time
from collections import Counter
from dataclasses import replace

from bot.app.ports import FloodedError, MaybeSentError, MessageRefusedError, NotSentError
from bot.broadcast.model import RecipientStatus
from bot.broadcast.recaller import AT_ONCE, DELETABLE, Recaller
from bot.broadcast.run import BroadcastRun
from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import PLAN, FakeHerald, FakeRoll, Ways


def recall(
    recipients_repository: FakeRoll, sender: FakeHerald, rate: float | None = None
) -> tuple[Recaller, BroadcastRun]:
    counts = Counter(each.status for each in recipients_repository.fates.values())
    ways = Ways(sender, rate=rate)
    return Recaller(recipients_repository, sender, ways.throttle(AT_ONCE), ways.per_chat), BroadcastRun(
        PLAN, {}, frozenset({RecipientStatus.SENT}), counts
    )


@in_no_time
async def test_everything_that_was_sent_is_taken_back() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 3 * AT_ONCE), status=RecipientStatus.SENT), FakeHerald()
    recaller, rounds = recall(recipients_repository, sender)
    assert await recaller.carry(rounds)
    assert sorted(sender.recalled) == list(range(1, 3 * AT_ONCE))
    assert recipients_repository.tally() == {"recalled": 3 * AT_ONCE - 1}
    assert rounds.figures().of(RecipientStatus.SENT) == 0


@in_no_time
async def test_what_cannot_be_deleted_stays_sent_with_the_reason() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, status=RecipientStatus.SENT), FakeHerald()
    sender.fails(1, MessageRefusedError("message can't be deleted"))
    recaller, rounds = recall(recipients_repository, sender)
    await recaller.carry(rounds)
    assert recipients_repository.tally() == {"sent": 1, "recalled": 1}
    assert "can't be deleted" in (recipients_repository.fates[1].error or "")
    assert recipients_repository.fates[1].message_id == 10


@in_no_time
async def test_what_is_too_old_is_not_asked_for_and_stays_sent_with_the_reason() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, status=RecipientStatus.SENT), FakeHerald()
    recipients_repository.people[1] = replace(recipients_repository.people[1], at=time.time() - DELETABLE - 60)
    recaller, rounds = recall(recipients_repository, sender)
    assert await recaller.carry(rounds)
    assert sender.recalled == [2]
    assert recipients_repository.tally() == {"sent": 1, "recalled": 1}
    assert "older than 48 hours" in (recipients_repository.fates[1].error or "")
    assert rounds.left() == 0


@in_no_time
async def test_a_message_of_unknown_number_stays_sent_and_says_so() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, status=RecipientStatus.SENT), FakeHerald()
    recipients_repository.people[1] = replace(recipients_repository.people[1], message_id=0)
    recaller, rounds = recall(recipients_repository, sender)
    assert await recaller.carry(rounds)
    assert sender.recalled == [2]
    assert recipients_repository.fates[1].error == "cannot be recalled: its number is unknown"
    assert rounds.left() == 0


@in_no_time
async def test_what_was_gone_before_says_so() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, status=RecipientStatus.SENT), FakeHerald()
    sender.gone = {1, 2}
    sender.fails(2, MaybeSentError("timed out"), None)
    recaller, rounds = recall(recipients_repository, sender)
    assert await recaller.carry(rounds)
    assert recipients_repository.tally() == {"recalled": 2}
    assert recipients_repository.fates[1].error == "it was gone already"
    assert recipients_repository.fates[2].error is None, "the first try may have taken it back"


@in_no_time
async def test_floods_and_outages_are_waited_for() -> None:
    recipients_repository, sender = FakeRoll.of(1, 2, 3, status=RecipientStatus.SENT), FakeHerald()
    sender.fails(1, FloodedError(5), None)
    sender.fails(2, NotSentError("no route"), None)
    sender.fails(3, MaybeSentError("timed out"), None)
    recaller, rounds = recall(recipients_repository, sender)
    assert await recaller.carry(rounds)
    assert recipients_repository.tally() == {"recalled": 3}


@in_no_time
async def test_a_halt_leaves_the_rest_for_the_next_start() -> None:
    recipients_repository, sender = FakeRoll.of(*range(1, 200), status=RecipientStatus.SENT), FakeHerald()
    recaller, rounds = recall(recipients_repository, sender, rate=20)
    going = asyncio.create_task(recaller.carry(rounds))
    await asyncio.sleep(3)
    rounds.halted.set()
    assert not await going
    assert 0 < recipients_repository.tally()["sent"] < 199
