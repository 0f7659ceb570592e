"""Control endpoints for what people do in a chat: write, press, edit, send other things, block."""

import base64
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute

from bot.sandbox.telegram import phone
from bot.sandbox.telegram.chats import JSON, Chat, user_json
from bot.sandbox.telegram.json_routes import body_of, chat_of, route
from bot.sandbox.telegram.message_text import typed
from bot.sandbox.telegram.methods.files import document_json, photo_json
from bot.sandbox.telegram.samples import SAMPLE_PHOTO, place, poll, sticker, voice
from bot.sandbox.telegram.world import World

Act = Callable[[World, Chat, JSON], Any]


def input_routes(world: World) -> list[BaseRoute]:
    """Return one endpoint for each thing that a person can do; each answers with the update that came of it."""
    return [_endpoint(world, name, known, act) for name, known, act in INPUTS]


def _endpoint(world: World, name: str, known: str, act: Act) -> BaseRoute:
    async def perform(request: Request) -> Any:
        return act(world, chat_of(world, request), await body_of(request, known))

    handler: Callable[[Request], Awaitable[Any]] = perform
    return route(f"chats/{{chat}}/{name}", handler, "POST")


def _sender(world: World, body: JSON) -> JSON | None:
    """Return the writer whom `from` names; only groups need one."""
    if "from" not in body:
        return None
    person = world.chats[body["from"]].person if body["from"] in world.chats else None
    if person is None:
        raise LookupError(f"nobody has the id {body['from']}")
    return user_json(person)


def _say(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.say(world, chat, body["text"], _sender(world, body))


def _press(world: World, chat: Chat, body: JSON) -> JSON:
    wanted: dict[str, str] = {key: body[key] for key in ("data", "label") if key in body}
    if not wanted:
        raise ValueError("say which button: data or label")
    return phone.press(world, chat, body.get("message_id"), wanted, forged=body.get("forged", False))


def _photo(world: World, chat: Chat, body: JSON) -> JSON:
    content = base64.b64decode(body["base64"]) if "base64" in body else SAMPLE_PHOTO
    file = world.files.add("photos", "photo.png", "image/png", content)
    return phone.send(world, chat, {"photo": photo_json(file)} | _caption(body), _sender(world, body))


def _document(world: World, chat: Chat, body: JSON) -> JSON:
    content = base64.b64decode(body["base64"]) if "base64" in body else b"A document.\n"
    file = world.files.add("documents", body.get("name", "document.txt"), body.get("mime_type", "text/plain"), content)
    return phone.send(world, chat, {"document": document_json(file)} | _caption(body), _sender(world, body))


def _caption(body: JSON) -> JSON:
    if not body.get("caption"):
        return {}
    text = typed(body["caption"])
    return {"caption": text["text"]} | ({"caption_entities": text["entities"]} if "entities" in text else {})


def _sticker(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.send(world, chat, sticker(world.files), _sender(world, body))


def _voice(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.send(world, chat, voice(world.files), _sender(world, body))


def _location(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.send(world, chat, place(), _sender(world, body))


def _poll(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.send(world, chat, poll(), _sender(world, body))


def _edit(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.edit(world, chat, body["message_id"], body["text"])


def _resend(world: World, chat: Chat, _body: JSON) -> JSON:
    return phone.resend(world, chat)


def _block(world: World, chat: Chat, _body: JSON) -> JSON | None:
    return phone.block(world, chat)


def _unblock(world: World, chat: Chat, _body: JSON) -> JSON | None:
    return phone.unblock(world, chat)


INPUTS: tuple[tuple[str, str, Act], ...] = (
    ("say", "text from", _say),
    ("press", "message_id data label forged", _press),
    ("resend", "", _resend),
    ("edit", "message_id text", _edit),
    ("send_photo", "caption base64 from", _photo),
    ("send_document", "caption base64 name mime_type from", _document),
    ("send_sticker", "from", _sticker),
    ("send_voice", "from", _voice),
    ("send_location", "from", _location),
    ("send_poll", "from", _poll),
    ("photo", "caption base64 from", _photo),
    ("document", "caption base64 name mime_type from", _document),
    ("sticker", "from", _sticker),
    ("voice", "from", _voice),
    ("location", "from", _location),
    ("poll", "from", _poll),
    ("block", "", _block),
    ("unblock", "", _unblock),
)
