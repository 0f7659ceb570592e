"""The parameters of one call, whichever way they travelled, read the way the Bot API reads them.

A number may come as text, an object as JSON in a string. It must not know which method is being called.
"""

import json
from dataclasses import dataclass
from typing import Any

from bot.sandbox.telegram.errors import bad_request


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent as a part of a multipart body."""

    name: str
    mime_type: str
    content: bytes


class Params:
    """Reads parameters by name; what is missing is empty, what is malformed is refused with its name."""

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
        """Return an integer; without a default it is required."""
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
        """Return whether a boolean is set; the service takes `true` and `1` in any case."""
        return str(self._values.get(name, "")).lower() in {"true", "1", "yes", "t"}

    def json(self, name: str) -> Any:
        """Return a JSON value, `None` where the parameter is missing."""
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
        """Return a JSON list, empty where the parameter is missing."""
        value = self.json(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise bad_request(f'"{name}" must be a JSON-serialized array')

    def file(self, name: str) -> Upload | str | None:
        """Return an upload, or the id or address that stands in its place; `attach://part` points at another part."""
        value = self._values.get(name)
        if isinstance(value, str) and value.startswith("attach://"):
            value = self._values.get(value.removeprefix("attach://"))
        if value is None or isinstance(value, Upload | str):
            return value or None
        raise bad_request(f'parameter "{name}" must be a file')

    def attachments(self) -> set[str]:
        """Return the names of parts that others point at; they are no parameters of their own."""
        marks = (value for value in self._values.values() if isinstance(value, str))
        return {value.removeprefix("attach://") for value in marks if value.startswith("attach://")}
