"""The buttons of a reminder: the citizen comes, or wants no reminders, in whatever state the conversation is."""

from dataclasses import replace

import pytest

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import Amend, NoteComing, Tell
from bot.core.events import ComingNoted, Commanded, Pressed
from bot.core.model import Ticket
from bot.core.screens import NoticeMessage, Reminder, Reminders, SettingsMenu, TicketShown
from bot.core.session import Session
from bot.core.states import Notice, State
from tests.core.examples import NOW, STATES, TICKET

every_state = pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())


def standing(state: State) -> Session:
    return Session("fr", NOW).at(state)


def press(action: str) -> Pressed:
    return Pressed(at=NOW, screen=None, action=action, message=900)


@every_state
def test_that_the_citizen_comes_is_noted_and_disturbs_nothing(state: State) -> None:
    before = standing(state)
    after, effects = step(before, press("come:12345.3"))
    assert (after, effects) == (replace(before, touched=NOW), (NoteComing(12345, 3, 900),))
    noted = ComingNoted(at=NOW, ticket=TICKET, version=3, is_current=True, message=900)
    assert step(after, noted) == (after, (Amend(900, Reminder((TICKET,), 3, is_coming=True)),))


@pytest.mark.parametrize(
    ("ticket", "shown"), [(TICKET, TicketShown(TICKET)), (None, NoticeMessage(Notice.APPOINTMENT_UNKNOWN))]
)
def test_under_an_untrue_reminder_the_present_appointment_is_shown(
    ticket: Ticket | None, shown: TicketShown | NoticeMessage
) -> None:
    noted = ComingNoted(at=NOW, ticket=ticket, version=2, is_current=False, message=900)
    assert step(standing(STATES["idle"]), noted)[1] == (Tell(shown),)


def test_a_forged_answer_is_a_stale_button() -> None:
    _, (shown,) = step(standing(STATES["idle"]), press("come:x.3"))
    assert shown.notice is Notice.STALE_BUTTON  # type: ignore[union-attr]


@every_state
@pytest.mark.parametrize(
    ("action", "wanted"), [(callback_data.REMINDERS_OFF, False), (callback_data.REMINDERS_ON, True)]
)
def test_the_button_under_a_reminder_turns_them_off_and_on(state: State, action: str, wanted: bool) -> None:  # noqa: FBT001 — a parameter
    before = replace(standing(state), reminders=not wanted)
    after, effects = step(before, press(action))
    assert after == replace(before, reminders=wanted)
    assert effects == (Tell(Reminders(wanted=wanted)),)


@every_state
def test_in_the_settings_they_are_changed_in_place_beside_announcements(state: State) -> None:
    before = replace(standing(state), announcements=False)
    off, effects = step(before, press(callback_data.SET_REMINDERS_OFF))
    assert (off.announcements, off.reminders) == (False, False)
    assert effects == (Amend(900, SettingsMenu(announcements=False, reminders=False)),)
    assert step(off, Commanded(at=NOW, name="settings"))[1] == (
        Tell(SettingsMenu(announcements=False, reminders=False)),
    )
    on, _ = step(off, press(callback_data.SET_REMINDERS_ON))
    assert (on.announcements, on.reminders) == (False, True)
