"""The stand-in refuses what Telegram refuses, in the same words, and unknown parameters too."""

from typing import Any

import httpx
import pytest

from bot.sandbox.telegram import TelegramSandbox, create_app
from tests.sandbox.telegram.conftest import AISSATOU, MAMADOU, Telegram


def keyboard(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"inline_keyboard": [list(buttons)]}


def rows(count: int, width: int) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * width for _ in range(count)]}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": " \n "}, "message text is empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "🎉" * 2049}, "message is too long"),
        ({"text": "x", "parse_mode": "Esperanto"}, "unsupported parse_mode"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "can't parse entities: Can't find end tag"),
        ({"text": "x", "txet": "y"}, "unknown parameter ['txet']"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ({"text": "x", "reply_markup": {"inline_keyboard": "x"}}, "can't parse keyboard"),
        ({"text": "x", "reply_markup": keyboard({"text": "A"})}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "reply_markup": keyboard({"callback_data": "a"})}, 'Can\'t find field "text"'),
        ({"text": "x", "reply_markup": keyboard({"text": "", "callback_data": "a"})}, "must be a non-empty String"),
        ({"text": "x", "reply_markup": keyboard({"text": "A", "callback_data": ""})}, "Text buttons are unallowed"),
        ({"text": "x", "reply_markup": keyboard({"text": "A", "callback_data": "é" * 33})}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x", "reply_markup": keyboard({"text": "A", "callback_data": "a", "url": "https://x.gn"})},
            "exactly one",
        ),
        ({"text": "x", "reply_markup": keyboard({"text": "A", "url": "javascript:x"})}, "Wrong HTTP URL"),
        (
            {"text": "x", "reply_markup": keyboard({"text": "A", "callback_data": "a", "style": "pink"})},
            "can't parse inline keyboard button: invalid button style specified",
        ),
        (
            {"text": "x", "reply_markup": keyboard({"text": "A", "callback_data": "a", "icon_custom_emoji_id": "x"})},
            "icon_custom_emoji_id",
        ),
        ({"text": "x", "reply_markup": {"keyboard": [[{"text": "A", "style": "pink"}]]}}, "invalid button style"),
        ({"text": "x", "reply_markup": keyboard({"text": "A", "calback_data": "a"})}, "unknown field"),
        ({"text": "x", "reply_markup": rows(1, 9)}, "more than 8 buttons in a row"),
        ({"text": "x", "reply_markup": rows(26, 4)}, "more than 100 buttons"),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"text": "x", "reply_parameters": []}, "object expected as reply parameters"),
        ({"text": "x", "reply_parameters": {"chat_id": AISSATOU}}, 'field "message_id" must be a Number'),
        ({"text": "x", "reply_parameters": {"message_id": 1, "quote": "x"}}, "does not know ['quote']"),
        ({"text": "x", "reply_parameters": {"message_id": 1, "chat_id": 5}}, "within one chat only"),
        ({"text": "x", "message_thread_id": 7}, "message thread not found"),
    ],
)
async def test_a_message_that_telegram_would_refuse_is_refused(
    telegram: Telegram, parameters: dict[str, Any], reason: str
) -> None:
    refused = await telegram.refusal("sendMessage", chat_id=AISSATOU, **parameters)
    assert refused.startswith("Bad Request: ")
    assert reason in refused


async def test_lengths_are_counted_in_utf_16_code_units(telegram: Telegram) -> None:
    await telegram.result("sendMessage", chat_id=AISSATOU, text="🎉" * 2048)
    photo = await telegram.control(f"chats/{AISSATOU}/photo", {})
    sent = {"chat_id": AISSATOU, "photo": photo["message"]["photo"][0]["file_id"]}
    await telegram.result("sendPhoto", **sent, caption="🎉" * 512)
    assert "caption is too long" in await telegram.refusal("sendPhoto", **sent, caption="🎉" * 513)
    assert "BOT_SHORT_DESCRIPTION_INVALID" in await telegram.refusal(
        "setMyShortDescription", short_description="🎉" * 61
    )
    toast = await telegram.refusal("answerCallbackQuery", callback_query_id="1", text="🎉" * 101)
    assert toast == "Bad Request: MESSAGE_TOO_LONG"


