"""Serves the chat page, the state that it starts with, and the stream of events that follow."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.sandbox.telegram.control import person_json, transcript
from bot.sandbox.telegram.fault_switches import FAULTS, read_switches, set_switches
from bot.sandbox.telegram.json_routes import body_of, chat_of, route
from bot.sandbox.telegram.world import World

PAGE = Path(__file__).parent / "page"
KEEP_ALIVE_SECONDS = 15
POLICY = "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
"""Nothing from other hosts: a bot's message cannot become a script, and the page works without a network."""


def page_routes(world: World) -> list[BaseRoute]:
    """Return the routes of the page. It acts through the control calls."""

    async def index(_request: Request) -> Response:
        return FileResponse(
            PAGE / "index.html", headers={"cache-control": "no-store", "content-security-policy": POLICY}
        )

    async def about(request: Request) -> Any:
        chat = chat_of(world, request)
        language = (chat.person.language_code if chat.person else None) or ""
        return {
            **transcript(chat),
            "person": person_json(chat),
            "bot": {**world.profile.seen_by(chat.id, language[:2]), "username": world.bot_username},
            "files": f"/file/bot{world.config.token}/",
            "moncreneau_url": world.config.moncreneau_url,
        }

    async def events(request: Request) -> Response:
        return StreamingResponse(
            _stream(world, chat_of(world, request).id),
            media_type="text/event-stream",
            headers={"cache-control": "no-store"},
        )

    async def file(request: Request) -> Response:
        found = world.files.find(request.path_params["file"])
        headers = {"cache-control": "max-age=3600", "x-content-type-options": "nosniff"}
        return Response(found.content, media_type=found.mime_type, headers=headers)

    async def switches(request: Request) -> Any:
        moncreneau = world.config.moncreneau_url
        if moncreneau is None:
            raise LookupError("the stand-in for moncreneau is not known here")
        if request.method == "PUT":
            return await set_switches(moncreneau, await body_of(request, " ".join(FAULTS)))
        return await read_switches(moncreneau)

    return [
        Route("/", index),
        route("page/{chat}", about, "GET"),
        route("page/{chat}/events", events, "GET"),
        route("page/files/{file}", file, "GET"),
        route("switches", switches, "GET", "PUT"),
        Mount("/page", StaticFiles(directory=PAGE)),
    ]


async def _stream(world: World, chat_id: int) -> AsyncIterator[str]:
    with world.page_events.subscribed(chat_id) as queue:
        # The page loads the transcript when it receives this, so no event is missed between the two.
        yield 'data: {"kind":"hello"}\n\n'
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield ": still here\n\n"
            else:
                yield f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
