"""A move makes one appointment, cancels the old one only after the new one is stored, and gets exactly one outcome."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app.attempt import MOVES
from bot.app.ports import WriteOutcome
from bot.app.records import Change
from bot.core.appointment_book import Fact, Source
from bot.core.events import (
    AttemptDelayed,
    BookingRefused,
    BookingWithdrawn,
    Moved,
    OldNotCancelled,
    ReplacementBooked,
)
from bot.core.model import Appointment, AppointmentStatus, FailureCode, Worker
from tests.app.fakes import ScriptedError, refused
from tests.app.virtual_clock import in_no_time
from tests.app.worker_setup import (
    AT,
    CHAT,
    LOST,
    LOST_BUT_DONE,
    MINE,
    MOVE,
    MOVING,
    NEW_AT,
    NOW,
    WorkerSetup,
    worker_setup,
)

NOT_SENT = ScriptedError(WriteOutcome.NOT_SENT)
NEW = replace(MINE, id=99, at=NEW_AT)
BOOKED = replace(MOVING, body=MOVES.write(replace(MOVE, made=NEW)))
"""The move once its new appointment is booked and stored."""


def standing(here: WorkerSetup) -> list[int]:
    return [each.id for each in here.api.books.values() if each.status is AppointmentStatus.SCHEDULED]


async def outcome_of(here: WorkerSetup) -> str:
    (settled,) = [settled for _, settled in here.said if settled]
    return settled.outcome


@in_no_time
async def test_a_move_costs_two_requests(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        assert isinstance(await here.run(MOVING), Moved)
        assert (here.api.posts, here.api.deletes, here.api.needs) == (1, 1, [])
        (new,) = standing(here)
        assert [(step.appointment_id, step.old_id) for step in here.steps] == [(new, 50)]
        (booked, moved) = [event for event, _ in here.said]
        assert isinstance(booked, ReplacementBooked)
        assert booked.appointment.id == new
        assert isinstance(moved, Moved)
        assert await outcome_of(here) == "moved"
        assert here.attempt_worker.moves == {"moved": 1}


@in_no_time
async def test_it_is_the_same_event_in_the_calendar_and_its_moves_are_counted(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        await here.store.commit(Change(facts=(Fact(50, CHAT, NOW, Source.ATTEMPT, MINE),)))
        assert await here.store.count_moves(CHAT, 50) == 0
        await here.run(MOVING)
        (settled,) = [settled for _, settled in here.said if settled]
        await here.store.commit(Change(settled=settled))
        (new,) = standing(here)
        old, entry = await here.store.entry(50), await here.store.entry(new)
        assert old
        assert old.status is AppointmentStatus.CANCELLED
        assert entry
        assert (entry.at, entry.version, entry.ics_uid) == (NEW_AT, 1, "50@moncreneau-bot")
        assert await here.store.count_moves(CHAT, new) == 1
        assert await here.store.made_by(CHAT) == {new}


@pytest.mark.parametrize("post", [None, LOST, LOST_BUT_DONE, NOT_SENT], ids=str)
@pytest.mark.parametrize("delete", [None, LOST, LOST_BUT_DONE, NOT_SENT], ids=str)
@in_no_time
async def test_whatever_is_lost_one_appointment_stands_in_the_end(
    tmp_path: Path, post: ScriptedError | None, delete: ScriptedError | None
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        again = [None] if post in {LOST, NOT_SENT} else []
        here.api.writes.extend([post, *again, delete])
        assert isinstance(await here.run(MOVING), Moved)
        assert len(here.api.books) == 2
        assert standing(here) == [here.steps[0].appointment_id]


@in_no_time
async def test_a_lost_answer_is_never_taken_for_the_old_appointment(tmp_path: Path) -> None:
    """The old one was made a moment ago, and the office might have moved what was ordered."""
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = replace(MINE, created_at=NOW)
        here.api.writes.append(LOST)
        assert isinstance(await here.run(MOVING), Moved)
        assert here.api.posts == 2
        assert standing(here) == [here.steps[0].appointment_id]
        assert here.steps[0].appointment_id != 50


@in_no_time
async def test_a_lost_answer_is_never_taken_for_what_the_office_made_a_moment_before(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        made = replace(MINE, id=60, at=NEW_AT + timedelta(hours=1), created_at=NOW - timedelta(seconds=5))
        here.api.books[60] = made
        known = Fact(60, CHAT, NOW - timedelta(seconds=5), Source.WEBHOOK, made, is_new=True)
        await here.store.commit(Change(facts=(known,)))
        here.api.writes.append(LOST)
        assert isinstance(await here.run(MOVING), Moved)
        assert here.api.posts == 2
        assert here.steps[0].appointment_id != 60
        assert standing(here) == [60, here.steps[0].appointment_id]


@in_no_time
async def test_a_move_found_before_its_new_appointment_is_continued(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books |= {50: MINE, 99: NEW}
        assert isinstance(await here.run(MOVING, resumed=True), Moved)
        assert (here.api.posts, here.api.deletes) == (0, 1)
        assert standing(here) == [99]


@pytest.mark.parametrize("status", [AppointmentStatus.SCHEDULED, AppointmentStatus.CANCELLED, None])
@in_no_time
async def test_a_move_resumed_after_its_booking_cancels_only_an_old_appointment_that_still_stands(
    tmp_path: Path, status: AppointmentStatus | None
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[99] = NEW
        if status:
            here.api.books[50] = replace(MINE, status=status)
        assert isinstance(await here.run(BOOKED, resumed=True), Moved)
        assert (here.api.posts, here.api.deletes) == (0, status is AppointmentStatus.SCHEDULED)
        assert standing(here) == [99]
        assert here.steps == [], "it is told once"


@in_no_time
async def test_nothing_is_cancelled_while_the_new_appointment_cannot_be_stored(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.lost_turns = 2
        assert isinstance(await here.run(MOVING), Moved)
        assert (here.api.posts, here.api.deletes) == (1, 1)
        assert len([event for event, _ in here.said if isinstance(event, ReplacementBooked)]) == 3


@in_no_time
async def test_a_move_that_another_process_has_closed_is_left_alone(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.lost_turns = 1
        here.api.lag = 5
        await here.begin(MOVING)
        await asyncio.sleep(4)
        await here.store.commit(Change(works=(lambda c: c.exec_driver_sql("UPDATE attempts SET settled_at = 1"),)))
        await asyncio.sleep(60)
        assert here.attempt_worker.open == 0
        assert (here.api.deletes, here.told.is_set()) == (0, False)


# --- refused before anything was made -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", [FailureCode.SLOT_TAKEN, FailureCode.ALREADY_BOOKED, FailureCode.OUT_OF_CREDITS, FailureCode.NO_ACCESS]
)
@in_no_time
async def test_a_refusal_leaves_the_old_appointment_alone(tmp_path: Path, code: FailureCode) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.append(refused(code))
        outcome = await here.run(MOVING)
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is code
        assert (here.api.posts, here.api.deletes, standing(here)) == (1, 0, [50])
        assert here.attempt_worker.moves == {str(code): 1}


@pytest.mark.parametrize("unreadable", [False, True])
@pytest.mark.parametrize(
    ("api_has", "now"),
    [
        (None, replace(MINE, status=AppointmentStatus.CANCELLED)),
        *[(each, each) for each in (MINE, replace(MINE, status=AppointmentStatus.CANCELLED), replace(MINE, at=NEW_AT))],
    ],
    ids=["gone", "stands", "cancelled", "moved"],
)
@in_no_time
async def test_a_refusal_tells_the_old_one_as_others_left_it_meanwhile(
    tmp_path: Path, api_has: Appointment | None, now: Appointment, *, unreadable: bool
) -> None:
    async with worker_setup(tmp_path) as here:
        if api_has:
            here.api.books[50] = api_has
        here.api.writes.append(refused(FailureCode.SLOT_TAKEN))
        if unreadable:
            here.api.reads.append(NOT_SENT)
        outcome = await here.run(MOVING)
        assert isinstance(outcome, BookingRefused)
        assert outcome.old == (None if unreadable else now)
        assert here.api.deletes == 0


@in_no_time
async def test_a_duplicate_of_our_own_lost_request_is_the_new_appointment(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        # The first request is carried out so late that four lookups miss it; the second is called a duplicate of it.
        here.api.writes.extend([LOST, refused(FailureCode.ALREADY_BOOKED)])
        await here.begin(MOVING)
        await asyncio.sleep(17)
        here.api.books[99] = NEW
        await here.told.wait()
        assert standing(here) == [99]
        assert await outcome_of(here) == "moved"


@in_no_time
async def test_a_move_that_is_given_up_in_time_changes_nothing(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([LOST] * 9)
        await here.begin(MOVING)
        await asyncio.sleep(2)
        here.attempt_worker.withdraw(CHAT, MOVING.number)
        await here.told.wait()
        assert isinstance(here.said[-1][0], BookingWithdrawn)
        assert standing(here) == [50]


@in_no_time
async def test_a_move_that_waited_until_the_old_time_makes_no_second_appointment(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([NOT_SENT] * 99)
        await here.begin(MOVING)
        await asyncio.sleep(60)
        here.now = AT
        await here.told.wait()
        outcome = here.said[-1][0]
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.TOO_LATE
        assert standing(here) == [50]


# --- the old appointment ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [AppointmentStatus.CANCELLED, None])
@in_no_time
async def test_an_office_that_was_faster_makes_no_difference(tmp_path: Path, status: AppointmentStatus | None) -> None:
    async with worker_setup(tmp_path) as here:
        if status:
            here.api.books[50] = replace(MINE, status=status)
        here.api.writes.extend([None, refused(FailureCode.BAD_REQUEST if status else FailureCode.APPOINTMENT_GONE)])
        assert isinstance(await here.run(MOVING), Moved)
        assert len(standing(here)) == 1


@pytest.mark.parametrize("code", [FailureCode.NO_ACCESS, FailureCode.BAD_REQUEST])
@in_no_time
async def test_if_the_office_refuses_the_cancelling_both_stand_and_the_old_timers_are_set_again(
    tmp_path: Path, code: FailureCode
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([None, refused(code)])
        outcome = await here.run(MOVING)
        assert isinstance(outcome, OldNotCancelled)
        assert outcome.status is AppointmentStatus.SCHEDULED
        assert len(standing(here)) == 2
        (settled,) = [settled for _, settled in here.said if settled]
        assert (settled.outcome, settled.rearmed) == ("both", (50,))


@in_no_time
async def test_if_both_stand_each_is_its_own_event_in_the_calendar_and_may_be_moved_once_more(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        await here.store.commit(Change(facts=(Fact(50, CHAT, NOW, Source.ATTEMPT, MINE),)))
        await here.store.commit(Change(calendar=50))
        here.api.writes.extend([None, refused(FailureCode.NO_ACCESS)])
        await here.run(MOVING)
        (settled,) = [settled for _, settled in here.said if settled]
        await here.store.commit(Change(settled=settled))
        new = here.steps[0].appointment_id
        old, entry = await here.store.entry(50), await here.store.entry(new)
        assert old
        assert entry
        assert (entry.ics_uid, old.ics_uid) == ("50@moncreneau-bot", f"{new}.50@moncreneau-bot")
        assert (old.version, old.ics_sent, entry.ics_sent) == (1, None, 0)
        assert [await here.store.count_moves(CHAT, number) for number in (50, new)] == [1, 1]


@in_no_time
async def test_a_reminder_of_the_old_appointment_that_waits_is_untrue_once_the_new_one_is_booked(
    tmp_path: Path,
) -> None:
    """The outbox drops what is about an older version (`Delivery.about`)."""
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        await here.store.commit(Change(facts=(Fact(50, CHAT, NOW, Source.ATTEMPT, MINE),)))
        here.api.writes.extend([None, *[NOT_SENT] * 9])
        await here.begin(MOVING)
        await asyncio.sleep(5)
        old = await here.store.entry(50)
        assert here.steps
        assert old
        assert (old.version, old.status) == (1, AppointmentStatus.SCHEDULED)
        await here.told.wait()


@in_no_time
async def test_if_the_office_cancels_the_new_one_while_the_cancelling_hangs_the_old_one_is_kept(
    tmp_path: Path,
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([None, *[NOT_SENT] * 5])
        await here.begin(MOVING)
        await asyncio.sleep(3)
        new = here.steps[0].appointment_id
        here.api.books[new] = replace(here.api.books[new], status=AppointmentStatus.CANCELLED)
        await here.store.commit(Change(facts=(Fact(new, CHAT, NOW, Source.READING, here.api.books[new]),)))
        await here.told.wait()
        outcome = here.said[-1][0]
        assert isinstance(outcome, OldNotCancelled)
        assert outcome.appointment == here.api.books[new]
        assert (standing(here), await outcome_of(here)) == ([50], "kept")


@in_no_time
async def test_the_end_of_a_move_shows_the_new_one_as_the_office_left_it(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([None, *[NOT_SENT] * 5])
        await here.begin(MOVING)
        await asyncio.sleep(3)
        new = here.steps[0].appointment_id
        later = replace(here.api.books[new], at=NEW_AT + timedelta(hours=1))
        await here.store.commit(Change(facts=(Fact(new, CHAT, NOW, Source.READING, later),)))
        await here.told.wait()
        outcome = here.said[-1][0]
        assert isinstance(outcome, Moved)
        assert outcome.appointment == later


@pytest.mark.parametrize("status", [AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW])
@in_no_time
async def test_an_old_appointment_that_is_over_is_left_alone(tmp_path: Path, status: AppointmentStatus) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books |= {50: replace(MINE, status=status), 99: NEW}
        outcome = await here.run(BOOKED, resumed=True)
        assert isinstance(outcome, OldNotCancelled)
        assert outcome.status is status
        assert here.api.deletes == 0


@in_no_time
async def test_after_the_old_time_has_come_nothing_is_cancelled_any_more(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([None, *[NOT_SENT] * 99])
        await here.begin(MOVING)
        await asyncio.sleep(60)
        here.now = AT + timedelta(minutes=1)
        await here.told.wait()
        assert isinstance(here.said[-1][0], OldNotCancelled)


@in_no_time
async def test_an_unclear_answer_to_the_cancelling_is_looked_up_and_then_taken_for_a_refusal(tmp_path: Path) -> None:
    unclear = ScriptedError(WriteOutcome.UNKNOWN, presumed_refusal=FailureCode.BAD_REQUEST)
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([None, unclear])
        assert isinstance(await here.run(MOVING), OldNotCancelled)
        assert here.api.deletes == 1


@in_no_time
async def test_while_the_cancelling_hangs_the_citizen_is_told_and_it_costs_few_requests(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([None, *[LOST] * 99])
        await here.begin(MOVING)
        await asyncio.sleep(3600)
        assert here.api.deletes <= 50
        assert here.delays
        assert isinstance(here.said[0][0], ReplacementBooked)
        here.api.writes.clear()
        await here.told.wait()
        assert await outcome_of(here) == "moved"


@in_no_time
async def test_a_quick_move_never_says_that_it_takes_longer(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.lag = 0.9
        assert isinstance(await here.run(MOVING), Moved)
        assert not [event for event, _ in here.said if isinstance(event, AttemptDelayed)]


@in_no_time
async def test_the_member_of_staff_is_known_although_the_api_names_none(tmp_path: Path) -> None:
    with_staff = replace(MOVE, draft=replace(MOVE.draft, worker=Worker(42, "Mme Diallo")))
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        assert isinstance(await here.run(replace(MOVING, body=MOVES.write(with_staff))), Moved)
        made = here.steps[0].fact.appointment
        assert made
        assert (made.worker_id, here.api.books[made.id].worker_id) == (42, None)


@in_no_time
async def test_at_ten_percent_of_lost_answers_a_move_costs_few_requests(tmp_path: Path) -> None:
    moves, requests = 20, 0
    for number in range(moves):
        (folder := tmp_path / str(number)).mkdir()
        async with worker_setup(folder) as here:
            here.api.books[50] = MINE
            lost = {3: 0, 13: 0, 7: 1, 17: 1}.get(number)
            here.api.writes.extend(LOST_BUT_DONE if each == lost else None for each in range(2))
            assert isinstance(await here.run(MOVING), Moved)
            requests += here.api.posts + here.api.deletes + len(here.api.needs)
    assert requests <= 2.3 * moves