async def test_the_longest_text_and_the_longest_callback_data_are_accepted(telegram: Telegram) -> None:
    sent = await telegram.result(
        "sendMessage",
        chat_id=AISSATOU,
        text=f"<b>{'é' * 4096}</b>",
        parse_mode="HTML",
        reply_markup=keyboard({"text": "A", "callback_data": "é" * 32}),
    )
    assert len(sent["text"]) == 4096


async def test_a_chat_is_not_found_until_its_person_has_written(telegram: Telegram) -> None:
    assert await telegram.refusal("sendMessage", chat_id=MAMADOU, text="x") == "Bad Request: chat not found"
    await telegram.say(MAMADOU, "/start")
    await telegram.result("sendMessage", chat_id=MAMADOU, text="x")


async def test_only_an_existing_message_of_the_bot_can_be_edited_and_must_change(telegram: Telegram) -> None:
    theirs = await telegram.say(AISSATOU, "mine")
    ours = await telegram.result("sendMessage", chat_id=AISSATOU, text="one")
    to = {"chat_id": AISSATOU, "message_id": ours["message_id"]}
    assert "message is not modified" in await telegram.refusal("editMessageText", **to, text="one")
    edited = await telegram.result("editMessageText", **to, text="two")
    assert (edited["text"], "edit_date" in edited) == ("two", True)
    gone = {"chat_id": AISSATOU, "message_id": 12345}
    assert await telegram.refusal("editMessageText", **gone, text="x") == "Bad Request: message to edit not found"
    foreign = {"chat_id": AISSATOU, "message_id": theirs["message_id"]}
    assert await telegram.refusal("editMessageText", **foreign, text="x") == "Bad Request: message can't be edited"
    assert "no caption in the message" in await telegram.refusal("editMessageCaption", **to, caption="x")


async def test_an_edit_without_a_keyboard_removes_the_keyboard(telegram: Telegram) -> None:
    markup = keyboard({"text": "A", "callback_data": "a"})
    sent = await telegram.result("sendMessage", chat_id=AISSATOU, text="one", reply_markup=markup)
    edited = await telegram.result("editMessageText", chat_id=AISSATOU, message_id=sent["message_id"], text="two")
    assert "reply_markup" not in edited
    edited = await telegram.result(
        "editMessageReplyMarkup", chat_id=AISSATOU, message_id=sent["message_id"], reply_markup=markup
    )
    assert edited["reply_markup"] == markup


async def test_a_message_can_be_deleted_once_and_within_two_days(telegram: Telegram) -> None:
    old, new = [await telegram.result("sendMessage", chat_id=AISSATOU, text=text) for text in ("old", "new")]
    to = {"chat_id": AISSATOU, "message_id": new["message_id"]}
    await telegram.result("deleteMessage", **to)
    assert await telegram.refusal("deleteMessage", **to) == "Bad Request: message to delete not found"
    await telegram.control("clock", {"advance": 3 * 86400})
    to = {"chat_id": AISSATOU, "message_id": old["message_id"]}
    assert await telegram.refusal("deleteMessage", **to) == "Bad Request: message can't be deleted for everyone"


async def test_a_press_can_be_answered_once_and_within_150_seconds(telegram: Telegram) -> None:
    markup = keyboard({"text": "A", "callback_data": "a"})
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup=markup)
    first = await telegram.control(f"chats/{AISSATOU}/press", {"label": "A"})
    assert first["callback_query"]["message"]["reply_markup"] == markup
    number = first["callback_query"]["id"]
    await telegram.result("answerCallbackQuery", callback_query_id=number)
    assert "query is too old" in await telegram.refusal("answerCallbackQuery", callback_query_id=number)
    second = await telegram.control(f"chats/{AISSATOU}/press", {"data": "a"})
    await telegram.control("clock", {"advance": 151})
    number = second["callback_query"]["id"]
    assert "query is too old" in await telegram.refusal("answerCallbackQuery", callback_query_id=number)


