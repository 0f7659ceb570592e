"""The screens of `/data` and `/privacy`, and the file with the copy."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core import callback_data
from bot.core.screens import AskingErase, DataMenu, MyData, Privacy
from bot.i18n import Translator
from bot.views.message import Office
from bot.views.my_data import MOST_LISTED, copy_file
from bot.views.render import render
from tests.core.examples import NOW, TICKET
from tests.views.pages import EN, FR

both = pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])


def test_what_is_known_is_on_one_screen_with_what_is_not_kept() -> None:
    seen = MyData(("Aïssatou <Bah>", "Fanta"), "Aïssatou", announcements=True, reminders=False, tickets=(TICKET,))
    text = render(seen, FR).text
    for known in ("Aïssatou &lt;Bah&gt;", "Français", "Annonces", "Rappels", "Passeports", "téléphone"):
        assert known in text


def test_many_appointments_are_counted_and_only_some_listed() -> None:
    many = tuple(
        replace(TICKET, appointment=replace(TICKET.appointment, at=TICKET.appointment.at + timedelta(days=n)))
        for n in range(MOST_LISTED + 3)
    )
    text = render(MyData((), "", announcements=True, reminders=True, tickets=many), FR).text
    assert text.count("•") == MOST_LISTED
    assert f"venir\u00a0: {MOST_LISTED + 3}" in text
    assert "aucun" in text


@both
def test_erasing_says_that_appointments_stand_and_offers_to_cancel_them_first(t: Translator) -> None:
    first, second = render(AskingErase(), t), render(AskingErase(NOW), t)
    assert t.text("erase.not_cancelled") in first.text
    assert first.actions == (callback_data.APPOINTMENTS, callback_data.ERASE_AGAIN, callback_data.DATA)
    assert second.actions == (callback_data.timed(callback_data.SURE, NOW), callback_data.DATA)


@both
def test_the_menu_leads_to_all_four_and_privacy_to_the_menu(t: Translator) -> None:
    wanted = (callback_data.DATA_SEE, callback_data.PEOPLE, callback_data.DATA_COPY, callback_data.ERASE)
    assert render(DataMenu(), t).actions == wanted
    privacy = render(Privacy(), t, office=Office(contact="620 00 00 00"))
    assert privacy.actions == (callback_data.DATA,)
    assert "620 00 00 00" in privacy.text


def test_the_copy_has_plain_words_times_and_what_json_holds() -> None:
    tables = {
        "chats": [{"chat_id": 77, "session": '2:{"name":"Aïssatou"}', "seen_at": 0.0, "locale": None}],
        "new table": [{"new column": "a {b", "body": "not a version {}", "is_left": False}],
    }
    assert json.loads(copy_file(tables, FR)) == {
        "votre discussion": [
            {
                "numéro de discussion Telegram": 77,
                "où vous en êtes": {"name": "Aïssatou"},
                "dernier passage": "1970-01-01T00:00:00+00:00",
            }
        ],
        "new table": [{"new column": "a {b", "contenu": "not a version {}", "bot bloqué": False}],
    }
    assert "your chat" in json.loads(copy_file(tables, EN))
    assert "Aïssatou" in copy_file(tables, FR).decode()
