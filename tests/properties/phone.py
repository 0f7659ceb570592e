"""A chat as its phone shows it, and the promises that are checked after every step. Plays nothing by itself.

What was shown stays on the phone with its buttons, so that presses of older screens can be played too.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from bot.core import callback_data
from bot.core.conversation import step
from bot.core.effects import Amend, AmendTicket, Book, CancelAppointment, Move, Show, Tell, Withdraw
from bot.core.events import (
    Commanded,
    Event,
    Pressed,
    SentSomething,
)
from bot.core.screens import LASTING, TicketShown, present
from bot.core.session import Session, read_session, write_session
from bot.core.states import AppointmentsState, Cancelling, Idle, Moving, State, Submitting
from bot.i18n import Translators
from bot.views.render import render
from tests.core.examples import STATES
from tests.properties.strategies import (
    START,
)
from tests.views.telegram import check_labels, check_limits

TRANSLATORS = Translators.load()


class Phone(RuleBasedStateMachine):
    """One chat, and what is on its phone: number of the screen, message, buttons."""

    session: Session

    @initialize(state=st.just(Idle()) | st.sampled_from(list(STATES.values())))
    def begins(self, state: State) -> None:
        self.now = START
        self.session = replace(Session("fr", START), state=state)
        if isinstance(state, Submitting | Cancelling | Moving):
            # Attempts have the number of the screen on which they were confirmed, so the chat has got that far.
            self.session = replace(self.session, screen=state.attempt.number)
        self.attempts: set[int] = set()
        self.withdrawn: set[int] = set()
        self.shown: list[tuple[int | None, int, list[str]]] = []
        self.presses: list[Pressed] = []
        self.messages = 100
        self._appears(Show(present(self.session), self.session.screen), self.citizen(SentSomething))
        self.happens(self.citizen(SentSomething))

    @property
    def state(self) -> Any:
        """The state, whichever it is; the rules' conditions say which it can be."""
        return self.session.state

    def awaits(self, *kinds: type) -> bool:
        return isinstance(self.session.state, kinds)

    def _check_session(self) -> None:
        """It survives a restart, it has one flow at a time, and where the citizen is can always be drawn."""
        assert read_session(write_session(self.session)) == self.session
        if self.session.parked:
            assert isinstance(self.session.state, AppointmentsState | Cancelling)
        for locale in TRANSLATORS.supported:
            check_limits(render(present(self.session), TRANSLATORS.get(locale)))

    def press_shown(self, data: st.DataObject, shown: tuple[int | None, int, list[str]]) -> None:
        number, message, buttons = shown
        self.press(data.draw(st.sampled_from(buttons)), number, message)

    def press(self, action: str, number: int | None, message: int) -> None:
        """A button that was really shown; on the present screen it must do something."""
        before, event = self.session, self.citizen(Pressed, action=action, screen=number, message=message)
        expired = self.now - before.touched > timedelta(hours=24)
        effects = self.happens(event)
        if number == before.screen and not expired:
            redrawn = (
                effects == (Show(present(self.session), self.session.screen, message),)
                and self.session.state == before.state
            )
            assert not redrawn, f"{action} does nothing on {before.state}"

    def citizen(self, kind: type[Any], **details: Any) -> Any:
        return kind(at=self.now, **{"profile": "Aïssatou Bah", "language": "fr", **details})

    def happens(self, event: Event) -> tuple[Any, ...]:
        before = self.session
        self.session, effects = step(before, event)
        assert self.session.screen >= before.screen
        assert self.session.state == before.state or self.session.screen > before.screen
        if isinstance(event, Pressed):
            self.presses.append(event)
        if self.session != before:
            self._check_session()
        for effect in effects:
            self._check_write(effect, event, before)
            if isinstance(effect, Show | Tell):
                self._appears(effect, event)
            elif isinstance(effect, Amend | AmendTicket):
                self._changes(effect)
        return effects

    def _check_write(self, effect: object, event: Event, before: Session) -> None:
        """Writes come from a press on the present screen that says so, each attempt once; `/stop` gives up, too."""
        if isinstance(effect, Withdraw):
            self._check_withdrawal(effect, event, before)
        if not isinstance(effect, Book | CancelAppointment | Move):
            return
        assert isinstance(event, Pressed)
        assert event.screen == before.screen
        cancels = isinstance(effect, CancelAppointment)
        asked = {callback_data.YES} if cancels else {callback_data.CONFIRM, callback_data.RETRY}
        assert event.action in asked
        assert effect.attempt.number not in self.attempts, "two attempts of one number"
        self.attempts.add(effect.attempt.number)
        state = self.session.state
        assert isinstance(state, Submitting | Cancelling | Moving)
        assert state.attempt == effect.attempt, "what is pending can be read off the state"

    def _check_withdrawal(self, effect: Withdraw, event: Event, before: Session) -> None:
        if isinstance(event, Pressed):
            assert (event.screen, event.action) == (before.screen, callback_data.GIVE_UP)
        else:
            assert isinstance(event, Commanded)
            assert event.name == "stop"
        assert effect.number not in self.withdrawn, "given up twice"
        self.withdrawn.add(effect.number)

    def _changes(self, effect: Amend | AmendTicket) -> None:
        """An older message."""
        if isinstance(effect, Amend):
            screen = effect.screen
        else:
            screen = TicketShown(effect.ticket, moved_to=effect.moved_to, moved_from=effect.moved_from)
        for locale in TRANSLATORS.supported:
            check_limits(render(screen, TRANSLATORS.get(locale)))

    def _appears(self, effect: Show | Tell, event: Event) -> None:
        """On the phone: in both languages, in the message that it replaces or in a new one."""
        for locale in TRANSLATORS.supported:
            message = render(effect.screen, TRANSLATORS.get(locale), effect.notice)
            check_limits(message)
            check_labels(message)
        self.messages += 1
        lasting = isinstance(effect, Tell) or isinstance(effect.screen, LASTING)
        number = None if lasting or isinstance(effect, Tell) else effect.number
        place = None if isinstance(effect, Tell) else effect.message
        buttons = [button.action for row in message.rows for button in row]
        if buttons:
            self.shown.append((number, place or self.messages, buttons))
        if isinstance(effect, Show) and not lasting and isinstance(event, Pressed):
            assert effect.number == self.session.screen
