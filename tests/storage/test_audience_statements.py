"""The SQL of audiences selects the right chats."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.broadcast.model import Audience, Dated, DayVisitors, Everyone, Speakers, Visitors
from tests.storage.broadcast_examples import NOW, BroadcastDatabase, broadcast_feature
from tests.storage.databases import Database

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture
async def db(database: Database) -> AsyncIterator[BroadcastDatabase]:
    async with broadcast_feature(database) as opened:
        await opened.add_chats(1, 2, 3)
        await opened.add_chats(4, 5, locale="en")
        await opened.add_chats(6, left=True)
        await opened.add_chats(7, announcements=False)
        await opened.add_appointment(1, 101, 5, "2026-03-02T08:59")
        await opened.add_appointment(2, 102, 5, "2026-03-02T09:00")
        await opened.add_appointment(2, 103, 5, "2026-03-03T23:59")
        await opened.add_appointment(3, 104, 5, "2026-03-03T10:00")
        await opened.add_appointment(4, 105, 8, "2026-03-04T00:00")
        await opened.add_appointment(6, 106, 5, "2026-03-03T10:00")
        await opened.add_appointment(7, 107, 5, "2026-03-03T10:00")
        await opened.cancel_appointment(3, 104)
        yield opened


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
        (DayVisitors(5, "Passports", MONDAY, MONDAY), [1, 2]),
        (DayVisitors(5, "Passports", TUESDAY, date(2026, 3, 9)), [2]),
        (DayVisitors(8, "Births", MONDAY, TUESDAY), []),
    ],
    ids=str,
)
async def test_an_audience_has_exactly_these_chats(
    db: BroadcastDatabase, audience: Audience, reached: list[int]
) -> None:
    assert await db.recipients.count(audience, NOW) == len(reached)
    await db.confirm_broadcast(audience)
    await db.list_recipients()
    assert [each for (each,) in db.database.rows("SELECT chat_id FROM recipients ORDER BY chat_id")] == reached


@pytest.mark.parametrize(
    "audience", [Everyone(), Speakers("fr"), Visitors(8, ""), Dated(MONDAY, date(2026, 3, 4))], ids=str
)
async def test_the_staff_of_a_department_reaches_nobody_who_is_not_booked_there(
    db: BroadcastDatabase, audience: Audience
) -> None:
    await db.add_appointment(5, 108, 5, "2026-03-01T10:00")
    everybody = {1, 2}
    number = await db.recipients.count(audience, NOW, staff_of=5)
    await db.confirm_broadcast(audience, staff_of=5)
    await db.list_recipients()
    listed = [each for (each,) in db.database.rows("SELECT chat_id FROM recipients ORDER BY chat_id")]
    assert set(listed) <= everybody
    assert len(listed) == number


async def test_who_is_booked_on_a_day_is_counted_by_department_once(db: BroadcastDatabase) -> None:
    await db.add_appointment(2, 109, 5, "2026-03-03T08:00")
    await db.add_appointment(5, 110, 8, "2026-03-03T08:00")
    assert await db.recipients.booked_on(TUESDAY) == {5: 1, 8: 1}
    assert await db.recipients.booked_on(date(2026, 3, 9)) == {}
