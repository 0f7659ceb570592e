"""Routes under `/__sandbox/` that read JSON strictly and answer mistakes in plain words. Knows no endpoint."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sandbox.telegram.chats import JSON, Chat
from bot.sandbox.telegram.world import World


async def body_of(request: Request, known: str) -> JSON:
    """Return the JSON object of the body, empty if there is none; raises `ValueError` for names not in `known`."""
    raw = await request.body()
    body = json.loads(raw) if raw else {}
    if not isinstance(body, dict):
        raise TypeError("the body must be a JSON object")
    if unknown := body.keys() - set(known.split()):
        raise ValueError(f"unknown {sorted(unknown)}; known are: {known}")
    return body


def chat_of(world: World, request: Request) -> Chat:
    """Return the chat named in the path; raises `LookupError` if there is none."""
    chat_id = int(request.path_params["chat"])
    chat = world.chats.get(chat_id)
    if chat is None:
        raise LookupError(f"nobody has the id {chat_id}")
    return chat


def route(path: str, endpoint: Callable[[Request], Awaitable[Any]], *methods: str) -> Route:
    """Make a route that sends the result as JSON; `ValueError` gives 400, `LookupError` 404, `ConnectionError` 502."""

    async def answer(request: Request) -> Response:
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
            # A page of another site in the same browser must not use the control calls.
            return JSONResponse({"error": f"requests from {origin} are refused"}, 403)
        try:
            result = await endpoint(request)
        except KeyError as error:
            return JSONResponse({"error": f"missing {error}"}, 400)
        except LookupError as error:
            return JSONResponse({"error": str(error)}, 404)
        except ConnectionError as error:
            return JSONResponse({"error": str(error)}, 502)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return result if isinstance(result, Response) else JSONResponse(result)

    return Route(f"/__sandbox/{path}", answer, methods=list(methods))
