"""The table of appointments follows the lists that the API returns."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from bot.app.records import Change
from bot.broadcast.model import Visitors
from bot.core.model import Appointment, AppointmentStatus
from bot.storage.appointments import AppointmentBook
from tests.storage.broadcast_examples import NOW, BroadcastDatabase, broadcast_feature
from tests.storage.databases import Database

TOMORROW, LATER = "2026-03-03T10:00", "2026-03-05T11:30"


@pytest.fixture
async def db(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as opened:
        await opened.add_chats(1, 2)
        await opened.add_appointment(1, 101, 5, TOMORROW)
        await opened.add_appointment(2, 102, 5, TOMORROW)
        yield opened


def appointment(
    number: int, at: str = TOMORROW, status: AppointmentStatus = AppointmentStatus.SCHEDULED, department: int = 5
) -> Appointment:
    return Appointment(number, department, datetime.fromisoformat(at), "Aïssatou", status)


async def tell(db: BroadcastDatabase, *listed: Appointment, made_since: frozenset[int] = frozenset()) -> None:
    """Store these as all appointments of chat 1 that the API returned."""
    await db.store.commit(Change(works=(AppointmentBook(db.store).replace(1, listed, made_since),)))


def of_chat_1(db: BroadcastDatabase) -> list[tuple[object, ...]]:
    query = "SELECT appointment_id, department_id, starts_at, is_cancelled FROM appointments WHERE chat_id = 1"
    return db.database.rows(f"{query} ORDER BY appointment_id")


async def test_an_appointment_that_the_office_cancelled_does_not_count(db: BroadcastDatabase) -> None:
    await tell(db, appointment(101, status=AppointmentStatus.CANCELLED))
    assert of_chat_1(db) == [(101, 5, TOMORROW, 1)]
    assert await db.recipients.count(Visitors(5, ""), NOW) == 1


async def test_an_appointment_missing_from_the_list_does_not_count_and_other_chats_do_not_change(
    db: BroadcastDatabase,
) -> None:
    await tell(db)
    assert of_chat_1(db) == [(101, 5, TOMORROW, 1)]
    assert await db.recipients.count(Visitors(5, ""), NOW) == 1


async def test_an_appointment_that_the_office_moved_counts_for_its_new_day(db: BroadcastDatabase) -> None:
    await tell(db, appointment(101, LATER, department=8))
    assert of_chat_1(db) == [(101, 8, LATER, 0)]


async def test_an_appointment_made_outside_the_bot_counts(db: BroadcastDatabase) -> None:
    await tell(db, appointment(101), appointment(103, LATER))
    assert of_chat_1(db) == [(101, 5, TOMORROW, 0), (103, 5, LATER, 0)]


async def test_an_appointment_made_while_the_list_was_read_still_counts(db: BroadcastDatabase) -> None:
    await tell(db, made_since=frozenset({101}))
    assert of_chat_1(db) == [(101, 5, TOMORROW, 0)]


async def test_an_appointment_that_is_listed_again_counts_again(db: BroadcastDatabase) -> None:
    await tell(db)
    await tell(db, appointment(101))
    assert of_chat_1(db) == [(101, 5, TOMORROW, 0)]
