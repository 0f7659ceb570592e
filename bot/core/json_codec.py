"""Values to versioned JSON and back, for all that the bot stores: sessions, attempts, drafts, plans.

The text is `VERSION:JSON`. A value that an older release wrote is upgraded step by step before it is read, so a renamed
field needs a new version and one upgrade function. Release 0.1 wrote attempts without a version: that is version 1.
Must not know what the values mean.
"""

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")
Upgrade = Callable[[Any], Any]
"""Turns the parsed JSON of one version into that of the next."""


class JsonCodec(Generic[T]):
    """Writes values of one type and reads what this release and the releases before it wrote."""

    def __init__(self, type_: type[T], upgrades: tuple[Upgrade, ...] = ()) -> None:
        """`upgrades[n]` turns version n + 1 into version n + 2; the present version is one more than there are."""
        self._type = type_
        self._upgrades = upgrades

    @property
    def version(self) -> int:
        """The version that is written."""
        return len(self._upgrades) + 1

    def write(self, value: T) -> str:
        """The value as JSON, after its version."""
        return f"{self.version}:{self._adapter.dump_json(value).decode()}"

    def read(self, text: str) -> T:
        """The value. Raises `ValueError` if the text is of a newer version or not such a value."""
        number, _, body = ("1", ":", text) if text.startswith("{") else text.partition(":")
        version = int(number) if number.isascii() and number.isdecimal() else 0
        if version == self.version:
            return self._adapter.validate_json(body)
        if not 1 <= version < self.version:
            raise ValueError(f"version {number[:8]} of a stored value is not known")
        raw = json.loads(body)
        for upgrade in self._upgrades[version - 1 :]:
            raw = upgrade(raw)
        return self._adapter.validate_json(json.dumps(raw))

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        # Built at first use: it takes tens of milliseconds, which `--help` need not wait for.
        return TypeAdapter(self._type)


def rename_keys(names: Mapping[str, str]) -> Upgrade:
    """An upgrade that renames keys at any depth."""

    def upgrade(raw: Any) -> Any:
        match raw:
            case dict():
                return {names.get(key, key): upgrade(value) for key, value in raw.items()}
            case list():
                return [upgrade(value) for value in raw]
            case _:
                return raw

    return upgrade
