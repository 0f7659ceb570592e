"""Department and member of staff: questions with one possible answer are skipped."""

from dataclasses import replace

import pytest

from bot.core import callback_data
from bot.core.effects import LoadDepartments, LoadSlots, Show
from bot.core.events import DepartmentsLoaded, LoadFailed, SlotsLoaded
from bot.core.model import (
    Department,
    Draft,
    Failure,
    FailureCode,
    Worker,
)
from bot.core.slot_selection import shown_departments, shown_organizations
from bot.core.states import (
    BookingRefusedState,
    ChoosingDepartment,
    ChoosingWorker,
    LoadingDays,
    LoadingDepartments,
    Notice,
    State,
    TypingWorker,
)
from tests.core.examples import (
    BAH,
    BIRTHS,
    CAMARA,
    COURT,
    DEPARTMENTS,
    DRAFT,
    HOSPITAL,
    IDENTITY,
    NOW,
    PASSPORTS,
    SCREEN,
    given,
    happened,
    pressed,
    typed,
)


def departments_come(state: State, *found: Department) -> tuple[State, Notice | None]:
    session, effects = happened(given(state), DepartmentsLoaded(at=NOW, departments=found))
    return session.state, effects[0].notice if effects and isinstance(effects[0], Show) else None


# --- departments -----------------------------------------------------------------------------------------------------


def test_the_departments_are_shown() -> None:
    assert departments_come(LoadingDepartments(), *DEPARTMENTS) == (ChoosingDepartment(DEPARTMENTS), None)


def test_a_single_department_is_not_asked_for() -> None:
    assert departments_come(LoadingDepartments(), PASSPORTS)[0] == LoadingDays(DRAFT)


def test_coming_back_shows_a_single_department() -> None:
    assert departments_come(LoadingDepartments(back=True), PASSPORTS)[0] == ChoosingDepartment((PASSPORTS,))


def test_a_link_opens_its_department() -> None:
    assert departments_come(LoadingDepartments(wanted=3), *DEPARTMENTS)[0] == LoadingDays(Draft(BIRTHS))


def test_a_link_to_an_unknown_department_shows_the_list_and_says_so() -> None:
    state, notice = departments_come(LoadingDepartments(wanted=99), *DEPARTMENTS)
    assert state == ChoosingDepartment(DEPARTMENTS)
    assert notice is Notice.LINK_UNKNOWN


def test_a_remark_waits_for_the_list() -> None:
    waiting = LoadingDepartments(notice=Notice.DRAFT_DROPPED)
    assert departments_come(waiting, *DEPARTMENTS)[1] is Notice.DRAFT_DROPPED


def test_no_departments_are_a_screen_too() -> None:
    assert departments_come(LoadingDepartments())[0] == ChoosingDepartment(())


def test_a_pressed_department_asks_for_its_days() -> None:
    session, effects = pressed(given(ChoosingDepartment(DEPARTMENTS)), "d:1")
    assert session.state == LoadingDays(DRAFT)
    assert effects == (LoadSlots(1),)


@pytest.mark.parametrize(
    ("department", "asked"), [(HOSPITAL, ChoosingWorker(Draft(HOSPITAL))), (COURT, TypingWorker(Draft(COURT)))]
)
def test_a_department_with_staff_asks_for_whom_once_the_chat_may_book(department: Department, asked: State) -> None:
    session, effects = pressed(given(ChoosingDepartment(DEPARTMENTS)), f"d:{department.id}")
    assert (session.state, effects) == (LoadingDays(Draft(department)), (LoadSlots(department.id),))
    loaded = SlotsLoaded(at=NOW, department_id=department.id, slots=())
    assert happened(session, loaded)[0].state == asked
    refused = happened(session, LoadFailed(at=NOW, failure=Failure(FailureCode.TOO_MANY_OPEN)))[0].state
    assert refused == BookingRefusedState(Draft(department), Failure(FailureCode.TOO_MANY_OPEN))


def test_a_single_staff_member_is_not_asked_for() -> None:
    alone = replace(HOSPITAL, workers=(BAH,))
    assert pressed(given(ChoosingDepartment((alone,))), "d:4")[0].state == LoadingDays(Draft(alone, BAH))


def test_the_list_has_pages() -> None:
    assert pressed(given(ChoosingDepartment(DEPARTMENTS)), "p:1")[0].state == ChoosingDepartment(DEPARTMENTS, page=1)


