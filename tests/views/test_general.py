"""The menu, the help, the languages, notices, and the hint in a group."""

from dataclasses import replace

from bot.core import callback_data
from bot.core.model import Department
from bot.core.screens import Announcements, Help, LanguageMenu, Menu, NoticeMessage, SettingsMenu
from bot.core.states import Idle, Notice
from bot.views.bot_profile import USUAL
from bot.views.general import group_hint, too_fast
from bot.views.message import Office
from bot.views.render import render
from tests.core.examples import DEPARTMENTS, FULL
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, labels, plain


def test_the_menu_offers_to_book_first() -> None:
    message = render(Menu(), FR)
    assert labels(message) == ["📅 Prendre rendez-vous", "📋 Mes rendez-vous", "❓ Aide", "🌐 English"]
    assert telegram.actions(message) == [callback_data.BOOK, callback_data.APPOINTMENTS, callback_data.HELP, "l:en"]
    assert labels(render(Menu(), EN))[0] == "📅 Book an appointment"


ASIDES = [callback_data.APPOINTMENTS, callback_data.HELP, "l:en"]


def test_departments_that_are_known_stand_in_the_menu() -> None:
    message = render(Menu(), FR, office=Office(departments=DEPARTMENTS))
    assert telegram.actions(message) == ["d:4", "d:3", "d:1", "d:2", "d:5", *ASIDES], "by organisation"
    assert plain(message.text) == "Pour quel service\u00a0?"


def test_many_departments_of_one_organisation_are_a_tap_away() -> None:
    many = tuple(Department(n, f"Service {n}", "Ville") for n in range(12))
    message = render(Menu(), FR, office=Office(departments=many))
    assert telegram.actions(message) == [*(f"d:{n}" for n in range(7)), callback_data.BOOK, *ASIDES]


def test_of_many_departments_the_organisations_stand_in_the_menu() -> None:
    many = tuple(Department(n, f"Service {n}", f"Ville {n % 2}") for n in range(12))
    message = render(Menu(), FR, office=Office(departments=many))
    assert telegram.actions(message) == ["o:0", "o:1", *ASIDES]
    assert "Auprès de quelle administration" in message.text
    some = tuple(replace(each, organization="") if each.id == 0 else each for each in many)
    assert "Autres services" in labels(render(Menu(), FR, office=Office(departments=some)))


def test_a_booking_that_was_given_up_can_be_resumed_from_the_menu() -> None:
    assert telegram.actions(render(Idle(given_up=FULL), EN))[0] == callback_data.RESUME


def test_with_more_than_two_languages_the_menu_leads_to_all_of_them() -> None:
    three = replace(EN, languages=(*EN.languages, ("ff", "Pulaar")))
    message = render(Menu(), three)
    assert (labels(message)[-1], telegram.actions(message)[-1]) == ("🌐 Language", callback_data.LANGUAGE)


def test_the_settings_show_what_is_set_and_change_it() -> None:
    on = render(SettingsMenu(announcements=True), FR)
    off = render(SettingsMenu(announcements=False, reminders=False, ratings=False), FR)
    assert "Langue\u00a0: Français" in on.text
    assert on.text.count("vous les recevez") == 2
    assert off.text.count("vous ne les recevez pas") == 2
    assert "une visite\u00a0: vous la recevez" in on.text
    assert "une visite\u00a0: vous ne la recevez pas" in off.text
    middle_on = [callback_data.SET_NEWS_OFF, callback_data.SET_REMINDERS_OFF, callback_data.SET_RATINGS_OFF]
    middle_off = [callback_data.SET_NEWS_ON, callback_data.SET_REMINDERS_ON, callback_data.SET_RATINGS_ON]
    assert telegram.actions(on) == [callback_data.LANGUAGE, *middle_on, callback_data.BACK]
    assert telegram.actions(off) == [callback_data.LANGUAGE, *middle_off, callback_data.BACK]


def test_the_help_says_whom_to_ask() -> None:
    assert "☎️ Une question\u00a0? 620 00 00 00" in render(Help(), FR, office=Office(contact="620 00 00 00")).text
    assert "☎️" not in render(Help(), FR).text


def test_start_greets_by_name_where_it_is_known() -> None:
    assert "Bonjour Aïssatou\u00a0!" in render(Menu(greeting=True, name="Aïssatou"), FR).text
    assert "Hello!" in render(Menu(greeting=True), EN).text
    assert "Bonjour" not in render(Menu(), FR).text


def test_the_greeting_is_escaped_and_never_too_long() -> None:
    message = render(Menu(greeting=True, name="<i>" + "x" * 5000), FR)
    check_limits(message)
    assert "&lt;i&gt;" in message.text


def test_the_help_names_every_command() -> None:
    text = plain(render(Help(), FR).text)
    assert "La prise de rendez-vous est gratuite." in text
    for name in USUAL:
        assert f"/{name} — " in text
    assert telegram.actions(render(Help(), FR))[-1] == callback_data.BACK


def test_every_language_stands_under_its_own_name() -> None:
    for t in (FR, EN):
        message = render(LanguageMenu(), t)
        assert labels(message)[:2] == ["Français", "English"]
        assert telegram.actions(message) == ["l:fr", "l:en", callback_data.BACK]
    assert "Langue\u00a0: Français" in render(LanguageMenu(), FR).text


def test_announcements_are_switched_by_the_one_button_that_changes_something() -> None:
    assert telegram.actions(render(Announcements(wanted=True), FR)) == [callback_data.NEWS_OFF]
    assert telegram.actions(render(Announcements(wanted=False), FR)) == [callback_data.NEWS_ON]


def test_a_remark_can_stand_alone() -> None:
    message = render(NoticeMessage(Notice.DRAFT_EXPIRED), EN)
    assert "24" in message.text
    assert message.rows == ()


def test_in_a_group_the_bot_only_points_to_the_private_chat() -> None:
    message = group_hint(FR, "moncreneau_bot")
    check_limits(message)
    assert "@moncreneau_bot" in message.text
    assert [button.url for row in message.rows for button in row] == ["https://t.me/moncreneau_bot"]


def test_who_sends_too_much_is_told_to_wait() -> None:
    assert too_fast(FR).text == (
        "⏳ C’est trop rapide\u00a0: je n’ai pas tout lu. Attendez ma réponse avant de continuer."
    )
    check_limits(too_fast(EN))
