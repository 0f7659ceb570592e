"""The state of one run."""

from collections import Counter

from bot.broadcast.model import RecipientStatus
from bot.broadcast.ports import Recipient
from bot.broadcast.run import BroadcastRun
from tests.broadcast.fakes import PLAN


def on_its_way(**counts: int) -> BroadcastRun:
    found = Counter({RecipientStatus(status): number for status, number in counts.items()})
    return BroadcastRun(PLAN, {}, frozenset({RecipientStatus.PENDING, RecipientStatus.AGAIN}), found)


def test_left_counts_waiting_and_in_flight_recipients() -> None:
    run = on_its_way(pending=3, again=2, sending=1, sent=7)
    assert run.left() == 6
    run.moved(RecipientStatus.PENDING, RecipientStatus.SENT)
    assert run.left() == 5
    assert run.recipient_counts().of(RecipientStatus.SENT) == 8


def test_an_unrecallable_message_counts_as_processed() -> None:
    run = on_its_way(sent=3, recalled=2)
    run.statuses = frozenset({RecipientStatus.SENT})
    run.unrecallable = 1
    assert run.left() == 2


def test_deferred_recipients_are_due_in_order() -> None:
    run = on_its_way()
    for chat_id, due in ((1, 30.0), (2, 10.0), (3, 10.0)):
        run.defer(Recipient(chat_id, "fr"), due)
    assert run.due(9.0) is None
    found = [run.due(10.0), run.due(10.0), run.due(10.0)]
    assert [each.chat_id if each else None for each in found] == [2, 3, None]


def test_the_first_error_is_kept() -> None:
    run = on_its_way()
    first = ValueError("first")
    run.abort(first)
    run.abort(OSError("second"))
    assert run.error is first
    assert run.halted.is_set()
