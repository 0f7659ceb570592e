"""Taking a broadcast back."""

import asyncio
import time
from collections import Counter
from dataclasses import replace

from bot.app.ports import FloodedError, MaybeSentError, MessageRefusedError, NotSentError
from bot.broadcast.model import Fate
from bot.broadcast.recaller import AT_ONCE, DELETABLE, Recaller
from bot.broadcast.run import Round
from tests.app.virtual_clock import in_no_time
from tests.broadcast.press import PLAN, FakeHerald, FakeRoll, Ways


def recall(roll: FakeRoll, herald: FakeHerald, rate: float | None = None) -> tuple[Recaller, Round]:
    counts = Counter(each.fate for each in roll.fates.values())
    ways = Ways(herald, rate=rate)
    return Recaller(roll, herald, ways.lane(AT_ONCE), ways.per_chat), Round(PLAN, {}, frozenset({Fate.SENT}), counts)


@in_no_time
async def test_everything_that_was_sent_is_taken_back() -> None:
    roll, herald = FakeRoll.of(*range(1, 3 * AT_ONCE), fate=Fate.SENT), FakeHerald()
    recaller, rounds = recall(roll, herald)
    assert await recaller.carry(rounds)
    assert sorted(herald.recalled) == list(range(1, 3 * AT_ONCE))
    assert roll.tally() == {"recalled": 3 * AT_ONCE - 1}
    assert rounds.figures().of(Fate.SENT) == 0


@in_no_time
async def test_what_cannot_be_deleted_stays_sent_with_the_reason() -> None:
    roll, herald = FakeRoll.of(1, 2, fate=Fate.SENT), FakeHerald()
    herald.fails(1, MessageRefusedError("message can't be deleted"))
    recaller, rounds = recall(roll, herald)
    await recaller.carry(rounds)
    assert roll.tally() == {"sent": 1, "recalled": 1}
    assert "can't be deleted" in (roll.fates[1].error or "")
    assert roll.fates[1].message_id == 10


@in_no_time
async def test_what_is_too_old_is_not_asked_for_and_stays_sent_with_the_reason() -> None:
    roll, herald = FakeRoll.of(1, 2, fate=Fate.SENT), FakeHerald()
    roll.people[1] = replace(roll.people[1], at=time.time() - DELETABLE - 60)
    recaller, rounds = recall(roll, herald)
    assert await recaller.carry(rounds)
    assert herald.recalled == [2]
    assert roll.tally() == {"sent": 1, "recalled": 1}
    assert "older than 48 hours" in (roll.fates[1].error or "")
    assert rounds.left() == 0


@in_no_time
async def test_a_message_of_unknown_number_stays_sent_and_says_so() -> None:
    roll, herald = FakeRoll.of(1, 2, fate=Fate.SENT), FakeHerald()
    roll.people[1] = replace(roll.people[1], message_id=0)
    recaller, rounds = recall(roll, herald)
    assert await recaller.carry(rounds)
    assert herald.recalled == [2]
    assert roll.fates[1].error == "cannot be recalled: its number is unknown"
    assert rounds.left() == 0


@in_no_time
async def test_what_was_gone_before_says_so() -> None:
    roll, herald = FakeRoll.of(1, 2, fate=Fate.SENT), FakeHerald()
    herald.gone = {1, 2}
    herald.fails(2, MaybeSentError("timed out"), None)
    recaller, rounds = recall(roll, herald)
    assert await recaller.carry(rounds)
    assert roll.tally() == {"recalled": 2}
    assert roll.fates[1].error == "it was gone already"
    assert roll.fates[2].error is None, "the first try may have taken it back"


@in_no_time
async def test_floods_and_outages_are_waited_for() -> None:
    roll, herald = FakeRoll.of(1, 2, 3, fate=Fate.SENT), FakeHerald()
    herald.fails(1, FloodedError(5), None)
    herald.fails(2, NotSentError("no route"), None)
    herald.fails(3, MaybeSentError("timed out"), None)
    recaller, rounds = recall(roll, herald)
    assert await recaller.carry(rounds)
    assert roll.tally() == {"recalled": 3}


@in_no_time
async def test_a_halt_leaves_the_rest_for_the_next_start() -> None:
    roll, herald = FakeRoll.of(*range(1, 200), fate=Fate.SENT), FakeHerald()
    recaller, rounds = recall(roll, herald, rate=20)
    going = asyncio.create_task(recaller.carry(rounds))
    await asyncio.sleep(3)
    rounds.halted.set()
    assert not await going
    assert 0 < roll.tally()["sent"] < 199
