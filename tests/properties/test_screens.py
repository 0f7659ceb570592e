"""Whatever a screen holds, it stays within Telegram's limits in every language, and its buttons can be read back."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import callback_data, screens, states
from bot.core.model import Day, Draft, Ticket
from bot.core.states import Notice
from bot.views.render import render
from tests.properties.strategies import START, booked, departments, failures, moments, offices, words
from tests.views.pages import TRANSLATORS
from tests.views.telegram import check_labels, check_limits

pages = st.integers(0, 3) | st.integers(0, 10**15)
drafts = st.builds(Draft, departments, st.none(), st.none() | moments, st.none() | words)
full = st.builds(Draft, departments, st.none(), moments, words)
tickets = st.builds(Ticket, booked, departments)
moves = st.builds(Draft, departments, st.none(), moments, words, st.none() | moments, tickets)
move_attempts = st.builds(states.MoveAttempt, pages, moves, moments, st.none() | booked)
listed = st.lists(tickets, max_size=12, unique_by=lambda ticket: ticket.appointment.id).map(tuple)
maybe = st.none() | failures
days = st.lists(
    st.builds(Day, st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(1, 500)),
    max_size=70,
    unique_by=lambda day: day.date,
)
times = st.builds(
    lambda count, every, hour: tuple(
        START.replace(hour=hour) + timedelta(minutes=every * n) for n in range(min(count, (24 - hour) * 60 // every))
    ),
    st.integers(0, 700),
    st.sampled_from([1, 5, 30]),
    st.sampled_from([0, 8, 13]),
)
names = st.lists(words.filter(str.strip), max_size=3, unique_by=lambda name: " ".join(name.split()).casefold()).map(
    tuple
)
everything = st.one_of(
    st.builds(states.ChoosingDepartment, offices, words, pages),
    st.builds(states.ChoosingWorker, drafts, pages),
    st.builds(states.TypingWorker, drafts),
    st.builds(states.ChoosingDay, drafts, days.map(tuple), st.none() | moments, pages),
    st.builds(states.ChoosingTime, drafts, st.dates(date(2026, 1, 1), date(2026, 12, 31)), times, st.booleans()),
    st.builds(states.ChoosingNearest, drafts, times.map(lambda found: found[:6])),
    st.builds(states.TypingName, full, names),
    st.builds(states.ConfirmingBooking, full | moves, names),
    st.builds(
        states.Submitting, st.builds(states.BookingAttempt, pages, full, moments), maybe, st.booleans(), st.booleans()
    ),
    st.builds(states.BookingRefusedState, full | moves, failures),
    st.builds(states.Moving, move_attempts, maybe, st.booleans(), st.booleans()),
    st.builds(states.LoadingDepartments, failure=maybe),
    st.builds(states.LoadingDays, full, failure=maybe),
    st.builds(states.LoadingNearest, full, maybe),
    st.builds(states.LoadingAppointments, st.sampled_from(states.Purpose), failure=maybe),
    st.builds(states.Listing, listed, st.sampled_from(states.Purpose), pages),
    st.builds(states.AskingCancel, tickets),
    st.builds(states.Cancelling, st.builds(states.CancelAttempt, pages, tickets), maybe, st.booleans()),
    st.builds(screens.Menu, st.booleans(), words),
    st.builds(screens.TicketShown, tickets, st.booleans()),
    st.builds(screens.QrPicture, tickets),
    st.builds(screens.Cancelled, tickets, st.booleans()),
    st.builds(screens.MoveDone, tickets, moments),
    st.builds(screens.BothStand, tickets, tickets).filter(
        lambda both: both.old.appointment.id != both.new.appointment.id
    ),
)


@settings(max_examples=400, deadline=None)
@given(everything, st.none() | st.sampled_from(Notice))
def test_every_screen_fits_into_a_message_whatever_its_content(screen: screens.Screen, notice: Notice | None) -> None:
    for locale in TRANSLATORS.supported:
        message = render(screen, TRANSLATORS.get(locale), notice)
        check_limits(message)
        check_labels(message)
        for row in message.rows:
            for button in row:
                assert callback_data.decode(callback_data.encode(7, button.action)) == (7, button.action)
