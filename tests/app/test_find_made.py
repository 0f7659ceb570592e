"""Which appointment an order made: its own, and surely not an earlier order's."""

from datetime import datetime

import pytest

from bot.app.attempt import find_made
from bot.app.ports import Need, WriteOutcome
from bot.core.model import Appointment, Order
from tests.app.fakes import FakeMoncreneau, ScriptedError

AT = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
ORDER = Order(5, AT, "Aïssatou Bah", "telegram:7")
MADE = Appointment(100, 5, AT, "Aïssatou Bah", owner="telegram:7")


def office(*appointments: Appointment) -> FakeMoncreneau:
    return FakeMoncreneau(books={each.id: each for each in appointments})


async def test_it_is_found_by_what_it_is() -> None:
    other = Appointment(99, 8, AT, "Aïssatou Bah", owner="telegram:7")
    assert await find_made(ORDER, office(other, MADE), frozenset(), Need.SETTLE) == MADE
    assert await find_made(ORDER, office(other), frozenset(), Need.SETTLE) is None


async def test_one_that_an_earlier_order_made_is_not_taken_for_it() -> None:
    assert await find_made(ORDER, office(MADE), frozenset({MADE.id}), Need.SETTLE) is None


async def test_among_those_that_cannot_be_read_it_may_be_so_nobody_can_tell() -> None:
    unreadable = ScriptedError(WriteOutcome.UNKNOWN)
    unreadable.seen = (MADE,)
    here = office()
    here.reads.extend([unreadable, unreadable])
    assert await find_made(ORDER, here, frozenset(), Need.SETTLE) == MADE
    with pytest.raises(ScriptedError):
        await find_made(ORDER, here, frozenset({MADE.id}), Need.SETTLE)
