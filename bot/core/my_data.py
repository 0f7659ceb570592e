"""The transitions of `/data`: seeing what the bot knows of a citizen, getting a copy of it, and erasing it.

All of it works at any time, also while an attempt is pending, and never changes the present screen. Erasing is asked
twice; while an attempt is pending it waits for the outcome (`Session.erasing`).
"""

from dataclasses import replace
from datetime import timedelta

from bot.core import callback_data, known_names
from bot.core.effects import CheckCopy, CheckErase, Effect, Erase, LoadMyData, Show, Step, Tell
from bot.core.events import (
    AppointmentCancelled,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    CopyChecked,
    EraseChecked,
    Event,
    Moved,
    MyDataLoaded,
    OldNotCancelled,
    Pressed,
)
from bot.core.screens import AskingErase, DataCopy, DataMenu, MyData, NoticeMessage, People, Screen
from bot.core.session import Session
from bot.core.states import Notice, Pending

MINUTES = 15
"""For so long the last button works: one of an old message would erase what its citizen has long stopped to mean."""
OUTCOMES = (
    Booked,
    BookingRefused,
    BookingWithdrawn,
    Moved,
    OldNotCancelled,
    AppointmentCancelled,
    CancellingRefused,
)


def pressed(session: Session, event: Pressed) -> Step | None:
    """Handle a button; None if it is none of these."""
    match event.action:
        case callback_data.DATA:
            return _in_place(session, event.message, DataMenu())
        case callback_data.DATA_SEE:
            return session, (LoadMyData(event.message),)
        case callback_data.DATA_COPY:
            return session, (CheckCopy(),)
        case callback_data.PEOPLE:
            return _in_place(session, event.message, People(session.names))
        case callback_data.ERASE:
            return _in_place(session, event.message, AskingErase())
        case callback_data.ERASE_AGAIN:
            return _in_place(session, event.message, AskingErase(event.at))
        case action if callback_data.split(action)[0] == callback_data.SURE:
            return _sure(session, event)
        case action if callback_data.split(action)[0] == callback_data.FORGET_NAME:
            return _forget_name(session, event)
        case _:
            return None


def seen(session: Session, event: MyDataLoaded) -> Step:
    """Show what is known."""
    known = MyData(
        known_names.offered(session.names),
        session.profile,
        session.announcements,
        session.reminders,
        event.tickets,
        ratings=session.ratings,
    )
    return _in_place(session, event.message, known)


def copy_checked(session: Session, event: CopyChecked) -> Step:
    """Send the copy, unless there was one a short while ago."""
    return session, (Tell(NoticeMessage(Notice.COPY_LATER) if event.is_too_soon else DataCopy()),)


def erase_checked(session: Session, event: EraseChecked) -> Step:
    """Erase, or wait for the outcome of what is pending."""
    if event.is_pending or isinstance(session.state, Pending):
        return _in_place(replace(session, erasing=True), event.message, NoticeMessage(Notice.ERASE_LATER))
    after, effects = _in_place(session, event.message, NoticeMessage(Notice.ERASED))
    return after, (*effects, Erase())


def after_outcome(session: Session, event: Event) -> tuple[Effect, ...]:
    """Erase, if that waited for this event."""
    if not session.erasing or not isinstance(event, OUTCOMES) or isinstance(session.state, Pending):
        return ()
    return Tell(NoticeMessage(Notice.ERASED)), Erase()


def _forget_name(session: Session, event: Pressed) -> Step:
    """Forget a name; appointments stay, and so does the one that is being booked."""
    mark = callback_data.number_in(callback_data.split(event.action)[1])
    names = session.names if mark is None else known_names.without(session.names, mark)
    return _in_place(replace(session, names=names), event.message, People(names))


def _sure(session: Session, event: Pressed) -> Step:
    """The last button names the minute in which it was shown."""
    recent = (event.at - timedelta(minutes=ago) for ago in range(MINUTES))
    if any(event.action == callback_data.timed(callback_data.SURE, at) for at in recent):
        return session, (CheckErase(event.message),)
    return _in_place(session, event.message, AskingErase())


def _in_place(session: Session, message: int, screen: Screen) -> Step:
    """Show it in the message of the button, or in a new one if that cannot be changed."""
    return session, (Show(screen, session.screen, message),)
