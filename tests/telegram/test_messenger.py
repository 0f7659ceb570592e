"""One delivery is one call; its failure becomes an error of the outbox. More is in tests/app/test_contracts.py."""

import json
from dataclasses import replace

import pytest

from bot.app.ports import (
    ChatLeftError,
    EditLostError,
    FloodedError,
    MaybeSentError,
    MessageRefusedError,
    NotSentError,
    Receipt,
    SendError,
    UnpaidError,
)
from bot.app.records import Delivery, Kind
from bot.sandbox.telegram.config import PEOPLE
from bot.sandbox.telegram.phone import press, say
from bot.sandbox.telegram.world import World
from bot.telegram.messenger import TelegramMessenger, keyboard
from bot.telegram.transport import RawBot
from bot.views.message import Button, Message, Place, Style
from tests.moncreneau.support import RESET, ScriptedServer, answer
from tests.telegram.conftest import bot_at

OK = answer({"ok": True, "result": {"message_id": 5}})
WORDS = Delivery(1, 7, Kind.SEND, Message("<b>Oui</b>", ((Button("Oui", "yes"), Button("Lien", url="https://x.gn")),)))


async def test_a_message_is_html_without_a_preview_and_its_buttons_are_bound_to_the_screen(
    server: ScriptedServer, bot: RawBot
) -> None:
    server.respond_with(OK)
    delivery = Delivery(1, 7, Kind.EDIT, WORDS.message, screen=12, target=33)
    assert await TelegramMessenger(bot).deliver(delivery, None) == Receipt(5)
    (seen,) = server.seen
    form = json.loads(seen.body)
    assert seen.target.endswith("/editMessageText")
    assert (form["chat_id"], form["message_id"], form["text"], form["parse_mode"]) == ("7", "33", "<b>Oui</b>", "HTML")
    assert json.loads(form["link_preview_options"]) == {"is_disabled": True}
    assert json.loads(form["reply_markup"])["inline_keyboard"] == [
        [{"text": "Oui", "callback_data": "12.yes"}, {"text": "Lien", "url": "https://x.gn"}]
    ]


