"""The transitions of alerts for earlier places: asking for one, stopping it, and opening the place that it offers.

Asking and stopping work at any time and never change the present screen. An offered place leads to the summary of the
ordinary move, or of the ordinary booking: an alert books nothing.
"""

from dataclasses import replace

from bot.core import appointments, callback_data, known_names, slot_selection
from bot.core.effects import AskAlert, LoadOffer, LoadSlots, Step, StopAlert, Tell, load
from bot.core.events import AlertAsked, OfferLoaded
from bot.core.model import Draft, Worker
from bot.core.screens import AlertOn, NoticeMessage
from bot.core.session import Session
from bot.core.states import LoadingNearest, Notice, Purpose


def pressed(session: Session, action: str) -> Step | None:
    """Handle the buttons that ask for an alert or stop one; None if it is none of these."""
    kind, value = callback_data.split(action)
    number = callback_data.number_in(value)
    if number is None:
        return None
    match kind:
        case callback_data.ALERT:
            return session, (AskAlert(number),)
        case callback_data.ALERT_STOP:
            return session, (StopAlert(number), Tell(NoticeMessage(Notice.ALERT_STOPPED)))
        case _:
            return None


def offer_pressed(session: Session, action: str) -> Step | None:
    """Open an offered place; None if it is no such button."""
    kind, value = callback_data.split(action)
    if kind == callback_data.TAKE and (offer := callback_data.offer_in(value, 1)):
        slot, (appointment_id,) = offer
        return session, (LoadOffer(slot, appointment_id),)
    if kind == callback_data.TAKE_NEW and (offer := callback_data.offer_in(value, 2)):
        slot, (department_id, worker_id) = offer
        return session, (LoadOffer(slot, department_id=department_id, worker_id=worker_id or None),)
    return None


def asked(session: Session, event: AlertAsked) -> Step:
    """Say that the alert is on, or why it is not."""
    if event.department is None:
        return session, (Tell(NoticeMessage(event.refusal or Notice.STALE_BUTTON)),)
    return session, (Tell(AlertOn(event.department, event.ticket, event.before)),)


def offer_loaded(session: Session, event: OfferLoaded) -> Step:
    """To the summary, if the place is still free. If the appointment stands no longer, show the list."""
    department, ticket = event.department, event.ticket
    if department is None:
        return appointments.begin(session, Purpose.VIEW, notice=Notice.APPOINTMENT_UNKNOWN)
    listed = (each for each in department.workers if each.id == event.worker_id)
    worker = next(listed, Worker(event.worker_id, "") if event.worker_id else None) if department.asks_worker else None
    name = ticket.appointment.name if ticket else None
    draft = Draft(department, worker, event.slot, name=name or known_names.default(session.names), replaces=ticket)
    session = replace(session, parked=None)
    if department.asks_worker and worker is None:
        return slot_selection.workers(session, draft)
    return load(session, LoadingNearest(draft, is_offered=True), LoadSlots(department.id))
