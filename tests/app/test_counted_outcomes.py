"""What the outcome of an attempt counts in the statistics."""

from pathlib import Path

from bot.app.records import StoredAttempt
from bot.core.model import FailureCode
from bot.core.statistics import Count, Counted
from tests.app.fakes import refused
from tests.app.virtual_clock import in_no_time
from tests.app.worker_setup import BOOKING, CANCELLING, MINE, MOVING, NOW, WorkerSetup, worker_setup


async def counted(here: WorkerSetup, attempt: StoredAttempt) -> tuple[Count, ...]:
    await here.run(attempt)
    (settled,) = [settled for _, settled in here.said if settled]
    return settled.counts


@in_no_time
async def test_a_booking_a_move_and_a_cancellation_count_once_each(tmp_path: Path) -> None:
    for attempt, what in ((BOOKING, Counted.BOOKED), (MOVING, Counted.MOVED), (CANCELLING, Counted.CANCELLED)):
        folder = tmp_path / what
        folder.mkdir()
        async with worker_setup(folder) as here:
            if attempt is not BOOKING:
                here.api.books[MINE.id] = MINE
            assert await counted(here, attempt) == (Count(NOW.date(), 5, what),), what


@in_no_time
async def test_a_slot_that_somebody_else_took_is_a_lost_race_and_other_refusals_are_not(tmp_path: Path) -> None:
    lost = (Count(NOW.date(), 5, Counted.LOST_RACE),)
    cases = (
        (BOOKING, FailureCode.SLOT_TAKEN, lost),
        (MOVING, FailureCode.SLOT_TAKEN, lost),
        (BOOKING, FailureCode.OUT_OF_CREDITS, ()),
    )
    for number, (attempt, code, expected) in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with worker_setup(folder) as here:
            if attempt is MOVING:
                here.api.books[MINE.id] = MINE
            here.api.writes.append(refused(code))
            assert await counted(here, attempt) == expected
