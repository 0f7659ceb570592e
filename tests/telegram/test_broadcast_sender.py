"""An admin's message is sent with the same content and formatting."""

import json
from typing import Any

import pytest

from bot.app.ports import ChatLeftError, MessageRefusedError
from bot.broadcast.compose_states import ComposeNotice
from bot.broadcast.model import Content, Media
from bot.telegram.broadcast_sender import TelegramBroadcastSender, read_content
from bot.telegram.messenger import TelegramMessenger
from bot.views.message import Button, Message

BOLD = [{"type": "bold", "offset": 0, "length": 7}]
PHOTO = [{"file_id": "small"}, {"file_id": "large"}]
Json = dict[str, Any]


class ScriptedMessenger(TelegramMessenger):
    """Keeps the calls; `answer` is what comes back, or what is raised."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.answer: Any = {"message_id": 71}

    async def call(self, method: str, call: Json) -> Any:
        self.calls.append((method, call))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def messenger() -> ScriptedMessenger:
    return ScriptedMessenger()


@pytest.fixture
def sender(messenger: ScriptedMessenger) -> TelegramBroadcastSender:
    return TelegramBroadcastSender(messenger, lambda locale: Message("", ((Button(f"stop {locale}", "news:off"),),)))


def test_a_text_keeps_its_formatting() -> None:
    content = read_content({"text": "Bonjour *tous*", "entities": BOLD, "link_preview_options": {"is_disabled": True}})
    assert isinstance(content, Content)
    assert (content.media, content.text) == (Media.TEXT, "Bonjour *tous*")
    assert json.loads(content.look) == {"entities": BOLD, "link_preview_options": {"is_disabled": True}}


def test_a_photo_is_its_largest_size_with_its_caption() -> None:
    content = read_content({"photo": PHOTO, "caption": "Ici", "caption_entities": BOLD, "has_media_spoiler": True})
    assert isinstance(content, Content)
    assert (content.media, content.text, content.file_id) == (Media.PHOTO, "Ici", "large")
    assert json.loads(content.look) == {"caption_entities": BOLD, "has_spoiler": True}


def test_a_document_may_have_no_caption() -> None:
    assert read_content({"document": {"file_id": "paper"}}) == Content(Media.DOCUMENT, "", "paper")


@pytest.mark.parametrize(
    "raw",
    [
        {"sticker": {}},
        {"poll": {}},
        {"voice": {}},
        {"location": {}},
        {"video": {}},
        {"animation": {}, "document": {"file_id": "gif"}},
        {"contact": {}},
        {},
    ],
)
def test_other_kinds_cannot_be_broadcast(raw: Json) -> None:
    assert read_content(raw) is ComposeNotice.UNSUPPORTED


def test_a_part_of_an_album_is_refused() -> None:
    assert read_content({"photo": PHOTO, "media_group_id": "1"}) is ComposeNotice.ALBUM


async def test_a_text_goes_out_with_its_entities_and_without_a_parse_mode(
    sender: TelegramBroadcastSender, messenger: ScriptedMessenger
) -> None:
    prepared = sender.prepared(Content(Media.TEXT, "<b> *x*", look=json.dumps({"entities": BOLD})), "en")
    assert await sender.send(prepared, 7) == 71
    ((method, call),) = messenger.calls
    assert method == "sendMessage"
    assert "parse_mode" not in call
    assert (call["chat_id"], call["text"], json.loads(call["entities"])) == (7, "<b> *x*", BOLD)
    (row,) = json.loads(call["reply_markup"])["inline_keyboard"]
    assert row == [{"text": "stop en", "callback_data": "*.news:off"}]


@pytest.mark.parametrize(("media", "method"), [(Media.PHOTO, "sendPhoto"), (Media.DOCUMENT, "sendDocument")])
async def test_files_go_out_by_their_id(
    sender: TelegramBroadcastSender, messenger: ScriptedMessenger, media: Media, method: str
) -> None:
    look = json.dumps({"caption_entities": BOLD, "show_caption_above_media": True})
    await sender.send(sender.prepared(Content(media, "Ici", "file", look), "fr"), 7)
    ((called, call),) = messenger.calls
    assert called == method
    assert (call[media.value], call["caption"]) == ("file", "Ici")
    assert call["show_caption_above_media"] == "true"


async def test_a_file_without_a_caption_has_none(sender: TelegramBroadcastSender, messenger: ScriptedMessenger) -> None:
    await sender.send(sender.prepared(Content(Media.PHOTO, "", "file"), "fr"), 7)
    assert "caption" not in messenger.calls[0][1]


async def test_paid_broadcasts_set_the_flag(sender: TelegramBroadcastSender, messenger: ScriptedMessenger) -> None:
    prepared = sender.prepared(Content(Media.TEXT, "x"), "fr")
    await sender.send(prepared, 7, paid=True)
    await sender.send(prepared, 8)
    assert [call.get("allow_paid_broadcast") for _, call in messenger.calls] == ["true", None]


@pytest.mark.parametrize("number", ["abc", 2**70, None, float("inf"), True, -1, [1]])
async def test_an_invalid_message_id_still_counts_as_sent(
    sender: TelegramBroadcastSender, messenger: ScriptedMessenger, number: Any
) -> None:
    messenger.answer = {"message_id": number}
    assert await sender.send(sender.prepared(Content(Media.TEXT, "x"), "fr"), 7) == 0


async def test_an_answer_without_a_message_id_gives_zero(
    sender: TelegramBroadcastSender, messenger: ScriptedMessenger
) -> None:
    messenger.answer = True
    assert await sender.send(sender.prepared(Content(Media.TEXT, "x"), "fr"), 7) == 0


async def test_reach_calls_a_harmless_method(sender: TelegramBroadcastSender, messenger: ScriptedMessenger) -> None:
    await sender.reach()
    assert messenger.calls == [("getMe", {})]


async def test_a_message_is_deleted(sender: TelegramBroadcastSender, messenger: ScriptedMessenger) -> None:
    assert await sender.recall(7, 71)
    assert messenger.calls == [("deleteMessage", {"chat_id": 7, "message_id": 71})]


async def test_recalling_a_message_that_is_already_deleted_succeeds(
    sender: TelegramBroadcastSender, messenger: ScriptedMessenger
) -> None:
    messenger.answer = MessageRefusedError("Message to delete not found")
    assert not await sender.recall(7, 71)


@pytest.mark.parametrize("error", [MessageRefusedError("message can't be deleted"), ChatLeftError("blocked")])
async def test_a_message_that_cannot_be_deleted_says_why(
    sender: TelegramBroadcastSender, messenger: ScriptedMessenger, error: Exception
) -> None:
    messenger.answer = error
    with pytest.raises(type(error)):
        await sender.recall(7, 71)
