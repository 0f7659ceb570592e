"""Whatever a screen holds, it stays within Telegram's limits in every language, and its buttons can be read back."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import actions, flows, screens
from bot.core.model import Day, Draft, Ticket
from bot.core.notices import Notice
from bot.views.render import render
from tests.properties.strategies import START, booked, departments, moments, offices, troubles, words
from tests.views.pages import TRANSLATORS
from tests.views.telegram import check_limits

pages = st.integers(0, 3) | st.integers(0, 10**15)
drafts = st.builds(Draft, departments, st.none(), st.none() | moments, st.none() | words)
full = st.builds(Draft, departments, st.none(), moments, words)
tickets = st.builds(Ticket, booked, departments)
maybe = st.none() | troubles
days = st.lists(st.builds(Day, st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(1, 500)), max_size=70)
times = st.builds(
    lambda count, every, hour: tuple(START.replace(hour=hour) + timedelta(minutes=every * n) for n in range(count)),
    st.integers(0, 700),
    st.sampled_from([1, 5, 30]),
    st.sampled_from([0, 8, 13]),
)
names = st.lists(words, max_size=3).map(tuple)
everything = st.one_of(
    st.builds(flows.ChoosingDepartment, offices, words, pages),
    st.builds(flows.ChoosingWorker, drafts, pages),
    st.builds(flows.TypingWorker, drafts),
    st.builds(flows.ChoosingDay, drafts, days.map(tuple), st.none() | moments, pages),
    st.builds(flows.ChoosingTime, drafts, st.dates(date(2026, 1, 1), date(2026, 12, 31)), times, st.booleans()),
    st.builds(flows.ChoosingNearest, drafts, times.map(lambda found: found[:6])),
    st.builds(flows.TypingName, full, names),
    st.builds(flows.Confirming, full, names),
    st.builds(flows.Submitting, st.builds(flows.Attempt, pages, full, moments), maybe, st.booleans(), st.booleans()),
    st.builds(flows.Refused, full, troubles),
    st.builds(flows.LoadingDepartments, trouble=maybe),
    st.builds(flows.LoadingDays, full, trouble=maybe),
    st.builds(flows.LoadingNearest, full, maybe),
    st.builds(flows.LoadingAppointments, st.sampled_from(flows.Purpose), trouble=maybe),
    st.builds(flows.Listing, st.lists(tickets, max_size=12).map(tuple), st.sampled_from(flows.Purpose), pages),
    st.builds(flows.AskingCancel, tickets),
    st.builds(flows.Cancelling, st.builds(flows.CancelAttempt, pages, tickets, moments), maybe, st.booleans()),
    st.builds(screens.Menu, st.booleans(), words),
    st.builds(screens.TicketShown, tickets, st.booleans()),
    st.builds(screens.QrPicture, tickets),
    st.builds(screens.Cancelled, tickets, st.booleans()),
)


@settings(max_examples=400, deadline=None)
@given(everything, st.none() | st.sampled_from(Notice))
def test_every_screen_fits_whatever_it_holds(screen: screens.Screen, notice: Notice | None) -> None:
    for locale in TRANSLATORS.supported:
        message = render(screen, TRANSLATORS.get(locale), notice)
        check_limits(message)
        for row in message.rows:
            for button in row:
                assert actions.heard(actions.spoken(7, button.action)) == (7, button.action)
