"""Turns a delivery into one Bot API call, and a failed call into an error that the outbox can act on.

Reads only the needed fields of Telegram's response. Knows nothing of queues, rate limits or why something is sent.
"""

import io
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from pydantic_core import to_json
from telegram import InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.app.ports import (
    ChatGoneError,
    ChatLeftError,
    EditLostError,
    FloodedError,
    MaybeSentError,
    MessageRefusedError,
    NotSentError,
    Receipt,
    UnpaidError,
)
from bot.app.records import Delivery, Kind
from bot.core.callback_data import encode
from bot.telegram.qr import qr_png
from bot.telegram.transport import SurelyNotSentError, seconds, words_of
from bot.views.message import Button, Message, Place

Json = dict[str, Any]
NO_PREVIEW = '{"is_disabled":true}'
GONE = ("chat not found", "user is deactivated", "bot was kicked", "peer_id_invalid", "user not found")
FLOOD = re.compile(r"Too Many Requests(?:.*retry after (\d+))?", re.IGNORECASE)
"""The text of a 429 without `parameters`; PTB gives no other sign of it."""
LAST_NUMBER = 2**53
"""Message ids fit into 32 bits so far; larger numbers than this are not safe in JSON."""
UNPAID = ("payment", "balance", "stars")
"""Words that a refusal for lack of Stars may have; Telegram documents none (Bot API, `allow_paid_broadcast`)."""
CALENDAR = ".ics"
"""How the name of a calendar file ends. Without its type and character set, phones open it as text (RFC 5545, 8.1)."""
LOST = ("message to edit not found", "message can't be edited", "message_id_invalid", "message identifier")


class Caller(Protocol):
    """Calls Bot API methods, as `RawBot` does."""

    async def call(self, method: str, parameters: Json, *, read_timeout: float | None = None) -> Any:
        """See `RawBot.call`."""


Documents = Callable[[str], Awaitable[bytes]]
"""Reads the content of a document by its name."""


async def no_documents(name: str) -> bytes:
    """For a messenger that sends no documents."""
    raise MessageRefusedError(f"there is no document {name}")


