"""Whatever happens, in whatever order: the conversation never raises, never books twice, and never shows nonsense.

A machine plays a citizen, somebody who forges presses, a network that repeats and delays, and an API that answers
anything at any time. After every step the promises below are checked.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from bot.core import callback_data
from bot.core.events import (
    AppointmentCancelled,
    AppointmentsLoaded,
    AttemptDelayed,
    Booked,
    BookedTwice,
    BookingRefused,
    BookingWithdrawn,
    CancellingRefused,
    Commanded,
    DepartmentsLoaded,
    Event,
    LoadFailed,
    Moved,
    OldNotCancelled,
    Pressed,
    ReplacementBooked,
    SentSomething,
    SlotsLoaded,
    TicketLoaded,
    Typed,
    WorkFailed,
)
from bot.core.model import Appointment, Department, Failure, Slot, Ticket
from bot.core.states import (
    Cancelling,
    LoadingAppointments,
    LoadingDays,
    LoadingDepartments,
    LoadingNearest,
    LoadingTimes,
    Moving,
    Submitting,
    TypingName,
)
from bot.i18n import Translators
from tests.core.examples import DEPARTMENTS
from tests.properties.phone import Phone
from tests.properties.strategies import (
    arguments,
    booked,
    commands,
    dense,
    failures,
    forged,
    ids,
    languages,
    offices,
    slots,
    texts,
    words,
)

TRANSLATORS = Translators.load()


class Conversation(Phone):
    """One chat, in which anything happens in any order."""

    # --- what usually happens ----------------------------------------------------------------------------------------

    @rule(data=st.data())
    def the_citizen_presses_a_button_of_the_last_screen(self, data: st.DataObject) -> None:
        self.press_shown(data, self.shown[-1])

    @rule(times=st.integers(1, 4))
    def the_citizen_goes_straight_on(self, times: int) -> None:
        """The first button of every screen is the likeliest answer; reads are answered in between."""
        for _ in range(times):
            number, message, buttons = self.shown[-1]
            self.press(buttons[0], number, message)
            if isinstance(self.session.state, LoadingDepartments):
                self.happens(DepartmentsLoaded(at=self.now, departments=DEPARTMENTS))
            if isinstance(self.session.state, LoadingDays | LoadingTimes | LoadingNearest):
                later = tuple(Slot(self.now + timedelta(minutes=20 * n)) for n in range(1, 120))
                wanted = self.state.draft.department.id
                self.happens(SlotsLoaded(at=self.now, department_id=wanted, slots=later))

    @precondition(lambda self: isinstance(self.session.state, TypingName))
    @rule(name=st.sampled_from(["Aïssatou Bah", "N'Diaye", "Fatoumata Binta 2", "𞤀𞤣𞤤𞤢𞤥"]))
    def the_citizen_types_a_name(self, name: str) -> None:
        self.happens(self.citizen(Typed, text=name))

    @precondition(lambda self: self.awaits(LoadingDepartments))
    @rule(found=offices)
    def departments_come(self, found: tuple[Department, ...]) -> None:
        self.happens(DepartmentsLoaded(at=self.now, departments=found))

    @precondition(lambda self: self.awaits(LoadingDays, LoadingTimes, LoadingNearest))
    @rule(found=slots | dense)
    def slots_come(self, found: tuple[Slot, ...]) -> None:
        self.happens(SlotsLoaded(at=self.now, department_id=self.state.draft.department.id, slots=found))

    @precondition(lambda self: self.awaits(LoadingAppointments))
    @rule(
        found=st.lists(booked, max_size=12, unique_by=lambda each: each.id).map(tuple),
        named=offices,
        ours=st.booleans(),
    )
    def appointments_come(self, found: tuple[Appointment, ...], named: tuple[Department, ...], ours: bool) -> None:  # noqa: FBT001 — drawn
        if ours and self.state.number:
            found = (*found, Appointment(self.state.number, 1, self.now + timedelta(days=2), "Bah"))
        self.happens(AppointmentsLoaded(at=self.now, appointments=found, departments=named))

    @precondition(lambda self: self.awaits(Submitting, Cancelling, Moving))
    @rule(data=st.data(), failure=failures, appointment=booked)
    def an_attempt_goes_on(self, data: st.DataObject, failure: Failure, appointment: Appointment) -> None:
        number = self.state.attempt.number
        self.happens(data.draw(st.sampled_from(self._outcomes(number, failure, appointment))))

    @precondition(lambda self: self.awaits(Submitting))
    @rule(failure=failures)
    def a_booking_is_refused_and_tried_again(self, failure: Failure) -> None:
        self.happens(BookingRefused(at=self.now, number=self.state.attempt.number, failure=failure))
        self.happens(self.citizen(Pressed, action=callback_data.RETRY, screen=self.session.screen, message=100))

    @precondition(lambda self: self.awaits(Submitting, Moving))
    @rule(times=st.integers(1, 3))
    def the_citizen_insists_on_giving_up(self, times: int) -> None:
        for _ in range(times):
            self.happens(self.citizen(Pressed, action=callback_data.GIVE_UP, screen=self.session.screen, message=100))

    # --- what may happen ---------------------------------------------------------------------------------------------

    @rule(data=st.data(), what=st.integers(0, 9))
    def the_citizen_does_something_else(self, data: st.DataObject, what: int) -> None:
        match what:
            case 0 | 1:
                self.press_shown(data, data.draw(st.sampled_from(self.shown[-30:])))
            case 2 if self.presses:
                self.happens(replace(data.draw(st.sampled_from(self.presses[-5:])), at=self.now))
            case 3 | 4:
                near = data.draw(st.none() | st.integers(-2, 2))
                screen = None if near is None else self.session.screen + near
                action = data.draw(st.sampled_from(self.shown[-1][2]) | forged)
                message = data.draw(st.integers(100, 110))
                self.happens(self.citizen(Pressed, action=action, screen=screen, message=message))
            case 5 | 6:
                name, argument, language = data.draw(commands), data.draw(arguments), data.draw(languages)
                self.happens(self.citizen(Commanded, name=name, argument=argument, language=language))
            case 7:
                self.happens(self.citizen(Typed, text=data.draw(texts), profile=data.draw(words)))
            case 8:
                self.happens(self.citizen(SentSomething))
            case _:
                self.now += timedelta(hours=data.draw(st.sampled_from([1, 1, 1, 25])))

    @rule(data=st.data(), failure=failures, number=st.integers(-1, 1))
    def the_world_answers_what_nobody_asked(self, data: st.DataObject, failure: Failure, number: int) -> None:
        appointments = tuple(data.draw(st.lists(booked, min_size=1, max_size=3, unique_by=lambda each: each.id)))
        named = data.draw(offices)
        answers = [
            LoadFailed(at=self.now, failure=failure),
            WorkFailed(at=self.now),
            DepartmentsLoaded(at=self.now, departments=named),
            SlotsLoaded(at=self.now, department_id=data.draw(ids), slots=data.draw(slots)),
            AppointmentsLoaded(at=self.now, appointments=appointments, departments=named),
            TicketLoaded(at=self.now, number=1, ticket=None),
            TicketLoaded(at=self.now, number=1, ticket=Ticket(appointments[0], named[0]) if named else None),
            *self._outcomes(self.session.screen + number, failure, appointments[0]),
        ]
        self.happens(data.draw(st.sampled_from(answers)))

    def _outcomes(self, number: int, failure: Failure, appointment: Appointment) -> list[Event]:
        return [
            AttemptDelayed(at=self.now, number=number),
            AttemptDelayed(at=self.now, number=number, failure=failure),
            Booked(at=self.now, number=number, appointment=appointment),
            BookingRefused(at=self.now, number=number, failure=failure),
            BookingWithdrawn(at=self.now, number=number),
            BookedTwice(at=self.now, number=number, ticket=Ticket(appointment, DEPARTMENTS[0])),
            AppointmentCancelled(at=self.now, number=number),
            CancellingRefused(at=self.now, number=number, failure=failure),
            ReplacementBooked(at=self.now, number=number, appointment=appointment),
            Moved(at=self.now, number=number),
            OldNotCancelled(at=self.now, number=number, status=appointment.status),
        ]


Conversation.TestCase.settings = settings(
    max_examples=120, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestConversation = Conversation.TestCase
