"""What an attempt ends with: the event for its conversation, and the record of its end. Asks nobody anything."""

from dataclasses import replace
from datetime import datetime

from bot.app.attempt import Case
from bot.app.records import Made, Settled
from bot.core.events import (
    AppointmentCancelled,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Event,
)
from bot.core.model import Appointment, Trouble

Ending = tuple[Event, Settled]


def booked(case: Case, at: datetime, appointment: Appointment) -> Ending:
    """There is an appointment."""
    made = Made(appointment.id, appointment.department_id, appointment.at)
    settled = replace(case.settled("booked", appointment.id), made=made)
    return Booked(at=at, number=case.stored.number, appointment=appointment), settled


def withdrawn(case: Case, at: datetime) -> Ending:
    """The citizen gave it up before anything came of it."""
    return BookingWithdrawn(at=at, number=case.stored.number), case.settled("withdrawn")


def refused(case: Case, at: datetime, trouble: Trouble) -> Ending:
    """There is none, and asking again is pointless."""
    return BookingRefused(at=at, number=case.stored.number, trouble=trouble), case.settled(trouble.problem)


def cancelled(case: Case, at: datetime, appointment: Appointment) -> Ending:
    """The appointment stands no more."""
    settled = replace(case.settled("cancelled"), cancelled=appointment.id)
    return AppointmentCancelled(at=at, number=case.stored.number), settled


def not_cancelled(case: Case, at: datetime, trouble: Trouble) -> Ending:
    """The appointment stands, and asking again is pointless."""
    return CancellingRefused(at=at, number=case.stored.number, trouble=trouble), case.settled(trouble.problem)
