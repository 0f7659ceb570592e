"""Whatever happens, in whatever order: the conversation never raises, never books twice, and never shows nonsense.

A machine plays a citizen, somebody who forges presses, a network that repeats and delays, and an API that answers
anything at any time. After every step the promises below are checked.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.core import actions
from bot.core.codec import read_session, write_session
from bot.core.conversation import new_session, step
from bot.core.effects import Book, CancelAppointment, Show, Tell, Withdraw
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    Booked,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Commanded,
    DepartmentsLoaded,
    Event,
    LoadFailed,
    Pressed,
    SentSomething,
    SlotsLoaded,
    Typed,
    WorkFailed,
)
from bot.core.flows import (
    AppointmentsFlow,
    Cancelling,
    Flow,
    Idle,
    LoadingAppointments,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Session,
    Submitting,
    TypingName,
)
from bot.core.model import Appointment, Department, Slot, Trouble
from bot.core.screens import LASTING, present
from bot.i18n import Translators
from bot.views.render import render
from tests.core.examples import DEPARTMENTS, STATES
from tests.properties.strategies import (
    START,
    arguments,
    booked,
    commands,
    dense,
    forged,
    ids,
    languages,
    offices,
    slots,
    texts,
    troubles,
    words,
)
from tests.views.telegram import check_limits

TRANSLATORS = Translators.load()


class Conversation(RuleBasedStateMachine):
    """One chat, and what is on its phone."""

    session: Session

    @initialize(flow=st.just(Idle()) | st.sampled_from(list(STATES.values())))
    def begins(self, flow: Flow) -> None:
        self.now = START
        self.session = replace(new_session("fr", START), flow=flow)
        self.attempts: set[int] = set()
        self.shown: list[tuple[int | None, int, list[str]]] = []
        self.presses: list[Pressed] = []
        self.messages = 100
        self._happens(self._citizen(SentSomething))

    # --- what usually happens ----------------------------------------------------------------------------------------

    @rule(data=st.data())
    def the_citizen_presses_a_button_of_the_last_screen(self, data: st.DataObject) -> None:
        self._press_shown(data, self.shown[-1])

    @rule(times=st.integers(1, 4))
    def the_citizen_goes_straight_on(self, times: int) -> None:
        """The first button of every screen is the likeliest answer; reads are answered in between."""
        for _ in range(times):
            number, message, buttons = self.shown[-1]
            if buttons:
                self._press(buttons[0], number, message)
            if isinstance(self.session.flow, LoadingDepartments):
                self._happens(DepartmentsLoaded(at=self.now, departments=DEPARTMENTS))
            if isinstance(self.session.flow, LoadingDays | LoadingTimes | LoadingNearest):
                later = tuple(Slot(self.now + timedelta(minutes=20 * n)) for n in range(1, 120))
                wanted = self.flow.draft.department.id
                self._happens(SlotsLoaded(at=self.now, department_id=wanted, slots=later))

    @precondition(lambda self: isinstance(self.session.flow, TypingName))
    @rule(name=st.sampled_from(["Aïssatou Bah", "N'Diaye", "Fatoumata Binta 2", "𞤀𞤣𞤤𞤢𞤥"]))
    def the_citizen_types_a_name(self, name: str) -> None:
        self._happens(self._citizen(Typed, text=name))

    @precondition(lambda self: self._awaits(LoadingDepartments))
    @rule(found=offices)
    def departments_come(self, found: tuple[Department, ...]) -> None:
        self._happens(DepartmentsLoaded(at=self.now, departments=found))

    @precondition(lambda self: self._awaits(LoadingDays, LoadingTimes, LoadingNearest))
    @rule(found=slots | dense)
    def slots_come(self, found: tuple[Slot, ...]) -> None:
        self._happens(SlotsLoaded(at=self.now, department_id=self.flow.draft.department.id, slots=found))

    @precondition(lambda self: self._awaits(LoadingAppointments))
    @rule(found=st.lists(booked, max_size=12).map(tuple), named=offices, ours=st.booleans())
    def appointments_come(self, found: tuple[Appointment, ...], named: tuple[Department, ...], ours: bool) -> None:  # noqa: FBT001 — drawn
        if ours and self.flow.number:
            found = (*found, Appointment(self.flow.number, 1, self.now + timedelta(days=2), "Bah"))
        self._happens(AppointmentsLoaded(at=self.now, appointments=found, departments=named))

    @precondition(lambda self: self._awaits(Submitting, Cancelling))
    @rule(data=st.data(), trouble=troubles, appointment=booked)
    def an_attempt_goes_on(self, data: st.DataObject, trouble: Trouble, appointment: Appointment) -> None:
        number = self.flow.attempt.number
        self._happens(data.draw(st.sampled_from(self._outcomes(number, trouble, appointment))))

    # --- what may happen ---------------------------------------------------------------------------------------------

    @rule(data=st.data(), what=st.integers(0, 9))
    def the_citizen_does_something_else(self, data: st.DataObject, what: int) -> None:
        match what:
            case 0 | 1:
                self._press_shown(data, data.draw(st.sampled_from(self.shown[-30:])))
            case 2 if self.presses:
                self._happens(replace(data.draw(st.sampled_from(self.presses[-5:])), at=self.now))
            case 3 | 4:
                near = data.draw(st.none() | st.integers(-2, 2))
                screen = None if near is None else self.session.screen + near
                message = data.draw(st.integers(95, 130))
                self._happens(self._citizen(Pressed, action=data.draw(forged), screen=screen, message=message))
            case 5 | 6:
                name, argument, language = data.draw(commands), data.draw(arguments), data.draw(languages)
                self._happens(self._citizen(Commanded, name=name, argument=argument, language=language))
            case 7:
                self._happens(self._citizen(Typed, text=data.draw(texts), profile=data.draw(words)))
            case 8:
                self._happens(self._citizen(SentSomething))
            case _:
                self.now += timedelta(hours=data.draw(st.sampled_from([1, 1, 1, 25])))

    @rule(data=st.data(), trouble=troubles, number=st.integers(-1, 1))
    def the_world_answers_what_nobody_asked(self, data: st.DataObject, trouble: Trouble, number: int) -> None:
        appointments = tuple(data.draw(st.lists(booked, min_size=1, max_size=3)))
        named = data.draw(offices)
        answers = [
            LoadFailed(at=self.now, trouble=trouble),
            WorkFailed(at=self.now),
            DepartmentsLoaded(at=self.now, departments=named),
            SlotsLoaded(at=self.now, department_id=data.draw(ids), slots=data.draw(slots)),
            AppointmentsLoaded(at=self.now, appointments=appointments, departments=named),
            *self._outcomes(self.session.screen + number, trouble, appointments[0]),
        ]
        self._happens(data.draw(st.sampled_from(answers)))

    @property
    def flow(self) -> Any:
        """The state, whichever it is; the rules' conditions say which it can be."""
        return self.session.flow

    def _awaits(self, *kinds: type) -> bool:
        return isinstance(self.session.flow, kinds)

    def _outcomes(self, number: int, trouble: Trouble, appointment: Appointment) -> list[Event]:
        return [
            AttemptDelayed(at=self.now, number=number),
            AttemptDelayed(at=self.now, number=number, trouble=trouble),
            Booked(at=self.now, number=number, appointment=appointment),
            BookingRefused(at=self.now, number=number, trouble=trouble),
            BookingWithdrawn(at=self.now, number=number),
            AppointmentCancelled(at=self.now, number=number),
            CancellingRefused(at=self.now, number=number, trouble=trouble),
        ]

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def the_session_survives_a_restart(self) -> None:
        if hasattr(self, "session"):
            assert read_session(write_session(self.session)) == self.session

    @invariant()
    def there_is_one_flow_at_a_time(self) -> None:
        if hasattr(self, "session") and self.session.parked:
            assert isinstance(self.session.flow, AppointmentsFlow | Cancelling)

    @invariant()
    def where_the_citizen_is_can_always_be_drawn(self) -> None:
        if hasattr(self, "session"):
            for locale in TRANSLATORS.supported:
                check_limits(render(present(self.session), TRANSLATORS.get(locale)))

    def _press_shown(self, data: st.DataObject, shown: tuple[int | None, int, list[str]]) -> None:
        number, message, buttons = shown
        if buttons:
            self._press(data.draw(st.sampled_from(buttons)), number, message)

    def _press(self, action: str, number: int | None, message: int) -> None:
        """A button that was really shown; on the present screen it must do something."""
        before, event = self.session, self._citizen(Pressed, action=action, screen=number, message=message)
        expired = self.now - before.touched > timedelta(hours=24)
        effects = self._happens(event)
        if number == before.screen and not expired:
            redrawn = all(isinstance(each, Show) for each in effects) and self.session.flow == before.flow
            assert not redrawn, f"{action} does nothing on {before.flow}"

    def _citizen(self, kind: type[Any], **details: Any) -> Any:
        return kind(at=self.now, **{"profile": "Aïssatou Bah", "language": "fr", **details})

    def _happens(self, event: Event) -> tuple[Any, ...]:
        before = self.session
        self.session, effects = step(before, event)
        assert self.session.screen >= before.screen
        assert self.session.flow == before.flow or self.session.screen > before.screen
        if isinstance(event, Pressed):
            self.presses.append(event)
        for effect in effects:
            self._check_write(effect, event, before)
            if isinstance(effect, Show | Tell):
                self._appears(effect, event)
        return effects

    def _check_write(self, effect: object, event: Event, before: Session) -> None:
        """Writes come from a press on the present screen that says so, each attempt once."""
        if not isinstance(effect, Book | CancelAppointment | Withdraw):
            return
        assert isinstance(event, Pressed)
        assert event.screen == before.screen
        if isinstance(effect, Withdraw):
            assert event.action == actions.GIVE_UP
            return
        asked = {actions.CONFIRM, actions.RETRY} if isinstance(effect, Book) else {actions.YES}
        assert event.action in asked
        assert effect.attempt.number not in self.attempts
        self.attempts.add(effect.attempt.number)
        flow = self.session.flow
        assert isinstance(flow, Submitting | Cancelling)
        assert flow.attempt == effect.attempt, "what is pending can be read off the state"

    def _appears(self, effect: Show | Tell, event: Event) -> None:
        """On the phone: in both languages, in the message that it replaces or in a new one."""
        for locale in TRANSLATORS.supported:
            message = render(effect.screen, TRANSLATORS.get(locale), effect.notice)
            check_limits(message)
        self.messages += 1
        lasting = isinstance(effect, Tell) or isinstance(effect.screen, LASTING)
        number = None if lasting or isinstance(effect, Tell) else effect.number
        place = None if isinstance(effect, Tell) else effect.message
        buttons = [button.action for row in message.rows for button in row]
        self.shown.append((number, place or self.messages, buttons))
        if isinstance(effect, Show) and not lasting and isinstance(event, Pressed):
            assert effect.number == self.session.screen


Conversation.TestCase.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestConversation = Conversation.TestCase
