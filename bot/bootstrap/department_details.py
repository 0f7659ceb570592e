"""Keeps what `DEPARTMENTS_FILE` tells: reads it at the start and on SIGHUP, and stores when which part changed.

A wrong file refuses the start. On SIGHUP it changes nothing: the old details stay, and the log names the mistake.
"""

import json
import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

from bot.app.records import Change
from bot.core.appointment_book import BookEntry
from bot.core.department_details import (
    DepartmentDetails,
    DetailPart,
    DetailsByLocale,
    History,
    changed_since,
    updated,
)
from bot.core.model import Department
from bot.departments_file import SETTING, read_details
from bot.logs import one_line
from bot.settings import SettingsError
from bot.storage.store import Store

log = logging.getLogger(__name__)
SAVED_AS = "department details"


class DepartmentsFile:
    """The file as it was last read without a mistake. `path` None is no file. Raises `SettingsError`."""

    def __init__(self, path: Path | None, locales: tuple[str, ...], default: str) -> None:
        self.path, self._locales, self.default = path, locales, default
        self.present: DetailsByLocale = {}
        self.read()

    def read(self) -> None:
        """Read the file. Raises `SettingsError`; then the details from before stay."""
        if self.path:
            self.present = read_details(self.path, self._locales, self.default)


class DetailsKeeper:
    """The present details and when they changed.

    `departments` returns those that are known without asking, `resolve` the locale of a catalogue for any other.
    `saved` is what an earlier process stored under `SAVED_AS`.
    """

    def __init__(  # noqa: PLR0913 — the parts, joined in one place
        self,
        file: DepartmentsFile,
        *,
        store: Store,
        departments: Callable[[], tuple[Department, ...]],
        resolve: Callable[[str], str],
        office_time: Callable[[], datetime],
        saved: str | None,
    ) -> None:
        self._file = file
        self._store = store
        self._departments = departments
        self._resolve = resolve
        self._office_time = office_time
        self._history = _read_history(saved)
        self._note()

    def of(self, locale: str) -> Mapping[int, DepartmentDetails]:
        """The details of each department in a language."""
        return self._file.present.get(self._resolve(locale), {})

    def closures(self) -> dict[int, frozenset[date]]:
        """The days on which each department is announced as closed."""
        return {number: each.closed for number, each in self.of(self._file.default).items()}

    def changed(self, entry: BookEntry, locale: str) -> tuple[DetailPart, ...]:
        """What changed since the time of the appointment was agreed."""
        return changed_since(self._history, entry.department_id, self._resolve(locale), entry.booked_at)

    def reload(self) -> None:
        """Read the file again; a wrong one changes nothing."""
        if self._file.path is None:
            log.warning("SIGHUP: there is no %s to read again", SETTING)
            return
        try:
            self._file.read()
        except SettingsError as error:
            for line in str(error).splitlines()[1:]:
                log.error("%s; the details from before stay", one_line(line.strip()))  # noqa: TRY400 — no traceback helps
            return
        log.info("%s is read again; departments in it: %d", SETTING, len(self.of(self._file.default)))
        self._note()

    def _note(self) -> None:
        history = updated(self._history, self._file.present, self._office_time())
        if history != self._history:
            self._history = history
            text = json.dumps({key: [digest, at.isoformat()] for key, (digest, at) in history.items()})
            self._store.commit_soon(Change(saved_values=((SAVED_AS, text),)))
        if unknown := unknown_departments(self.of(self._file.default), self._departments()):
            log.warning("%s names departments that the API does not list: %s", SETTING, unknown)


def unknown_departments(details: Mapping[int, DepartmentDetails], departments: tuple[Department, ...]) -> str:
    """The ids in the file that are not of these departments; empty if all are, or if the departments are not known."""
    known = {each.id for each in departments}
    return ", ".join(str(number) for number in sorted(details) if known and number not in known)


def _read_history(saved: str | None) -> History:
    try:
        stored = json.loads(saved or "{}").items()
        return {key: (str(digest), datetime.fromisoformat(at)) for key, (digest, at) in stored}
    except (AttributeError, TypeError, ValueError):
        return {}
