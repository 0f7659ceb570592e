"""One way in: `render(screen, translator) -> Message`. Pure; knows which file draws which screen, and nothing more."""

from dataclasses import replace

from bot.core import flows, screens
from bot.core.notices import Notice
from bot.i18n import Safe, Translator
from bot.views import appointments, confirming, departments, standing, tickets, times, troubles
from bot.views.facts import paragraphs
from bot.views.message import Message
from bot.views.notices import words
from bot.views.office import CONAKRY, Office


def render(
    screen: screens.Screen, translator: Translator, notice: Notice | None = None, *, office: Office = CONAKRY
) -> Message:
    """The screen in the translator's language, under a remark where there is one."""
    message = _drawn(screen, translator, office)
    return replace(message, text=paragraphs(words(notice, translator), Safe(message.text))) if notice else message


def _drawn(screen: screens.Screen, t: Translator, office: Office) -> Message:  # noqa: C901, PLR0912 — a table
    match screen:
        case screens.Menu():
            return standing.menu(screen, t)
        case flows.Idle():
            return standing.menu(screens.Menu(), t)
        case flows.ChoosingDepartment():
            return departments.choosing_department(screen, t)
        case flows.ChoosingWorker():
            return departments.choosing_worker(screen, t)
        case flows.TypingWorker():
            return departments.typing_worker(screen, t)
        case flows.ChoosingDay():
            return times.choosing_day(screen, t, office)
        case flows.ChoosingTime():
            return times.choosing_time(screen, t, office)
        case flows.ChoosingNearest():
            return times.choosing_nearest(screen, t, office)
        case flows.TypingName():
            return confirming.typing_name(screen, t, office)
        case flows.Confirming():
            return confirming.confirming(screen, t, office)
        case flows.Submitting():
            return confirming.submitting(screen, t, office)
        case flows.Refused():
            return confirming.refused(screen, t, office)
        case screens.TicketShown():
            return tickets.ticket_shown(screen, t, office)
        case screens.QrPicture():
            return tickets.qr_picture(screen, t, office)
        case flows.Listing():
            return appointments.listing(screen, t, office)
        case flows.AskingCancel():
            return appointments.asking_cancel(screen, t, office)
        case flows.Cancelling():
            return appointments.cancelling(screen, t, office)
        case screens.Cancelled():
            return appointments.cancelled(screen, t, office)
        case screens.Help():
            return standing.helping(screen, t)
        case screens.LanguageMenu():
            return standing.language_menu(screen, t)
        case screens.Announcements():
            return standing.announcements(screen, t)
        case screens.Word():
            return standing.word(screen, t)
        case _:
            return troubles.loading(screen, t, office)
