"""Both languages, and every screen there is with something in it: what the tests of the views share."""

from bot.core.department_details import DetailPart
from bot.core.model import AppointmentStatus
from bot.core.screens import (
    Announcements,
    AskingErase,
    AskingRating,
    BothStand,
    CalendarFile,
    Cancelled,
    CancelledByOthers,
    DataCopy,
    DataMenu,
    DepartmentInfo,
    Help,
    LanguageMenu,
    MadeByOffice,
    Menu,
    Missed,
    MovedByOffice,
    MoveDone,
    MyData,
    NoticeMessage,
    People,
    Privacy,
    QrPicture,
    Reminder,
    Reminders,
    Screen,
    SettingsMenu,
    TicketShown,
    Validated,
    Where,
)
from bot.core.states import Idle, Notice
from bot.i18n import Translators
from tests.core.examples import NEW_TICKET, NOW, STATES, TICKET, known

TRANSLATORS = Translators.load()
FR, EN = TRANSLATORS.get("fr"), TRANSLATORS.get("en")

SCREENS: dict[str, Screen] = {
    **{name: state for name, state in STATES.items() if state != Idle()},
    "menu": Menu(),
    "greeting": Menu(greeting=True, name="Aïssatou"),
    "help": Help(),
    "languages": LanguageMenu(),
    "new ticket": TicketShown(TICKET, fresh=True),
    "ticket": TicketShown(TICKET),
    "picture": QrPicture(TICKET),
    "ticket of a move": TicketShown(NEW_TICKET, fresh=True, moved_from=TICKET.appointment.at),
    "old ticket of a move": TicketShown(TICKET, moved_to=NEW_TICKET.appointment.at),
    "moved": MoveDone(NEW_TICKET, TICKET.appointment.at),
    "both stand": BothStand(TICKET, NEW_TICKET),
    "the old one was over": BothStand(TICKET, NEW_TICKET, AppointmentStatus.NO_SHOW),
    "cancelled": Cancelled(TICKET),
    "cancelled, resumable": Cancelled(TICKET, resumable=True),
    "announcements, wanted": Announcements(wanted=True),
    "announcements, unwanted": Announcements(wanted=False),
    "settings": SettingsMenu(announcements=True),
    "settings, nothing wanted": SettingsMenu(announcements=False, reminders=False, ratings=False),
    "news, cancelled": CancelledByOthers(TICKET, by_office=True, reason="Grève"),
    "news, moved": MovedByOffice(TICKET, TICKET),
    "news, made": MadeByOffice(TICKET),
    "news, validated": Validated(TICKET),
    "reminder": Reminder((TICKET,), 3),
    "reminder, coming": Reminder((TICKET,), 3, is_coming=True),
    "reminder, several": Reminder((TICKET, TICKET), 3),
    "reminders, wanted": Reminders(wanted=True),
    "reminders, unwanted": Reminders(wanted=False),
    "missed": Missed(TICKET),
    "rating": AskingRating(TICKET),
    "calendar file": CalendarFile(TICKET),
    "calendar file, renewed": CalendarFile(TICKET, is_renewed=True),
    "what to bring": DepartmentInfo(1, back=True),
    "where": Where(1),
    "reminder, changed": Reminder((TICKET,), 3, changed=tuple(DetailPart)),
    "data": DataMenu(),
    "my data": MyData(
        ("Aïssatou Bah", "Mamadou Bah"), "Aïssatou", announcements=True, reminders=False, tickets=(TICKET, NEW_TICKET)
    ),
    "my data, none": MyData((), "", announcements=False, reminders=True, tickets=()),
    "people": People(known("Aïssatou Bah", "Mamadou Bah")),
    "people, none": People(()),
    "copy": DataCopy(),
    "erasing, first question": AskingErase(),
    "erasing, second question": AskingErase(NOW),
    "privacy": Privacy(),
    "word": NoticeMessage(Notice.DRAFT_EXPIRED),
}
"""Every screen, in words."""
