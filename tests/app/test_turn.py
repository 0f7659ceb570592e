"""A turn plays an event, runs reads, and returns its changes without making them."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.app.attempt import BOOKINGS, CANCELLINGS
from bot.app.booking_caps import BookingCaps, CapCheck
from bot.app.ports import Need, SlotChoice, WriteOutcome
from bot.app.records import AttemptKind, BookingCounts, DeliveryIds, Kind, TicketMessage, Urgency
from bot.app.turn import Outcome, Turns
from bot.core.appointment_book import BookEntry
from bot.core.events import AppointmentCancelled, Booked, Commanded, Event, Pressed, Typed
from bot.core.health import ChatLimit
from bot.core.model import (
    Appointment,
    AppointmentStatus,
    Department,
    Draft,
    Failure,
    FailureCode,
    Slot,
    Ticket,
    Worker,
)
from bot.core.screens import Screen, TicketShown
from bot.core.session import Session
from bot.core.states import (
    BookingAttempt,
    BookingRefusedState,
    CancelAttempt,
    Cancelling,
    ChoosingNearest,
    ConfirmingBooking,
    Listing,
    LoadingNearest,
    Notice,
    Submitting,
    TypingName,
)
from bot.views.message import Message
from bot.views.plain import plain
from tests.app.fakes import FakeMoncreneau, ScriptedError

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
TEN = NOW.replace(hour=10)
OFFICE = Department(5, "Passeports")
HORIZON = 60


class RecordingMoncreneau(FakeMoncreneau):
    """Remembers which days were asked for."""

    asked: tuple[date, date] | None = None
    staff: int | None = None
    wanted: datetime | None = None

    async def availability(  # noqa: PLR0913 — the protocol's
        self,
        owner: str,
        department_id: int,
        first: date,
        last: date,
        worker_id: int | None = None,
        *,
        wanted: datetime | None = None,
    ) -> tuple[Slot, ...]:
        self.wanted = wanted
        self.asked = (first, last)
        self.staff = worker_id
        return await super().availability(owner, department_id, first, last)


def draw(screen: Screen, locale: str, notice: Notice | None, **more: bool) -> Message:
    link = screen.ticket.appointment.qr_link if type(screen).__name__ == "QrPicture" else None  # type: ignore[union-attr]
    said = " for whom" if more.get("several_names") else ""
    return Message(f"{locale} {getattr(screen, 'kind', type(screen).__name__)} {notice}{said}", qr_link=link)


def api() -> RecordingMoncreneau:
    made = Appointment(50, 5, TEN, "Aïssatou Bah", qr_link="https://x.gn/50", owner="telegram:7")
    slots = (Slot(TEN), Slot(TEN + timedelta(days=1)))
    return RecordingMoncreneau((OFFICE, Department(8, "Identité")), slots, {50: made})


def turns_at(office: FakeMoncreneau, **more: Any) -> Turns:
    """Turns on this API."""
    return Turns(office, draw, lambda: NOW, HORIZON, ids=DeliveryIds(), **more)


async def play(office: FakeMoncreneau, *events: Event) -> list[Outcome]:
    """One turn after the other."""
    turns, outcomes = turns_at(office), list[Outcome]()
    session = Session("fr", NOW)
    for event in events:
        outcomes.append(await turns.take(7, session, event))
        session = outcomes[-1].session
    return outcomes


async def test_a_screen_that_cannot_be_rendered_is_replaced_by_plain_text(caplog: pytest.LogCaptureFixture) -> None:
    def broken(screen: Screen, _locale: str, _notice: Notice | None, **_more: bool) -> Message:
        raise KeyError(f"{screen}")

    turns, office = (
        Turns(api(), broken, lambda: NOW, HORIZON, ids=DeliveryIds()),
        Ticket(Appointment(50, 5, TEN, "Aïssatou Bah"), OFFICE),
    )
    attempt = BookingAttempt(3, Draft(OFFICE, at=TEN, name="Aïssatou Bah"), NOW)
    session = Session("fr", NOW, state=Submitting(attempt))
    outcome = await turns.take(7, session, Booked(at=NOW, number=3, appointment=office.appointment))
    (told,) = outcome.deliveries
    assert told.message == plain(TicketShown(office, fresh=True))
    assert "TicketShown cannot be drawn in fr: KeyError" in caplog.text
    assert "Aïssatou" not in caplog.text


def command(name: str, argument: str = "") -> Commanded:
    return Commanded(at=NOW, name=name, argument=argument)


def press(outcome: Outcome, action: str) -> Pressed:
    return Pressed(at=NOW, screen=outcome.session.screen, action=action, message=33)


async def booked(office: FakeMoncreneau) -> list[Outcome]:
    """A booking up to the last question."""
    outcomes = await play(office, command("book"))
    turns = turns_at(office)
    for action in ("d:5", "first"):
        outcomes.append(await turns.take(7, outcomes[-1].session, press(outcomes[-1], action)))
    outcomes.append(await turns.take(7, outcomes[-1].session, Typed(at=NOW, text="Aïssatou Bah")))
    outcomes.append(await turns.take(7, outcomes[-1].session, press(outcomes[-1], "ok")))
    return outcomes


async def test_reads_run_within_the_turn_and_only_the_last_screen_is_shown() -> None:
    (outcome,) = await play(api(), command("book"))
    assert [each.message.text for each in outcome.deliveries] == ["fr choosing_department None"]
    (delivery,) = outcome.deliveries
    assert (delivery.kind, delivery.screen, delivery.target) == (Kind.SEND, outcome.session.screen, None)


async def test_slots_are_loaded_from_today_to_the_horizon() -> None:
    office = api()
    await booked(office)
    assert office.asked == (NOW.date(), NOW.date() + timedelta(days=HORIZON))


async def test_an_offered_place_is_asked_for_by_its_time_and_other_readings_are_not() -> None:
    office = api()
    await booked(office)
    assert office.wanted is None
    draft = Draft(OFFICE, at=TEN, name="Aïssatou Bah")
    offered = Session("fr", NOW, state=LoadingNearest(draft, failure=Failure(FailureCode.DOWN), is_offered=True))
    outcome = await turns_at(office).take(7, offered, Pressed(at=NOW, action="retry", screen=0, message=1))
    assert office.wanted == TEN
    assert isinstance(outcome.session.state, ConfirmingBooking)


async def test_slots_of_the_chosen_member_of_staff_are_loaded() -> None:
    office = api()
    office.offices = (Department(5, "Passeports", asks_worker=True, workers=(Worker(42, "A"), Worker(43, "B"))),)
    outcomes = await play(office, command("book"))
    turns = turns_at(office)
    if outcomes[-1].session.state.kind == "choosing_department":
        outcomes.append(await turns.take(7, outcomes[-1].session, press(outcomes[-1], "d:5")))
    await turns.take(7, outcomes[-1].session, press(outcomes[-1], "w:43"))
    assert office.staff == 43


async def test_the_slot_that_a_citizen_is_about_to_confirm_is_held_until_they_leave() -> None:
    office = api()
    outcomes = await booked(office)
    assert office.choices["telegram:7"] == SlotChoice(5, TEN, confirmed=True)
    turns = turns_at(office)
    made = Appointment(60, 5, TEN, "Aïssatou Bah", owner="telegram:7")
    await turns.take(7, outcomes[-1].session, Booked(at=NOW, number=outcomes[-1].opened[0].number, appointment=made))
    assert office.choices["telegram:7"] is None


async def test_a_slot_held_by_another_citizen_is_replaced_before_the_screen_is_shown() -> None:
    office = api()
    office.choices["telegram:8"] = SlotChoice(5, TEN)
    outcomes = await play(office, command("book"))
    turns = turns_at(office)
    for action in ("d:5", "first"):
        outcomes.append(await turns.take(7, outcomes[-1].session, press(outcomes[-1], action)))
    state = outcomes[-1].session.state
    assert isinstance(state, TypingName)
    assert (state.draft.at, state.draft.asked) == (TEN + timedelta(days=1), TEN)
    assert len(outcomes[-1].deliveries) == 1


async def test_a_summary_is_checked_against_the_newest_slots() -> None:
    office = api()
    outcomes = await play(office, command("book"))
    turns = turns_at(office)
    for action in ("d:5", "first"):
        outcomes.append(await turns.take(7, outcomes[-1].session, press(outcomes[-1], action)))
    office.choices["telegram:8"] = SlotChoice(5, TEN)
    named = await turns.take(7, outcomes[-1].session, Typed(at=NOW, text="Aïssatou Bah"))
    state = named.session.state
    assert isinstance(state, ConfirmingBooking)
    assert (state.draft.at, state.draft.asked) == (TEN + timedelta(days=1), TEN)
    confirmed = await turns.take(7, named.session, press(named, "ok"))
    assert BOOKINGS.read(confirmed.opened[0].body).draft.at == TEN + timedelta(days=1)


async def test_who_confirms_when_another_citizen_holds_the_slot_by_now_opens_no_attempt() -> None:
    office = api()
    summary = (await booked(office))[-2]
    office.choices = {"telegram:8": SlotChoice(5, TEN)}
    told = await turns_at(office).take(7, summary.session, press(summary, "ok"))
    assert told.opened == ()
    state = told.session.state
    assert isinstance(state, ChoosingNearest)
    assert TEN not in state.times


async def test_a_parked_booking_keeps_its_slot() -> None:
    office = api()
    outcomes = await booked(office)
    listed = await turns_at(office).take(7, outcomes[-2].session, command("appointments"))
    assert listed.session.parked
    assert office.choices["telegram:7"] == SlotChoice(5, TEN)


def capped(office: FakeMoncreneau, counts: BookingCounts) -> Turns:
    async def count(_chat_id: int, _now: datetime) -> BookingCounts:
        return counts

    return Turns(
        office, draw, lambda: NOW, HORIZON, ids=DeliveryIds(), caps=CapCheck(BookingCaps(open=1, per_day=2), count)
    )


async def test_a_citizen_at_the_cap_is_told_when_they_choose_a_department() -> None:
    office = api()
    first = (await play(office, command("book")))[0]
    told = await capped(office, BookingCounts(1, 0, 0)).take(7, first.session, press(first, "d:5"))
    state = told.session.state
    assert isinstance(state, BookingRefusedState)
    assert state.failure.code is FailureCode.TOO_MANY_OPEN


async def test_the_turn_that_would_open_an_attempt_too_many_opens_none() -> None:
    office = api()
    summary = (await booked(office))[-2]
    told = await capped(office, BookingCounts(0, 0, 2)).take(7, summary.session, press(summary, "ok"))
    assert told.opened == ()
    state = told.session.state
    assert isinstance(state, BookingRefusedState)
    assert (state.failure.code, state.draft.name) == (FailureCode.TOO_MANY_TODAY, "Aïssatou Bah")
    assert office.choices["telegram:7"] is None
    allowed = await capped(office, BookingCounts(0, 0, 1)).take(7, summary.session, press(summary, "ok"))
    assert len(allowed.opened) == 1


def shown_tickets(outcome: Outcome) -> tuple[Ticket, ...]:
    """The appointments that are offered for cancelling."""
    state = outcome.session.state
    return state.tickets if isinstance(state, Listing) else ()


async def test_wrong_numbers_cost_no_more_than_ten_requests_an_hour() -> None:
    mine = BookEntry(50, 7, 5, TEN, name="Aïssatou Bah")
    office, book, reached = api(), [mine], Counter[ChatLimit]()

    async def entries_of(chat_id: int) -> tuple[BookEntry, ...]:
        return tuple(each for each in book if each.chat_id == chat_id)

    turns = turns_at(office, entries_of=entries_of, reached=reached)

    async def cancels(number: int, chat_id: int = 7) -> Outcome:
        return await turns.take(chat_id, Session("fr", NOW), command("cancel", str(number)))

    for _ in range(20):
        await cancels(50)
    assert len(office.needs) == 20, "its own numbers do not count"
    answers = {(await cancels(number)).deliveries[0].message for number in range(200, 230)}
    assert (len(office.needs), reached) == (30, {ChatLimit.NUMBERS: 20})
    assert len(answers) == 1, "all get the same words"
    assert (await cancels(50)).session.state.kind == "asking_cancel", "what is theirs is asked for"
    await cancels(200, chat_id=8)
    assert len(office.needs) == 32, "others are not concerned"
    assert len(shown_tickets(await cancels(200))) == 1
    book[:] = [replace(mine, status=AppointmentStatus.CANCELLED)]
    assert shown_tickets(await cancels(200)) == (), "what is cancelled by now is not offered"


@pytest.mark.parametrize(("name", "need"), [("appointments", Need.LOOK), ("cancel", Need.CANCEL)])
async def test_the_urgency_of_reading_appointments_depends_on_the_state(name: str, need: Need) -> None:
    office = api()
    await play(office, command(name))
    assert office.needs == [need]


async def test_a_pressed_button_edits_its_message() -> None:
    first = (await play(api(), command("book")))[0]
    turns = turns_at(api())
    (delivery,) = (await turns.take(7, first.session, press(first, "d:5"))).deliveries
    assert (delivery.kind, delivery.target) == (Kind.EDIT, 33)


async def test_an_api_failure_becomes_an_event() -> None:
    office = api()
    office.reads.append(ScriptedError(WriteOutcome.UNKNOWN, FailureCode.DOWN))
    (outcome,) = await play(office, command("book"))
    assert [each.message.text for each in outcome.deliveries] == ["fr loading_departments None"]


async def test_confirming_opens_an_attempt_and_sends_no_request() -> None:
    office = api()
    last = (await booked(office))[-1]
    (attempt,) = last.opened
    assert (attempt.chat_id, attempt.kind, last.deliveries) == (7, AttemptKind.BOOK, ())
    draft = BOOKINGS.read(attempt.body).draft
    assert (draft.department, draft.at, draft.name) == (OFFICE, TEN, "Aïssatou Bah")
    assert office.posts == 0


async def test_a_new_ticket_has_lasting_buttons_and_a_new_picture() -> None:
    last = (await booked(api()))[-1]
    made = Appointment(60, 5, TEN, "Aïssatou Bah", qr_link="https://x.gn/60", owner="telegram:7")
    turns = turns_at(api())
    done = await turns.take(7, last.session, Booked(at=NOW, number=last.opened[0].number, appointment=made))
    ticket, picture = done.deliveries
    assert (ticket.kind, ticket.target, ticket.screen) == (Kind.EDIT, 33, None)
    assert (picture.kind, picture.urgency, picture.message.qr_link) == (Kind.NEW_PICTURE, Urgency.NOTICE, made.qr_link)
    assert ticket.id < picture.id


async def test_a_ticket_shown_again_may_reuse_its_picture() -> None:
    listed = (await play(api(), command("appointments")))[-1]
    turns = turns_at(api())
    _, picture = (await turns.take(7, listed.session, press(listed, "ticket:50"))).deliveries
    assert picture.kind is Kind.PICTURE


async def test_cancelling_opens_an_attempt_and_giving_up_withdraws_one() -> None:
    turns = turns_at(api())
    asked = (await play(api(), command("cancel", "50")))[-1]
    yes = await turns.take(7, asked.session, press(asked, "yes"))
    assert CANCELLINGS.read(yes.opened[0].body).ticket == Ticket(api().books[50], OFFICE)
    submitted = (await booked(api()))[-1]
    given_up = await turns.take(7, submitted.session, press(submitted, "giveup"))
    assert given_up.withdrawn == submitted.opened[0].number


async def test_the_old_ticket_is_changed_when_its_appointment_is_cancelled() -> None:
    async def known(chat_id: int, appointment_id: int) -> tuple[TicketMessage, ...]:
        assert chat_id == 7
        shown = (TicketMessage(7, 33, 50), TicketMessage(7, 34, 50, is_picture=True), TicketMessage(7, 40, 50))
        return shown if appointment_id == 50 else ()

    appointment = Appointment(50, 5, TEN, "Aïssatou Bah", owner="telegram:7")
    for number, edited in ((50, [33, 34, 40]), (51, [])):
        attempt = CancelAttempt(1, Ticket(replace(appointment, id=number), OFFICE))
        session = replace(Session("fr", NOW), state=Cancelling(attempt))
        turns = turns_at(api(), ticket_messages=known)
        outcome = await turns.take(7, session, AppointmentCancelled(at=NOW, number=1))
        edits = [each for each in outcome.deliveries if each.amends]
        assert [(each.kind, each.target, each.screen) for each in edits] == [
            (Kind.EDIT, target, None) for target in edited
        ]
        assert [each.message.text for each in edits if each.target == 34] == ["fr QrPicture None"] * bool(edited)
        assert outcome.deliveries[-1].message.text == "fr Cancelled None"
        assert [each.supersedes for each in outcome.deliveries if not each.amends] == [number], "a ticket not sent yet"


async def test_a_ticket_is_delivered_with_its_appointment() -> None:
    office = api()
    session = replace(Session("fr", NOW), state=Submitting(BookingAttempt(1, Draft(OFFICE, at=TEN, name="Bah"), NOW)))
    appointment = Appointment(50, 5, TEN, "Aïssatou Bah", owner="telegram:7")
    outcome = await turns_at(office).take(7, session, Booked(at=NOW, number=1, appointment=appointment))
    assert [each.ticket for each in outcome.deliveries] == [50]


# --- for relatives -----------------------------------------------------------------------------------------------


def family(*book: BookEntry) -> Turns:
    """Turns with this appointment book, of chat 7."""

    async def entries_of(chat_id: int) -> tuple[BookEntry, ...]:
        return tuple(each for each in book if each.chat_id == chat_id)

    async def entry(number: int) -> BookEntry | None:
        return next((each for each in book if each.appointment_id == number), None)

    return turns_at(api(), entries_of=entries_of, entry=entry)


SUMMARY = Session("fr", NOW, screen=4, message=9, state=ConfirmingBooking(Draft(OFFICE, at=TEN, name="Aïssatou Bah")))
CONFIRM = Pressed(at=NOW, screen=4, action="ok", message=9)


async def test_the_same_name_department_and_day_is_asked_about_once_before_an_attempt_is_opened() -> None:
    later = BookEntry(50, 7, 5, TEN + timedelta(hours=2), name="Aïssatou Bah")
    turns = family(later, replace(later, appointment_id=51, at=TEN + timedelta(hours=3)))
    asked = await turns.take(7, SUMMARY, CONFIRM)
    assert (asked.opened, asked.session.state.kind) == ((), "confirming")
    assert isinstance(asked.session.state, ConfirmingBooking)
    assert asked.session.state.twice
    assert asked.session.state.twice.appointment.id == 50
    again = await turns.take(7, asked.session, replace(CONFIRM, screen=asked.session.screen))
    assert len(again.opened) == 1, "the API decides"


@pytest.mark.parametrize(
    "entry",
    [
        BookEntry(50, 7, 5, TEN, name="Fatou Camara"),
        BookEntry(50, 7, 8, TEN, name="Aïssatou Bah"),
        BookEntry(50, 8, 5, TEN, name="Aïssatou Bah"),
    ],
    ids=["name", "department", "chat"],
)
async def test_another_name_department_or_chat_is_not_asked_about(entry: BookEntry) -> None:
    assert len((await family(entry).take(7, SUMMARY, CONFIRM)).opened) == 1


async def test_screens_say_for_whom_in_a_chat_with_two_names() -> None:
    hers = BookEntry(50, 7, 5, TEN + timedelta(days=1), name="Fatou Camara")
    changed = Typed(at=NOW, text="Aïssatou Diallo")
    (told,) = (await family(hers).take(7, SUMMARY, changed)).deliveries
    assert told.message.text.endswith(" for whom")
    (told,) = (await family(replace(hers, name="Aïssatou Diallo")).take(7, SUMMARY, changed)).deliveries
    assert not told.message.text.endswith(" for whom")
    (told,) = (await family(hers).take(7, Session("fr", NOW), command("help"))).deliveries
    assert not told.message.text.endswith(" for whom"), "it is about no appointment"


async def test_one_more_person_is_booked_only_besides_an_appointment_of_this_chat() -> None:
    turns = family(BookEntry(50, 7, 5, TEN, name="Aïssatou Bah"))
    more = Pressed(at=NOW, screen=None, action="more:50", message=9)
    mine = await turns.take(7, Session("fr", NOW), more)
    assert mine.session.state.kind == "typing_name", "the day has one time"
    theirs = await turns.take(8, Session("fr", NOW), more)
    assert theirs.session.state.kind == "choosing_department"
