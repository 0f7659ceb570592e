"""A booking gets exactly one outcome, whatever happens to its requests."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app.attempt import DELAYS, RAREST
from bot.app.ports import WriteOutcome
from bot.app.records import AttemptKind, Change, Settled, StoredAttempt
from bot.core.events import (
    Booked,
    BookingRefused,
    BookingWithdrawn,
    Event,
)
from bot.core.model import (
    Appointment,
    Failure,
    FailureCode,
)
from tests.app.fakes import ScriptedError, refused
from tests.app.virtual_clock import in_no_time
from tests.app.worker_setup import AT, BOOKING, CHAT, LOST, LOST_BUT_DONE, MINE, NOW, OWNER, worker_setup


@in_no_time
async def test_a_successful_booking_is_sent_once_and_reported_at_once(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, Booked)
        assert (here.api.posts, here.api.looks) == (1, 0)
        (settled,) = [settled for _, settled in here.said if settled]
        assert (settled.outcome, settled.appointment_id) == ("booked", outcome.appointment.id)


@in_no_time
async def test_a_refused_booking_is_not_sent_again(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(refused(FailureCode.OUT_OF_CREDITS))
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.OUT_OF_CREDITS
        assert here.api.posts == 1


@in_no_time
async def test_a_request_that_was_surely_not_sent_is_repeated_without_a_lookup(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.extend(
            [
                ScriptedError(WriteOutcome.NOT_SENT),
                ScriptedError(WriteOutcome.NOT_SENT, FailureCode.BUSY, retry_after=90),
            ]
        )
        began = asyncio.get_running_loop().time()
        assert isinstance(await here.run(BOOKING), Booked)
        assert (here.api.posts, here.api.looks, len(here.api.books)) == (3, 0, 1)
        assert asyncio.get_running_loop().time() - began >= 90
        assert here.delays[-1].failure is not None
        assert here.delays[-1].failure.code is FailureCode.BUSY


@in_no_time
async def test_a_lost_response_is_found_by_a_lookup(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST_BUT_DONE)
        assert isinstance(await here.run(BOOKING), Booked)
        assert (here.api.posts, here.api.looks, len(here.api.books)) == (1, 1, 1)


@in_no_time
async def test_a_booking_is_sent_again_only_after_several_lookups_found_nothing(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST)
        assert isinstance(await here.run(BOOKING), Booked)
        assert (here.api.posts, here.api.looks, len(here.api.books)) == (2, len(DELAYS.lost), 1)


@in_no_time
async def test_lookups_last_longer_after_a_time_limit(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.lag = 15.0
        here.api.writes.append(LOST)
        assert isinstance(await here.run(BOOKING), Booked)
        assert here.api.looks == len(DELAYS.timed_out)


@in_no_time
async def test_failed_lookups_never_lead_to_a_second_booking(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST_BUT_DONE)
        here.api.reads.extend([ScriptedError(WriteOutcome.UNKNOWN)] * 7)
        assert isinstance(await here.run(BOOKING), Booked)
        assert (here.api.posts, len(here.api.books)) == (1, 1)


@in_no_time
async def test_a_slot_taken_by_our_own_lost_request_is_our_booking(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[60] = Appointment(60, 5, AT, "aissatou  bah", owner=OWNER)
        here.api.writes.extend([LOST, refused(FailureCode.SLOT_TAKEN)])
        here.api.reads.extend([ScriptedError(WriteOutcome.UNKNOWN)])
        assert isinstance(await here.run(BOOKING), Booked)
        assert len(here.api.books) == 1


@in_no_time
async def test_a_slot_taken_by_somebody_else_is_a_refusal(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.extend([LOST, refused(FailureCode.SLOT_TAKEN)])
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.SLOT_TAKEN


@pytest.mark.parametrize(("books", "outcome"), [(0, "slot_taken"), (1, "booked")], ids=["not made", "made"])
@in_no_time
async def test_an_unknown_refusal_counts_only_if_lookups_find_nothing(tmp_path: Path, books: int, outcome: str) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(
            ScriptedError(WriteOutcome.UNKNOWN, acted=bool(books), presumed_refusal=FailureCode.SLOT_TAKEN)
        )
        await here.run(BOOKING)
        assert [settled.outcome for _, settled in here.said if settled] == [outcome]
        assert (here.api.posts, len(here.api.books)) == (1, books)


@in_no_time
async def test_an_appointment_of_an_earlier_attempt_is_not_taken_for_this_one(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        await here.store.commit(Change(opened=(StoredAttempt(CHAT, 9, AttemptKind.BOOK, "{}"),)))
        await here.store.commit(Change(settled=Settled(CHAT, 9, "booked", 50)))
        here.api.writes.append(LOST)
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, Booked)
        assert outcome.appointment.id != 50
        assert len(here.api.books) == 2


def rewritten(made: Appointment) -> Appointment:
    return replace(made, name="A&iuml;ssatou Bah")


def moved(made: Appointment) -> Appointment:
    return replace(made, at=made.at + timedelta(minutes=30), created_at=NOW)


@pytest.mark.parametrize("stores", [rewritten, moved])
@in_no_time
async def test_a_booking_that_the_api_changed_is_found_and_not_repeated(
    tmp_path: Path, stores: Callable[[Appointment], Appointment]
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.stores = stores
        here.api.writes.append(LOST_BUT_DONE)
        assert isinstance(await here.run(BOOKING), Booked)
        assert (here.api.posts, len(here.api.books)) == (1, 1)


@in_no_time
async def test_a_booking_is_never_repeated_while_an_appointment_might_be_its_own(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.stores, here.api.tells_owner = rewritten, False
        here.api.writes.append(LOST_BUT_DONE)
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.NO_TICKET
        assert here.api.posts == 1
        found = await here.store.attempt(CHAT, BOOKING.number)
        assert found is not None
        assert found.accepted, "nor by the next process"


@in_no_time
async def test_an_appointment_of_a_namesake_in_the_same_slot_is_never_shown(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.tells_owner = here.api.filters = False
        here.api.books[60] = replace(MINE, id=60, owner="telegram:8")
        here.api.writes.append(LOST)
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.NO_TICKET
        assert here.api.posts == 1


@in_no_time
async def test_slot_taken_on_the_second_try_is_looked_up_like_a_lost_response(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.extend([LOST, refused(FailureCode.SLOT_TAKEN)])
        await here.begin(BOOKING)
        await asyncio.sleep(sum(DELAYS.lost) + 4)
        assert here.api.posts == 2
        here.api.books[60] = replace(MINE, id=60)
        await here.told.wait()
        assert isinstance(here.said[-1][0], Booked)


@in_no_time
async def test_an_attempt_settled_by_another_process_is_neither_sent_nor_reported_again(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.begin(BOOKING, resumed=True)
        here.api.books[50] = MINE
        await here.store.commit(Change(settled=Settled(CHAT, BOOKING.number, "booked", 50)))
        await asyncio.sleep(60)
        assert here.attempt_worker.open == 0
        assert len(here.said) == len(here.delays), "nothing but that it takes longer"
        assert here.api.posts == 0


@in_no_time
async def test_an_appointment_recorded_for_the_attempt_is_its_own(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.store.commit(Change(opened=(BOOKING,)))
        await here.store.commit(Change(settled=Settled(CHAT, BOOKING.number, "booked", 50)))
        assert await here.store.made_by_others([50], CHAT, BOOKING.number) == frozenset()
        assert await here.store.made_by_others([50], CHAT, 2) == {50}


@in_no_time
async def test_an_attempt_withdrawn_in_another_process_is_not_sent(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.begin(BOOKING, resumed=True)
        await here.store.commit(Change(withdrawn=(CHAT, BOOKING.number)))
        await here.told.wait()
        assert isinstance(here.said[-1][0], BookingWithdrawn)
        assert here.api.posts == 0


@in_no_time
async def test_an_attempt_found_open_at_start_is_looked_up_first(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        outcome = await here.run(BOOKING, resumed=True)
        assert isinstance(outcome, Booked)
        assert (outcome.appointment.id, here.api.posts) == (50, 0)


@in_no_time
async def test_a_booking_for_a_past_time_is_not_sent(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.now = AT
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, BookingRefused)
        assert (outcome.failure.code, here.api.posts) == (FailureCode.BAD_DATE, 0)


@in_no_time
async def test_an_attempt_is_not_started_twice(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.begin(BOOKING)
        assert isinstance(await here.run(BOOKING), Booked)
        assert here.api.posts == 1


@in_no_time
async def test_the_citizen_is_told_after_a_second_that_it_takes_longer(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.lag = 3.0
        await here.run(BOOKING)
        assert [each.number for each in here.delays] == [1]


@in_no_time
async def test_failing_bookings_cost_few_requests_an_hour_and_succeed_in_the_end(
    tmp_path: Path,
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.extend([LOST] * 99)
        await here.begin(BOOKING)
        await asyncio.sleep(3600)
        assert here.api.posts + here.api.looks <= 60
        assert here.delays[-1].failure == Failure(FailureCode.DOWN)
        assert len(here.delays) == 1, "it was said once why it takes longer"
        here.api.writes.clear()
        began = asyncio.get_running_loop().time()
        assert isinstance(await here.run(BOOKING), Booked)
        assert asyncio.get_running_loop().time() - began <= 2 * 1.25 * RAREST
        assert len(here.api.books) == 1


@in_no_time
async def test_giving_up_in_a_long_outage_needs_the_usual_lookups(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.extend([LOST] * 99)
        await here.begin(BOOKING)
        await asyncio.sleep(3600)
        looked = here.api.looks
        here.attempt_worker.withdraw(CHAT, 1)
        assert isinstance(await here.run(BOOKING), BookingWithdrawn)
        assert here.api.looks - looked in {len(DELAYS.lost), 1 + len(DELAYS.lost)}, "as ever, and perhaps one at once"


@in_no_time
async def test_giving_up_after_a_restart_does_not_shorten_the_lookups(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.begin(BOOKING, resumed=True)
        await asyncio.sleep(3)
        here.attempt_worker.withdraw(CHAT, 1)
        await asyncio.sleep(5)
        assert here.attempt_worker.open == 1, "a request of the earlier process may still be under way"
        here.api.books[MINE.id] = MINE
        assert isinstance(await here.run(BOOKING), Booked)
        assert here.api.posts == 0


@in_no_time
async def test_a_failed_lookup_is_repeated_alone(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST)
        here.api.reads.extend([None, None, ScriptedError(WriteOutcome.UNKNOWN)])
        assert isinstance(await here.run(BOOKING), Booked)
        assert here.api.looks == len(DELAYS.lost) + 1


@pytest.mark.parametrize(
    ("failure", "books", "outcome"), [(LOST, 0, BookingWithdrawn), (LOST_BUT_DONE, 1, Booked)], ids=["not made", "made"]
)
@in_no_time
async def test_a_withdrawn_attempt_ends_with_its_real_outcome(
    tmp_path: Path, failure: ScriptedError, books: int, outcome: type[Event]
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(failure)
        await here.begin(BOOKING)
        await asyncio.sleep(0.1)
        here.attempt_worker.withdraw(CHAT, 1)
        assert isinstance(await here.run(BOOKING), outcome)
        assert (here.api.posts, len(here.api.books)) == (1, books)


@in_no_time
async def test_stopping_leaves_open_attempts_open(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.extend([ScriptedError(WriteOutcome.NOT_SENT)] * 99)
        await here.begin(BOOKING)
        await asyncio.sleep(5)
        await here.attempt_worker.stop(1.0)
        assert here.attempt_worker.open == 0
        assert not [settled for _, settled in here.said if settled]
        await here.begin(BOOKING)
        assert here.attempt_worker.open == 0, "nothing new is begun"


UNREADABLE = ScriptedError(WriteOutcome.UNKNOWN, FailureCode.NO_TICKET)
ACCEPTED = ScriptedError(WriteOutcome.ACCEPTED, FailureCode.NO_TICKET, acted=True)


@in_no_time
async def test_an_accepted_booking_without_a_ticket_is_looked_up(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(ACCEPTED)
        assert isinstance(await here.run(BOOKING), Booked)
        assert (here.api.posts, len(here.api.books)) == (1, 1)


@pytest.mark.parametrize("looks", [[], [UNREADABLE] * len(DELAYS.lost)], ids=["not listed", "listed unreadably"])
@in_no_time
async def test_an_accepted_booking_that_is_not_found_is_reported_and_never_sent_again(
    tmp_path: Path, looks: list[ScriptedError]
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(ScriptedError(WriteOutcome.ACCEPTED, FailureCode.NO_TICKET))
        here.api.reads.extend(looks)
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.NO_TICKET
        assert (here.api.posts, here.api.looks) == (1, len(DELAYS.lost))


@in_no_time
async def test_a_booking_accepted_before_a_restart_is_not_sent_again(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.store.commit(Change(opened=(BOOKING,)))
        await here.store.commit(Change(accepted=(BOOKING.chat_id, BOOKING.number)))
        (found,) = await here.store.open_attempts()
        assert found.accepted
        outcome = await here.run(found, resumed=True)
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.NO_TICKET
        assert here.api.posts == 0


@in_no_time
async def test_acceptance_is_stored_before_the_first_lookup(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.store.commit(Change(opened=(BOOKING,)))
        here.api.writes.append(ACCEPTED)
        await here.run(BOOKING)
        (found,) = await here.store.open_attempts()  # the outcome is stored by the conversation
        assert found.accepted


@in_no_time
async def test_a_booking_is_not_repeated_while_the_list_has_unreadable_entries(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST_BUT_DONE)
        here.api.reads.extend([UNREADABLE] * 9)
        assert isinstance(await here.run(BOOKING), Booked)
        assert (here.api.posts, len(here.api.books)) == (1, 1)
        assert here.delays[-1].failure == Failure(FailureCode.NO_TICKET)


@in_no_time
async def test_a_readable_appointment_is_found_among_unreadable_entries(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST)
        among = ScriptedError(WriteOutcome.UNKNOWN, FailureCode.NO_TICKET)
        among.seen = (Appointment(60, 5, AT, "Aïssatou Bah", owner=OWNER),)
        here.api.reads.append(among)
        outcome = await here.run(BOOKING)
        assert isinstance(outcome, Booked)
        assert outcome.appointment.id == 60


@in_no_time
async def test_giving_up_an_unreadable_booking_says_that_the_outcome_is_unknown(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST_BUT_DONE)
        here.api.reads.extend([UNREADABLE] * 99)
        await here.begin(BOOKING)
        await asyncio.sleep(60)
        here.attempt_worker.withdraw(CHAT, BOOKING.number)
        await here.told.wait()
        outcome = here.said[-1][0]
        assert isinstance(outcome, BookingRefused)
        assert outcome.failure.code is FailureCode.NO_TICKET


@in_no_time
async def test_a_booking_whose_time_passed_while_waiting_is_reported(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(ScriptedError(WriteOutcome.NOT_SENT, FailureCode.BUSY, retry_after=90))
        await here.begin(BOOKING)
        await asyncio.sleep(30)
        here.now = AT
        await here.told.wait()
        assert isinstance(here.said[-1][0], BookingRefused)
        assert here.said[-1][0].failure.code is FailureCode.TOO_LATE
