"""The day and the time."""

from dataclasses import replace
from datetime import time, timedelta

from bot.core import callback_data
from bot.core.model import (
    Day,
    Draft,
    OpeningHours,
)
from bot.core.states import ChoosingDay, ChoosingNearest, ChoosingTime, ConfirmingBooking, TypingName
from bot.views.message import Office
from bot.views.render import render
from tests.core.examples import (
    BAH,
    DAYS,
    DRAFT,
    FULL,
    HALF_PAST_TWO,
    HOSPITAL,
    MONDAY,
    NINE,
    PASSPORTS,
    SUNDAY,
    TEN_ON_MONDAY,
)
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, labels, plain


def test_the_earliest_slot_stands_first_then_the_days() -> None:
    assert labels(render(ChoosingDay(DRAFT, (Day(SUNDAY, 12), Day(MONDAY, 1)), NINE), FR)) == [
        "⏱ 1re place 09:00 dim. 25",
        "dim. 25 janv.",
        "lun. 26 janv.",
        "⬅️ Retour",
        "✖️ Quitter",
    ]


def test_today_and_tomorrow_have_names() -> None:
    state = ChoosingDay(DRAFT, (Day(SUNDAY, 12), Day(MONDAY, 1)), NINE)
    assert labels(render(state, FR, office=Office(today=SUNDAY)))[:3] == [
        "⏱ Aujourd’hui dès 09:00",
        "Aujourd’hui",
        "Demain",
    ]
    before = labels(render(state, EN, office=Office(today=SUNDAY - timedelta(days=1))))
    assert before[:3] == ["⏱ Earliest 09:00 Tomorrow", "Tomorrow", "Mon 26 Jan"]


def test_purpose_and_opening_hours_of_the_department_are_above_the_days() -> None:
    week = tuple(OpeningHours(day, time(8), time(12)) for day in range(5))
    hours = (*week, OpeningHours(0, time(13), time(16)), OpeningHours(5, time(9), time(11)))
    department = replace(PASSPORTS, description="Demande <et> renouvellement", opening_hours=hours)
    text = plain(render(ChoosingDay(Draft(department), DAYS, NINE), FR).text).replace("\u00a0", " ")
    assert "ℹ️ Demande <et> renouvellement" in text
    assert "🚪 Ouvert : lun. 08:00–12:00, 13:00–16:00 · mar.–ven. 08:00–12:00 · sam. 09:00–11:00" in text


def test_in_english_too() -> None:
    assert labels(render(ChoosingDay(DRAFT, DAYS, NINE), EN))[:3] == [
        "⏱ Earliest 09:00 Sun 25",
        "Sun 25 Jan",
        "Mon 26 Jan",
    ]


def test_a_day_of_which_others_are_choosing_all_slots_is_perhaps_free() -> None:
    days = (Day(SUNDAY, 2, perhaps=True), Day(MONDAY, 1))
    assert labels(render(ChoosingDay(DRAFT, days, None), FR))[0] == "dim. 25 janv. · peut-être"
    assert labels(render(ChoosingDay(DRAFT, days, None), EN))[0] == "Sun 25 Jan · perhaps"


def test_the_name_and_the_summary_say_that_the_time_is_another_than_the_one_that_was_pressed() -> None:
    moved = replace(FULL, asked=NINE)
    for state in (TypingName(moved), ConfirmingBooking(moved)):
        text = plain(render(state, FR).text)
        assert "Quelqu’un d’autre vient de choisir dim. 25 janv. à 09:00" in text
        assert "14:30" in text
        assert "vient de choisir" not in plain(render(replace(state, draft=FULL), FR).text)


def test_days_without_an_earliest_slot_are_days_all_the_same() -> None:
    assert telegram.actions(render(ChoosingDay(DRAFT, DAYS, None), FR))[0] == "day:20260125"


def test_eight_days_a_page_and_the_earliest_stays_first() -> None:
    days = tuple(Day(SUNDAY + timedelta(days=n), n + 1) for n in range(20))
    second = telegram.actions(render(ChoosingDay(DRAFT, days, NINE, page=1), FR))
    assert second[:2] == [callback_data.EARLIEST, "day:20260202"]
    assert second[9:11] == ["p:0", "p:2"]


def test_if_nothing_is_free_the_screen_says_for_how_long_and_what_to_do() -> None:
    message = render(ChoosingDay(DRAFT, (), None), FR, office=Office(horizon_days=60))
    assert "Aucune place libre dans les 60\u00a0prochains jours." in message.text
    assert telegram.actions(message) == [
        "alertd:1",
        callback_data.CHANGE_DEPARTMENT,
        callback_data.RETRY,
        callback_data.BACK,
        callback_data.LEAVE,
    ]
    assert "in the next 30\u00a0days" in render(ChoosingDay(DRAFT, (), None), EN, office=Office(horizon_days=30)).text


def test_the_staff_member_is_named() -> None:
    assert "Agent\u00a0: Dr Bah" in render(ChoosingDay(Draft(HOSPITAL, BAH), DAYS, NINE), FR).text


def test_a_few_times_are_shown_at_once_three_in_a_row() -> None:
    times = tuple(NINE + timedelta(minutes=15 * n) for n in range(24))
    message = render(ChoosingTime(DRAFT, SUNDAY, times), FR)
    assert [button.label for button in message.rows[0]] == ["09:00", "09:15", "09:30"]
    assert telegram.actions(message)[23:] == ["t:20260125T1445", callback_data.BACK, callback_data.LEAVE]
    assert "dimanche 25 janvier 2026" in message.text


def test_many_times_are_shown_by_halves_of_the_day() -> None:
    times = tuple(NINE + timedelta(minutes=15 * n) for n in range(25))
    morning = labels(render(ChoosingTime(DRAFT, SUNDAY, times), FR))
    assert (morning[0], morning[11], morning[12]) == ("09:00", "11:45", "🌇 Après-midi\u00a0: 13\u00a0places")
    afternoon = render(ChoosingTime(DRAFT, SUNDAY, times, afternoon=True), EN)
    assert (labels(afternoon)[0], labels(afternoon)[13]) == ("12:00", "🌅 Morning: 12\u00a0free")
    assert telegram.actions(afternoon)[13] == callback_data.MORNING


def test_many_times_of_one_half_are_all_shown_whichever_half_was_asked_for() -> None:
    times = tuple(HALF_PAST_TWO + timedelta(minutes=5 * n) for n in range(30))
    for afternoon in (False, True):
        assert len(labels(render(ChoosingTime(DRAFT, SUNDAY, times, afternoon=afternoon), FR))) == 32


def test_more_times_than_telegram_allows_are_cut_and_it_says_so() -> None:
    times = tuple(HALF_PAST_TWO + timedelta(minutes=n) for n in range(300))
    message = render(ChoosingTime(DRAFT, SUNDAY, times), FR)
    check_limits(message)
    assert "les 90 premières heures" in message.text


def test_a_time_that_is_gone_says_so_and_keeps_the_name() -> None:
    message = render(ChoosingNearest(FULL, (NINE, TEN_ON_MONDAY)), FR)
    text = plain(message.text)
    assert "vient d’être pris" in text
    assert "Le nom est gardé\u00a0: Aïssatou Bah" in text
    assert labels(message)[:2] == ["09:00 · dim. 25 janv.", "10:00 · lun. 26 janv."]
    assert telegram.actions(message)[2:] == [callback_data.OTHER_TIME, callback_data.LEAVE]


def test_a_summary_without_a_name_has_no_line_for_it() -> None:
    assert "nom" not in plain(render(ChoosingNearest(replace(FULL, name=None), (NINE,)), FR).text)
