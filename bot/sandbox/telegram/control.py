"""The control endpoints under `/__sandbox/`: what people do, what goes wrong, what has happened.

Everything here stands outside of Telegram; the bot must never call it.
"""

from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute

from bot.sandbox.telegram.chats import JSON, Chat
from bot.sandbox.telegram.config import RateLimits
from bot.sandbox.telegram.control_inputs import input_routes
from bot.sandbox.telegram.control_people import people_routes
from bot.sandbox.telegram.json_routes import body_of, chat_of, route
from bot.sandbox.telegram.transcript import transcript
from bot.sandbox.telegram.world import World


def control_routes(world: World) -> list[BaseRoute]:
    """Return all control endpoints."""
    return [*people_routes(world), *input_routes(world), *_fault_routes(world), *_record_routes(world)]


def _fault_routes(world: World) -> list[BaseRoute]:
    async def add(request: Request) -> Any:
        given = await request.json()
        if isinstance(given, dict) and "faults" in given:
            if "seed" in given:
                world.faults.clear(int(given["seed"]))
            given = given["faults"]
        for rule in given if isinstance(given, list) else [given]:
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

    async def calls(_request: Request) -> Any:
        return world.calls_json()

    async def forget_calls(_request: Request) -> Any:
        world.calls.clear()
        world.limiter.refused = 0
        return world.calls_json()

    return [
        route("chats/{chat}", chat, "GET"),
        route("updates", updates, "GET"),
        route("updates", inject, "POST"),
        route("calls", calls, "GET"),
        route("calls", forget_calls, "DELETE"),
    ]


def _inject(world: World, update: JSON) -> JSON:
    """Queue an update as it stands, sense or nonsense; the chats that it names become known to the bot."""
    for content in update.values():
        found = content.get("chat") if isinstance(content, dict) else None
        if isinstance(found, dict) and isinstance(found.get("id"), int):
            number = found["id"]
            world.chats.setdefault(number, Chat(number, str(found.get("type", "group")), str(found.get("title", ""))))
            world.chats[number].started = True
    return world.update(None, update)
