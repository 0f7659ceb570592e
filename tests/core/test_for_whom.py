"""When texts must say for whom an appointment is, and when a person has one already that day."""

from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest

from bot.core.appointment_book import BookEntry
from bot.core.for_whom import names_in, same_day, several_names
from bot.core.model import AppointmentStatus, Draft, Ticket
from bot.core.screens import Cancelled, Help, Reminder, Screen, TicketShown
from bot.core.states import AskingCancel, Submitting
from tests.core.examples import ATTEMPT, FULL, HALF_PAST_TWO, IDENTITY, NOW, OTHER, PASSPORTS, TICKET
from tests.views.pages import SCREENS

OWN = BookEntry(12345, 7, PASSPORTS.id, HALF_PAST_TWO, name="Aïssatou Bah")
HERS = BookEntry(12346, 7, PASSPORTS.id, HALF_PAST_TWO, name="Fatou Camara")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), False),
        ((OWN,), False),
        ((OWN, replace(OWN, appointment_id=9, name="AISSATOU BAH")), False),
        ((OWN, HERS), True),
        ((HERS,), True),
        ((replace(HERS, status=AppointmentStatus.CANCELLED),), False),
        ((replace(HERS, at=NOW - timedelta(days=1)),), False),
        ((replace(HERS, name=None),), False),
    ],
)
def test_it_is_said_from_the_second_name_of_coming_appointments_on(
    entries: tuple[BookEntry, ...], *, expected: bool
) -> None:
    assert several_names([TicketShown(TICKET)], entries, NOW) is expected


def test_what_is_just_being_booked_or_was_just_cancelled_counts_too() -> None:
    assert several_names([Submitting(ATTEMPT)], (HERS,), NOW)
    assert several_names([AskingCancel(TICKET)], (HERS,), NOW)
    assert several_names([Cancelled(OTHER)], (OWN,), NOW)
    assert several_names([Reminder((TICKET, OTHER), 1)], (), NOW)
    assert several_names([TicketShown(TICKET), TicketShown(OTHER)], (), NOW)


def test_a_screen_about_no_appointment_names_nobody() -> None:
    assert names_in(Help()) == ()


@pytest.mark.parametrize("screen", SCREENS.values(), ids=SCREENS.keys())
def test_every_screen_with_an_appointment_is_seen_to_have_its_name(screen: Screen) -> None:
    """A screen of a later day, too: it may hold its tickets and drafts in a field of any name."""
    # The list says names in any case, and the menu none.
    hidden = {*_names(screen, {"past", "given_up"})} - {*names_in(screen)}
    assert hidden == set()


def _names(value: Any, unseen: set[str]) -> set[str]:
    if isinstance(value, Ticket):
        return {value.appointment.name} - {""}
    if isinstance(value, Draft):
        return {value.name} if value.name else set()
    if isinstance(value, tuple):
        return {name for each in value for name in _names(each, unseen)}
    if is_dataclass(value):
        parts = (getattr(value, each.name) for each in fields(value) if each.name not in unseen)
        return {name for part in parts for name in _names(part, unseen)}
    return set()


def test_every_screen_there_is_stands_among_the_examples() -> None:
    def kinds(union: Any) -> set[type]:
        return {kind for each in get_args(union) for kind in (kinds(each) if isinstance(each, UnionType) else {each})}

    with_appointments = {
        kind for kind in kinds(Screen) if {"ticket", "tickets", "draft", "attempt"} & {*get_type_hints(kind)}
    }
    assert with_appointments <= {type(each) for each in SCREENS.values()}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (OWN, True),
        (replace(OWN, name="aissatou bah"), True),
        (replace(OWN, at=HALF_PAST_TWO.replace(hour=9)), True),
        (replace(OWN, at=HALF_PAST_TWO + timedelta(days=1)), False),
        (replace(OWN, department_id=IDENTITY.id), False),
        (HERS, False),
        (replace(OWN, status=AppointmentStatus.CANCELLED), False),
    ],
)
def test_the_same_name_department_and_day_is_found(entry: BookEntry, *, expected: bool) -> None:
    assert (same_day(FULL, (HERS, entry), NOW) == entry) is expected


def test_what_is_over_that_day_or_was_told_is_not_asked_about() -> None:
    assert same_day(FULL, (OWN,), HALF_PAST_TWO) is None
    told = replace(FULL, twice_on=HALF_PAST_TWO.date())
    assert same_day(told, (OWN, replace(OWN, appointment_id=9)), NOW) is None, "however many there are"
    tomorrow = replace(OWN, at=OWN.at + timedelta(days=1))
    assert same_day(replace(told, at=tomorrow.at), (tomorrow,), NOW) == tomorrow
    assert same_day(replace(FULL, at=None), (OWN,), NOW) is None
