"""The screens: every state is its own screen, and a few messages are screens without a state.

The buttons of `LASTING` screens work at any time (last week's ticket can still be cancelled by its button). All other
buttons work only while their screen, known by its number, is the present one.
"""

from dataclasses import dataclass
from datetime import datetime

from bot.core.department_details import DetailPart
from bot.core.known_names import KnownNames
from bot.core.model import AppointmentStatus, Department, Ticket
from bot.core.session import Session
from bot.core.states import Idle, Notice, State


@dataclass(frozen=True, slots=True)
class Menu:
    """The menu, with a `greeting` after `/start`. `name` is the citizen's first name, if known.

    `resumable`: a booking that was given up can be resumed.
    """

    greeting: bool = False
    name: str = ""
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """The commands and what they do."""


@dataclass(frozen=True, slots=True)
class LanguageMenu:
    """The languages to choose from."""


@dataclass(frozen=True, slots=True)
class TicketShown:
    """The ticket, complete without any picture.

    `fresh`: it was just made. `asked` is the time that was asked for, if the office set another. `moved_from` is the
    time of the appointment that it replaced, `moved_to` that of the one that replaced it.
    """

    ticket: Ticket
    fresh: bool = False
    asked: datetime | None = None
    moved_from: datetime | None = None
    moved_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class QrPicture:
    """The ticket's QR code as a picture, made from the link."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled appointment."""

    ticket: Ticket
    resumable: bool = False


@dataclass(frozen=True, slots=True)
class MoveDone:
    """The citizen's appointment, which was at `before`, is moved; for those whose move took long."""

    ticket: Ticket
    before: datetime


@dataclass(frozen=True, slots=True)
class BothStand:
    """A move booked `new`, and `old` could not be cancelled, or was kept because somebody else cancelled `new`.

    `status` is the old one's, if it is known.
    """

    old: Ticket
    new: Ticket
    status: AppointmentStatus | None = None


@dataclass(frozen=True, slots=True)
class NoticeMessage:
    """A notice on its own."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Announcements:
    """Whether announcements are on, with a button to change it. `changed`: a press has just done so."""

    wanted: bool
    changed: bool = False


@dataclass(frozen=True, slots=True)
class SettingsMenu:
    """The settings of a citizen: the language, and whether announcements, reminders and ratings' questions come."""

    announcements: bool
    reminders: bool = True
    ratings: bool = True


@dataclass(frozen=True, slots=True)
class DataMenu:
    """What a citizen can do with what the bot knows of them."""


@dataclass(frozen=True, slots=True)
class MyData:
    """What the bot knows of a citizen: the names to offer, the phone's name, the wishes, coming appointments."""

    names: tuple[str, ...]
    profile: str
    announcements: bool
    reminders: bool
    tickets: tuple[Ticket, ...]
    ratings: bool = True


@dataclass(frozen=True, slots=True)
class People:
    """The names that are remembered, each with a button to forget it."""

    names: KnownNames


@dataclass(frozen=True, slots=True)
class DataCopy:
    """The file with all that the bot knows of a citizen."""


@dataclass(frozen=True, slots=True)
class AskingErase:
    """The question whether to erase all; `shown` is the minute of the second one, None for the first."""

    shown: datetime | None = None


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the bot keeps, why and for how long."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """Reminds of the coming appointments of one day, in order of time. `version` is that of the first.

    `is_coming`: the citizen answered that they come. `changed` are the details of the department that are not those of
    the ticket any more.
    """

    tickets: tuple[Ticket, ...]
    version: int
    is_coming: bool = False
    changed: tuple[DetailPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Reminders:
    """Whether reminders come, and a button to change it."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class AlertOn:
    """The citizen will be told of a place earlier than this appointment, or (None) of any in the department.

    `before` is the appointment whose alert this one replaces: there is one for a department.
    """

    department: Department
    ticket: Ticket | None = None
    before: Ticket | None = None


@dataclass(frozen=True, slots=True)
class EarlierPlace:
    """A free place in the department, earlier than that of the ticket if there is one.

    `is_last`: the alert ends with this message.
    """

    department: Department
    slot: datetime
    ticket: Ticket | None = None
    worker_id: int | None = None
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """The office noted that the citizen did not come."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class AskingRating:
    """The question how the visit went."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """The calendar file of an appointment. `is_renewed`: the citizen has one of it, which is not true any more."""

    ticket: Ticket
    is_renewed: bool = False


@dataclass(frozen=True, slots=True)
class DepartmentInfo:
    """All that is known of a department: what to bring, where, when. `back` leads to the screen that it replaces."""

    department_id: int
    back: bool = False


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a department on a map."""

    department_id: int


@dataclass(frozen=True, slots=True)
class CancelledByOthers:
    """Somebody else cancelled an appointment. `by_office`: the office did; None if nobody knows who."""

    ticket: Ticket
    by_office: bool | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MovedByOffice:
    """The office changed the time, the department or the member of staff of an appointment, which was `before`."""

    ticket: Ticket
    before: Ticket


@dataclass(frozen=True, slots=True)
class MadeByOffice:
    """The office made an appointment for the citizen."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Validated:
    """The office noted that the citizen came."""

    ticket: Ticket


News = CancelledByOthers | MovedByOffice | MadeByOffice | Validated
LastingScreen = (
    Help
    | LanguageMenu
    | TicketShown
    | QrPicture
    | Cancelled
    | MoveDone
    | BothStand
    | NoticeMessage
    | Announcements
    | SettingsMenu
    | DataMenu
    | MyData
    | People
    | DataCopy
    | AskingErase
    | Privacy
    | Reminder
    | Reminders
    | Missed
    | AskingRating
    | AlertOn
    | EarlierPlace
    | CalendarFile
    | DepartmentInfo
    | Where
    | News
)
LASTING = (
    Help,
    LanguageMenu,
    TicketShown,
    QrPicture,
    Cancelled,
    MoveDone,
    BothStand,
    NoticeMessage,
    Announcements,
    SettingsMenu,
    DataMenu,
    MyData,
    People,
    DataCopy,
    AskingErase,
    Privacy,
    Reminder,
    Reminders,
    Missed,
    AskingRating,
    AlertOn,
    EarlierPlace,
    CalendarFile,
    DepartmentInfo,
    Where,
    CancelledByOthers,
    MovedByOffice,
    MadeByOffice,
    Validated,
)
Screen = State | Menu | LastingScreen


def present(session: Session) -> Screen:
    """The screen that the citizen should be seeing now."""
    if isinstance(session.state, Idle):
        return Menu(resumable=session.state.given_up is not None)
    return session.state
