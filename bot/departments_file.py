"""Reads `DEPARTMENTS_FILE`: what to bring and where, by department and language (TOML).

A mistake is one line that names the place: the line of the file if it is no TOML, else the key (`5.fr.bring`). Knows
neither what departments exist nor how anything is shown. docs/operating.md explains the keys.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from bot.core.callback_data import number_in
from bot.core.department_details import DepartmentDetails, DetailsByLocale
from bot.core.names import visible
from bot.settings import SettingsError

SETTING = "DEPARTMENTS_FILE"
LARGEST = 1_000_000
"""Bytes of a file; a larger one is surely another."""


def _on_one_line(value: Any) -> Any:
    """Text as it is shown: on one line, without characters that nobody sees."""
    return " ".join(visible(value).split()) if isinstance(value, str) else value


def _day(value: Any) -> date:
    """A day as TOML or a text writes it; pydantic would also take the seconds since 1970."""
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError('must be a day such as "2026-12-25"') from None


def _degrees(value: Any) -> Any:
    """A number; pydantic would also take true and a text."""
    if type(value) not in {int, float}:
        raise ValueError("must be a number of degrees, such as 9.5092")
    return value


Short = Annotated[str, StringConstraints(max_length=120), BeforeValidator(_on_one_line)]
"""As long as it may be on a small screen, and so that all of it fits into one message."""
Long = Annotated[str, StringConstraints(max_length=300), BeforeValidator(_on_one_line)]
Item = Annotated[str, StringConstraints(min_length=1, max_length=100), BeforeValidator(_on_one_line)]
Phone = Annotated[str, StringConstraints(max_length=40), BeforeValidator(_on_one_line)]
Day = Annotated[date, BeforeValidator(_day)]
Latitude = Annotated[float, BeforeValidator(_degrees), Field(ge=-90, le=90)]
Longitude = Annotated[float, BeforeValidator(_degrees), Field(ge=-180, le=180)]


LANGUAGES = "*"
"""The key below which the tables of languages are put; no file has it. The alias of `_Department.words`."""


class _Table(BaseModel):
    """A table without unknown keys, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class _Words(_Table):
    """What a department says in one language; None: as in the default language."""

    before: Long | None = None
    bring: Annotated[tuple[Item, ...], Field(max_length=15)] | None = None
    address: Short | None = None
    landmark: Short | None = None
    notice: Long | None = None


class _Department(_Table):
    """What a department says in every language."""

    address: Short = ""
    phone: Phone = ""
    pin: tuple[Latitude, Longitude] | None = None
    closed: frozenset[Day] = frozenset()
    words: dict[str, _Words] = Field({}, alias="*")

    @model_validator(mode="after")
    def _has_words_for_the_pin(self) -> Self:
        has_address = self.address or any(each.address or each.landmark for each in self.words.values())
        if self.pin and not has_address:
            raise ValueError("pin needs an address or a landmark, too: a map may not load")
        return self


def read_details(path: Path, locales: tuple[str, ...], default: str) -> DetailsByLocale:
    """The details by locale, of every locale. What a language lacks is that of the `default` one.

    Raises `SettingsError` with one line for each mistake.
    """
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST + 1)
    except OSError as error:
        raise _wrong(path, f"cannot be read: {error.strerror}") from None
    if len(body) > LARGEST:
        raise _wrong(path, f"has more than {LARGEST} bytes")
    try:
        tables = tomllib.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _wrong(path, "must be text in UTF-8; save it in that encoding") from None
    except RecursionError:
        raise _wrong(path, "is not TOML that can be read: too many brackets inside each other") from None
    except ValueError as error:  # a `TOMLDecodeError`, or that of a number with thousands of digits
        raise _wrong(path, f"is not TOML: {error}") from None
    mistakes: list[str] = []
    departments = {}
    for key, table in tables.items():
        number = number_in(key)
        if not number or key != str(number) or not isinstance(table, dict):
            mistakes.append(f"{key}: must be a table named by the number of a department, such as [5]")
            continue
        try:
            departments[number] = _Department.model_validate(_nested(table, locales))
        except ValidationError as error:
            mistakes += [_line(key, each["loc"], each["type"], each["msg"]) for each in error.errors()]
    if mistakes:
        raise _wrong(path, *mistakes)
    return {
        locale: {number: _details(each, locale, default) for number, each in departments.items()} for locale in locales
    }


def _nested(table: Mapping[str, Any], locales: tuple[str, ...]) -> dict[str, Any]:
    """The table with those of its languages below `LANGUAGES`."""
    words = {key: value for key, value in table.items() if key in locales}
    return {key: value for key, value in table.items() if key not in words} | ({LANGUAGES: words} if words else {})


def _details(department: _Department, locale: str, default: str) -> DepartmentDetails:
    wanted = [department.words.get(each, _Words()) for each in (locale, default)]

    def words(name: str) -> Any:
        return next((found for each in wanted if (found := getattr(each, name)) is not None), None)

    return DepartmentDetails(
        before=words("before") or "",
        bring=words("bring") or (),
        address=words("address") or department.address,
        landmark=words("landmark") or "",
        phone=department.phone,
        notice=words("notice") or "",
        pin=department.pin,
        closed=department.closed,
    )


_MISTAKES = {
    "extra_forbidden": "is no key here; docs/operating.md, section Departments file, has the list",
    "tuple_type": "must be a list, in brackets",
    "frozen_set_type": "must be a list, in brackets",
    "string_type": "must be text, in quotes",
    "string_too_short": "must not be empty",
    "too_long": "has too many items; docs/operating.md, section Departments file, tells how many",
    "missing": "is missing: a pin is [latitude, longitude]",
    "model_type": "must be a table of a language",
}
"""What is wrong in the words of TOML, where pydantic speaks of Python."""


def _line(department: str, place: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(str(each) for each in (department, *(part for part in place if part != LANGUAGES)))
    return f"{key}: {_MISTAKES.get(kind) or message.removeprefix('Value error, ')}"


def _wrong(path: Path, *mistakes: str) -> SettingsError:
    return SettingsError("\n".join(["settings:", *(f"  {SETTING}: {path}: {each}" for each in mistakes)]))
