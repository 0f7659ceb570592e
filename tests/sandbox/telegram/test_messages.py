"""Messages come back with what was put into them: styles of buttons, venues, files, replies, silence."""

from typing import Any

import pytest

from tests.sandbox.telegram.conftest import AISSATOU, Telegram

PLACE = {"latitude": 9.5092, "longitude": -13.7122, "title": "Passeports", "address": "Almamya, Kaloum"}


async def test_a_button_keeps_its_style_and_its_icon(telegram: Telegram) -> None:
    given = [
        {"text": "A", "callback_data": "a", "style": "danger"},
        {"text": "B", "callback_data": "b", "style": "SUCCESS", "icon_custom_emoji_id": "5368324170671202286"},
        {"text": "C", "callback_data": "c", "style": "default"},
    ]
    sent = await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_markup={"inline_keyboard": [given]})
    danger, success, plain = sent["reply_markup"]["inline_keyboard"][0]
    assert (danger["style"], success["style"]) == ("danger", "success")
    assert success["icon_custom_emoji_id"] == "5368324170671202286"
    assert plain == {"text": "C", "callback_data": "c"}


async def test_a_venue_has_a_place_a_title_and_an_address(telegram: Telegram) -> None:
    sent = await telegram.result("sendVenue", chat_id=AISSATOU, **PLACE)
    location = {"latitude": 9.5092, "longitude": -13.7122}
    assert sent["location"] == location
    assert sent["venue"] == {"location": location, "title": "Passeports", "address": "Almamya, Kaloum"}
    copied = await telegram.result(
        "copyMessage", chat_id=AISSATOU, from_chat_id=AISSATOU, message_id=sent["message_id"]
    )
    assert copied["message_id"] > sent["message_id"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"latitude": ""}, "latitude is empty"),
        ({"longitude": None}, "longitude is empty"),
        ({"latitude": 90.5}, "latitude must be a number from -90 to 90"),
        ({"longitude": "west"}, "longitude must be a number"),
        ({"title": " "}, "title must be non-empty"),
        ({"address": ""}, "address must be non-empty"),
    ],
)
async def test_a_venue_without_a_part_is_refused(telegram: Telegram, change: dict[str, Any], reason: str) -> None:
    assert reason in await telegram.refusal("sendVenue", chat_id=AISSATOU, **(PLACE | change))


async def test_a_calendar_file_can_be_sent_and_downloaded(telegram: Telegram) -> None:
    content = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    answer = await telegram.http.post(
        f"{telegram.url}/bot{telegram.token}/sendDocument",
        data={"chat_id": str(AISSATOU), "caption": "Agenda"},
        files={"document": ("rendez-vous.ics", content)},
    )
    document = answer.json()["result"]["document"]
    assert (document["file_name"], document["mime_type"]) == ("rendez-vous.ics", "text/calendar")
    file = await telegram.result("getFile", file_id=document["file_id"])
    downloaded = await telegram.http.get(f"{telegram.url}/file/bot{telegram.token}/{file['file_path']}")
    assert downloaded.content == content


async def test_a_message_can_be_sent_without_a_sound(telegram: Telegram) -> None:
    await telegram.result("sendMessage", chat_id=AISSATOU, text="aloud")
    await telegram.result("sendMessage", chat_id=AISSATOU, text="silent", disable_notification=True)
    transcript = await telegram.control(f"chats/{AISSATOU}", method="GET")
    assert [entry["silent"] for entry in transcript["messages"]] == [False, False, True]


async def test_a_reply_holds_the_message_replied_to_unless_it_is_gone(telegram: Telegram) -> None:
    said = await telegram.say(AISSATOU, "a question")
    reply_to = {"message_id": said["message_id"], "chat_id": AISSATOU}
    sent = await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_parameters=reply_to)
    assert sent["reply_to_message"]["text"] == "a question"
    gone = {"message_id": 999, "allow_sending_without_reply": True}
    sent = await telegram.result("sendMessage", chat_id=AISSATOU, text="x", reply_parameters=gone)
    assert "reply_to_message" not in sent


async def test_a_person_can_edit_a_text_several_times(telegram: Telegram) -> None:
    said = await telegram.say(AISSATOU, "Aissatou Ba")
    for text in ("Aïssatou Ba", "Aïssatou Bah"):
        await telegram.control(f"chats/{AISSATOU}/edit", {"message_id": said["message_id"], "text": text})
    updates = await telegram.updates()
    assert [update["edited_message"]["text"] for update in updates[1:]] == ["Aïssatou Ba", "Aïssatou Bah"]
    edited = updates[-1]["edited_message"]
    assert (edited["message_id"], "edit_date" in edited) == (said["message_id"], True)
