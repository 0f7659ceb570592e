"""The conversation passes events to flows, handles commands, and answers what fits nowhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import LoadDepartments, Show, Tell
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Courtesy,
    DepartmentsLoaded,
    Event,
    LoadFailed,
    SentSomething,
    SlotsLoaded,
    Typed,
    WorkFailed,
)
from bot.core.model import Draft
from bot.core.screens import Menu, NoticeMessage, present
from bot.core.states import (
    BookingRefusedState,
    ChoosingDepartment,
    ChoosingTime,
    ChoosingWorker,
    ConfirmingBooking,
    Idle,
    Listing,
    LoadingDays,
    LoadingDepartments,
    Notice,
    Pending,
    Purpose,
    State,
    Submitting,
    TypingWorker,
)
from tests.core.examples import (
    APPOINTMENT,
    ATTEMPT,
    BUSY,
    DEPARTMENTS,
    DOWN,
    DRAFT,
    FULL,
    HOSPITAL,
    MESSAGE,
    NINE,
    NOW,
    SCREEN,
    SLOTS,
    SUNDAY,
    TICKET,
    command,
    every_state,
    given,
    happened,
    press,
    pressed,
    typed,
)

# --- what does not fit -----------------------------------------------------------------------------------------------


@every_state
@pytest.mark.parametrize("action", ["", "nonsense", "day:x", "t:", "n:99", "w:999", "ticket:1", "x:1", "\x00"])
def test_a_press_that_does_not_fit_shows_the_present_screen_again(state: State, action: str) -> None:
    before = given(state)
    after, effects = pressed(before, action)
    assert replace(after, touched=before.touched, last_press=None) == before
    assert effects == (Show(present(before), SCREEN, MESSAGE),)


@every_state
def test_leaving_is_understood_by_flows_alone(state: State) -> None:
    leaves = not isinstance(state, Idle | Pending)
    assert (pressed(given(state), callback_data.LEAVE)[0].state != state) == leaves


@every_state
def test_a_photo_shows_the_present_screen_again(state: State) -> None:
    after, effects = step(given(state), SentSomething(at=NOW))
    assert (after.state, after.screen) == (state, SCREEN)
    assert effects == remarked(state, Notice.ONLY_TEXT)


@every_state
def test_unknown_text_changes_nothing_and_gets_the_next_step(state: State) -> None:
    if isinstance(state, Idle):
        return  # a typed word in the menu searches
    after, effects = typed(given(state), "<???> 12")
    if isinstance(state, Pending):
        assert (after.message, effects) == (MESSAGE, (Tell(NoticeMessage(Notice.SETTLING)),))
        return
    assert isinstance(effects[0], Show)
    assert effects[0].message is None
    assert after.state == (replace(state, query="") if isinstance(state, ChoosingDepartment) else state)
    assert effects[0].notice


@every_state
@pytest.mark.parametrize(("courtesy", "notice"), [(Courtesy.GREETING, Notice.HELLO), (Courtesy.THANKS, Notice.WELCOME)])
def test_a_greeting_and_thanks_are_answered(state: State, courtesy: Courtesy, notice: Notice) -> None:
    event = Typed(at=NOW, text="salut", courtesy=courtesy, profile="Aïssatou Bah")
    after, effects = step(given(state), event)
    assert after.state == state
    if isinstance(state, Pending):
        assert effects == (Tell(NoticeMessage(Notice.SETTLING)),)
    elif isinstance(state, Idle) and courtesy is Courtesy.GREETING:
        assert effects == (Show(Menu(greeting=True, name="Aïssatou", resumable=bool(state.given_up)), SCREEN, None),)
    else:
        assert effects == remarked(state, notice)


def remarked(state: State, notice: Notice) -> tuple[Show | Tell, ...]:
    """A remark above the present screen; of its own if an attempt is pending."""
    if isinstance(state, Pending):
        return (Tell(NoticeMessage(notice)),)
    return (Show(present(given(state)), SCREEN, None, notice),)


@every_state
@pytest.mark.parametrize(
    "event",
    [
        DepartmentsLoaded(at=NOW, departments=DEPARTMENTS),
        SlotsLoaded(at=NOW, department_id=99, slots=SLOTS),
        AppointmentsLoaded(at=NOW, appointments=(APPOINTMENT,), departments=()),
        LoadFailed(at=NOW, failure=DOWN),
        AttemptDelayed(at=NOW, number=99),
        Booked(at=NOW, number=99, appointment=APPOINTMENT),
        BookingRefused(at=NOW, number=99, failure=DOWN),
        BookingWithdrawn(at=NOW, number=99),
        AppointmentCancelled(at=NOW, number=99),
        CancellingRefused(at=NOW, number=99, failure=BUSY),
        Event(at=NOW),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_unexpected_result_changes_nothing_and_shows_nothing(state: State, event: Event) -> None:
    waited = {
        DepartmentsLoaded: "loading_departments",
        AppointmentsLoaded: "loading_appointments",
        LoadFailed: "loading_",
    }.get(type(event))
    if waited and state.kind.startswith(waited):
        return
    before = given(state)
    assert happened(before, event) == (before, ())


@every_state
def test_after_an_internal_error_an_apology_and_the_present_screen_are_shown(state: State) -> None:
    after, effects = happened(given(state), WorkFailed(at=NOW))
    assert after.state == state
    assert effects == remarked(state, Notice.SORRY)


# --- languages -------------------------------------------------------------------------------------------------------


def test_the_phones_language_is_followed_until_one_is_chosen() -> None:
    followed, _ = step(given(Idle()), Typed(at=NOW, language="en", text=" "))
    assert followed.locale == "en"
    chosen, effects = step(followed, press(followed, "l:fr", screen=None, message=3))
    assert (chosen.locale, chosen.chose_locale) == ("fr", True)
    assert effects == (Show(Menu(), followed.screen, 3, Notice.LANGUAGE_CHANGED),)
    assert step(chosen, Typed(at=NOW, language="en", text="hi"))[0].locale == "fr"


def test_a_phone_without_a_language_does_not_change_it() -> None:
    assert step(given(Idle()), Typed(at=NOW, text="hi"))[0].locale == "fr"


@pytest.mark.parametrize("locale", ["ff", "sus", "pt_BR", "zh_Hans", "ff_Latn_GN", "es_419"])
def test_a_language_that_is_added_later_can_be_chosen(locale: str) -> None:
    assert step(given(Idle()), press(given(Idle()), f"l:{locale}", screen=None))[0].locale == locale


# --- time ------------------------------------------------------------------------------------------------------------

LATER = NOW + timedelta(hours=25)


def test_an_old_draft_is_dropped_with_a_word_when_a_button_is_pressed() -> None:
    session, effects = step(
        given(ConfirmingBooking(FULL)), replace(press(given(Idle()), callback_data.CONFIRM), at=LATER)
    )
    assert session.state == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, None, Notice.DRAFT_EXPIRED),)


def test_an_old_draft_is_dropped_with_a_word_when_something_is_typed_or_sent() -> None:
    for event in (Typed(at=LATER, text="Bah Sow"), SentSomething(at=LATER)):
        session, effects = step(given(ConfirmingBooking(FULL)), event)
        assert session.state == Idle()
        assert effects == (Show(Menu(), SCREEN + 1, None, Notice.DRAFT_EXPIRED),)


def test_an_old_draft_is_dropped_with_a_word_before_a_command_is_done() -> None:
    session, effects = step(given(ConfirmingBooking(FULL)), replace(command("book"), at=LATER))
    assert session.state == LoadingDepartments()
    assert effects == (Tell(NoticeMessage(Notice.DRAFT_EXPIRED)), LoadDepartments())


def test_a_pending_attempt_is_never_dropped() -> None:
    assert step(given(Submitting(ATTEMPT)), Typed(at=LATER, text="?"))[0].state == Submitting(ATTEMPT)


def test_an_idle_conversation_has_nothing_to_drop() -> None:
    session, effects = step(given(Idle()), Typed(at=LATER, text="?"))
    assert session.state == LoadingDepartments(query="?")
    assert effects == (LoadDepartments(),)


def test_blank_text_gets_the_next_step() -> None:
    session, effects = step(given(Idle()), Typed(at=NOW, text=" \n"))
    assert effects == (Show(Menu(), session.screen, None, Notice.USE_BUTTONS),)


def test_the_screen_without_such_a_button_stays() -> None:
    forged: list[tuple[State, str]] = [
        (ChoosingWorker(Draft(HOSPITAL)), callback_data.CONFIRM),
        (TypingWorker(Draft(HOSPITAL)), "p:1"),
        (ChoosingTime(DRAFT, SUNDAY, (NINE,)), "p:1"),
        (LoadingDays(DRAFT), callback_data.CONFIRM),
        (BookingRefusedState(FULL, DOWN), callback_data.CONFIRM),
        (Listing((TICKET,), Purpose.VIEW), "t:1"),
    ]
    for state, action in forged:
        assert pressed(given(state), action)[0].state == state
