"""The menu, the help, the languages, a remark on its own, and a word in a group."""

from bot.core import callback_data
from bot.core.screens import Announcements, Help, LanguageMenu, Menu, Word
from bot.core.states import Notice
from bot.views.bot_profile import USUAL
from bot.views.general import group_hint
from bot.views.render import render
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import check_limits, labels, plain


def test_the_menu_offers_to_book_first() -> None:
    message = render(Menu(), FR)
    assert labels(message) == ["📅 Prendre rendez-vous", "📋 Mes rendez-vous", "❓ Aide", "🌐 Langue · Language"]
    assert telegram.actions(message) == [
        callback_data.BOOK,
        callback_data.APPOINTMENTS,
        callback_data.HELP,
        callback_data.LANGUAGE,
    ]
    assert labels(render(Menu(), EN))[0] == "📅 Book an appointment"


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
    for name in USUAL:
        assert f"/{name} — " in text
    assert telegram.actions(render(Help(), FR))[-1] == callback_data.BACK


def test_every_language_stands_under_its_own_name() -> None:
    for t in (FR, EN):
        message = render(LanguageMenu(), t)
        assert labels(message)[:2] == ["Français", "English"]
        assert telegram.actions(message) == ["l:fr", "l:en", callback_data.BACK]
    assert "Langue actuelle\u00a0: Français" in render(LanguageMenu(), FR).text


def test_announcements_are_switched_by_the_one_button_that_changes_something() -> None:
    assert telegram.actions(render(Announcements(wanted=True), FR)) == [callback_data.NEWS_OFF]
    assert telegram.actions(render(Announcements(wanted=False), FR)) == [callback_data.NEWS_ON]


def test_a_remark_can_stand_alone() -> None:
    message = render(Word(Notice.DRAFT_EXPIRED), EN)
    assert "24" in message.text
    assert message.rows == ()


def test_in_a_group_the_bot_only_points_to_the_private_chat() -> None:
    message = group_hint(FR, "moncreneau_bot")
    check_limits(message)
    assert "@moncreneau_bot" in message.text
    assert [button.url for row in message.rows for button in row] == ["https://t.me/moncreneau_bot"]
