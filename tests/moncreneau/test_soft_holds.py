"""Who is about to confirm what, for as long as it counts."""

from datetime import datetime

from bot.moncreneau.local_changes import SoftHolds
from tests.moncreneau.support import StillClock

TEN = datetime(2026, 1, 22, 10, 0)  # noqa: DTZ001 — office time is naive
ELEVEN = TEN.replace(hour=11)


def test_everybody_has_one_choice_and_may_change_it(clock: StillClock) -> None:
    choices = SoftHolds(lambda: clock.unix)
    choices.note("a", (5, TEN))
    choices.note("b", (5, TEN))
    choices.note("c", (8, TEN))
    assert choices.of(5) == {TEN: 2}
    choices.note("b", (5, ELEVEN))
    assert choices.of(5) == {TEN: 1, ELEVEN: 1}
    choices.note("a", (8, ELEVEN))
    assert choices.of(5) == {ELEVEN: 1}
    choices.note("b", None)
    choices.note("b", None)
    assert not choices.of(5)
    assert choices.of(8) == {TEN: 1, ELEVEN: 1}


def test_a_choice_counts_for_two_minutes(clock: StillClock) -> None:
    choices = SoftHolds(lambda: clock.unix)
    choices.note("a", (5, TEN))
    clock.pass_(60)
    choices.note("b", (5, ELEVEN))
    clock.pass_(61)
    assert choices.of(5) == {ELEVEN: 1}
    clock.pass_(60)
    assert not choices.of(5)