async def test_a_person_who_blocked_the_bot_gets_no_message_until_start(telegram: Telegram) -> None:
    await telegram.control(f"chats/{AISSATOU}/block")
    refused = await telegram.call("sendMessage", chat_id=AISSATOU, text="x")
    assert (refused["error_code"], refused["description"]) == (403, "Forbidden: bot was blocked by the user")
    await telegram.say(AISSATOU, "/start again")
    await telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    kinds = [next(key for key in update if key != "update_id") for update in await telegram.updates()]
    assert kinds == ["my_chat_member", "my_chat_member", "message"]


async def test_an_unknown_method_and_a_token_of_a_wrong_shape_get_404_and_a_wrong_token_401(telegram: Telegram) -> None:
    assert (await telegram.call("sendTelepathy"))["error_code"] == 404
    telegram.token = "1:wrong"
    assert await telegram.call("getMe") == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    for telegram.token in ("wrong", "12345", ":secret", "0123:secret", "abc:secret", "1:sec ret"):
        assert await telegram.call("getMe") == {"ok": False, "error_code": 404, "description": "Not Found"}


@pytest.mark.parametrize("token", ["", "12345", "12345:", ":secret", "me:secret"])
def test_the_stand_in_does_not_start_with_a_token_of_a_wrong_shape(token: str) -> None:
    with pytest.raises(ValueError, match="a token is a number, a colon and a secret"):
        create_app(TelegramSandbox(token=token))


async def test_a_bot_may_have_no_username(telegram: Telegram) -> None:
    assert (await telegram.result("getMe"))["username"] == "moncreneau_sandbox_bot"
    await telegram.control("bot", {"username": None})
    assert "username" not in await telegram.result("getMe")
    sent = await telegram.result("sendMessage", chat_id=AISSATOU, text="x")
    assert "username" not in sent["from"]


@pytest.mark.parametrize("kind", ["get", "json", "form", "multipart"])
async def test_parameters_are_read_from_query_json_form_and_multipart(telegram: Telegram, kind: str) -> None:
    url = f"{telegram.url}/bot{telegram.token}/SENDmessage"
    fields = {"chat_id": str(AISSATOU), "text": "<i>été</i>", "parse_mode": "html"}
    async with httpx.AsyncClient() as http:
        answer = await {
            "get": lambda: http.get(url, params=fields),
            "json": lambda: http.post(url, json=fields),
            "form": lambda: http.post(url, data=fields),
            "multipart": lambda: http.post(url, files={name: (None, value) for name, value in fields.items()}),
        }[kind]()
    assert answer.json()["result"]["entities"] == [{"type": "italic", "offset": 0, "length": 3}]


async def test_a_caption_has_at_most_1024_characters_and_a_photo_must_be_an_image(telegram: Telegram) -> None:
    url = f"{telegram.url}/bot{telegram.token}/sendPhoto"
    for content, caption, reason in ((b"\x89PNG", "x" * 1025, "caption is too long"), (b"text", "", "IMAGE_PROCESS")):
        data = {"chat_id": str(AISSATOU), "caption": caption}
        answer = await telegram.http.post(url, data=data, files={"photo": ("qr.png", content, "image/png")})
        assert reason in answer.json()["description"]
    assert "no photo in the request" in await telegram.refusal("sendPhoto", chat_id=AISSATOU)
    assert "wrong file identifier" in await telegram.refusal("sendPhoto", chat_id=AISSATOU, photo="guess")


async def test_a_page_of_another_site_cannot_use_the_control_calls(telegram: Telegram) -> None:
    answer = await telegram.http.get(f"{telegram.url}/__sandbox/users", headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 403
