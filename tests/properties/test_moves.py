"""Whatever the API, the office and kills do to a move: nobody is left without an appointment, and nobody gets a third.

Random histories of one move: answers that are lost before or after the deed, refusals, failed lookups, an office that
cancels the old appointment, a citizen who gives up, and processes that are killed and started again.
"""

import asyncio
import tempfile
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app.attempt_worker import AttemptWorker
from bot.app.ports import ApiError, WriteOutcome
from bot.core.events import BookingRefused, BookingWithdrawn, Moved, OldNotCancelled, ReplacementBooked
from bot.core.model import AppointmentStatus, FailureCode
from tests.app.fakes import FakeMoncreneau, ScriptedError, refused
from tests.app.virtual_clock import in_no_time
from tests.app.worker_setup import CHAT, LOST, LOST_BUT_DONE, MINE, MOVING, WorkerSetup, worker_setup

OLD = MINE.id
WRITES = st.sampled_from(
    [
        None,
        None,
        LOST,
        LOST_BUT_DONE,
        ScriptedError(WriteOutcome.NOT_SENT),
        ScriptedError(WriteOutcome.NOT_SENT, FailureCode.BUSY, retry_after=30),
        ScriptedError(WriteOutcome.UNKNOWN, acted=True, presumed_refusal=FailureCode.BAD_REQUEST),
        refused(FailureCode.SLOT_TAKEN),
        refused(FailureCode.ALREADY_BOOKED),
        refused(FailureCode.OUT_OF_CREDITS),
        refused(FailureCode.NO_ACCESS),
    ]
)
READS = st.sampled_from([None, None, ScriptedError(WriteOutcome.NOT_SENT), LOST])


@dataclass(slots=True)
class StrictOffice(FakeMoncreneau):
    """An office that notes when the bot would leave the citizen without an appointment."""

    left_without: int = 0
    cancelled_by_office: bool = False
    most: int = field(default=1)

    def standing(self) -> set[int]:
        return {each.id for each in self.books.values() if each.status is AppointmentStatus.SCHEDULED}

    async def cancel(self, appointment_id: int) -> None:
        self.left_without += not self.standing() - {appointment_id}
        await super(StrictOffice, self).cancel(appointment_id)

    async def book(self, order):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201
        try:
            return await super(StrictOffice, self).book(order)
        finally:
            self.most = max(self.most, len(self.books))


@dataclass(frozen=True)
class Disturbance:
    """What happens after so many virtual seconds."""

    after: float
    what: str


DISTURBANCES = st.lists(
    st.builds(Disturbance, st.sampled_from([0.0, 0.2, 1.0, 5.0, 20.0]), st.sampled_from(["kill", "office", "give up"])),
    max_size=4,
)


async def disturb(here: WorkerSetup, office: StrictOffice, each: Disturbance) -> None:
    await asyncio.sleep(each.after)
    if here.told.is_set():
        return
    match each.what:
        case "kill":
            await here.attempt_worker.stop(0)
            if here.told.is_set():  # it ended at that very moment
                return
            here.attempt_worker = AttemptWorker(here.store, office, lambda: here.now)
            for attempt in await here.store.open_attempts():
                here.attempt_worker.begin(attempt, here.tell, resumed=True)
        case "office" if OLD in office.standing():
            office.cancelled_by_office = True
            office.books[OLD] = replace(office.books[OLD], status=AppointmentStatus.CANCELLED)
        case "give up":
            here.attempt_worker.withdraw(CHAT, MOVING.number)
        case _:
            pass


@in_no_time
async def play(
    folder: Path,
    writes: list[ScriptedError | None],
    reads: list[ApiError | None],
    lag: float,
    disturbances: list[Disturbance],
) -> None:
    async with worker_setup(folder) as here:
        office = StrictOffice(books={OLD: MINE}, writes=deque(writes), reads=deque(reads), lag=lag)  # type: ignore[arg-type]
        here.api = office
        here.attempt_worker = AttemptWorker(here.store, office, lambda: here.now)
        await here.begin(MOVING)
        for each in disturbances:
            await disturb(here, office, each)
        await here.told.wait()
        await here.attempt_worker.stop(1)
        check(here, office)


def check(here: WorkerSetup, office: StrictOffice) -> None:
    (outcome,) = [event for event, settled in here.said if settled]
    booked = {event.appointment.id for event, _ in here.said if isinstance(event, ReplacementBooked)}
    assert office.left_without == 0, "the last appointment was cancelled"
    assert office.most <= 2, "a third appointment was made"
    old = set() if office.cancelled_by_office else {OLD}
    match outcome:
        case Moved():
            assert office.standing() == booked
        case OldNotCancelled():
            assert booked
            assert office.standing() in ({OLD, *booked}, booked)
        case BookingRefused() | BookingWithdrawn():
            assert not booked
            assert office.standing() == old
            found = outcome.old if isinstance(outcome, BookingRefused) else None
            is_gone = found is not None and found.status is AppointmentStatus.CANCELLED
            assert office.cancelled_by_office or not is_gone
        case _:
            raise AssertionError(outcome)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    writes=st.lists(WRITES, max_size=8),
    reads=st.lists(READS, max_size=6),
    lag=st.sampled_from([0.0, 0.1, 3.0]),
    disturbances=DISTURBANCES,
)
def test_a_move_ends_with_the_appointments_that_the_citizen_was_told(
    writes: list[ScriptedError | None],
    reads: list[ApiError | None],
    lag: float,
    disturbances: list[Disturbance],
) -> None:
    with tempfile.TemporaryDirectory(prefix="moves-") as folder:
        play(Path(folder), writes, reads, lag, disturbances)
