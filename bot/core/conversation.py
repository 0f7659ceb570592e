"""One way in: `step(session, event) -> (session, effects)`. Pure and total: it never raises, whatever happens.

This file knows which flow an event belongs to, the commands, and what is done with events that fit nowhere: they
change nothing and show the present screen again. The transitions themselves stand in `booking` and `appointments`.
"""

import re
from dataclasses import replace
from datetime import timedelta

from bot.core import appointments, booking, callback_data, slot_selection
from bot.core.effects import Step, Tell, show
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    CitizenEvent,
    Commanded,
    DepartmentsLoaded,
    Event,
    LoadFailed,
    Pressed,
    SlotMoved,
    SlotsLoaded,
    Typed,
    WorkFailed,
)
from bot.core.names import visible
from bot.core.screens import Announcements, Help, LanguageMenu, Menu, Word
from bot.core.session import Session
from bot.core.states import AppointmentsState, AskingCancel, BookingState, Idle, Notice, Pending, Purpose, State

DRAFT_LIFETIME = timedelta(hours=24)
LINK_TO_DEPARTMENT = "d"
NUMBER_SIGN = re.compile(r"^(#|№|n°|nº|no\.?)\s*", re.IGNORECASE)
"""How people, and our own buttons, write that a number follows."""
LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|\d{3}))?", re.ASCII)
"""Which languages there are is known by the catalogues alone; one that is not there is shown as the default."""


def step(session: Session, event: Event) -> Step:
    """What `event` makes of `session`, and what is asked of the shell."""
    if isinstance(event, CitizenEvent):
        return _citizen(session, event)
    return _result(session, event) or (session, ())


def _result(session: Session, event: Event) -> Step | None:
    match event:
        case DepartmentsLoaded():
            return slot_selection.departments_loaded(session, event)
        case SlotsLoaded():
            return slot_selection.slots_loaded(session, event)
        case SlotMoved():
            return slot_selection.slot_moved(session, event)
        case AppointmentsLoaded():
            return appointments.loaded(session, event)
        case LoadFailed():
            return booking.load_failed(session, event) or appointments.load_failed(session, event)
        case AttemptDelayed():
            return booking.delayed(session, event) or appointments.delayed(session, event)
        case Booked() | BookingRefused() | BookingWithdrawn():
            return booking.settled(session, event)
        case AppointmentCancelled() | CancellingRefused():
            return appointments.settled(session, event)
        case WorkFailed():
            return show(replace(session, message=None), Notice.SORRY)
        case _:
            return None


def _citizen(session: Session, event: CitizenEvent) -> Step:
    expired = _expired(session.state, event.at - session.touched)
    if expired:
        session = replace(session.at(Idle()), parked=None, message=None)
    locale = session.locale if session.chose_locale else event.language or session.locale
    session = replace(session, touched=event.at, locale=locale, profile=visible(event.profile))
    match event:
        case Pressed():
            return _pressed(session, event, expired=expired)
        case Commanded():
            after, effects = _commanded(replace(session, message=None), event)
            return after, ((Tell(Word(Notice.DRAFT_EXPIRED)), *effects) if expired else effects)
        case Typed(text=text):
            fresh = replace(session, message=None)
            return booking.typed(fresh, text) or show(fresh, Notice.DRAFT_EXPIRED if expired else _hint(session.state))
        case _:
            return show(replace(session, message=None), Notice.DRAFT_EXPIRED if expired else Notice.ONLY_TEXT)


def _expired(state: State, age: timedelta) -> bool:
    """What is pending is never dropped; everything else is after a day."""
    return age > DRAFT_LIFETIME and not isinstance(state, Pending | Idle)


def _hint(state: State) -> Notice | None:
    """While something is pending its screen says all there is to say."""
    return None if isinstance(state, Pending) else Notice.USE_BUTTONS


# --- buttons -----------------------------------------------------------------------------------------------------


def _pressed(session: Session, event: Pressed, *, expired: bool) -> Step:
    press = (event.message, event.screen, event.action)
    if event.screen is None:
        return _pressed_at_any_time(session, event)
    if event.screen != session.screen:
        return _pressed_late(session, event, expired=expired, repeated=press == session.last_press)
    session = replace(session, message=event.message, last_press=press)
    return _everywhere(session, event) or _flow_pressed(session, event) or show(session)


def _flow_pressed(session: Session, event: Pressed) -> Step | None:
    if event.action == callback_data.LEAVE and isinstance(session.state, AppointmentsState):
        return appointments.leave(session)
    if event.action == callback_data.LEAVE and isinstance(session.state, BookingState):
        return _stop(session)
    return appointments.pressed(session, event.action, event) or booking.pressed(session, event.action, event)


def _pressed_late(session: Session, event: Pressed, *, expired: bool, repeated: bool) -> Step:
    """A button of an earlier screen. The same press again (the network repeats them) is one press."""
    if event.message == session.message:
        return show(session)
    if repeated and not expired:
        return session, ()
    below = replace(session, message=None)
    opened = _everywhere(below, event) if isinstance(session.state, Idle) and not expired else None
    return opened or show(below, Notice.DRAFT_EXPIRED if expired else Notice.STALE_BUTTON)


