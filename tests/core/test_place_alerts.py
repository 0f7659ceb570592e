"""The buttons of alerts: they change no screen, and an offered place is two taps from the move."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import (
    AskAlert,
    LoadAppointments,
    LoadOffer,
    LoadSlots,
    Move,
    NoteGone,
    Show,
    StopAlert,
    Tell,
)
from bot.core.events import AlertAsked, AppointmentsLoaded, OfferLoaded, SlotsLoaded
from bot.core.model import Draft, ListedAlert, Slot
from bot.core.screens import AlertOn, NoticeMessage
from bot.core.states import (
    ChoosingDay,
    ChoosingNearest,
    ChoosingWorker,
    ConfirmingBooking,
    Idle,
    Listing,
    LoadingAppointments,
    LoadingNearest,
    MoveAttempt,
    Notice,
    Purpose,
    TypingName,
)
from tests.core.examples import (
    BAH,
    DRAFT,
    FULL,
    HALF_PAST_TWO,
    HOSPITAL,
    MOVED,
    NINE,
    NOW,
    PASSPORTS,
    SLOTS,
    STATES,
    TEN_ON_MONDAY,
    TICKET,
    given,
    happened,
    known,
    press,
    pressed,
)

EARLIER = HALF_PAST_TWO - timedelta(days=2)
"""Before TICKET."""
TAKE = callback_data.offered(callback_data.TAKE, EARLIER, 12345)
BUSY_STATES = [STATES[name] for name in ("idle", "confirming", "submitting", "moving", "listing")]


@pytest.mark.parametrize("state", BUSY_STATES)
def test_asking_and_stopping_work_at_any_time_and_leave_the_screen_as_it_is(state: object) -> None:
    before = given(state)  # type: ignore[arg-type]
    after, effects = step(before, press(before, "alert:12345", screen=None, message=900))
    assert (after.state, effects) == (state, (AskAlert(12345),))
    after, effects = step(before, press(before, "alertx:1", screen=None, message=900))
    assert (after.state, effects) == (state, (StopAlert(1), Tell(NoticeMessage(Notice.ALERT_STOPPED))))


def test_the_answer_is_a_message_of_its_own() -> None:
    before = given(ConfirmingBooking(FULL))
    on = AlertAsked(at=NOW, department=PASSPORTS, ticket=TICKET)
    assert happened(before, on) == (before, (Tell(AlertOn(PASSPORTS, TICKET)),))
    refused = AlertAsked(at=NOW, refusal=Notice.ALERT_LIMIT)
    assert happened(before, refused) == (before, (Tell(NoticeMessage(Notice.ALERT_LIMIT)),))
    assert happened(before, AlertAsked(at=NOW))[1] == (Tell(NoticeMessage(Notice.STALE_BUTTON)),)


@pytest.mark.parametrize("action", ["alert:", "alertx:x", "take:20260123T1430", "take:x.1", "taken:20260123T1430.1"])
def test_a_button_that_names_nothing_is_a_stale_one(action: str) -> None:
    before = given(Idle())
    _, effects = step(before, press(before, action, screen=None))
    assert [each.notice for each in effects if isinstance(each, Show)] == [Notice.STALE_BUTTON]


def test_two_taps_move_the_appointment_to_exactly_the_offered_place() -> None:
    before = given(Idle())
    after, effects = step(before, press(before, TAKE, screen=None, message=900))
    assert effects == (LoadOffer(EARLIER, 12345),)
    after, effects = happened(after, OfferLoaded(at=NOW, slot=EARLIER, department=PASSPORTS, ticket=TICKET))
    draft = Draft(PASSPORTS, at=EARLIER, name="Aïssatou Bah", replaces=TICKET)
    assert after.state == LoadingNearest(draft, is_offered=True)
    assert effects == (LoadSlots(PASSPORTS.id),)
    after, effects = happened(after, SlotsLoaded(at=NOW, department_id=1, slots=(Slot(EARLIER), *SLOTS)))
    assert after.state == ConfirmingBooking(draft, after.state.suggestions)  # type: ignore[union-attr]
    assert [type(each) for each in effects] == [Show]
    after, effects = pressed(replace(after, message=901), callback_data.CONFIRM)
    assert effects == (Move(MoveAttempt(after.screen, draft, NOW)),)


def test_if_the_place_is_gone_the_nearest_are_shown_and_that_is_noted() -> None:
    draft = Draft(PASSPORTS, at=EARLIER, name="Aïssatou Bah", replaces=TICKET)
    before = given(LoadingNearest(draft, is_offered=True))
    for slots in (SLOTS, (Slot(EARLIER, perhaps=True), *SLOTS)):
        after, effects = happened(before, SlotsLoaded(at=NOW, department_id=1, slots=slots))
        assert after.state == ChoosingNearest(draft, (NINE, TEN_ON_MONDAY))
        assert effects[-1] == NoteGone(1, EARLIER)
    after, effects = happened(before, SlotsLoaded(at=NOW, department_id=1, slots=()))
    assert isinstance(after.state, ChoosingDay)
    assert effects[-1] == NoteGone(1, EARLIER)
    assert happened(before, SlotsLoaded(at=NOW, department_id=2, slots=SLOTS)) == (before, ())


def test_without_an_appointment_it_leads_to_the_summary_or_to_the_name() -> None:
    action = callback_data.offered(callback_data.TAKE_NEW, NINE, 1, None)
    before = given(Idle(), names=known("Mamadou Bah"))
    assert step(before, press(before, action, screen=None))[1] == (LoadOffer(NINE, department_id=1),)
    offer = OfferLoaded(at=NOW, slot=NINE, department=PASSPORTS)
    for name, state in (("Mamadou Bah", ConfirmingBooking), (None, TypingName)):
        after, _ = happened(given(Idle(), names=known(name) if name else ()), offer)
        after, _ = happened(after, SlotsLoaded(at=NOW, department_id=1, slots=SLOTS))
        assert isinstance(after.state, state)
        assert after.state.draft == Draft(PASSPORTS, at=NINE, name=name)


def test_where_a_member_of_staff_is_chosen_it_is_the_same_one_or_asked_for() -> None:
    offer = OfferLoaded(at=NOW, slot=NINE, department=HOSPITAL, worker_id=BAH.id)
    assert happened(given(Idle()), offer)[0].state == LoadingNearest(Draft(HOSPITAL, BAH, NINE), is_offered=True)
    asked = happened(given(Idle()), replace(offer, worker_id=None))[0].state
    assert asked == ChoosingWorker(Draft(HOSPITAL, at=NINE))
    unlisted = happened(given(Idle()), replace(offer, worker_id=99))[0].state
    assert isinstance(unlisted, LoadingNearest)
    assert unlisted.draft.worker
    assert unlisted.draft.worker.id == 99


def test_an_offer_for_an_appointment_that_stands_no_longer_leads_to_the_list() -> None:
    after, effects = happened(given(Idle()), OfferLoaded(at=NOW, slot=NINE))
    assert after.state == LoadingAppointments(Purpose.VIEW, notice=Notice.APPOINTMENT_UNKNOWN)
    assert effects == (LoadAppointments(),)


def test_an_offer_drops_an_unfinished_booking_and_says_so_but_never_a_pending_one() -> None:
    offer = OfferLoaded(at=NOW, slot=NINE, department=PASSPORTS)
    after, effects = happened(given(ConfirmingBooking(FULL)), offer)
    assert isinstance(after.state, LoadingNearest)
    assert effects[0] == Tell(NoticeMessage(Notice.DRAFT_DROPPED))
    for name in ("submitting", "moving"):
        pending = given(STATES[name])
        assert happened(pending, offer) == (pending, ())
        told = step(pending, press(pending, TAKE, screen=None, message=900))[1]
        assert told == (Tell(NoticeMessage(Notice.SETTLING)),)


def test_a_full_department_has_a_button_that_asks_for_any_place() -> None:
    full = ChoosingDay(Draft(HOSPITAL, BAH), (), None)
    after, effects = pressed(given(full), "alertd:4")
    assert (after.state, effects) == (full, (AskAlert(department_id=4, worker_id=BAH.id),))
    assert pressed(given(ChoosingDay(DRAFT, (), None)), "alertd:1")[1] == (AskAlert(department_id=1),)
    moving = ChoosingDay(replace(MOVED, at=None), (), None)
    assert pressed(given(moving), "alertd:1")[1] == (AskAlert(12345),)


def test_a_department_with_free_days_has_none() -> None:
    (shown,) = pressed(given(STATES["choosing a day"]), "alertd:1")[1]
    assert isinstance(shown, Show)


def test_the_list_shows_the_alerts_and_stops_one_with_a_tap() -> None:
    alerts = (ListedAlert(PASSPORTS, TICKET.appointment), ListedAlert(HOSPITAL))
    loaded = AppointmentsLoaded(
        at=NOW, appointments=(TICKET.appointment,), departments=(PASSPORTS, HOSPITAL), alerts=alerts
    )
    after, _ = happened(given(LoadingAppointments(Purpose.VIEW)), loaded)
    assert after.state == Listing((TICKET,), Purpose.VIEW, alerts=alerts)
    after, effects = pressed(after, "alertx:1")
    assert after.state == Listing((TICKET,), Purpose.VIEW, alerts=alerts[1:])
    shown, stopped = effects
    assert isinstance(shown, Show)
    assert (shown.notice, stopped) == (Notice.ALERT_STOPPED, StopAlert(1))
    again, effects = pressed(after, "alertx:1")
    assert (again.state, [type(each) for each in effects]) == (after.state, [Show])
