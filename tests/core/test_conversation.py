"""One way in: which flow an event belongs to, the commands, and what fits nowhere."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import actions
from bot.core.conversation import new_session, step
from bot.core.effects import LoadAppointments, LoadDepartments, Show, Tell
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Commanded,
    DepartmentsLoaded,
    Event,
    LoadFailed,
    SentSomething,
    SlotsLoaded,
    Typed,
    WorkFailed,
)
from bot.core.flows import (
    AppointmentsFlow,
    ChoosingDepartment,
    ChoosingTime,
    ChoosingWorker,
    Confirming,
    Draft,
    Flow,
    Idle,
    Listing,
    LoadingAppointments,
    LoadingDays,
    LoadingDepartments,
    Pending,
    Purpose,
    Refused,
    Submitting,
    TypingWorker,
)
from bot.core.notices import Notice
from bot.core.screens import Help, LanguageMenu, Menu, Word, present
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
    STATES,
    SUNDAY,
    TICKET,
    commanded,
    given,
    happened,
    press,
    pressed,
    typed,
)

every_state = pytest.mark.parametrize("flow", STATES.values(), ids=STATES.keys())


# --- what does not fit -----------------------------------------------------------------------------------------------


@every_state
@pytest.mark.parametrize("action", ["", "nonsense", "d:999", "day:x", "t:", "n:99", "w:999", "ticket:1", "x:1", "\x00"])
def test_a_press_that_does_not_fit_changes_nothing_and_shows_where_one_is(flow: Flow, action: str) -> None:
    before = given(flow)
    after, effects = pressed(before, action)
    assert replace(after, touched=before.touched, last_press=None) == before
    assert effects == (Show(present(before), SCREEN, MESSAGE),)


@every_state
def test_leaving_is_understood_by_flows_alone(flow: Flow) -> None:
    leaves = not isinstance(flow, Idle | Pending)
    assert (pressed(given(flow), actions.LEAVE)[0].flow != flow) == leaves


@every_state
def test_a_photo_changes_nothing_and_shows_where_one_is(flow: Flow) -> None:
    after, effects = step(given(flow), SentSomething(at=NOW))
    assert (after.flow, after.screen) == (flow, SCREEN)
    assert effects == (Show(present(after), SCREEN, None, Notice.ONLY_TEXT),)


@every_state
def test_text_that_means_nothing_changes_nothing_and_gets_the_next_step(flow: Flow) -> None:
    after, effects = typed(given(flow), "<???> 12")
    assert isinstance(effects[0], Show)
    assert effects[0].message is None
    assert after.flow == (replace(flow, query="") if isinstance(flow, ChoosingDepartment) else flow)
    assert (effects[0].notice is None) == isinstance(flow, Pending)


@every_state
@pytest.mark.parametrize(
    "event",
    [
        DepartmentsLoaded(at=NOW, departments=DEPARTMENTS),
        SlotsLoaded(at=NOW, department_id=99, slots=SLOTS),
        AppointmentsLoaded(at=NOW, appointments=(APPOINTMENT,), departments=()),
        LoadFailed(at=NOW, trouble=DOWN),
        AttemptDelayed(at=NOW, number=99),
        Booked(at=NOW, number=99, appointment=APPOINTMENT),
        BookingRefused(at=NOW, number=99, trouble=DOWN),
        BookingWithdrawn(at=NOW, number=99),
        AppointmentCancelled(at=NOW, number=99),
        CancellingRefused(at=NOW, number=99, trouble=BUSY),
        Event(at=NOW),
    ],
    ids=lambda event: type(event).__name__,
)
def test_a_result_that_nobody_waits_for_changes_nothing_and_shows_nothing(flow: Flow, event: Event) -> None:
    waited = {
        DepartmentsLoaded: "loading_departments",
        AppointmentsLoaded: "loading_appointments",
        LoadFailed: "loading_",
    }.get(type(event))
    if waited and flow.kind.startswith(waited):
        return
    before = given(flow)
    assert happened(before, event) == (before, ())


@every_state
def test_when_our_own_code_failed_there_is_a_word_and_the_present_screen(flow: Flow) -> None:
    after, effects = happened(given(flow), WorkFailed(at=NOW))
    assert after.flow == flow
    assert effects == (Show(present(after), SCREEN, None, Notice.SORRY),)


# --- commands --------------------------------------------------------------------------------------------------------


def test_start_greets_by_name_where_it_is_known() -> None:
    session, effects = step(given(Idle(), profile="x"), replace(_command("start"), profile="Aïssatou"))
    assert effects == (Show(Menu(greeting=True, name="Aïssatou"), session.screen, None),)


def test_start_makes_the_buttons_of_the_old_menu_old() -> None:
    assert commanded(given(Idle()), "start")[0].screen == SCREEN + 1


def test_start_in_the_middle_of_a_booking_drops_it_with_a_word() -> None:
    session, effects = commanded(given(Confirming(FULL)), "start")
    assert session.flow == Idle()
    assert effects == (Show(Menu(greeting=True), SCREEN + 1, None, Notice.DRAFT_DROPPED),)


def test_start_with_a_department_goes_straight_there() -> None:
    session, effects = commanded(given(Idle()), "start", "d_5")
    assert session.flow == LoadingDepartments(wanted=5)
    assert effects == (LoadDepartments(),)


@pytest.mark.parametrize("payload", ["d_", "d_x", "x_5", "d_0", "d5", "_"])
def test_start_with_anything_else_is_start(payload: str) -> None:
    assert commanded(given(Idle()), "start", payload)[0].flow == Idle()


def test_book_begins_a_booking() -> None:
    session, effects = commanded(given(Idle()), "book")
    assert session.flow == LoadingDepartments()
    assert effects == (LoadDepartments(),)


def test_book_in_the_middle_of_a_booking_begins_anew_and_says_so() -> None:
    assert commanded(given(Confirming(FULL)), "book")[0].flow == LoadingDepartments(notice=Notice.DRAFT_DROPPED)


def test_appointments_asks_for_them() -> None:
    session, effects = commanded(given(Idle()), "appointments")
    assert session.flow == LoadingAppointments(Purpose.VIEW)
    assert effects == (LoadAppointments(),)


@pytest.mark.parametrize(
    ("argument", "number", "notice"),
    [
        ("", None, None),
        ("12345", 12345, None),
        (" #12345 ", 12345, None),
        ("№12345", 12345, None),
        ("0", None, Notice.NOT_A_NUMBER),
        ("-5", None, Notice.NOT_A_NUMBER),
        ("douze", None, Notice.NOT_A_NUMBER),
        ("9" * 40, None, Notice.NOT_A_NUMBER),
        ("<b>", None, Notice.NOT_A_NUMBER),
    ],
)
def test_cancel_reads_its_number(argument: str, number: int | None, notice: Notice | None) -> None:
    session, _ = commanded(given(Idle()), "cancel", argument)
    assert session.flow == LoadingAppointments(Purpose.CANCEL, number, notice=notice)


def test_stop_leaves_an_unfinished_booking() -> None:
    session, effects = commanded(given(Confirming(FULL)), "stop")
    assert session.flow == Idle()
    assert effects[-1] == Show(Menu(), session.screen, None, Notice.STOPPED)


def test_stop_drops_a_booking_that_waits_behind_the_appointments() -> None:
    session, _ = commanded(given(Listing((), Purpose.VIEW), parked=Confirming(FULL)), "stop")
    assert (session.flow, session.parked) == (Idle(), None)


@pytest.mark.parametrize("name", ["idle", "listing"])
def test_stop_says_when_there_is_nothing_to_stop(name: str) -> None:
    session, effects = commanded(given(STATES[name]), "stop")
    assert effects == (Show(Menu(), session.screen, None, Notice.NOTHING_TO_STOP),)


@every_state
@pytest.mark.parametrize(("name", "screen"), [("help", Help()), ("language", LanguageMenu())])
def test_help_and_language_are_told_and_change_nothing(flow: Flow, name: str, screen: Help | LanguageMenu) -> None:
    session, effects = commanded(given(flow), name)
    assert session.flow == flow
    assert effects == (Tell(screen),)


@pytest.mark.parametrize("name", ["", "unknown", "broadcast"])
def test_an_unknown_command_says_so(name: str) -> None:
    session, effects = commanded(given(Confirming(FULL)), name)
    assert session.flow == Confirming(FULL)
    assert effects == (Show(Confirming(FULL), SCREEN, None, Notice.UNKNOWN_COMMAND),)


@pytest.mark.parametrize("name", ["start", "book", "appointments", "cancel", "stop", "unknown"])
@pytest.mark.parametrize("state", ["submitting", "submitting, delayed", "cancelling"])
def test_while_something_is_pending_every_command_shows_it(state: str, name: str) -> None:
    session, effects = commanded(given(STATES[state]), name)
    assert session.flow == STATES[state]
    notice = Notice.CANNOT_STOP if name == "stop" else None
    assert effects == (Show(STATES[state], SCREEN, None, notice),)


# --- buttons ---------------------------------------------------------------------------------------------------------


def test_a_button_of_an_older_message_never_acts_and_shows_where_one_is() -> None:
    session, effects = step(
        given(Confirming(FULL)), press(given(Idle()), actions.CONFIRM, screen=SCREEN - 1, message=50)
    )
    assert session.flow == Confirming(FULL)
    assert effects == (Show(Confirming(FULL), SCREEN, None, Notice.STALE_BUTTON),)


def test_an_older_button_of_the_present_message_redraws_it() -> None:
    _, effects = step(given(Confirming(FULL)), press(given(Idle()), actions.CONFIRM, screen=SCREEN - 1))
    assert effects == (Show(Confirming(FULL), SCREEN, MESSAGE),)


def test_an_old_menu_still_opens_what_it_says_when_nothing_is_going_on() -> None:
    session, effects = step(given(Idle()), press(given(Idle()), actions.BOOK, screen=1, message=50))
    assert session.flow == LoadingDepartments()
    assert effects == (LoadDepartments(),)


def test_a_press_that_the_network_repeats_is_one_press() -> None:
    summary = given(Confirming(FULL), message=None)
    event = press(summary, actions.CONFIRM)
    once, _ = step(summary, event)
    gone = replace(once, message=99)
    assert step(gone, event) == (gone, ())


def test_a_repeated_press_after_a_day_gets_an_answer_all_the_same() -> None:
    session = given(Confirming(FULL), last_press=(MESSAGE, SCREEN, actions.HELP))
    session, effects = step(session, replace(press(session, actions.HELP), at=NOW + timedelta(days=2)))
    assert session.flow == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, None, Notice.DRAFT_EXPIRED),)


@every_state
def test_help_and_language_are_a_tap_away_everywhere(flow: Flow) -> None:
    assert pressed(given(flow), actions.HELP)[1] == (Tell(Help()),)
    assert pressed(given(flow), actions.LANGUAGE)[1] == (Tell(LanguageMenu()),)


@every_state
def test_appointments_are_a_tap_away_unless_something_is_pending(flow: Flow) -> None:
    opened = pressed(given(flow), actions.APPOINTMENTS)[0].flow
    assert isinstance(opened, LoadingAppointments) == (not isinstance(flow, Pending))


@every_state
def test_the_button_of_a_ticket_asks_about_that_appointment_unless_something_is_pending(flow: Flow) -> None:
    session, effects = step(given(flow), press(given(flow), "x:12345", screen=None, message=3))
    if isinstance(flow, Pending):
        assert session.flow == flow
        assert effects == (Show(flow, SCREEN, None, Notice.STALE_BUTTON),)
    else:
        assert isinstance(session.flow, LoadingAppointments)
        assert session.flow.number == 12345
        assert effects == (LoadAppointments(to_cancel=True),)


@pytest.mark.parametrize("action", [actions.BOOK, actions.MENU])
def test_a_lasting_button_shows_the_booking_that_is_going_on_without_alarm(action: str) -> None:
    _, effects = step(given(Confirming(FULL)), press(given(Idle()), action, screen=None, message=3))
    assert effects == (Show(Confirming(FULL), SCREEN, None),)


@every_state
@pytest.mark.parametrize("action", [actions.CONFIRM, actions.YES, actions.GIVE_UP, actions.RETRY, "", "l:", "l:../x"])
def test_no_other_button_is_valid_at_any_time(flow: Flow, action: str) -> None:
    session, effects = step(given(flow), press(given(flow), action, screen=None, message=3))
    assert session.flow == flow
    assert effects == (Show(present(session), SCREEN, None, Notice.STALE_BUTTON),)


def test_book_on_the_menu_begins_a_booking() -> None:
    assert pressed(given(Idle()), actions.BOOK)[1] == (LoadDepartments(),)


def test_leaving_a_booking_says_that_nothing_was_booked() -> None:
    session, effects = pressed(given(Confirming(FULL)), actions.LEAVE)
    assert session.flow == Idle()
    assert effects == (Show(Menu(), session.screen, MESSAGE, Notice.STOPPED),)


# --- languages -------------------------------------------------------------------------------------------------------


def test_the_phones_language_is_followed_until_one_is_chosen() -> None:
    followed, _ = step(given(Idle()), Typed(at=NOW, language="en", text="hi"))
    assert followed.locale == "en"
    chosen, effects = step(followed, press(followed, "l:fr", screen=None, message=3))
    assert (chosen.locale, chosen.chose_locale) == ("fr", True)
    assert effects == (Show(Menu(), SCREEN, 3, Notice.LANGUAGE_CHANGED),)
    assert step(chosen, Typed(at=NOW, language="en", text="hi"))[0].locale == "fr"


def test_a_phone_that_tells_no_language_changes_none() -> None:
    assert step(given(Idle()), Typed(at=NOW, text="hi"))[0].locale == "fr"


def test_a_language_that_is_added_later_can_be_chosen() -> None:
    assert step(given(Idle()), press(given(Idle()), "l:ff", screen=None))[0].locale == "ff"


# --- time ------------------------------------------------------------------------------------------------------------

LATER = NOW + timedelta(hours=25)


def test_a_new_conversation_never_takes_old_buttons_for_present_ones() -> None:
    first, second = new_session("fr", NOW), new_session("fr", NOW + timedelta(seconds=1))
    assert second.screen > first.screen > 0


def test_an_old_draft_is_dropped_with_a_word_when_a_button_is_pressed() -> None:
    session, effects = step(given(Confirming(FULL)), replace(press(given(Idle()), actions.CONFIRM), at=LATER))
    assert session.flow == Idle()
    assert effects == (Show(Menu(), SCREEN + 1, None, Notice.DRAFT_EXPIRED),)


def test_an_old_draft_is_dropped_with_a_word_when_something_is_typed_or_sent() -> None:
    for event in (Typed(at=LATER, text="Bah Sow"), SentSomething(at=LATER)):
        session, effects = step(given(Confirming(FULL)), event)
        assert session.flow == Idle()
        assert effects == (Show(Menu(), SCREEN + 1, None, Notice.DRAFT_EXPIRED),)


def test_an_old_draft_is_dropped_with_a_word_before_a_command_is_done() -> None:
    session, effects = step(given(Confirming(FULL)), replace(_command("book"), at=LATER))
    assert session.flow == LoadingDepartments()
    assert effects == (Tell(Word(Notice.DRAFT_EXPIRED)), LoadDepartments())


def test_what_is_pending_is_never_dropped() -> None:
    assert step(given(Submitting(ATTEMPT)), Typed(at=LATER, text="?"))[0].flow == Submitting(ATTEMPT)


def test_an_idle_conversation_has_nothing_to_drop() -> None:
    session, effects = step(given(Idle()), Typed(at=LATER, text="?"))
    assert effects == (Show(Menu(), session.screen, None, Notice.USE_BUTTONS),)


def test_every_state_belongs_to_one_flow() -> None:
    for flow in STATES.values():
        kinds = [isinstance(flow, each) for each in (Idle, AppointmentsFlow, Pending)]
        assert sum(kinds) <= 1


def test_the_screen_without_such_a_button_stays() -> None:
    forged: list[tuple[Flow, str]] = [
        (ChoosingWorker(Draft(HOSPITAL)), actions.CONFIRM),
        (TypingWorker(Draft(HOSPITAL)), "p:1"),
        (ChoosingTime(DRAFT, SUNDAY, (NINE,)), "p:1"),
        (LoadingDays(DRAFT), actions.CONFIRM),
        (Refused(FULL, DOWN), actions.CONFIRM),
        (Listing((TICKET,), Purpose.VIEW), "t:1"),
    ]
    for flow, action in forged:
        assert pressed(given(flow), action)[0].flow == flow


def _command(name: str) -> Commanded:
    return Commanded(at=NOW, name=name)
