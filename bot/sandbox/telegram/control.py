"""The control calls under `/__sandbox/`: what people do, which faults apply, what has happened so far.

None of this exists at Telegram, and the bot must never call it.
"""

import base64
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute

from bot.sandbox.telegram import phone
from bot.sandbox.telegram.chats import JSON, Chat, StoredMessage, user_json
from bot.sandbox.telegram.config import Person, RateLimits
from bot.sandbox.telegram.json_routes import body_of, chat_of, route
from bot.sandbox.telegram.message_text import typed
from bot.sandbox.telegram.methods import METHODS
from bot.sandbox.telegram.methods.files import document_json, photo_json
from bot.sandbox.telegram.page_events import EVERYONE
from bot.sandbox.telegram.samples import SAMPLE_PHOTO, place, poll, sticker, voice
from bot.sandbox.telegram.world import World

PERSON_FIELDS = "id first_name last_name language_code username"
FIRST_NEW_ID = 2_000_001
FIRST_GROUP_ID = -4_000_001
GROUP_TYPES = frozenset({"group", "supergroup", "channel"})


def control_routes(world: World) -> list[BaseRoute]:
    """Return all control calls."""
    return [*_people_routes(world), *_action_routes(world), *_fault_routes(world), *_record_routes(world)]


# --- people and groups ---------------------------------------------------------------------------------------------


def _people_routes(world: World) -> list[BaseRoute]:
    async def show(_request: Request) -> Any:
        return [person_json(chat) for chat in world.chats.values() if chat.person is not None]

    async def add(request: Request) -> Any:
        body = await body_of(request, f"{PERSON_FIELDS} count started")
        count, started = int(body.pop("count", 1)), bool(body.pop("started", False))
        first = int(body.pop("id", 0)) or max(FIRST_NEW_ID, max(world.chats, default=0) + 1)
        person = Person(**{"id": first, "first_name": "Moussa", **body})
        chats = [world.add_person(replace(person, id=first + n), started=started) for n in range(count)]
        if count == 1:
            return person_json(chats[0])
        return {"first_id": first, "last_id": first + count - 1, "count": count}

    async def change(request: Request) -> Any:
        chat = chat_of(world, request)
        body = await body_of(request, PERSON_FIELDS.removeprefix("id "))
        if chat.person is None:
            raise ValueError(f"chat {chat.id} is not a private one")
        return person_json(world.add_person(replace(chat.person, **body)))

    async def change_bot(request: Request) -> Any:
        world.bot_username = (await body_of(request, "username"))["username"]
        world.page_events.publish(EVERYONE, "profile")
        return world.bot()

    async def add_group(request: Request) -> Any:
        body = await body_of(request, "id type title is_forum")
        number = int(body.get("id", 0)) or min(FIRST_GROUP_ID, min(world.chats, default=0) - 1)
        if body["type"] not in GROUP_TYPES or number >= 0:
            raise ValueError(f"type must be one of {sorted(GROUP_TYPES)} and an id negative")
        if body.get("is_forum") and body["type"] != "supergroup":
            raise ValueError("only a supergroup can be a forum")
        chat = Chat(number, body["type"], body.get("title", "Un groupe"), started=True)
        chat.is_forum = bool(body.get("is_forum"))
        world.chats[number] = chat
        return chat.as_json()

    return [
        route("users", show, "GET"),
        route("users", add, "POST"),
        route("users/{chat}", change, "POST", "PATCH"),
        route("chats", add_group, "POST"),
        route("bot", change_bot, "POST"),
    ]


def person_json(chat: Chat) -> dict[str, Any]:
    """Return a person with the state of their chat; raises `LookupError` for a group or channel."""
    if chat.person is None:
        raise LookupError(f"chat {chat.id} is not a private one")
    return {**asdict(chat.person), "started": chat.started, "blocked": chat.blocked}


# --- what people do ------------------------------------------------------------------------------------------------

Action = Callable[[World, Chat, JSON], Any]


def _action_routes(world: World) -> list[BaseRoute]:
    """Return one call for each thing that a person can do; each answers with the update that it caused."""
    return [_action_route(world, name, known, action) for name, known, action in ACTIONS]


def _action_route(world: World, name: str, known: str, action: Action) -> BaseRoute:
    async def perform(request: Request) -> Any:
        return action(world, chat_of(world, request), await body_of(request, known))

    return route(f"chats/{{chat}}/{name}", perform, "POST")


