"""Ten wrong numbers an hour may cost a request each; further ones cost none."""

from collections import Counter
from datetime import datetime

import pytest

from bot.app import wrong_numbers
from bot.app.wrong_numbers import MOST, WrongNumbers
from bot.core.model import Appointment
from tests.moncreneau.support import StillClock

MINE = (Appointment(50, 5, datetime(2026, 3, 2, 9, 0), "x"),)  # noqa: DTZ001 — office time


def guessed(clock: StillClock, times: int = MOST) -> WrongNumbers:
    found = WrongNumbers(lambda: clock.unix, Counter())
    for number in range(times):
        assert found.answer(7, number) is None
        found.note(7, number, MINE)
        clock.pass_(1)
    return found


def test_after_ten_wrong_numbers_no_request_is_sent() -> None:
    clock = StillClock()
    numbers = guessed(clock)
    assert numbers.answer(7, 99) == MINE
    assert numbers.answer(7, 50) is None, "what is theirs is asked for"
    assert numbers.answer(8, 99) is None, "others are not concerned"
    clock.pass_(3600 - 5)
    assert numbers.answer(7, 99) is None, "an hour later it is asked for again"


def test_correct_numbers_do_not_count() -> None:
    clock = StillClock()
    numbers = guessed(clock, MOST - 1)
    for _ in range(5):
        numbers.note(7, 50, MINE)
    assert numbers.answer(7, 99) is None


def test_a_new_appointment_resets_the_count() -> None:
    numbers = guessed(StillClock())
    numbers.forget(7)
    numbers.forget(8)
    assert numbers.answer(7, 99) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong_numbers, "CHATS", 1)
    numbers = guessed(StillClock())
    numbers.note(8, 1, ())
    assert numbers.answer(7, 99) is None