def test_an_empty_list_can_be_asked_for_again() -> None:
    session, effects = pressed(given(ChoosingDepartment(())), callback_data.RETRY)
    assert session.state == LoadingDepartments(back=True)
    assert effects == (LoadDepartments(),)


def test_a_typed_word_narrows_the_list() -> None:
    narrowed = typed(given(ChoosingDepartment(DEPARTMENTS, page=3)), "PASSEPORT")[0].state
    assert narrowed == ChoosingDepartment(DEPARTMENTS, query="PASSEPORT")


def test_all_departments_are_a_tap_away() -> None:
    narrowed = given(ChoosingDepartment(DEPARTMENTS, query="passeport"))
    assert pressed(narrowed, callback_data.EVERYTHING)[0].state == ChoosingDepartment(DEPARTMENTS)


def test_a_word_that_fits_nothing_shows_everything_and_says_so() -> None:
    session, effects = typed(given(ChoosingDepartment(DEPARTMENTS, query="passeport")), "zzz")
    assert session.state == ChoosingDepartment(DEPARTMENTS)
    assert effects == (Show(session.state, SCREEN + 1, None, Notice.NO_MATCH),)


def test_every_typed_word_must_be_there_in_the_name_or_the_organisation() -> None:
    assert shown_departments(ChoosingDepartment(DEPARTMENTS, query="etat kaloum")) == (BIRTHS,)
    assert shown_departments(ChoosingDepartment(DEPARTMENTS, query="identite securite")) == (IDENTITY,)


def test_a_link_to_a_department_that_is_gone_offers_the_others() -> None:
    state, notice = departments_come(
        LoadingDepartments(back=True, notice=Notice.DEPARTMENT_GONE, without=1), *DEPARTMENTS
    )
    assert state == ChoosingDepartment(DEPARTMENTS[1:])
    assert notice is Notice.DEPARTMENT_GONE


def test_the_departments_of_one_organisation_are_shown_alone() -> None:
    state, _ = departments_come(LoadingDepartments(organization_of=2), *DEPARTMENTS)
    assert state == ChoosingDepartment(DEPARTMENTS, organization=IDENTITY.organization)
    assert isinstance(state, ChoosingDepartment)
    assert shown_departments(state) == (PASSPORTS, IDENTITY)
    assert pressed(given(state), callback_data.EVERYTHING)[0].state == ChoosingDepartment(DEPARTMENTS)


def test_organisations_are_chosen_first_only_where_there_are_many_departments() -> None:
    many = tuple(Department(n, f"Service {n}", f"Ville {n % 3}") for n in range(9))
    assert [each.organization for each in shown_organizations(many)] == ["Ville 0", "Ville 1", "Ville 2"]
    assert shown_organizations(many[:8]) == ()
    assert shown_organizations(tuple(replace(each, organization="Ville") for each in many)) == ()


def test_departments_stand_by_organisation_in_their_order() -> None:
    assert shown_departments(ChoosingDepartment(DEPARTMENTS)) == (HOSPITAL, BIRTHS, PASSPORTS, IDENTITY, COURT)


# --- staff -----------------------------------------------------------------------------------------------------------


def test_a_pressed_staff_member_asks_for_the_days() -> None:
    session, effects = pressed(given(ChoosingWorker(Draft(HOSPITAL))), "w:12")
    assert session.state == LoadingDays(Draft(HOSPITAL, CAMARA))
    assert effects == (LoadSlots(4),)


def test_the_staff_has_pages() -> None:
    assert pressed(given(ChoosingWorker(Draft(HOSPITAL))), "p:1")[0].state == ChoosingWorker(Draft(HOSPITAL), page=1)


@pytest.mark.parametrize("state", [ChoosingWorker(Draft(HOSPITAL)), TypingWorker(Draft(COURT))])
def test_back_from_the_staff_is_the_departments(state: State) -> None:
    assert pressed(given(state), callback_data.BACK)[0].state == LoadingDepartments(back=True)


def test_a_typed_number_is_the_staff_member() -> None:
    assert typed(given(TypingWorker(Draft(COURT))), " 42 ")[0].state == LoadingDays(Draft(COURT, Worker(42, "")))


@pytest.mark.parametrize("text", ["Dr Bah", "0", "-3", "4 2"])
def test_text_that_is_not_a_number_chooses_no_staff_member(text: str) -> None:
    session, effects = typed(given(TypingWorker(Draft(COURT))), text)
    assert session.state == TypingWorker(Draft(COURT))
    assert effects == (Show(session.state, SCREEN, None, Notice.WORKER_NUMBER),)
