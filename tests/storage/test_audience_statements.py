"""Audiences, counted on a real database."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.broadcast.model import Audience, Dated, Everyone, Speakers, Visitors
from tests.storage.broadcast_examples import NOW, BroadcastDatabase, broadcast_feature
from tests.storage.databases import Database

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
async def room(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as here:
        await here.chats(1, 2, 3)
        await here.chats(4, 5, locale="en")
        await here.chats(6, left=True)
        await here.chats(7, announcements=False)
        await here.books_for(1, 101, 5, "2026-03-02T08:59")
        await here.books_for(2, 102, 5, "2026-03-02T09:00")
        await here.books_for(2, 103, 5, "2026-03-03T23:59")
        await here.books_for(3, 104, 5, "2026-03-03T10:00")
        await here.books_for(4, 105, 8, "2026-03-04T00:00")
        await here.books_for(6, 106, 5, "2026-03-03T10:00")
        await here.books_for(7, 107, 5, "2026-03-03T10:00")
        await here.cancels(3, 104)
        yield here


@pytest.mark.parametrize(
    ("audience", "reached"),
    [
        (Everyone(), [1, 2, 3, 4, 5]),
        (Speakers("fr"), [1, 2, 3]),
        (Speakers("en"), [4, 5]),
        (Speakers("xx"), []),
        (Visitors(5, "Passports"), [2]),
        (Visitors(8, "Births"), [4]),
        (Visitors(9, ""), []),
        (Dated(MONDAY, MONDAY), [1, 2]),
        (Dated(TUESDAY, TUESDAY), [2]),
        (Dated(MONDAY, date(2026, 3, 4)), [1, 2, 4]),
        (Dated(date(2020, 1, 1), date(2020, 1, 2)), []),
    ],
    ids=str,
)
async def test_an_audience_has_exactly_these_chats(
    room: BroadcastDatabase, audience: Audience, reached: list[int]
) -> None:
    assert await room.recipients.count(audience, NOW) == len(reached)
    await room.confirms(audience)
    await room.prepares()
    assert [each for (each,) in room.database.rows("SELECT chat_id FROM recipients ORDER BY chat_id")] == reached