class TelegramMessenger:
    """Sends deliveries by a `Caller`. `documents` reads the files that deliveries name."""

    def __init__(self, bot: Caller, documents: Documents = no_documents) -> None:
        self._bot = bot
        self._documents = documents

    async def deliver(self, delivery: Delivery, file_id: str | None) -> Receipt:
        """See `Messenger.deliver`."""
        if delivery.kind in {Kind.PICTURE, Kind.NEW_PICTURE}:
            return await self._picture(delivery, file_id)
        if delivery.kind is Kind.DOCUMENT:
            return await self._document(delivery)
        if delivery.kind is Kind.VENUE and delivery.message.place:
            return await self._venue(delivery, delivery.message.place)
        if delivery.kind is Kind.PREPARED:
            method, parameters = json.loads(delivery.prepared or "")
            return _receipt(await self.call(method, {"chat_id": delivery.chat_id, **parameters}))
        call: Json = {
            "chat_id": delivery.chat_id,
            "text": delivery.message.text,
            "parse_mode": "HTML",
            "link_preview_options": NO_PREVIEW,
        }
        if delivery.message.rows:
            call["reply_markup"] = keyboard(delivery.message, delivery.screen)
        if delivery.silent:
            call["disable_notification"] = True
        if delivery.kind is Kind.EDIT and delivery.message.qr_link is not None:
            caption = {"caption": call.pop("text"), "message_id": delivery.target}
            del call["link_preview_options"]
            return _receipt(await self.call("editMessageCaption", call | caption))
        if delivery.kind is Kind.EDIT:
            call["message_id"] = delivery.target
            return _receipt(await self.call("editMessageText", call))
        if delivery.topic:
            call["message_thread_id"] = delivery.topic
        return _receipt(await self.call("sendMessage", call))

    async def typing(self, chat_id: int) -> None:
        """See `Messenger.typing`."""
        try:
            await self._bot.call("sendChatAction", {"chat_id": chat_id, "action": "typing"})
        except TelegramError:
            return

    async def answer_press(self, query_id: str) -> None:
        """Answer a press, so that its button stops spinning; a failure does not matter."""
        try:
            await self._bot.call("answerCallbackQuery", {"callback_query_id": query_id})
        except TelegramError:
            return

    async def _picture(self, delivery: Delivery, file_id: str | None) -> Receipt:
        photo: str | InputFile
        if file_id is None:
            try:
                # Not in a thread: it takes half a millisecond.
                png = qr_png(delivery.message.qr_link or "")
            except ValueError:
                raise MessageRefusedError("no QR code can hold the link") from None
            photo = InputFile(io.BytesIO(png), filename="qr.png", attach=False)
        else:
            photo = file_id
        call = {"chat_id": delivery.chat_id, "photo": photo, "caption": delivery.message.text, "parse_mode": "HTML"}
        if delivery.message.rows:
            call["reply_markup"] = keyboard(delivery.message, delivery.screen)
        return _receipt(await self.call("sendPhoto", call))

    async def _venue(self, delivery: Delivery, place: Place) -> Receipt:
        call: Json = {
            "chat_id": delivery.chat_id,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "title": place.title,
            "address": place.address,
        }
        if delivery.message.rows:
            call["reply_markup"] = keyboard(delivery.message, delivery.screen)
        return _receipt(await self.call("sendVenue", call))

    async def _document(self, delivery: Delivery) -> Receipt:
        name = delivery.document or ""
        file = InputFile(io.BytesIO(await self._documents(name)), filename=name, attach=False)
        if name.endswith(CALENDAR):
            file.mimetype = "text/calendar; charset=utf-8"
        call: Json = {
            "chat_id": delivery.chat_id,
            "document": file,
            "caption": delivery.message.text,
            "parse_mode": "HTML",
        }
        if delivery.message.rows:
            call["reply_markup"] = keyboard(delivery.message, delivery.screen)
        if delivery.silent:
            call["disable_notification"] = True
        return _receipt(await self.call("sendDocument", call))

    async def call(self, method: str, call: Json) -> Any:
        """One call of the Bot API. Raises `SendError`."""
        try:
            return await self._bot.call(method, call)
        except RetryAfter as error:
            raise FloodedError(seconds(error)) from None
        except Forbidden as error:
            raise ChatLeftError(str(error)) from None
        except ChatMigrated as error:
            raise ChatLeftError(str(error)) from None
        except BadRequest as error:
            return _bad_request(error, paid="allow_paid_broadcast" in call)
        except SurelyNotSentError as error:
            raise NotSentError(f"{method}: {error}") from None
        except InvalidToken:
            # 401: nothing was sent, and nothing will be until the operator acts.
            raise NotSentError("the bot's token is not accepted any more") from None
        except TelegramError as error:
            if flood := FLOOD.match(str(error)):
                raise FloodedError(float(flood[1] or 1)) from None
            raise MaybeSentError(f"{method}: {words_of(error)}") from None


def keyboard(message: Message, screen: int | None) -> str:
    """The rows of buttons as Bot API JSON, bound to the screen."""
    rows = [[_button(each, screen) for each in row] for row in message.rows]
    return to_json({"inline_keyboard": rows}).decode()


def _button(button: Button, screen: int | None) -> dict[str, str]:
    style = {"style": str(button.style)} if button.style else {}
    if button.url:
        return {"text": button.label, "url": button.url, **style}
    return {"text": button.label, "callback_data": encode(screen, button.action), **style}


def _bad_request(error: BadRequest, *, paid: bool) -> Any:
    words = str(error).lower()
    if paid and any(each in words for each in UNPAID):
        raise UnpaidError(str(error)) from None
    if "message is not modified" in words:
        return {}
    if any(each in words for each in LOST):
        raise EditLostError(str(error)) from None
    if any(each in words for each in GONE):
        raise ChatGoneError(str(error)) from None
    raise MessageRefusedError(str(error)) from None


def message_number(answer: Any) -> int:
    """The id of the sent message; 0 if the response has no valid one.

    The message was sent all the same, so an invalid response must neither lose nor repeat it.
    """
    number = answer.get("message_id") if isinstance(answer, dict) else None
    return number if type(number) is int and 0 < number <= LAST_NUMBER else 0


def _receipt(answer: Any) -> Receipt:
    if not isinstance(answer, dict):
        return Receipt()
    photos = answer.get("photo")
    largest = photos[-1] if isinstance(photos, list) and photos else None
    file_id = largest.get("file_id") if isinstance(largest, dict) else None
    return Receipt(message_number(answer), file_id if isinstance(file_id, str) else None)
