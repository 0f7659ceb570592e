"""The calendar file is read by two parsers, has what the ticket has, and no text from outside can break out of it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vobject  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from bot.core.appointment_book import BookEntry
from bot.core.calendar_event import CalendarEvent
from bot.core.model import AppointmentStatus, Department
from bot.core.screens import CalendarFile
from bot.views.calendar import LONGEST_LINK, calendar_file
from bot.views.message import Office
from bot.views.render import render
from tests.core.examples import TICKET
from tests.views.pages import EN, FR
from tests.views.telegram import actions, check_limits, plain

AT = datetime.fromisoformat("2026-03-12T14:30")
ENTRY = BookEntry(
    12345, 7, 5, AT, version=2, name="Aïssatou Bah", booked_at=AT, qr_link="https://moncreneau.gn/qr/12345"
)
PASSPORTS = Department(
    5, "Passeports; photos, visas", organization="Ministère de l’Intérieur", description="Apportez l’acte de naissance."
)
EVENT = CalendarEvent(
    ENTRY,
    PASSPORTS,
    starts=AT.replace(tzinfo=UTC),
    made=datetime(2026, 3, 2, 8, tzinfo=UTC),
    changed=AT.replace(tzinfo=UTC),
)
CANCELLED = replace(EVENT, entry=replace(ENTRY, status=AppointmentStatus.CANCELLED, version=3))
OUTSIDE = st.text(st.characters(codec="utf-8"), max_size=60).map(
    lambda text: text[:20] + "\r\nEND:VEVENT\r\nBEGIN:VALARM" + text[20:]
)


def written(event: CalendarEvent, t: Any = FR) -> str:
    """The file as text; its lines are as RFC 5545 wants them (3.1)."""
    raw = calendar_file(event, t, Office())
    lines = raw.split(b"\r\n")
    assert lines[-1] == b""
    assert lines[-2] == b"END:VCALENDAR"
    assert all(0 < len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines[:-1])
    assert raw.startswith(b"BEGIN:VCALENDAR\r\n"), "no byte order mark"
    for line in lines:
        line.decode()  # no letter is cut in two
    return raw.decode()


def parsed(event: CalendarEvent, t: Any = FR) -> Any:
    """The one event of the file, by the library that wrote it."""
    (found,) = Calendar.from_ical(written(event, t)).walk("VEVENT")
    return found


def parsed_by_another(event: CalendarEvent) -> Any:
    return vobject.readOne(written(event)).vevent


def test_it_has_what_the_ticket_has() -> None:
    event = parsed(EVENT)
    assert str(event["SUMMARY"]) == "Rendez-vous\u00a0: Passeports; photos, visas"
    assert str(event["LOCATION"]) == "Passeports; photos, visas, Ministère de l’Intérieur"
    assert str(event["DESCRIPTION"]).replace("\u00a0", " ").split("\n") == [
        "14:30, heure de Conakry",
        "Numéro : 12345",
        "Nom : Aïssatou Bah",
        "Apportez l’acte de naissance.",
        "QR code à présenter : https://moncreneau.gn/qr/12345",
    ]
    assert "Appointment: Passeports" in str(parsed(EVENT, EN)["SUMMARY"])


def test_both_parsers_read_the_same_event() -> None:
    ours, theirs = parsed(EVENT), parsed_by_another(EVENT)
    assert theirs.summary.value == str(ours["SUMMARY"])
    assert theirs.description.value == str(ours["DESCRIPTION"])
    assert theirs.location.value == str(ours["LOCATION"])
    assert theirs.dtstart.value == ours["DTSTART"].dt == AT.replace(tzinfo=UTC)
    assert theirs.dtend.value == ours["DTEND"].dt == AT.replace(hour=15, minute=0, tzinfo=UTC)
    assert (theirs.uid.value, theirs.sequence.value) == ("12345@moncreneau-bot", "2")
    assert theirs.valarm.trigger.value == timedelta(hours=-3)


def test_it_publishes_a_private_event_without_attendees() -> None:
    text = written(EVENT)
    for line in ("METHOD:PUBLISH", "STATUS:CONFIRMED", "CLASS:PRIVATE", "TRANSP:OPAQUE", "SEQUENCE:2"):
        assert f"\r\n{line}\r\n" in text
    assert "DTSTART:20260312T143000Z" in text
    assert not re.search("ATTENDEE|ORGANIZER|VTIMEZONE", text)
    assert len(text.encode()) < 2048


def test_a_calendar_file_made_twice_differs_only_in_its_stamp() -> None:
    later = replace(EVENT, made=EVENT.made + timedelta(minutes=5))
    first, second = written(EVENT).split("\r\n"), written(later).split("\r\n")
    assert [(a, b) for a, b in zip(first, second, strict=True) if a != b] == [
        ("DTSTAMP:20260302T080000Z", "DTSTAMP:20260302T080500Z")
    ]


def test_a_cancelled_one_removes_the_same_event() -> None:
    event, text = parsed(CANCELLED), written(CANCELLED)
    assert "METHOD:CANCEL" in text
    assert (str(event["STATUS"]), event["SEQUENCE"], str(event["UID"])) == ("CANCELLED", 3, "12345@moncreneau-bot")
    assert "VALARM" not in text


def test_an_unpaid_one_is_tentative_and_says_so() -> None:
    event = parsed(replace(EVENT, entry=replace(ENTRY, status=AppointmentStatus.PENDING_PAYMENT)))
    assert str(event["STATUS"]) == "TENTATIVE"
    assert "Il reste à payer" in str(event["DESCRIPTION"])


@pytest.mark.parametrize("link", [None, "https://x.gn/" + "q" * LONGEST_LINK])
def test_what_is_not_known_or_too_long_is_left_out(link: str | None) -> None:
    bare = CalendarEvent(replace(ENTRY, name=None, qr_link=link), Department(5, ""), EVENT.starts, EVENT.made)
    event = parsed(bare)
    assert "LAST-MODIFIED" not in event
    assert str(event["DESCRIPTION"]).replace("\u00a0", " ") == "14:30, heure de Conakry\nNuméro : 12345"
    assert "5" in str(event["LOCATION"])


@given(OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE)
def test_text_from_outside_cannot_break_out(name: str, department: str, organization: str, description: str) -> None:
    event = replace(
        EVENT,
        entry=replace(ENTRY, name=name),
        department=Department(5, department, organization=organization, description=description),
    )
    calendar = Calendar.from_ical(written(event))
    assert [each.name for each in calendar.walk()] == ["VCALENDAR", "VEVENT", "VALARM"]
    theirs = vobject.readOne(written(event))
    assert len(list(theirs.vevent.getChildren())) == 13
    assert theirs.vevent.summary.value == str(calendar.walk("VEVENT")[0]["SUMMARY"])


@pytest.mark.parametrize("letter", ["x", "é", "☎", "😀", "\u0301", ";", ",", "\\", '"', "\t", "\x85", "\u2028"])
def test_long_words_of_any_letter_are_cut_between_letters(letter: str) -> None:
    long = Department(5, letter * 1000, organization=letter * 1000, description=letter * 1000)
    theirs = parsed_by_another(replace(EVENT, department=long, entry=replace(ENTRY, name=letter * 1000)))
    assert theirs.uid.value == "12345@moncreneau-bot"


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
def test_the_messages_say_what_to_do_and_promise_nothing(t: Any) -> None:
    gone = replace(TICKET, appointment=replace(TICKET.appointment, status=AppointmentStatus.CANCELLED))
    shown = [
        render(screen, t)
        for screen in (
            CalendarFile(TICKET),
            CalendarFile(TICKET, is_renewed=True),
            CalendarFile(gone, is_renewed=True),
        )
    ]
    for message in shown:
        check_limits(message)
        assert "14:30" in message.text
    assert len({plain(message.text) for message in shown}) == 3
    assert all(actions(message) == ["list"] for message in shown)
