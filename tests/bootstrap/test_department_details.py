"""The departments file is read at the start and on SIGHUP; a wrong one then changes nothing, and the log says why."""

import logging
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app.records import Change
from bot.bootstrap.department_details import SAVED_AS, DepartmentsFile, DetailsKeeper
from bot.core.appointment_book import BookEntry
from bot.core.department_details import DetailPart
from bot.core.model import Department
from bot.settings import SettingsError
from bot.storage.store import Store

NOON = datetime.fromisoformat("2026-03-02T12:00")
ENTRY = BookEntry(50, 7, 5, NOON + timedelta(days=3), booked_at=NOON)
KALOUM, RATOMA = "[5]\naddress = 'Kaloum'\n", "[5]\naddress = 'Ratoma'\n"


class Keeping:
    """A departments file and what a process makes of it."""

    def __init__(self, store: Store, path: Path) -> None:
        self.store, self.path, self.now = store, path, NOON
        self.departments: tuple[Department, ...] = ()

    async def start(self) -> DetailsKeeper:
        await self.store.commit(Change())  # what an earlier process stored soon
        return DetailsKeeper(
            DepartmentsFile(self.path, ("en", "fr"), "fr"),
            store=self.store,
            departments=lambda: self.departments,
            resolve=lambda locale: locale if locale == "en" else "fr",
            office_time=lambda: self.now,
            saved=await self.store.saved_value(SAVED_AS),
        )


@pytest.fixture
async def keeping(tmp_path: Path) -> AsyncIterator[Keeping]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    (tmp_path / "departments.toml").write_text(KALOUM)
    yield Keeping(store, tmp_path / "departments.toml")
    await store.close(1)


async def test_a_wrong_file_refuses_the_start(keeping: Keeping) -> None:
    keeping.path.write_text("[5]\naddress = 1\n")
    with pytest.raises(SettingsError, match=r"5\.address: must be text"):
        await keeping.start()


async def test_reading_again_takes_what_is_new_and_notes_since_when(keeping: Keeping) -> None:
    keeper = await keeping.start()
    assert keeper.of("fr-GN")[5].address == "Kaloum"
    assert keeper.changed(ENTRY, "fr") == ()
    keeping.now += timedelta(hours=1)
    keeping.path.write_text(RATOMA)
    keeper.reload()
    assert keeper.of("en")[5].address == "Ratoma"
    assert keeper.changed(ENTRY, "fr") == (DetailPart.ADDRESS,)


async def test_a_wrong_file_leaves_the_old_one_and_the_log_names_the_key(
    keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = await keeping.start()
    for wrong, words in (("[5]\naddress = 1\n", "5.address: must be text"), ("x = = 1\n", "at line 1")):
        keeping.path.write_text(wrong)
        caplog.clear()
        keeper.reload()
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert words in record.getMessage()
        assert "the details from before stay" in record.getMessage()
        assert keeper.of("fr")[5].address == "Kaloum"
    keeping.path.unlink()
    keeper.reload()
    assert keeper.of("fr")[5].address == "Kaloum"


async def test_a_change_between_two_processes_is_noticed(keeping: Keeping) -> None:
    await keeping.start()
    keeping.now += timedelta(days=1)
    same = await keeping.start()
    assert same.changed(ENTRY, "fr") == (), "a restart is no change"
    keeping.path.write_text(RATOMA)
    keeping.now += timedelta(hours=1)
    assert (await keeping.start()).changed(ENTRY, "fr") == (DetailPart.ADDRESS,)
    keeping.now += timedelta(days=1)
    assert (await keeping.start()).changed(ENTRY, "fr") == (DetailPart.ADDRESS,), "it is still one"


@pytest.mark.parametrize("saved", ["", "[]", "{", '{"5.fr.address": 3}', '{"5.fr.address": ["x", "noon"]}'])
async def test_a_damaged_history_is_begun_anew(keeping: Keeping, saved: str) -> None:
    await keeping.store.commit(Change(saved_values=((SAVED_AS, saved),)))
    keeper = await keeping.start()
    assert keeper.of("fr")[5].address == "Kaloum"


async def test_unknown_departments_are_a_warning_once_the_api_told_its_own(
    keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = await keeping.start()
    assert caplog.records == []
    keeping.departments = (Department(8, "Cartes"),)
    keeper.reload()
    (warning,) = (each.getMessage() for each in caplog.records if each.levelno == logging.WARNING)
    assert warning == "DEPARTMENTS_FILE names departments that the API does not list: 5"


async def test_without_a_file_there_is_nothing_to_read_again(
    keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = DetailsKeeper(
        DepartmentsFile(None, ("fr",), "fr"),
        store=keeping.store,
        departments=tuple,
        resolve=str,
        office_time=lambda: NOON,
        saved=None,
    )
    keeper.reload()
    assert keeper.of("fr") == {}
    assert "there is no DEPARTMENTS_FILE" in caplog.text
