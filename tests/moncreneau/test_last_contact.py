"""Who was not heard for long is not called reachable."""

from bot.moncreneau.client import Pulse
from tests.moncreneau.support import StillClock


def test_silence_is_counted_from_the_last_try_and_what_was_heard_from_the_last_answer(clock: StillClock) -> None:
    pulse = Pulse(lambda: clock.unix)
    assert (pulse.silence, pulse.heard, pulse.missed) == (float("inf"), None, False)
    pulse.answered()
    heard = clock.unix
    clock.pass_(60)
    assert pulse.silence == 60
    pulse.failed()
    assert (pulse.silence, pulse.heard, pulse.missed) == (0, heard, True)
    pulse.answered()
    assert (pulse.heard, pulse.missed) == (heard + 60, False)


def test_a_clock_set_back_is_not_taken_for_news(clock: StillClock) -> None:
    pulse = Pulse(lambda: clock.unix)
    pulse.answered()
    clock.pass_(-60)
    assert pulse.silence == float("inf")