def _pressed_at_any_time(session: Session, event: Pressed) -> Step:
    """The buttons of tickets and other lasting messages; those messages are not touched."""
    kind, value = callback_data.split(event.action)
    below = replace(session, message=None)
    if kind == callback_data.LOCALE and LOCALE.fullmatch(value):
        chosen = replace(session, locale=value, chose_locale=True, message=event.message)
        return show(chosen, Notice.LANGUAGE_CHANGED)
    if event.action == callback_data.BACK:
        return show(replace(session, message=event.message))
    if event.action in {callback_data.NEWS_ON, callback_data.NEWS_OFF}:
        return _announce(session, wanted=event.action == callback_data.NEWS_ON)
    number = callback_data.number_in(value)
    if kind == callback_data.CANCEL and number and not isinstance(session.state, Pending):
        return appointments.begin(below, Purpose.CANCEL, number)
    if event.action == callback_data.MENU and (again := slot_selection.awaited(session.state)):
        return below, again  # *continue*, of a booking that was left while it waited for an answer
    harmless = event.action == callback_data.MENU or event.action in callback_data.EVERYWHERE
    return _everywhere(below, event) or show(below, None if harmless else Notice.STALE_BUTTON)


def _everywhere(session: Session, event: Pressed) -> Step | None:
    """Buttons that only open a screen. While something is pending, or being chosen, *book* shows where that is."""
    match event.action:
        case callback_data.BOOK if isinstance(session.state, Idle):
            return booking.begin(session)
        case callback_data.BOOK if isinstance(session.state, AppointmentsState):
            return appointments.leave(session) if session.parked else booking.begin(session)
        case callback_data.APPOINTMENTS if not isinstance(session.state, Pending):
            return appointments.begin(session, Purpose.VIEW)
        case callback_data.HELP | callback_data.LANGUAGE:
            screen = Help() if event.action == callback_data.HELP else LanguageMenu()
            # In the menu's place, which comes back to it; beside anything else, which stays.
            from_menu = isinstance(session.state, Idle) and session.message is not None
            return show(session, screen=screen) if from_menu else (session, (Tell(screen),))
        case _:
            return None


# --- commands ----------------------------------------------------------------------------------------------------


def _commanded(session: Session, event: Commanded) -> Step:
    if event.name in {"help", "language"}:
        return session, (Tell(Help() if event.name == "help" else LanguageMenu()),)
    if event.name == "announcements":
        return _announce(session, wanted=not session.announcements)
    if isinstance(session.state, Pending):
        return _commanded_while_pending(session, event)
    match event.name:
        case "start":
            return _start(session, event.argument)
        case "book":
            return booking.begin(_dropped(session), notice=Notice.DRAFT_DROPPED if _unfinished(session) else None)
        case "appointments":
            return appointments.begin(session, Purpose.VIEW)
        case "cancel":
            return _cancel(session, event.argument.strip())
        case "stop" if isinstance(session.state, AskingCancel):
            return appointments.leave(session, Notice.NOT_CANCELLED)
        case "stop":
            return _stop(_dropped(session)) if _unfinished(session) else show(_dropped(session), Notice.NOTHING_TO_STOP)
        case _:
            return show(session, Notice.UNKNOWN_COMMAND)


def _commanded_while_pending(session: Session, event: Commanded) -> Step:
    """What was confirmed comes first; a booking that is not made yet can still be given up."""
    if event.name != "stop":
        return show(session, Notice.SETTLING)
    return booking.pressed(session, callback_data.GIVE_UP, event) or show(session, Notice.CANNOT_STOP)


def _announce(session: Session, *, wanted: bool) -> Step:
    """Announcements or none; whatever the citizen is doing goes on untouched."""
    return replace(session, announcements=wanted), (Tell(Announcements(wanted)),)


def _start(session: Session, payload: str) -> Step:
    notice = Notice.DRAFT_DROPPED if _unfinished(session) else None
    fresh = _dropped(session)
    prefix, _, digits = payload.partition("_")
    if prefix == LINK_TO_DEPARTMENT and (number := callback_data.number_in(digits)):
        return booking.begin(fresh, number, notice)
    return show(fresh, notice, Menu(greeting=True, name=session.profile))


def _cancel(session: Session, argument: str) -> Step:
    if not argument:
        return appointments.begin(session, Purpose.CANCEL)
    number = callback_data.number_in(NUMBER_SIGN.sub("", argument))
    notice = None if number else Notice.NOT_A_NUMBER
    return appointments.begin(session, Purpose.CANCEL, number or None, notice)


def _stop(session: Session) -> Step:
    return show(_dropped(session), Notice.STOPPED)


def _unfinished(session: Session) -> bool:
    return session.parked is not None or not isinstance(session.state, Idle | AppointmentsState)


def _dropped(session: Session) -> Session:
    """Without the unfinished booking. The number grows even when idle: buttons of the old menu are old."""
    return replace(session, state=Idle(), parked=None, screen=session.screen + 1)
