"""The event of a calendar file: it stays the same event, its version counts, and its alarm rings when it is of use."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core import callback_data
from bot.core.appointment_book import BookEntry
from bot.core.calendar_event import CalendarEvent, appointment_in, bequeath, file_name, inherit
from bot.core.conversation import step
from bot.core.effects import LoadForCalendar, Tell
from bot.core.events import LoadedForCalendar, Pressed
from bot.core.model import AppointmentStatus, Department, Ticket
from bot.core.screens import CalendarFile, NoticeMessage, Screen, TicketShown
from bot.core.session import Session
from bot.core.states import Notice, State
from tests.core.examples import NOW, STATES, TICKET

AT = datetime.fromisoformat("2026-03-12T14:30")
ENTRY = BookEntry(50, 7, 5, AT, version=3)
EVENT = CalendarEvent(ENTRY, Department(5, "Passeports"), starts=AT.replace(tzinfo=UTC), made=AT.replace(tzinfo=UTC))


def test_its_uid_is_that_of_the_first_appointment_and_its_sequence_counts_the_changes() -> None:
    assert (EVENT.uid, EVENT.sequence) == ("50@moncreneau-bot", 3)
    assert replace(EVENT, entry=replace(ENTRY, ics_uid="12@moncreneau-bot")).uid == "12@moncreneau-bot"


def test_it_ends_with_the_slot_or_after_half_an_hour() -> None:
    assert EVENT.ends - EVENT.starts == timedelta(minutes=30)
    longer = replace(EVENT, department=replace(EVENT.department, slot_duration=45))
    assert longer.ends - longer.starts == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("start", "rings"),
    [("12T14:30", "12T11:30"), ("12T10:00", "12T07:00"), ("12T09:59", "11T18:00"), ("01T08:00", "2026-02-28T18:00")],
)
def test_it_rings_three_hours_before_or_on_the_evening_before_an_early_one(start: str, rings: str) -> None:
    at = datetime.fromisoformat(f"2026-03-{start}")
    wanted = datetime.fromisoformat(rings if rings.startswith("2026") else f"2026-03-{rings}")
    assert at - replace(EVENT, entry=replace(ENTRY, at=at)).alarm == wanted


def test_only_a_cancelled_appointment_is_removed() -> None:
    assert not EVENT.is_cancelled
    assert replace(EVENT, entry=replace(ENTRY, status=AppointmentStatus.CANCELLED)).is_cancelled


def test_a_file_is_known_by_its_name() -> None:
    assert appointment_in(file_name(12345)) == 12345
    for other in ("broadcast-12.csv", "rdv-.ics", "rdv-12.ics.exe", "xrdv-12.ics", f"rdv-{'1' * 5000}.ics"):
        assert appointment_in(other) is None


# --- the button -------------------------------------------------------------------------------------------------------


def asked(session: Session, found: Ticket | None, now: datetime = NOW) -> Screen:
    """What is sent after a press on the button, if the book has this."""
    press = Pressed(at=now, message=9, screen=None, action=callback_data.numbered(callback_data.CALENDAR, 12345))
    after, (load,) = step(session, press)
    assert load == LoadForCalendar(12345)
    same, (told,) = step(after, LoadedForCalendar(at=now, ticket=found))
    assert (same.state, same.screen, same.message) == (session.state, session.screen, session.message)
    assert isinstance(told, Tell)
    return told.screen


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_the_button_sends_the_file_in_every_state_and_changes_nothing(state: State) -> None:
    assert asked(Session("fr", NOW, screen=5, state=state, message=8), TICKET) == CalendarFile(TICKET)


def test_for_an_appointment_that_is_over_the_button_shows_how_it_stands() -> None:
    gone = replace(TICKET, appointment=replace(TICKET.appointment, status=AppointmentStatus.CANCELLED))
    session = Session("fr", NOW)
    assert asked(session, gone) == TicketShown(gone)
    assert asked(session, TICKET, TICKET.appointment.at) == TicketShown(TICKET)


def test_of_an_appointment_of_somebody_else_nothing_is_said() -> None:
    assert asked(Session("fr", NOW), None) == NoticeMessage(Notice.APPOINTMENT_UNKNOWN)


# --- an appointment that replaces another -------------------------------------------------------------------------

NEW = BookEntry(60, 7, 5, AT + timedelta(days=1))


def test_an_appointment_that_replaces_another_is_the_same_event() -> None:
    old = replace(ENTRY, ics_uid="40@moncreneau-bot", ics_sent=1)
    assert inherit(NEW, old, 50) == replace(NEW, version=4, ics_uid="40@moncreneau-bot", ics_sent=1)


def test_a_replaced_appointment_is_an_event_of_its_own_and_a_new_version() -> None:
    """It may stand for good, and no file of it may change or remove the event of the new one."""
    old = replace(ENTRY, ics_uid="40@moncreneau-bot", ics_sent=1)
    assert bequeath(old, 60) == replace(old, version=old.version + 1, ics_uid="60.40@moncreneau-bot", ics_sent=None)
    assert bequeath(ENTRY, 60).ics_uid == f"60.{ENTRY.appointment_id}@moncreneau-bot"
    again = bequeath(old, 60)
    assert inherit(NEW, again, 50).ics_uid == "60.40@moncreneau-bot"
    assert bequeath(again, 70).ics_uid == "70.40@moncreneau-bot"


def test_the_first_of_a_chain_gives_its_number_to_the_event() -> None:
    assert inherit(NEW, ENTRY, 50) == replace(NEW, version=4, ics_uid="50@moncreneau-bot")
    assert inherit(NEW, None, 50) == replace(NEW, version=1, ics_uid="50@moncreneau-bot")


def test_what_was_inherited_is_not_inherited_again() -> None:
    once = inherit(NEW, ENTRY, 50)
    assert inherit(once, replace(ENTRY, version=9), 50) == once
