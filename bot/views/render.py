"""`render(screen, translator) -> Message`. Pure; knows only which file draws which screen."""

from dataclasses import replace

from bot.core import screens, states
from bot.core.states import Notice
from bot.i18n import Safe, Translator
from bot.views import (
    appointment_news,
    appointments,
    booking,
    calendar,
    details,
    errors,
    general,
    moving,
    my_data,
    place_alerts,
    rating,
    reminders,
)
from bot.views.general import words
from bot.views.message import CONAKRY, Message, Office
from bot.views.text import paragraphs


def render(
    screen: screens.Screen, translator: Translator, notice: Notice | None = None, *, office: Office = CONAKRY
) -> Message:
    """The screen in the translator's language, below a notice if there is one."""
    message = _drawn(screen, translator, office)
    return replace(message, text=paragraphs(words(notice, translator), Safe(message.text))) if notice else message


def _drawn(screen: screens.Screen, t: Translator, office: Office) -> Message:  # noqa: C901, PLR0912 — a table
    match screen:
        case screens.Menu():
            return general.menu(screen, t, office)
        case states.Idle():
            return general.menu(screens.Menu(resumable=screen.given_up is not None), t, office)
        case states.ChoosingDepartment():
            return booking.choosing_department(screen, t, office)
        case states.ChoosingWorker():
            return booking.choosing_worker(screen, t, office)
        case states.TypingWorker():
            return booking.typing_worker(screen, t, office)
        case states.ChoosingDay():
            return booking.choosing_day(screen, t, office)
        case states.ChoosingTime():
            return booking.choosing_time(screen, t, office)
        case states.ChoosingNearest():
            return booking.choosing_nearest(screen, t, office)
        case states.TypingName():
            return booking.typing_name(screen, t, office)
        case states.ConfirmingBooking():
            return booking.confirming(screen, t, office)
        case states.Submitting():
            return booking.submitting(screen, t, office)
        case states.Moving():
            return moving.waiting(screen, t, office)
        case states.BookingRefusedState():
            return booking.refused(screen, t, office)
        case screens.TicketShown():
            return appointments.ticket_shown(screen, t, office)
        case screens.QrPicture():
            return appointments.qr_picture(screen, t, office)
        case states.Listing():
            return appointments.listing(screen, t, office)
        case states.AskingCancel():
            return appointments.asking_cancel(screen, t, office)
        case states.Cancelling():
            return appointments.cancelling(screen, t, office)
        case screens.Cancelled():
            return appointments.cancelled(screen, t, office)
        case screens.MoveDone():
            return moving.done(screen, t, office)
        case screens.BothStand():
            return moving.both_stand(screen, t, office)
        case screens.CancelledByOthers():
            return appointment_news.cancelled(screen, t, office)
        case screens.MovedByOffice():
            return appointment_news.moved(screen, t, office)
        case screens.MadeByOffice():
            return appointment_news.made(screen, t, office)
        case screens.Validated():
            return appointment_news.validated(screen, t, office)
        case screens.Reminder():
            return reminders.reminder(screen, t, office)
        case screens.Reminders():
            return reminders.reminders(screen, t)
        case screens.CalendarFile():
            return calendar.message(screen, t, office)
        case screens.DepartmentInfo():
            return details.info(screen, t, office)
        case screens.Where():
            return details.place(screen, t, office)
        case screens.AlertOn():
            return place_alerts.alert_on(screen, t, office)
        case screens.EarlierPlace():
            return place_alerts.earlier_place(screen, t, office)
        case screens.Missed():
            return reminders.missed(screen, t, office)
        case screens.AskingRating():
            return rating.asking(screen, t, office)
        case screens.Help():
            return general.helping(screen, t, office)
        case screens.LanguageMenu():
            return general.language_menu(screen, t)
        case screens.Announcements():
            return general.announcements(screen, t)
        case screens.SettingsMenu():
            return general.settings(screen, t)
        case screens.DataMenu():
            return my_data.menu(screen, t)
        case screens.MyData():
            return my_data.seen(screen, t, office)
        case screens.People():
            return my_data.people(screen, t)
        case screens.DataCopy():
            return my_data.copy(screen, t)
        case screens.AskingErase():
            return my_data.asking_erase(screen, t)
        case screens.Privacy():
            return my_data.privacy(screen, t, office)
        case screens.NoticeMessage():
            return general.notice_message(screen, t)
        case _:
            return errors.loading(screen, t, office)
