"""The conversation: `step(session, event) -> (session, effects)`. Pure and total: it never raises.

Passes each event to its flow, handles the commands, and handles events that fit nowhere: they change nothing and show
the present screen again. The transitions are in `booking`, `slot_selection`, `moving` and `appointments`.

While an attempt is pending, its screen stays in its message, so that the message can be changed into the outcome.
Other actions of the citizen are answered by messages of their own meanwhile.
"""

import re
from dataclasses import replace
from datetime import timedelta

from bot.core import appointments, booking, callback_data, moving, my_data, place_alerts, slot_selection
from bot.core.effects import Amend, LoadEntry, LoadForCalendar, LoadTicket, NoteComing, Rate, Step, Tell, show
from bot.core.events import (
    AlertAsked,
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    Booked,
    BookedTwice,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    CitizenEvent,
    ComingNoted,
    Commanded,
    CopyChecked,
    Courtesy,
    DepartmentsLoaded,
    EntryLoaded,
    EraseChecked,
    Event,
    LoadedForCalendar,
    LoadFailed,
    Moved,
    MyDataLoaded,
    OfferLoaded,
    OldNotCancelled,
    Pressed,
    Rated,
    ReplacementBooked,
    SlotMoved,
    SlotsLoaded,
    TicketLoaded,
    Typed,
    WorkFailed,
)
from bot.core.names import first_name, visible
from bot.core.rating import NEVER_AGAIN, Score
from bot.core.retention import without_old_names
from bot.core.screens import (
    Announcements,
    CalendarFile,
    DataMenu,
    DepartmentInfo,
    Help,
    LanguageMenu,
    Menu,
    NoticeMessage,
    Privacy,
    Reminder,
    Reminders,
    SettingsMenu,
    TicketShown,
    Where,
)
from bot.core.session import Session
from bot.core.states import (
    AppointmentsState,
    AskingCancel,
    BookingState,
    ConfirmingBooking,
    Idle,
    Notice,
    Pending,
    Purpose,
    State,
    TypingName,
    has_choices,
    moved_ticket,
)

DRAFT_LIFETIME = timedelta(hours=24)
LINK_TO_DEPARTMENT = "d"
NUMBER_SIGN = re.compile(r"^(#|№|n°|nº|no\.?)\s*", re.IGNORECASE)
"""Prefixes of a number, as people and our own buttons write them."""
LOCALE = re.compile(r"[a-z]{2,3}(_[A-Z][a-z]{3})?(_([A-Z]{2}|\d{3}))?", re.ASCII)
"""The form of a language tag. Only the catalogues know the languages; an unknown one is shown in the default."""


def step(session: Session, event: Event) -> Step:
    """The session after `event`, and the effects for the shell."""
    if isinstance(event, CitizenEvent):
        return _citizen(session, event)
    after, effects = _result(session, event) or (session, ())
    return after, (*effects, *my_data.after_outcome(after, event))


def _result(session: Session, event: Event) -> Step | None:  # noqa: C901, PLR0912 — a table
    match event:
        case DepartmentsLoaded():
            return slot_selection.departments_loaded(session, event)
        case SlotsLoaded():
            return slot_selection.slots_loaded(session, event)
        case SlotMoved():
            return slot_selection.slot_moved(session, event)
        case AppointmentsLoaded():
            return appointments.loaded(session, event)
        case EntryLoaded(entry=entry, one_more=one_more):
            again = None if isinstance(session.state, Pending) else _dropped(session)
            return booking.begin_again(again, entry, one_more=one_more) if again else None
        case LoadedForCalendar():
            return session, (_calendar(event),)
        case ComingNoted():
            return session, (_coming_noted(event),)
        case Rated(message=message, is_counted=is_counted):
            answer = Notice.RATED if is_counted else Notice.RATING_CLOSED
            return session, (Amend(message, NoticeMessage(answer)),)
        case TicketLoaded():
            return _ticket_loaded(session, event)
        case AlertAsked():
            return place_alerts.asked(session, event)
        case OfferLoaded():
            return _offer_loaded(session, event)
        case MyDataLoaded():
            return my_data.seen(session, event)
        case CopyChecked():
            return my_data.copy_checked(session, event)
        case EraseChecked():
            return my_data.erase_checked(session, event)
        case LoadFailed():
            return booking.load_failed(session, event) or appointments.load_failed(session, event)
        case AttemptDelayed():
            return (
                booking.delayed(session, event)
                or moving.delayed(session, event)
                or appointments.delayed(session, event)
            )
        case BookingRefused() | BookingWithdrawn():
            return booking.settled(session, event) or moving.refused(session, event)
        case Booked():
            return booking.settled(session, event)
        case BookedTwice():
            return booking.booked_twice(session, event)
        case ReplacementBooked():
            return moving.booked(session, event)
        case Moved() | OldNotCancelled():
            return moving.settled(session, event)
        case AppointmentCancelled() | CancellingRefused():
            return appointments.settled(session, event)
        case WorkFailed():
            return _remark(session, Notice.SORRY)
        case _:
            return None


