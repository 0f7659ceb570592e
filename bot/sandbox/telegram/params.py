"""Reads the parameters of a call from query and body (JSON, urlencoded, multipart) with the Bot API's conversions.

A number may come as text and an object as JSON in a string. Knows nothing of methods.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.types import Receive, Scope

from bot.sandbox.telegram.errors import bad_request


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent as one part of a multipart body."""

    name: str
    mime_type: str
    content: bytes


class Params:
    """Parameters by name. A missing one reads as empty; a malformed one is refused by name."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def names(self) -> set[str]:
        """Return the names that were sent."""
        return set(self._values)

    def text(self, name: str, default: str = "") -> str:
        """Return a string."""
        value = self._values.get(name)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        raise bad_request(f'parameter "{name}" must be a string')

    def integer(self, name: str, default: int | None = None) -> int:
        """Return an integer; it is required if there is no default."""
        value = self._values.get(name)
        if value is None or value == "":
            if default is None:
                raise bad_request(f'parameter "{name}" is required')
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad_request(f'invalid "{name}" specified: an integer is expected') from None

    def flag(self, name: str) -> bool:
        """Return a boolean: `true`, `1`, `yes` and `t`, in any case, are true."""
        return str(self._values.get(name, "")).lower() in {"true", "1", "yes", "t"}

    def json(self, name: str) -> Any:
        """Return a JSON value, `None` if the parameter is missing."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def array(self, name: str) -> list[Any]:
        """Return a JSON list, empty if the parameter is missing."""
        value = self.json(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise bad_request(f'"{name}" must be a JSON-serialized array')

    def file(self, name: str) -> Upload | str | None:
        """Return an upload, or the file id or address given instead; `attach://part` refers to another part."""
        value = self._values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            value = self._values.get(value.removeprefix("attach://"))
        if value is None or isinstance(value, Upload | str):
            return value or None
        raise bad_request(f'parameter "{name}" must be a file')

    def attachments(self) -> set[str]:
        """Return the names of the parts that `attach://` refers to; they are not parameters themselves."""
        references = (value for value in self._values.values() if isinstance(value, str))
        return {value.removeprefix("attach://") for value in references if value.startswith("attach://")}


async def read_params(scope: Scope, receive: Receive) -> Params:
    """Return the parameters of a request; the body overrides the query."""
    query: bytes = scope["query_string"]
    values: dict[str, Any] = dict(parse_qsl(query.decode(), keep_blank_values=True)) if query else {}
    if scope["method"] == "GET":
        return Params(values)
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return Params(values | await parse_body(kind, receive))


async def parse_body(content_type: bytes, receive: Receive) -> dict[str, Any]:
    """Return the parameters of a body in JSON, urlencoded or multipart."""
    if content_type.startswith(b"multipart/"):
        return await _read_multipart({"type": "http", "headers": [(b"content-type", content_type)]}, receive)
    body = await _read_body(receive)
    if not body:
        return {}
    if content_type.startswith(b"application/json"):
        return _parse_json(body)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError:
        raise bad_request("strings must be encoded in UTF-8") from None


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


def _parse_json(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except ValueError:
        raise bad_request("can't parse request parameters JSON object") from None
    if not isinstance(values, dict):
        raise bad_request("can't parse request parameters JSON object")
    return {name: value for name, value in values.items() if value is not None}


async def _read_multipart(scope: Scope, receive: Receive) -> dict[str, Any]:
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
