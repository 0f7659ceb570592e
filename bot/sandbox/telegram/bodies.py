"""Reads the parameters of a request out of its query and body: JSON, urlencoded or multipart.

It must not know what the parameters are for.
"""

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Receive, Scope

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.params import Params, Upload


async def read_params(scope: Scope, receive: Receive) -> Params:
    """Return the parameters; those of the body win over those of the query."""
    query: bytes = scope["query_string"]
    values: dict[str, Any] = dict(parse_qsl(query.decode(), keep_blank_values=True)) if query else {}
    if scope["method"] == "GET":
        return Params(values)
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if kind.startswith(b"multipart/"):
        return Params(values | await _multipart(scope, receive))
    body = await _body(receive)
    if not body:
        return Params(values)
    if kind.startswith(b"application/json"):
        return Params(values | _json(body))
    try:
        return Params(values | dict(parse_qsl(body.decode(), keep_blank_values=True)))
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


async def _body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except ValueError:
        raise bad_request("can't parse request parameters JSON object") from None
    if not isinstance(values, dict):
        raise bad_request("can't parse request parameters JSON object")
    return {name: value for name, value in values.items() if value is not None}


async def _multipart(scope: Scope, receive: Receive) -> dict[str, Any]:
    values: dict[str, Any] = {}
    async with Request(scope, receive).form() as form:
        for name, part in form.items():
            if isinstance(part, UploadFile):
                values[name] = Upload(
                    part.filename or "file", part.content_type or "application/octet-stream", await part.read()
                )
            else:
                values[name] = part
    return values