def _ticket_loaded(session: Session, event: TicketLoaded) -> Step | None:
    """Begin to move an appointment that the bot knows well; another one is looked for in the citizen's list."""
    if isinstance(session.state, Pending):
        return None
    if event.ticket is None:
        return appointments.begin(session, Purpose.MOVE, event.number)
    return moving.begin(_dropped(session), event.ticket, _dropping(session))


def _offer_loaded(session: Session, event: OfferLoaded) -> Step | None:
    """Open an offered place. An unfinished booking is dropped, and that is said."""
    if isinstance(session.state, Pending):
        return None
    dropping = _dropping(session)
    after, effects = place_alerts.offer_loaded(_dropped(session), event)
    return after, (*((Tell(NoticeMessage(dropping)),) if dropping else ()), *effects)


def _citizen(session: Session, event: CitizenEvent) -> Step:
    expired = _expired(session.state, event.at - session.touched)
    if expired:
        session = replace(session.at(Idle()), parked=None, message=None)
    locale = session.locale if session.chose_locale else event.language or session.locale
    session = replace(
        without_old_names(session, event.at), touched=event.at, locale=locale, profile=visible(event.profile)
    )
    match event:
        case Pressed():
            return _pressed(session, event, expired=expired)
        case Commanded():
            after, effects = _commanded(_below(session), event)
            return after, ((Tell(NoticeMessage(Notice.DRAFT_EXPIRED)), *effects) if expired else effects)
        case Typed(edited=True):
            return _edited(session, event)
        case Typed():
            return _typed(_below(session), event, expired=expired)
        case _:
            return _remark(session, Notice.DRAFT_EXPIRED if expired else Notice.ONLY_TEXT)


def _expired(state: State, age: timedelta) -> bool:
    """Whether a draft has expired: after a day, unless an attempt is pending."""
    return age > DRAFT_LIFETIME and not isinstance(state, Pending) and state != Idle()


def _below(session: Session) -> Session:
    """Show the next screen in a new message; a pending attempt keeps its message."""
    return session if isinstance(session.state, Pending) else replace(session, message=None)


def _remark(session: Session, notice: Notice) -> Step:
    """Show a notice above the present screen; as its own message while an attempt is pending."""
    if isinstance(session.state, Pending):
        return session, (Tell(NoticeMessage(notice)),)
    return show(_below(session), notice)


# --- text --------------------------------------------------------------------------------------------------------


def _typed(session: Session, event: Typed, *, expired: bool) -> Step:
    if isinstance(session.state, Pending):
        return _remark(session, Notice.SETTLING)
    if expired:
        return show(session, Notice.DRAFT_EXPIRED)
    if event.courtesy is Courtesy.GREETING and isinstance(session.state, Idle):
        return show(session, screen=_greeting(session))
    if event.courtesy:
        return show(session, Notice.HELLO if event.courtesy is Courtesy.GREETING else Notice.WELCOME)
    if isinstance(session.state, Idle) and event.text.strip():
        return booking.search(session, event.text)
    return booking.typed(session, event) or show(session, Notice.USE_BUTTONS)


def _edited(session: Session, event: Typed) -> Step:
    """Handle an edited text: it counts only if it was the last name typed for this booking, refused or not."""
    state = session.state
    typed_in = state.typed_in if isinstance(state, TypingName | ConfirmingBooking) else None
    if typed_in is None or typed_in != event.message:
        return session, ()
    return booking.typed(session, event) or (session, ())