async def test_a_place_is_a_venue_with_its_buttons(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(OK)
    place = Place(9.5092, -13.7122, "Passeports", "Almamya & Kaloum")
    message = Message("<b>Passeports</b>", ((Button("Mes rendez-vous", "list"),),), place=place)
    assert await TelegramMessenger(bot).deliver(Delivery(1, 7, Kind.VENUE, message), None) == Receipt(5)
    (seen,) = server.seen
    form = json.loads(seen.body)
    assert seen.target.endswith("/sendVenue")
    assert (form["chat_id"], form["latitude"], form["longitude"]) == ("7", "9.5092", "-13.7122")
    assert (form["title"], form["address"]) == ("Passeports", "Almamya & Kaloum")
    assert json.loads(form["reply_markup"])["inline_keyboard"] == [
        [{"text": "Mes rendez-vous", "callback_data": "*.list"}]
    ]
    server.respond_with(OK)
    await TelegramMessenger(bot).deliver(Delivery(2, 7, Kind.VENUE, replace(message, rows=())), None)
    assert "reply_markup" not in json.loads(server.seen[-1].body)


async def test_the_text_of_a_picture_is_edited_as_its_caption(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(OK)
    delivery = Delivery(1, 7, Kind.EDIT, Message("<b>Annulé</b>", qr_link="https://x.gn/1"), target=34)
    assert await TelegramMessenger(bot).deliver(delivery, None) == Receipt(5)
    (seen,) = server.seen
    assert seen.target.endswith("/editMessageCaption")
    assert json.loads(seen.body) == {
        "chat_id": "7",
        "message_id": "34",
        "caption": "<b>Annulé</b>",
        "parse_mode": "HTML",
    }


async def test_a_prepared_call_goes_out_as_it_is(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(OK)
    prepared = json.dumps(["sendPhoto", {"photo": "file-1", "caption": "*Oui*", "caption_entities": "[]"}])
    delivery = Delivery(1, 7, Kind.PREPARED, Message(""), prepared=prepared)
    assert await TelegramMessenger(bot).deliver(delivery, None) == Receipt(5)
    (seen,) = server.seen
    form = json.loads(seen.body)
    assert seen.target.endswith("/sendPhoto")
    assert form == {"chat_id": "7", "photo": "file-1", "caption": "*Oui*", "caption_entities": "[]"}


async def test_a_document_is_read_when_it_is_sent(server: ScriptedServer, bot: RawBot) -> None:
    async def read(name: str) -> bytes:
        assert name == "broadcast-1.csv"
        return b"chat_id\r\n"

    server.respond_with(OK)
    delivery = Delivery(1, 7, Kind.DOCUMENT, Message("<b>Annonce</b>"), document="broadcast-1.csv")
    assert await TelegramMessenger(bot, read).deliver(delivery, None) == Receipt(5)
    (seen,) = server.seen
    assert seen.target.endswith("/sendDocument")
    assert b'filename="broadcast-1.csv"' in seen.body
    assert b"chat_id\r\n" in seen.body
    assert b"<b>Annonce</b>" in seen.body


async def test_a_calendar_file_says_what_it_is_and_has_its_buttons(server: ScriptedServer, bot: RawBot) -> None:
    async def read(_name: str) -> bytes:
        return b"BEGIN:VCALENDAR"

    server.respond_with(OK)
    caption = Message("<b>12 mars</b>", ((Button("Mes rendez-vous", "list"),),))
    delivery = Delivery(1, 7, Kind.DOCUMENT, caption, document="rdv-50.ics", silent=True)
    await TelegramMessenger(bot, read).deliver(delivery, None)
    (seen,) = server.seen
    assert b"text/calendar; charset=utf-8" in seen.body
    assert b'{"callback_data":"*.list"' in seen.body.replace(b'"text":"Mes rendez-vous",', b"")
    assert b"disable_notification" in seen.body


async def test_a_document_that_nobody_can_read_is_refused(bot: RawBot) -> None:
    with pytest.raises(MessageRefusedError, match="no document"):
        await TelegramMessenger(bot).deliver(Delivery(1, 7, Kind.DOCUMENT, Message("x"), document="x.csv"), None)


@pytest.mark.parametrize(
    "result",
    [
        {"message_id": "abc"},
        {"message_id": 2**70},
        {"photo": {}},
        {"photo": ["x"]},
        {"photo": [{"file_id": 5}]},
        [1],
        7,
    ],
)
async def test_an_unreadable_success_response_counts_as_sent(
    server: ScriptedServer, bot: RawBot, result: object
) -> None:
    server.respond_with(answer({"ok": True, "result": result}))
    assert await TelegramMessenger(bot).deliver(WORDS, None) == Receipt()


def test_lasting_buttons_are_bound_to_no_screen() -> None:
    assert json.loads(keyboard(WORDS.message, None))["inline_keyboard"][0][0]["callback_data"] == "*.yes"


def test_a_style_is_sent_only_where_a_button_has_one() -> None:
    row = (Button("Oui", "yes", style=Style.DANGER), Button("Lien", url="https://x.gn", style=Style.SUCCESS))
    assert json.loads(keyboard(Message("x", (row, (Button("Non", "no"),))), 1))["inline_keyboard"] == [
        [
            {"text": "Oui", "callback_data": "1.yes", "style": "danger"},
            {"text": "Lien", "url": "https://x.gn", "style": "success"},
        ],
        [{"text": "Non", "callback_data": "1.no"}],
    ]


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (403, "Forbidden: bot was blocked by the user", ChatLeftError),
        (403, "Forbidden: user is deactivated", ChatLeftError),
        (400, "Bad Request: chat not found", ChatLeftError),
        (400, "Bad Request: PEER_ID_INVALID", ChatLeftError),
        (400, "Bad Request: message to edit not found", EditLostError),
        (400, "Bad Request: message can't be edited", EditLostError),
        (400, "Bad Request: can't parse entities", MessageRefusedError),
        (400, "Bad Request: message is too long", MessageRefusedError),
        (401, "Unauthorized", NotSentError),
        (500, "Internal Server Error", MaybeSentError),
        (502, "Bad Gateway", MaybeSentError),
    ],
)
async def test_a_refusal_becomes_an_error_of_the_outbox(
    server: ScriptedServer, bot: RawBot, code: int, words: str, kind: type[SendError]
) -> None:
    server.respond_with(answer({"ok": False, "error_code": code, "description": words}, code))
    with pytest.raises(SendError) as caught:
        await TelegramMessenger(bot).deliver(WORDS, None)
    assert isinstance(caught.value, kind)


async def test_a_429_has_its_wait(server: ScriptedServer, bot: RawBot) -> None:
    body = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 17}}
    server.respond_with(answer(body, 429))
    with pytest.raises(FloodedError) as caught:
        await TelegramMessenger(bot).deliver(WORDS, None)
    assert caught.value.retry_after == 17


