"""When old data is deleted: once a night, and never by a clock that is wrong."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.app.records import Change, StoredChat
from bot.app.retention import Retention
from bot.core import retention
from bot.core.known_names import KnownName
from bot.core.model import Department, Draft
from bot.core.session import Session, write_session
from bot.core.states import TypingName
from bot.storage.retention import SqlRetention
from bot.storage.store import Store, execute
from bot.storage.tables import chats

NIGHT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)


@dataclass(slots=True)
class Machine:
    """Its clock, and how wrong that is."""

    now: datetime = NIGHT
    gap: float | None = 0.0
    erased: list[int] = field(default_factory=list)

    def retention(self, store: Store) -> Retention:
        return Retention(
            repository=SqlRetention(store),
            unix_time=self.unix_time,
            office_time=lambda: self.now.replace(tzinfo=None),
            clock_gap=lambda: self.gap,
            erased=self.erased.append,
            pause=self.pause,
        )

    def unix_time(self) -> float:
        return self.now.timestamp()

    async def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.now - NIGHT > timedelta(days=3):
            raise asyncio.CancelledError


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield opened
    await opened.close()


async def test_it_runs_once_a_night(store: Store) -> None:
    machine = Machine()
    works = machine.retention(store)
    assert await works.run_if_due()
    assert not await works.run_if_due()
    machine.now += timedelta(hours=12)
    assert not await works.run_if_due(), "by day"
    machine.now += timedelta(hours=12)
    assert await works.run_if_due()


async def test_a_bot_that_is_off_at_night_runs_it_by_day_after_two_days(store: Store) -> None:
    machine = Machine()
    works = machine.retention(store)
    await works.run_if_due()
    machine.now += timedelta(hours=47)
    assert not await works.run_if_due()
    machine.now += timedelta(hours=10)
    assert await works.run_if_due()


@pytest.mark.parametrize("gap", [-4000.0, 4000.0])
async def test_a_clock_that_is_wrong_deletes_nothing(store: Store, gap: float) -> None:
    machine = Machine(now=datetime(2199, 1, 1, 3, tzinfo=UTC), gap=gap)
    await store.commit(Change(chat=StoredChat(1, "s", "fr")))
    assert not await machine.retention(store).run_if_due()
    assert await store.chat(1)


async def test_a_clock_that_nobody_checks_is_believed(store: Store) -> None:
    assert await Machine(gap=None).retention(store).run_if_due()


async def leaves_unfinished(store: Store, chat_id: int, at: datetime) -> None:
    """A citizen chooses a name, and writes no more."""
    session = Session("fr", at.replace(tzinfo=None), state=TypingName(Draft(Department(5, "Passeports"), name="Awa")))
    await store.commit(Change(chat=StoredChat(chat_id, write_session(session), "fr")))
    seen = update(chats).where(chats.c.chat_id == chat_id).values(seen_at=at.timestamp())
    await execute(store, seen)


async def unfinished(store: Store, *chat_ids: int) -> list[int]:
    found = [(each, await store.chat(each)) for each in chat_ids]
    return [number for number, chat in found if chat and "Awa" in chat.session]


async def test_an_unfinished_booking_is_forgotten_after_a_day_and_an_hour_at_most(store: Store) -> None:
    morning = NIGHT.replace(hour=9)
    await leaves_unfinished(store, 1, morning)
    await leaves_unfinished(store, 2, morning + timedelta(minutes=90))
    machine = Machine(now=morning + timedelta(hours=23))
    works = machine.retention(store)
    left: list[tuple[float, list[int]]] = []
    while len(left) < 12:
        await works.forget_unfinished()
        left.append(((machine.now - morning) / timedelta(hours=1), await unfinished(store, 1, 2)))
        machine.now += timedelta(minutes=20)
    assert all(names == [1, 2] for hours, names in left if hours <= 24)
    assert all(1 not in names for hours, names in left if hours >= 25)
    assert all(2 in names for hours, names in left if hours <= 25.5)
    assert left[-1][1] == []


async def test_a_restart_or_a_clock_that_is_set_back_leaves_no_unfinished_booking(store: Store) -> None:
    await leaves_unfinished(store, 1, NIGHT - timedelta(hours=30))
    await Machine().retention(store).forget_unfinished()
    assert await unfinished(store, 1) == []
    machine = Machine()
    works = machine.retention(store)
    await works.forget_unfinished()
    machine.now -= timedelta(hours=3)
    await leaves_unfinished(store, 2, machine.now - timedelta(hours=24, minutes=30))
    await works.forget_unfinished()
    assert await unfinished(store, 2) == []
    machine.gap = 4000.0
    machine.now += timedelta(days=9)
    await leaves_unfinished(store, 3, NIGHT)
    await works.forget_unfinished()
    assert await unfinished(store, 3) == [3], "by a clock that is wrong nothing is deleted"


async def test_a_name_that_no_booking_used_for_long_is_forgotten(store: Store) -> None:
    used = NIGHT.replace(tzinfo=None) - retention.SAVED_NAMES - timedelta(days=1)
    session = Session("fr", used, names=(KnownName("Aïssatou Bah", used),))
    await store.commit(Change(chat=StoredChat(1, write_session(session), "fr")))
    assert await Machine().retention(store).run_if_due()
    chat = await store.chat(1)
    assert chat
    assert "Aïssatou" not in chat.session


async def test_all_silent_chats_are_erased_also_from_memory_and_the_others_stay(store: Store) -> None:
    for chat_id in range(1, 50):
        await store.commit(Change(chat=StoredChat(chat_id, "s", "fr")))
    machine = Machine(now=(datetime.now(UTC) + retention.SILENT_CHATS).replace(hour=2) - timedelta(days=1))
    await machine.retention(store).run_if_due()
    assert machine.erased == []
    machine.now += timedelta(days=3)
    await machine.retention(store).run_if_due()
    assert sorted(machine.erased) == list(range(1, 50))
    assert await store.chat(1) is None


async def test_it_goes_on_after_a_failure(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    works = machine.retention(store)
    await SqlRetention(store).record_run(float("nan"))
    with pytest.raises(asyncio.CancelledError):
        await works.run()
    assert "old data could not be deleted" in caplog.text