def _person(world: World, body: JSON) -> JSON | None:
    """Return the person whom `from` names."""
    if "from" not in body:
        return None
    person = world.chats[body["from"]].person if body["from"] in world.chats else None
    if person is None:
        raise LookupError(f"nobody has the id {body['from']}")
    return user_json(person)


def _author(world: World, chat: Chat, body: JSON) -> JSON:
    """Return who writes. A group needs `from`, or `anonymous` for an anonymous admin."""
    return phone.author_of(chat, _person(world, body), anonymous=bool(body.get("anonymous")))


def _send(world: World, chat: Chat, body: JSON, content: JSON) -> JSON:
    return phone.send(world, chat, content, _author(world, chat, body), body.get("message_thread_id"))


def _say(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.say(world, chat, body["text"], _author(world, chat, body), body.get("message_thread_id"))


def _create_topic(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.create_topic(world, chat, body["name"], _author(world, chat, body))


def _press(world: World, chat: Chat, body: JSON) -> JSON:
    wanted: dict[str, str] = {key: body[key] for key in ("data", "label") if key in body}
    if not wanted:
        raise ValueError("say which button: data or label")
    forged, person = body.get("forged", False), _person(world, body)
    return phone.press(world, chat, body.get("message_id"), wanted, forged=forged, person=person)


def _send_photo(world: World, chat: Chat, body: JSON) -> JSON:
    content = base64.b64decode(body["base64"]) if "base64" in body else SAMPLE_PHOTO
    file = world.files.add("photos", "photo.png", "image/png", content)
    return _send(world, chat, body, {"photo": photo_json(file)} | _caption(body))


def _send_document(world: World, chat: Chat, body: JSON) -> JSON:
    content = base64.b64decode(body["base64"]) if "base64" in body else b"A document.\n"
    file = world.files.add("documents", body.get("name", "document.txt"), body.get("mime_type", "text/plain"), content)
    return _send(world, chat, body, {"document": document_json(file)} | _caption(body))


def _caption(body: JSON) -> JSON:
    if not body.get("caption"):
        return {}
    text = typed(body["caption"])
    return {"caption": text["text"]} | ({"caption_entities": text["entities"]} if "entities" in text else {})


def _send_sticker(world: World, chat: Chat, body: JSON) -> JSON:
    return _send(world, chat, body, sticker(world.files))


def _send_voice(world: World, chat: Chat, body: JSON) -> JSON:
    return _send(world, chat, body, voice(world.files))


def _send_location(world: World, chat: Chat, body: JSON) -> JSON:
    return _send(world, chat, body, place())


def _send_poll(world: World, chat: Chat, body: JSON) -> JSON:
    return _send(world, chat, body, poll())


def _edit(world: World, chat: Chat, body: JSON) -> JSON:
    return phone.edit(world, chat, body["message_id"], body["text"])


def _resend(world: World, chat: Chat, _body: JSON) -> JSON:
    return phone.resend(world, chat)


def _block(world: World, chat: Chat, body: JSON) -> JSON | None:
    return phone.block(world, chat, _person(world, body))


def _unblock(world: World, chat: Chat, body: JSON) -> JSON | None:
    return phone.unblock(world, chat, _person(world, body))


AUTHOR_FIELDS = "from anonymous message_thread_id"


ACTIONS: tuple[tuple[str, str, Action], ...] = (
    ("say", f"text {AUTHOR_FIELDS}", _say),
    ("press", "message_id data label forged from", _press),
    ("resend", "", _resend),
    ("edit", "message_id text", _edit),
    ("photo", f"caption base64 {AUTHOR_FIELDS}", _send_photo),
    ("document", f"caption base64 name mime_type {AUTHOR_FIELDS}", _send_document),
    ("sticker", AUTHOR_FIELDS, _send_sticker),
    ("voice", AUTHOR_FIELDS, _send_voice),
    ("location", AUTHOR_FIELDS, _send_location),
    ("poll", AUTHOR_FIELDS, _send_poll),
    ("topics", f"name {AUTHOR_FIELDS}", _create_topic),
    ("block", "from", _block),
    ("unblock", "from", _unblock),
)
"""Name of the call, fields of its body, what it does."""


# --- faults, limits, the clock -------------------------------------------------------------------------------------


def _fault_routes(world: World) -> list[BaseRoute]:
    async def add(request: Request) -> Any:
        given = await request.json()
        if isinstance(given, dict) and "faults" in given:
            if "seed" in given:
                world.faults.clear(int(given["seed"]))
            given = given["faults"]
        for rule in given if isinstance(given, list) else [given]:
            _check_method(rule)
            world.faults.add(rule)
        return world.faults.as_json()

    async def clear(_request: Request) -> Any:
        world.faults.clear()
        return []

    async def show(_request: Request) -> Any:
        return world.faults.as_json()

    async def limits(request: Request) -> Any:
        body = await body_of(request, f"enabled {' '.join(RateLimits.__dataclass_fields__)}")
        enabled = body.pop("enabled", True)
        world.limiter.set(RateLimits(**body) if enabled else None)
        return {"enabled": enabled}

    async def clock(request: Request) -> Any:
        world.advance(float((await body_of(request, "advance"))["advance"]))
        return {"now": world.now()}

    return [
        route("faults", add, "POST"),
        route("faults", clear, "DELETE"),
        route("faults", show, "GET"),
        route("limits", limits, "POST"),
        route("clock", clock, "POST"),
    ]


def _check_method(rule: JSON) -> None:
    """Refuse a fault that could never occur. The method "webhook" stands for the delivery of an update."""
    method = rule.get("method") or rule.get("match", {}).get("method")
    if method is not None and method.lower() not in METHODS.keys() | {"webhook"}:
        raise ValueError(f"there is no method {method}")


# --- what has happened ---------------------------------------------------------------------------------------------


def _record_routes(world: World) -> list[BaseRoute]:
    async def chat(request: Request) -> Any:
        return transcript(chat_of(world, request), after=int(request.query_params.get("after", 0)))

    async def updates(_request: Request) -> Any:
        pending = world.updates.pending()
        polled = world.updates.is_polled
        return {"pending": len(pending), "polled": polled, **world.updates.counts, "updates": pending[:100]}

    async def inject(request: Request) -> Any:
        given = await request.json()
        return [_inject(world, each) for each in (given if isinstance(given, list) else [given])]

    async def webhook(_request: Request) -> Any:
        info = world.webhook.as_json(len(world.updates.pending()), world.updates.allowed)
        return {**info, "deliveries": [each._asdict() for each in world.webhook.deliveries]}

    async def calls(_request: Request) -> Any:
        return world.calls_json()

    async def call_log(request: Request) -> Any:
        after = int(request.query_params.get("after", 0))
        return [each.as_json() for each in world.call_log if each.number > after]

    async def forget_calls(_request: Request) -> Any:
        world.calls.clear()
        world.call_log.clear()
        world.limiter.refused = 0
        return world.calls_json()

    return [
        route("chats/{chat}", chat, "GET"),
        route("updates", updates, "GET"),
        route("updates", inject, "POST"),
        route("webhook", webhook, "GET"),
        route("calls", calls, "GET"),
        route("calls", forget_calls, "DELETE"),
        route("calls/log", call_log, "GET"),
    ]


def _inject(world: World, update: JSON) -> JSON:
    """Queue any update, valid or not. The bot may then write to the chats that it names."""
    for content in update.values():
        found = content.get("chat") if isinstance(content, dict) else None
        if isinstance(found, dict) and isinstance(found.get("id"), int):
            number = found["id"]
            world.chats.setdefault(number, Chat(number, str(found.get("type", "group")), str(found.get("title", ""))))
            world.chats[number].started = True
    return world.update(None, update)


def transcript(chat: Chat, after: int = 0) -> dict[str, Any]:
    """Return a chat with its messages numbered above `after`, oldest first, with earlier versions and deletions."""
    return {
        "chat": chat.as_json(),
        "started": chat.started,
        "blocked": chat.blocked,
        "keyboard": chat.keyboard,
        "messages": [_message(stored) for number, stored in chat.messages.items() if number > after],
    }


def _message(stored: StoredMessage) -> dict[str, Any]:
    return {
        "message": stored.message,
        "by_bot": stored.by_bot,
        "silent": stored.silent,
        "shown_since": stored.shown_since,
        "deleted_at": stored.deleted_at,
        "history": [{"at": version.at, "message": version.message} for version in stored.history],
    }
