"""The table of appointments follows what the API tells."""

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
async def room(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as here:
        await here.chats(1, 2)
        await here.books_for(1, 101, 5, TOMORROW)
        await here.books_for(2, 102, 5, TOMORROW)
        yield here


def appointment(
    number: int, at: str = TOMORROW, status: AppointmentStatus = AppointmentStatus.SCHEDULED, department: int = 5
) -> Appointment:
    return Appointment(number, department, datetime.fromisoformat(at), "Aïssatou", status)


async def tell(room: BroadcastDatabase, *listed: Appointment, made_since: frozenset[int] = frozenset()) -> None:
    """The API says that these are all of chat 1's."""
    await room.store.commit(Change(works=(AppointmentBook(room.store).replace(1, listed, made_since),)))


def of_chat_1(room: BroadcastDatabase) -> list[tuple[object, ...]]:
    query = "SELECT appointment_id, department_id, starts_at, is_cancelled FROM appointments WHERE chat_id = 1"
    return room.database.rows(f"{query} ORDER BY appointment_id")


async def test_one_that_the_office_cancelled_counts_no_more(room: BroadcastDatabase) -> None:
    await tell(room, appointment(101, status=AppointmentStatus.CANCELLED))
    assert of_chat_1(room) == [(101, 5, TOMORROW, 1)]
    assert await room.recipients.count(Visitors(5, ""), NOW) == 1


async def test_one_that_is_not_told_any_more_counts_no_more_and_other_chats_are_left_alone(
    room: BroadcastDatabase,
) -> None:
    await tell(room)
    assert of_chat_1(room) == [(101, 5, TOMORROW, 1)]
    assert await room.recipients.count(Visitors(5, ""), NOW) == 1


async def test_one_that_the_office_moved_counts_for_its_new_day(room: BroadcastDatabase) -> None:
    await tell(room, appointment(101, LATER, department=8))
    assert of_chat_1(room) == [(101, 8, LATER, 0)]


async def test_one_that_was_made_elsewhere_counts(room: BroadcastDatabase) -> None:
    await tell(room, appointment(101), appointment(103, LATER))
    assert of_chat_1(room) == [(101, 5, TOMORROW, 0), (103, 5, LATER, 0)]


async def test_one_that_was_made_while_the_api_was_asked_still_counts(room: BroadcastDatabase) -> None:
    await tell(room, made_since=frozenset({101}))
    assert of_chat_1(room) == [(101, 5, TOMORROW, 0)]


async def test_one_that_is_told_again_counts_again(room: BroadcastDatabase) -> None:
    await tell(room)
    await tell(room, appointment(101))
    assert of_chat_1(room) == [(101, 5, TOMORROW, 0)]