# --- buttons -----------------------------------------------------------------------------------------------------


def _pressed(session: Session, event: Pressed, *, expired: bool) -> Step:
    press = (event.message, event.screen, event.action)
    if event.screen is None:
        return _pressed_at_any_time(session, event)
    if event.screen != session.screen:
        return _pressed_late(session, event, expired=expired, repeated=press == session.last_press)
    session = replace(session, message=event.message, last_press=press)
    if not _is_offered(session, event.action):
        return show(session)
    return _everywhere(session, event) or _flow_pressed(session, event) or show(session)


def _is_offered(session: Session, action: str) -> bool:
    """Whether the present screen has this button; anybody can send any other.

    What only opens a screen is let through. So are departments in the menu: which ones it shows depends on what is
    known when it is drawn, and it may be on the phone twice.
    """
    if session.offered is None or action in session.offered or action in callback_data.EVERYWHERE:
        return True
    opens_department = callback_data.split(action)[0] in {callback_data.DEPARTMENT, callback_data.ORGANIZATION}
    return opens_department and isinstance(session.state, Idle)


def _flow_pressed(session: Session, event: Pressed) -> Step | None:
    if event.action == callback_data.LEAVE and isinstance(session.state, AppointmentsState):
        return appointments.leave(session)
    if event.action == callback_data.LEAVE and isinstance(session.state, BookingState):
        return _stop(session)
    if isinstance(session.state, Idle):
        return booking.menu_pressed(session, session.state, event.action)
    return appointments.pressed(session, event.action) or booking.pressed(session, event.action, event)


def _pressed_late(session: Session, event: Pressed, *, expired: bool, repeated: bool) -> Step:
    """Handle a button of an earlier screen. A press that the network repeats is one press."""
    if event.message == session.message:
        return show(session)
    if repeated and not expired:
        return session, ()
    below = _below(session)
    opened = _everywhere(below, event) if isinstance(session.state, Idle) and not expired else None
    return opened or _remark(below, Notice.DRAFT_EXPIRED if expired else Notice.STALE_BUTTON)


def _pressed_at_any_time(session: Session, event: Pressed) -> Step:
    """Handle the buttons of tickets and other lasting messages. Only those of settings edit their message."""
    kind, value = callback_data.split(event.action)
    if answer := _set(session, event):
        return answer
    if kind == callback_data.CALENDAR and (number := callback_data.number_in(value)):
        return session, (LoadForCalendar(number),)
    if details := _department_asked(kind, callback_data.number_in(value)):
        return session, (Tell(details),)
    if kind == callback_data.COMING and (named := callback_data.version_in(value)):
        return session, (NoteComing(*named, event.message),)
    if kind == callback_data.LOCALE and LOCALE.fullmatch(value):
        return _speak(replace(_below(session), message=event.message), session, value)
    if isinstance(session.state, Pending):
        return _everywhere(session, event) or _remark(session, Notice.SETTLING)
    below = _below(session)
    if event.action == callback_data.BACK:
        return show(replace(session, message=event.message))
    if opened := place_alerts.offer_pressed(below, event.action) or _appointment_pressed(below, event.action):
        return opened
    if event.action == callback_data.MENU and (again := slot_selection.awaited(session.state)):
        return below, again  # *continue*, of a booking that was left while it waited for an answer
    harmless = event.action == callback_data.MENU or event.action in callback_data.EVERYWHERE
    return _everywhere(below, event) or show(below, None if harmless else Notice.STALE_BUTTON)


def _department_asked(kind: str, number: int | None) -> DepartmentInfo | Where | None:
    """The message about a department that a button asks for, whatever else is going on."""
    if number is None or kind not in {callback_data.DETAILS, callback_data.WHERE}:
        return None
    return DepartmentInfo(number) if kind == callback_data.DETAILS else Where(number)


def _set(session: Session, event: Pressed) -> Step | None:
    """Handle the buttons that leave the present screen as it is, whatever it is."""
    return (
        _opted(session, event)
        or my_data.pressed(session, event)
        or _rated(session, event)
        or place_alerts.pressed(session, event.action)
    )


