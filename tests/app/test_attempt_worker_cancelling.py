"""A cancellation gets exactly one outcome, and none is reported as done that was not."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app.ports import WriteOutcome
from bot.app.records import Change, Settled
from bot.core.events import (
    AppointmentCancelled,
    CancellingRefused,
)
from bot.core.model import (
    Appointment,
    AppointmentStatus,
    FailureCode,
)
from tests.app.fakes import ScriptedError, refused
from tests.app.virtual_clock import in_no_time
from tests.app.worker_setup import AT, CANCELLING, CHAT, LOST, LOST_BUT_DONE, MINE, OWNER, worker_setup


@pytest.mark.parametrize("failure", [None, LOST, LOST_BUT_DONE, ScriptedError(WriteOutcome.NOT_SENT)], ids=str)
@in_no_time
async def test_a_cancellation_succeeds(tmp_path: Path, failure: ScriptedError | None) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.append(failure)
        assert isinstance(await here.run(CANCELLING), AppointmentCancelled)
        assert here.api.books[50].status is AppointmentStatus.CANCELLED


@in_no_time
async def test_a_cancellation_carried_out_before_a_restart_is_found(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = Appointment(50, 5, AT, "Aïssatou Bah", AppointmentStatus.CANCELLED, owner=OWNER)
        assert isinstance(await here.run(CANCELLING, resumed=True), AppointmentCancelled)
        assert here.api.deletes == 0


@in_no_time
async def test_failing_cancellations_cost_few_requests_an_hour(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.extend([LOST] * 99)
        await here.begin(CANCELLING)
        await asyncio.sleep(3600)
        assert here.api.deletes <= 50
        here.api.writes.clear()
        assert isinstance(await here.run(CANCELLING), AppointmentCancelled)


@in_no_time
async def test_a_refused_cancellation_is_reported_unless_the_appointment_is_cancelled(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.append(refused(FailureCode.BAD_REQUEST))
        assert isinstance(await here.run(CANCELLING), CancellingRefused)
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = Appointment(50, 5, AT, "Aïssatou Bah", AppointmentStatus.CANCELLED, owner=OWNER)
        here.api.writes.append(refused(FailureCode.BAD_REQUEST))
        assert isinstance(await here.run(CANCELLING), AppointmentCancelled)


@in_no_time
async def test_an_unknown_refusal_counts_if_the_appointment_still_stands(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.append(ScriptedError(WriteOutcome.UNKNOWN, presumed_refusal=FailureCode.BAD_REQUEST))
        outcome = await here.run(CANCELLING)
        assert isinstance(outcome, CancellingRefused)
        assert (outcome.failure.code, here.api.deletes) == (FailureCode.BAD_REQUEST, 1)


@in_no_time
async def test_a_cancellation_that_shows_late_is_not_reported_as_refused(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.append(ScriptedError(WriteOutcome.UNKNOWN, presumed_refusal=FailureCode.BAD_REQUEST))
        await here.begin(CANCELLING)
        await asyncio.sleep(3)
        assert not here.told.is_set()
        here.api.books[50] = replace(MINE, status=AppointmentStatus.CANCELLED)
        await here.told.wait()
        assert isinstance(here.said[-1][0], AppointmentCancelled)
        assert here.api.deletes == 1


@in_no_time
async def test_an_appointment_that_is_gone_after_an_unclear_response_is_cancelled(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.writes.append(ScriptedError(WriteOutcome.UNKNOWN, presumed_refusal=FailureCode.BAD_REQUEST))
        await here.begin(CANCELLING)
        await asyncio.sleep(0.1)
        del here.api.books[50]
        await here.told.wait()
        assert isinstance(here.said[-1][0], AppointmentCancelled)
        assert here.api.deletes == 1


@in_no_time
async def test_a_cancellation_settled_by_another_process_is_not_sent_again(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[50] = MINE
        here.api.reads.append(ScriptedError(WriteOutcome.UNKNOWN))
        await here.begin(CANCELLING, resumed=True)
        await here.store.commit(Change(settled=Settled(CHAT, CANCELLING.number, "cancelled")))
        await asyncio.sleep(60)
        assert (here.attempt_worker.open, here.api.deletes) == (0, 0)


@in_no_time
async def test_a_missing_appointment_counts_as_cancelled_only_after_our_own_request(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        outcome = await here.run(CANCELLING)
        assert isinstance(outcome, CancellingRefused)
        assert outcome.failure.code is FailureCode.APPOINTMENT_GONE
    async with worker_setup(tmp_path) as here:
        here.api.writes.append(LOST)
        assert isinstance(await here.run(CANCELLING), AppointmentCancelled)
