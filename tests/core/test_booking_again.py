"""Booking again what an appointment was: its department, member of staff and name are kept."""

import pytest

from bot.core.appointment_book import BookEntry
from bot.core.callback_data import BOOK_AGAIN, numbered
from bot.core.conversation import step
from bot.core.effects import LoadDepartments, LoadEntry
from bot.core.events import DepartmentsLoaded, EntryLoaded
from bot.core.model import Department, Worker
from bot.core.states import Idle, LoadingDays, LoadingDepartments, State
from tests.core.examples import BAH, CAMARA, HALF_PAST_TWO, NOW, PASSPORTS, every_state, given, press

ENTRY = BookEntry(12345, 7, PASSPORTS.id, HALF_PAST_TWO, name="Mamadou Diallo", worker_id=CAMARA.id)
AGAIN = numbered(BOOK_AGAIN, 12345)


@every_state
def test_the_button_works_at_any_time_unless_an_outcome_is_pending(state: State) -> None:
    session = given(state)
    after, effects = step(session, press(session, AGAIN, screen=None, message=5))
    pending = state.kind in {"submitting", "cancelling", "moving"}
    assert (LoadEntry(12345) in effects) is not pending
    assert after.state == state


def departments(department: Department, entry: BookEntry = ENTRY) -> State:
    session, effects = step(given(Idle()), EntryLoaded(at=NOW, entry=entry))
    assert effects == (LoadDepartments(),)
    assert session.state == LoadingDepartments(wanted=entry.department_id, name=entry.name, worker_id=entry.worker_id)
    return step(session, DepartmentsLoaded(at=NOW, departments=(department,)))[0].state


def test_the_name_is_kept_and_the_days_come_next() -> None:
    state = departments(PASSPORTS)
    assert isinstance(state, LoadingDays)
    assert (state.draft.department, state.draft.name, state.draft.worker) == (PASSPORTS, "Mamadou Diallo", None)


@pytest.mark.parametrize(
    ("workers", "expected"), [((BAH, CAMARA), CAMARA), ((BAH,), BAH), ((CAMARA,), CAMARA)], ids=["same", "only", "both"]
)
def test_the_member_of_staff_is_kept_where_they_are_still_there(workers: tuple[Worker, ...], expected: Worker) -> None:
    state = departments(Department(PASSPORTS.id, "Passeports", asks_worker=True, workers=workers))
    assert isinstance(state, LoadingDays)
    assert (state.draft.worker, state.draft.name) == (expected, "Mamadou Diallo")


def test_a_staff_member_who_left_is_asked_for_again_with_the_name_kept() -> None:
    workers = (BAH, Worker(13, "Dr Sow"))
    state = departments(Department(PASSPORTS.id, "Passeports", asks_worker=True, workers=workers))
    assert isinstance(state, LoadingDays)
    assert (state.draft.worker, state.draft.name) == (None, "Mamadou Diallo")


def test_an_unknown_earlier_appointment_begins_an_ordinary_booking() -> None:
    session, effects = step(given(Idle()), EntryLoaded(at=NOW, entry=None))
    assert (session.state, effects) == (LoadingDepartments(), (LoadDepartments(),))


@every_state
def test_the_answer_never_disturbs_what_is_pending(state: State) -> None:
    session = given(state)
    after, effects = step(session, EntryLoaded(at=NOW, entry=ENTRY))
    if state.kind in {"submitting", "cancelling", "moving"}:
        assert (after, effects) == (session, ())
    else:
        assert effects == (LoadDepartments(),)
