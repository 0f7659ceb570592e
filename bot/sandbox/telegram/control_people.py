"""Control endpoints for people and groups: who there is, who is added, who has changed their phone's language."""

from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute

from bot.sandbox.telegram.chats import Chat
from bot.sandbox.telegram.config import Citizen
from bot.sandbox.telegram.json_routes import body_of, chat_of, route
from bot.sandbox.telegram.world import World

PERSON = "id first_name last_name language_code username"
FIRST_NEW_ID = 2_000_001
FIRST_GROUP_ID = -4_000_001
GROUPS = frozenset({"group", "supergroup", "channel"})


def person_json(chat: Chat) -> dict[str, Any]:
    """Return a person with the state of their chat."""
    if chat.person is None:
        raise LookupError(f"chat {chat.id} is not a private one")
    return {**asdict(chat.person), "started": chat.started, "blocked": chat.blocked}


def people_routes(world: World) -> list[BaseRoute]:
    """Return the endpoints of people."""

    async def show(_request: Request) -> Any:
        return [person_json(chat) for chat in world.chats.values() if chat.person is not None]

    async def add(request: Request) -> Any:
        body = await body_of(request, f"{PERSON} count started")
        count, started = int(body.pop("count", 1)), bool(body.pop("started", False))
        first = int(body.pop("id", 0)) or max(FIRST_NEW_ID, max(world.chats, default=0) + 1)
        person = Citizen(**{"id": first, "first_name": "Moussa", **body})
        chats = [world.add_person(replace(person, id=first + n), started=started) for n in range(count)]
        if count == 1:
            return person_json(chats[0])
        return {"first_id": first, "last_id": first + count - 1, "count": count}

    async def change(request: Request) -> Any:
        chat = chat_of(world, request)
        body = await body_of(request, PERSON.removeprefix("id "))
        if chat.person is None:
            raise ValueError(f"chat {chat.id} is not a private one")
        return person_json(world.add_person(replace(chat.person, **body)))

    async def add_group(request: Request) -> Any:
        body = await body_of(request, "id type title")
        number = int(body.get("id", 0)) or min(FIRST_GROUP_ID, min(world.chats, default=0) - 1)
        if body["type"] not in GROUPS or number >= 0:
            raise ValueError(f"type must be one of {sorted(GROUPS)} and an id negative")
        chat = Chat(number, body["type"], body.get("title", "Un groupe"), started=True)
        world.chats[number] = chat
        return chat.as_json()

    return [
        route("users", show, "GET"),
        route("users", add, "POST"),
        route("users/{chat}", change, "POST", "PATCH"),
        route("chats", add_group, "POST"),
    ]