def _opted(session: Session, event: Pressed) -> Step | None:
    """Turn announcements or reminders on or off, without a change of the present screen."""
    match event.action:
        case callback_data.NEWS_ON | callback_data.NEWS_OFF as action:
            after = replace(session, announcements=action == callback_data.NEWS_ON)
            return after, (Tell(Announcements(after.announcements, changed=True)),)
        case callback_data.REMINDERS_ON | callback_data.REMINDERS_OFF as action:
            after = replace(session, reminders=action == callback_data.REMINDERS_ON)
            return after, (Tell(Reminders(after.reminders)),)
        case callback_data.SET_NEWS_ON | callback_data.SET_NEWS_OFF as action:
            after = replace(session, announcements=action == callback_data.SET_NEWS_ON)
        case callback_data.SET_REMINDERS_ON | callback_data.SET_REMINDERS_OFF as action:
            after = replace(session, reminders=action == callback_data.SET_REMINDERS_ON)
        case callback_data.SET_RATINGS_ON | callback_data.SET_RATINGS_OFF as action:
            after = replace(session, ratings=action == callback_data.SET_RATINGS_ON)
        case _:
            return None
    return after, (Amend(event.message, _settings(after)),)


def _settings(session: Session) -> SettingsMenu:
    return SettingsMenu(session.announcements, session.reminders, session.ratings)


def _rated(session: Session, event: Pressed) -> Step | None:
    """Handle an answer to the question after a visit; None if it is none."""
    kind, value = callback_data.split(event.action)
    if kind != callback_data.RATE or (named := callback_data.version_in(value)) is None:
        return None
    number, score = named
    if score == NEVER_AGAIN:
        closed = Amend(event.message, NoticeMessage(Notice.RATINGS_OFF))
        return replace(session, ratings=False), (Rate(number, None, event.message), closed)
    return (session, (Rate(number, Score(score), event.message),)) if score in set(Score) else None


def _calendar(event: LoadedForCalendar) -> Tell:
    """Send the calendar file of a coming appointment; of another one say how it stands."""
    if event.ticket is None:
        return Tell(NoticeMessage(Notice.APPOINTMENT_UNKNOWN))
    appointment = event.ticket.appointment
    is_coming = appointment.status in appointments.COMING and appointment.at > event.at
    return Tell(CalendarFile(event.ticket) if is_coming else TicketShown(event.ticket))


def _coming_noted(event: ComingNoted) -> Amend | Tell:
    """Confirm below the reminder that it is noted; if the reminder is outdated, show the appointment as it is now."""
    if event.ticket is None:
        return Tell(NoticeMessage(Notice.APPOINTMENT_UNKNOWN))
    if not event.is_current:
        return Tell(TicketShown(event.ticket))
    return Amend(event.message, Reminder((event.ticket,), event.version, is_coming=True))


def _appointment_pressed(session: Session, action: str) -> Step | None:
    """Handle the buttons of tickets and news that concern one appointment."""
    kind, value = callback_data.split(action)
    if not (number := callback_data.number_in(value)):
        return None
    match kind:
        case callback_data.CANCEL:
            return appointments.begin(session, Purpose.CANCEL, number)
        case callback_data.BOOK_AGAIN | callback_data.ONE_MORE:
            return session, (LoadEntry(number, one_more=kind == callback_data.ONE_MORE),)
        case callback_data.MOVE:
            return session, (LoadTicket(number),)
        case callback_data.NOTED:
            return session, (Tell(NoticeMessage(Notice.NOTED)),)
        case _:
            return None


def _speak(session: Session, before: Session, locale: str) -> Step:
    """Go on in another language."""
    if isinstance(before.state, Pending):
        chosen = replace(before, locale=locale, chose_locale=True)
        return chosen, (Tell(NoticeMessage(Notice.LANGUAGE_CHANGED)),)
    return show(replace(session, locale=locale, chose_locale=True), Notice.LANGUAGE_CHANGED)


