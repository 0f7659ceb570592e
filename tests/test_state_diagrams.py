"""The state diagrams of the documents are those of the code."""

from typing import get_args

import pytest

from bot.core.states import State
from tests.state_diagrams import DOCUMENT, MOST_ARROWS, STEPS, drawings, explored, redrawn


def test_the_diagrams_in_the_document_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert redrawn(text, drawings()) == text, "update them: python -m tests.state_diagrams"


def test_every_state_can_be_reached_and_left() -> None:
    states = {each.__name__ for each in get_args(State)}
    assert {each.after for each in explored()} == states
    assert {each.before for each in explored() if each.before != each.after} == states


def test_every_state_belongs_to_one_step() -> None:
    named = [state for states in STEPS.values() for state in states]
    assert sorted(named) == sorted(each.__name__ for each in get_args(State))


def test_every_diagram_can_be_read_at_a_glance() -> None:
    arrows = {name: drawing.count("-->") for name, drawing in drawings().items() if "diagram" in name}
    assert arrows
    assert all(0 < number <= MOST_ARROWS for number in arrows.values()), arrows


def test_every_confirmed_attempt_waits_for_its_outcome() -> None:
    """While a booking, cancelling or move is pending, only its own outcome leads out of it."""
    outcomes = {"Booked", "BookingRefused", "BookingWithdrawn", "AppointmentCancelled", "CancellingRefused"}
    outcomes |= {"BookedTwice", "Moved", "OldNotCancelled"}
    pending = {"Submitting", "Cancelling", "Moving"}
    assert {each.label for each in explored() if each.before in pending and each.before != each.after} == outcomes


def test_only_confirming_makes_a_booking_and_only_yes_cancels() -> None:
    into = {each.after: set[tuple[str, str]]() for each in explored()}
    for each in explored():
        if each.before != each.after:
            into[each.after].add((each.before, each.label))
    assert into["Submitting"] == {("ConfirmingBooking", "Confirm"), ("BookingRefusedState", "Try again")}
    assert into["Moving"] == into["Submitting"]
    assert into["Cancelling"] == {("AskingCancel", "Yes")}


def test_a_document_without_a_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="no marker 'steps'"):
        redrawn("# Architecture", {"steps": "| step |"})


def test_informing_commands_never_change_the_state() -> None:
    """As the document says of what it does not draw."""
    telling = {"/help", "/language", "/settings", "/announcements", "/data", "/privacy", "a photo", "AttemptDelayed"}
    assert telling <= {each.label for each in explored()}
    assert {each.label for each in explored() if each.before != each.after} & telling == set()