@pytest.mark.parametrize(
    ("words", "seconds"), [("Too Many Requests: retry after 9", 9), ("Too Many Requests: retry later", 1)]
)
async def test_a_429_without_parameters_is_a_flood(
    server: ScriptedServer, bot: RawBot, words: str, seconds: float
) -> None:
    server.respond_with(answer({"ok": False, "error_code": 429, "description": words}, 429))
    with pytest.raises(FloodedError) as caught:
        await TelegramMessenger(bot).deliver(WORDS, None)
    assert caught.value.retry_after == seconds


async def test_too_few_stars_do_not_count_as_a_failure_of_the_recipient(server: ScriptedServer, bot: RawBot) -> None:
    words = "Bad Request: not enough Telegram Stars on the balance"
    server.respond_with(answer({"ok": False, "error_code": 400, "description": words}, 400))
    call = {"chat_id": 7, "text": "Bonjour"}
    with pytest.raises(UnpaidError):
        await TelegramMessenger(bot).call("sendMessage", call | {"allow_paid_broadcast": "true"})
    with pytest.raises(MessageRefusedError):
        await TelegramMessenger(bot).call("sendMessage", call)


@pytest.mark.parametrize("code", [400, 403, 404, 429, 502])
async def test_a_proxys_error_page_does_not_count_as_a_refusal_of_the_message(
    server: ScriptedServer, bot: RawBot, code: int
) -> None:
    server.respond_with(answer(b"<html>Access denied</html>", code))
    with pytest.raises(MaybeSentError) as caught:
        await TelegramMessenger(bot).deliver(WORDS, None)
    assert "html" not in str(caught.value)


async def test_an_edit_that_changes_nothing_counts_as_success(server: ScriptedServer, bot: RawBot) -> None:
    words = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same"
    server.respond_with(answer({"ok": False, "error_code": 400, "description": words}, 400))
    assert await TelegramMessenger(bot).deliver(WORDS, None) == Receipt()


async def test_a_broken_connection_is_unknown_and_a_refused_one_not_sent(server: ScriptedServer, bot: RawBot) -> None:
    server.respond_with(RESET)
    with pytest.raises(MaybeSentError):
        await TelegramMessenger(bot).deliver(WORDS, None)
    away = bot_at("http://127.0.0.1:9")
    await away.request.initialize()
    with pytest.raises(NotSentError):
        await TelegramMessenger(away).deliver(WORDS, None)
    await away.request.shutdown()


async def test_a_link_too_long_for_a_qr_code_refuses_only_the_picture(bot: RawBot) -> None:
    with pytest.raises(MessageRefusedError):
        await TelegramMessenger(bot).deliver(Delivery(1, 7, Kind.PICTURE, Message("x", qr_link="x" * 5000)), None)


@pytest.mark.parametrize("nonsense", [{}, [], "x", 7, None, {"ok": True}, {"ok": False, "description": "x"}], ids=str)
async def test_a_200_without_a_message_is_unknown(server: ScriptedServer, bot: RawBot, nonsense: object) -> None:
    server.respond_with(answer(json.dumps(nonsense).encode()))
    with pytest.raises(MaybeSentError):
        await TelegramMessenger(bot).deliver(WORDS, None)


async def test_typing_and_answers_to_presses_never_fail(server: ScriptedServer, bot: RawBot) -> None:
    messenger = TelegramMessenger(bot)
    for end in (RESET, answer({"ok": False, "error_code": 400, "description": "Bad Request: query is too old"}, 400)):
        server.respond_with(end)
        await messenger.typing(7)
        await messenger.answer_press("1")


async def test_a_press_is_answered_once(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    messenger, chat = TelegramMessenger(bot), world.chats[PEOPLE[0].id]
    say(world, chat, "/start")
    shown = await messenger.deliver(Delivery(1, chat.id, Kind.SEND, WORDS.message, screen=1), None)
    query = press(world, chat, shown.message_id, {"data": "1.yes"})["callback_query"]["id"]
    assert len(world.presses) == 1
    await messenger.answer_press(query)
    assert world.presses == {}
