"""What is known of a broadcast on its way."""

from collections import Counter

from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import Recipient
from bot.broadcast.run import BroadcastRun
from tests.broadcast.press import PLAN


def on_its_way(**counts: int) -> BroadcastRun:
    found = Counter({RecipientStatus(status): number for status, number in counts.items()})
    return BroadcastRun(PLAN, {}, frozenset({RecipientStatus.PENDING, RecipientStatus.AGAIN}), found)


def test_those_are_left_whose_turn_it_is_and_those_on_the_wire() -> None:
    rounds = on_its_way(pending=3, again=2, sending=1, sent=7)
    assert rounds.left() == 6
    rounds.moved(RecipientStatus.PENDING, RecipientStatus.SENT)
    assert rounds.left() == 5
    assert rounds.figures().of(RecipientStatus.SENT) == 8


def test_a_message_that_could_not_be_taken_back_is_done_with() -> None:
    rounds = on_its_way(sent=3, recalled=2)
    rounds.statuses = frozenset({RecipientStatus.SENT})
    rounds.kept = 1
    assert rounds.left() == 2


def test_who_has_to_wait_comes_when_they_are_due_the_first_of_them_first() -> None:
    rounds = on_its_way()
    for chat_id, due in ((1, 30.0), (2, 10.0), (3, 10.0)):
        rounds.defer(Recipient(chat_id, "fr"), due)
    assert rounds.due(9.0) is None
    found = [rounds.due(10.0), rounds.due(10.0), rounds.due(10.0)]
    assert [each.chat_id if each else None for each in found] == [2, 3, None]


def test_the_first_failure_is_the_one_that_is_told() -> None:
    rounds = on_its_way()
    first = ValueError("first")
    rounds.fails(first)
    rounds.fails(OSError("second"))
    assert rounds.error is first
    assert rounds.halted.is_set()