def _everywhere(session: Session, event: Pressed) -> Step | None:
    """Handle buttons that only open a screen. During a booking, *book* shows its present screen."""
    kind, value = callback_data.split(event.action)
    match event.action:
        case callback_data.BOOK if isinstance(session.state, Idle):
            return booking.begin(session)
        case callback_data.BOOK if isinstance(session.state, AppointmentsState):
            return appointments.leave(session) if session.parked else booking.begin(session)
        case callback_data.APPOINTMENTS if not isinstance(session.state, Pending):
            return appointments.begin(session, Purpose.VIEW)
        case callback_data.HELP | callback_data.LANGUAGE | callback_data.SETTINGS:
            screen = _standing(session, event.action)
            # It replaces the menu, to which it leads back; any other screen stays, and it is a new message.
            from_menu = isinstance(session.state, Idle) and session.message is not None
            return show(session, screen=screen) if from_menu else (session, (Tell(screen),))
        case _ if kind == callback_data.LOCALE and LOCALE.fullmatch(value) and isinstance(session.state, Idle):
            return _speak(session, session, value)
        case _:
            return None


def _standing(session: Session, name: str) -> Help | LanguageMenu | SettingsMenu | DataMenu | Privacy:
    """The screen that a button or a command of this name opens."""
    match name:
        case callback_data.HELP:
            return Help()
        case callback_data.SETTINGS:
            return _settings(session)
        case callback_data.DATA:
            return DataMenu()
        case "privacy":
            return Privacy()
        case _:
            return LanguageMenu()


# --- commands ----------------------------------------------------------------------------------------------------


def _commanded(session: Session, event: Commanded) -> Step:
    if event.name in {"help", "language", "settings", "data", "privacy"}:
        return session, (Tell(_standing(session, event.name)),)
    if event.name == "announcements":
        return session, (Tell(Announcements(session.announcements)),)
    if isinstance(session.state, Pending):
        return _commanded_while_pending(session, event)
    match event.name:
        case "start":
            return _start(session, event.argument)
        case "book":
            return booking.begin(_dropped(session), notice=_dropping(session))
        case "appointments":
            return appointments.begin(session, Purpose.VIEW)
        case "cancel":
            return _cancel(session, event.argument.strip())
        case "stop" if isinstance(session.state, AskingCancel):
            return appointments.leave(session, Notice.NOT_CANCELLED)
        case "stop":
            return _stop(session) if _unfinished(session) else show(_dropped(session), Notice.NOTHING_TO_STOP)
        case _:
            return show(session, Notice.UNKNOWN_COMMAND)


def _commanded_while_pending(session: Session, event: Commanded) -> Step:
    """Handle a command while an attempt is pending: only a booking that is not made yet can be given up."""
    if event.name != "stop":
        return _remark(session, Notice.SETTLING)
    return booking.pressed(session, callback_data.GIVE_UP, event) or _remark(session, Notice.CANNOT_STOP)


def _start(session: Session, payload: str) -> Step:
    notice = _dropping(session)
    fresh = _dropped(session)
    prefix, _, digits = payload.partition("_")
    if prefix == LINK_TO_DEPARTMENT and (number := callback_data.number_in(digits)):
        return booking.begin(fresh, number, notice)
    return show(fresh, notice, _greeting(fresh))


def _greeting(session: Session) -> Menu:
    resumable = isinstance(session.state, Idle) and session.state.given_up is not None
    return Menu(greeting=True, name=first_name(session.profile), resumable=resumable)


def _cancel(session: Session, argument: str) -> Step:
    if not argument:
        return appointments.begin(session, Purpose.CANCEL)
    number = callback_data.number_in(NUMBER_SIGN.sub("", argument))
    notice = None if number else Notice.NOT_A_NUMBER
    return appointments.begin(session, Purpose.CANCEL, number or None, notice)


def _stop(session: Session) -> Step:
    return show(_dropped(session), _dropping(session))


def _unfinished(session: Session) -> bool:
    return session.parked is not None or isinstance(session.state, BookingState)


def _dropping(session: Session) -> Notice | None:
    """The notice when an unfinished booking or move is dropped; none if nothing was chosen yet."""
    state = session.parked or session.state
    if moved_ticket(state):
        return Notice.NOT_MOVED
    return Notice.DRAFT_DROPPED if has_choices(state) else None


def _dropped(session: Session) -> Session:
    """The session without the unfinished booking. The screen number grows, so that old buttons are recognised."""
    return replace(session, state=Idle(), parked=None, screen=session.screen + 1, offered=None)
