"""`/data`: seeing, copying and erasing, at any time and without a change of the present screen."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import CheckCopy, CheckErase, Erase, LoadMyData, Show, Tell
from bot.core.events import (
    AppointmentCancelled,
    AttemptDelayed,
    Booked,
    Commanded,
    CopyChecked,
    EraseChecked,
    MyDataLoaded,
    Pressed,
    ReplacementBooked,
)
from bot.core.known_names import KnownName
from bot.core.my_data import MINUTES
from bot.core.screens import AskingErase, DataCopy, DataMenu, MyData, NoticeMessage, People, Privacy, TicketShown
from bot.core.session import Session, read_session, write_session
from bot.core.states import BookingAttempt, CancelAttempt, Cancelling, ConfirmingBooking, Notice, Submitting
from tests.core.examples import FULL, NOW, TICKET, known

BUSY = Session(
    "fr", NOW, screen=7, state=ConfirmingBooking(FULL), message=5, names=known("Aïssatou Bah"), profile="Aïssatou"
)
BOOKING = BUSY.at(Submitting(BookingAttempt(8, FULL, NOW)))
CANCELLING = BUSY.at(Cancelling(CancelAttempt(8, TICKET)))
MESSAGE = 900
SURE = callback_data.timed(callback_data.SURE, NOW)


def press(action: str, minutes: int = 0) -> Pressed:
    return Pressed(at=NOW + timedelta(minutes=minutes), screen=None, action=action, message=MESSAGE, profile="Aïssatou")


def command(name: str) -> Commanded:
    return Commanded(at=NOW, name=name, profile="Aïssatou")


def test_a_remembered_name_is_removed_in_place_and_nothing_else_changes() -> None:
    names = (*known("Aïssatou Bah"), KnownName("Fatou Camara", NOW, is_relative=True))
    session = replace(BUSY, names=names)
    after, effects = step(session, press(callback_data.PEOPLE))
    assert (after.state, effects) == (session.state, (Show(People(names), session.screen, MESSAGE),))
    forget = callback_data.numbered(callback_data.FORGET_NAME, names[1].mark)
    for before in (session, after, replace(after, names=names[:1]), replace(BOOKING, names=names)):
        after, effects = step(before, press(forget))
        assert after.names == names[:1]
        assert after.state == before.state, "what is being booked keeps its name"
        assert effects == (Show(People(names[:1]), before.screen, MESSAGE),)
    assert step(session, press("unname:x"))[0].names == names


@pytest.mark.parametrize("session", [BUSY, BOOKING, CANCELLING])
def test_the_commands_answer_at_any_time_and_leave_the_screen_as_it_is(session: Session) -> None:
    for name, screen in (("data", DataMenu()), ("privacy", Privacy())):
        after, effects = step(session, command(name))
        assert after.state == session.state
        assert effects == (Tell(screen),)


@pytest.mark.parametrize("session", [BUSY, BOOKING, CANCELLING])
def test_the_buttons_work_at_any_time_and_leave_the_screen_as_it_is(session: Session) -> None:
    wanted = {
        callback_data.DATA: Show(DataMenu(), session.screen, MESSAGE),
        callback_data.DATA_SEE: LoadMyData(MESSAGE),
        callback_data.DATA_COPY: CheckCopy(),
        callback_data.ERASE: Show(AskingErase(), session.screen, MESSAGE),
        callback_data.ERASE_AGAIN: Show(AskingErase(NOW), session.screen, MESSAGE),
        SURE: CheckErase(MESSAGE),
    }
    for action, effect in wanted.items():
        assert step(session, press(action)) == (session, (effect,)), action


def test_what_is_known_is_shown_in_place_of_the_menu() -> None:
    loaded = MyDataLoaded(at=NOW, tickets=(TICKET,), message=MESSAGE)
    known = MyData(("Aïssatou Bah",), "Aïssatou", announcements=True, reminders=True, tickets=(TICKET,))
    assert step(BUSY, loaded) == (BUSY, (Show(known, 7, MESSAGE),))
    _, effects = step(Session("fr", NOW, announcements=False, reminders=False), replace(loaded, tickets=()))
    assert effects == (Show(MyData((), "", announcements=False, reminders=False, tickets=()), 0, MESSAGE),)


def test_a_copy_is_sent_unless_there_was_one_just_now() -> None:
    assert step(BUSY, CopyChecked(at=NOW, is_too_soon=False)) == (BUSY, (Tell(DataCopy()),))
    late = (Tell(NoticeMessage(Notice.COPY_LATER)),)
    assert step(BUSY, CopyChecked(at=NOW, is_too_soon=True)) == (BUSY, late)


def test_an_old_last_button_asks_again_instead_of_erasing() -> None:
    asked = (Show(AskingErase(), BUSY.screen, MESSAGE),)
    for action, minutes in ((SURE, MINUTES), (SURE, -1), (callback_data.SURE, 0), ("sure:nonsense", 0)):
        after, effects = step(BUSY, press(action, minutes))
        assert effects == asked, (action, minutes)
        assert not after.erasing
    assert step(BUSY, press(SURE, MINUTES - 1))[1] == (CheckErase(MESSAGE),)


def test_all_is_erased_at_once_if_nothing_is_pending() -> None:
    checked = EraseChecked(at=NOW, is_pending=False, message=MESSAGE)
    assert step(BUSY, checked) == (BUSY, (Show(NoticeMessage(Notice.ERASED), 7, MESSAGE), Erase()))


@pytest.mark.parametrize(("session", "is_pending"), [(BOOKING, True), (BOOKING, False), (BUSY, True)])
def test_what_is_pending_is_waited_for_and_that_survives_a_restart(session: Session, *, is_pending: bool) -> None:
    after, effects = step(session, EraseChecked(at=NOW, is_pending=is_pending, message=MESSAGE))
    assert effects == (Show(NoticeMessage(Notice.ERASE_LATER), session.screen, MESSAGE),)
    assert after == replace(session, erasing=True)
    assert read_session(write_session(after)) == after


def test_the_outcome_is_told_and_then_all_is_erased() -> None:
    _, effects = step(replace(BOOKING, erasing=True), Booked(at=NOW, number=8, appointment=TICKET.appointment))
    assert effects[-2:] == (Tell(NoticeMessage(Notice.ERASED)), Erase())
    assert [each for each in effects if isinstance(each, Show) and isinstance(each.screen, TicketShown)]
    _, effects = step(replace(CANCELLING, erasing=True), AppointmentCancelled(at=NOW, number=8))
    assert effects[-2:] == (Tell(NoticeMessage(Notice.ERASED)), Erase())


def test_an_outcome_that_the_session_does_not_know_ends_the_waiting_too() -> None:
    waiting = replace(BUSY, erasing=True)
    _, effects = step(waiting, Booked(at=NOW, number=99, appointment=TICKET.appointment))
    assert effects == (Tell(NoticeMessage(Notice.ERASED)), Erase())


def test_nothing_is_erased_before_the_outcome_nor_unasked() -> None:
    waiting = replace(BOOKING, erasing=True)
    for event in (
        AttemptDelayed(at=NOW, number=8),
        ReplacementBooked(at=NOW, number=8, appointment=TICKET.appointment),
        Booked(at=NOW, number=99, appointment=TICKET.appointment),
    ):
        assert Erase() not in step(waiting, event)[1], event
    assert Erase() not in step(BOOKING, Booked(at=NOW, number=8, appointment=TICKET.appointment))[1]
