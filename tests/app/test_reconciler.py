"""Changes that no webhook reported are found by reading the citizens' days; strangers' appointments leave no trace."""

import logging
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.app.appointment_news import LONG_AGO, AppointmentNews
from bot.app.conversations import ChatTurn
from bot.app.ports import Need, WriteOutcome
from bot.app.reconciler import LONGEST_PAUSE, LOOK_EVERY, Reconciler, due
from bot.app.records import Change, DeliveryIds, DepartmentDay, Kind, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment, AppointmentStatus, Department, FailureCode
from bot.storage.store import Store
from bot.storage.tables import metadata
from tests.app.fakes import FakeMoncreneau, ScriptedError, refused
from tests.app.test_appointment_news import cancelling, draw

NOW = datetime.fromisoformat("2026-03-02T09:00")
AT = NOW + timedelta(days=3)
HOUR = timedelta(hours=1)
MINE = Appointment(50, 5, AT, "Aïssatou Bah", owner="telegram:7")
STRANGER = Appointment(60, 5, AT, "Fatoumata Camara", owner="citizen 9")
CANCELLED = AppointmentStatus.CANCELLED


@dataclass
class ReconcilerSetup:
    """A reconciler, its store and the API; chats play their turns when the test says so."""

    store: Store
    api: FakeMoncreneau = field(default_factory=lambda: FakeMoncreneau((Department(5, "Passeports"),), ()))
    now: datetime = NOW
    gets_webhooks: bool = False
    turns: list[tuple[int, ChatTurn]] = field(default_factory=list)

    def __post_init__(self) -> None:
        def unix_time() -> float:
            return self.now.timestamp()

        news = AppointmentNews(self.store, self.api, draw, lambda: self.now, unix_time, lambda: 0.0, ids=DeliveryIds())
        self.reconciler = Reconciler(
            self.store,
            self.api,
            news,
            lambda chat, turn: self.turns.append((chat, turn)),
            lambda: self.now,
            lambda: self.gets_webhooks,
        )

    async def knows(self, *found: Appointment, chat: int = 7) -> None:
        facts = tuple(Fact(each.id, chat, self.now, Source.ATTEMPT, each) for each in found)
        await self.store.commit(Change(chat=StoredChat(chat, "session", "fr"), facts=facts))

    def has(self, *found: Appointment) -> None:
        self.api.books = {each.id: each for each in found}

    async def reads(self, later: timedelta = HOUR) -> list[str]:
        """What is told after the next look, `later`."""
        self.now += later
        await self.reconciler.read_due()
        told: list[str] = []
        while self.turns:
            _, turn = self.turns.pop(0)
            change = await turn()
            await self.store.commit(change)
            told += [each.message.text for each in change.queued if each.kind is Kind.SEND]
        return told


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[ReconcilerSetup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield ReconcilerSetup(store)
    await store.close()


# --- what is told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (replace(MINE, status=CANCELLED), "fr CancelledByOthers"),
        (replace(MINE, at=AT + HOUR), "fr MovedByOffice"),
        (replace(MINE, at=AT + timedelta(days=9)), "fr MovedByOffice"),
        (replace(MINE, status=AppointmentStatus.COMPLETED), "fr Validated"),
    ],
    ids=["cancelled", "moved within the day", "moved to another day", "validated"],
)
async def test_a_change_is_told_once_in_the_words_of_a_webhook(
    setup: ReconcilerSetup, now: Appointment, told: str
) -> None:
    await setup.knows(MINE)
    setup.has(now)
    assert await setup.reads() == [told]
    assert await setup.reads() == []


async def test_an_unchanged_day_costs_one_request_and_no_turn(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE)
    setup.has(MINE)
    setup.now += HOUR
    await setup.reconciler.read_due()
    assert (setup.turns, setup.api.days, setup.api.needs) == ([], [(5, AT.date())], [])


async def test_an_appointment_missing_from_a_whole_list_is_asked_for_before_anything_is_told(
    setup: ReconcilerSetup,
) -> None:
    await setup.knows(MINE)
    setup.has(replace(MINE, department_id=8))
    setup.api.offices = ()
    assert await setup.reads() == ["fr MovedByOffice"]
    assert setup.api.needs == [Need.BACKGROUND]
    setup.has()
    assert await setup.reads(LONG_AGO) == [], "it is over by then"


async def test_an_appointment_that_the_api_does_not_know_any_more_counts_as_cancelled(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE)
    assert await setup.reads() == ["fr CancelledByOthers"]


async def test_an_appointment_missing_from_a_list_is_no_news_until_it_can_be_looked_up(
    setup: ReconcilerSetup,
) -> None:
    await setup.knows(MINE)
    setup.api.reads = deque((None, refused(FailureCode.DOWN)))
    assert await setup.reads() == []
    assert await setup.reads() == ["fr CancelledByOthers"], "an hour later it can"


async def test_even_one_that_is_soon_is_asked_for_with_requests_that_nobody_needs(setup: ReconcilerSetup) -> None:
    await setup.knows(replace(MINE, at=NOW + 5 * HOUR))
    await setup.reads()
    assert setup.api.needs == [Need.BACKGROUND]


async def test_an_incomplete_list_tells_what_it_has_and_nothing_of_what_it_lacks(setup: ReconcilerSetup) -> None:
    other = replace(MINE, id=51)
    await setup.knows(MINE, other)
    torn = ScriptedError(WriteOutcome.UNKNOWN, FailureCode.DOWN)
    torn.seen = (replace(MINE, status=CANCELLED),)
    setup.api.reads.append(torn)
    assert await setup.reads() == ["fr CancelledByOthers"]
    assert setup.api.needs == []


async def test_an_appointment_that_the_office_made_comes_as_a_ticket_unless_it_is_old(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE)
    fresh = replace(MINE, id=51, at=MINE.at + HOUR, created_at=NOW)
    setup.has(MINE, fresh, replace(MINE, id=52, created_at=NOW - LONG_AGO - HOUR))
    assert await setup.reads() == ["fr MadeByOffice"]
    assert {each.appointment_id for each in await setup.store.entries_of(7)} == {50, 51, 52}


async def test_a_citizens_own_change_is_newer_than_a_list_read_meanwhile(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE)
    setup.has(replace(MINE, at=AT + HOUR))
    setup.now += HOUR
    await setup.reconciler.read_due()
    ((_, turn),) = setup.turns
    cancelled = Fact(50, 7, setup.now, Source.ATTEMPT, replace(MINE, status=CANCELLED))
    await setup.store.commit(Change(facts=(cancelled,)))
    assert await turn() == Change()


async def test_while_the_citizens_request_is_open_nothing_is_told_and_later_it_is(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE)
    await setup.store.commit(Change(opened=(cancelling(50),)))
    setup.has(replace(MINE, at=AT + HOUR))
    assert await setup.reads() == []


# --- strangers --------------------------------------------------------------------------------------------------------


async def test_strangers_appointments_are_neither_stored_nor_logged_nor_told(
    setup: ReconcilerSetup, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await setup.knows(MINE)
    nobody = replace(STRANGER, id=61, owner=None)
    unknown_chat = replace(STRANGER, id=62, owner="telegram:99")
    taken_over = replace(MINE, owner="telegram:99", at=AT + HOUR)
    setup.has(STRANGER, nobody, unknown_chat, taken_over)
    assert await setup.reads() == []
    assert "Camara" not in caplog.text
    for table in metadata.tables.values():
        assert "Camara" not in str(await setup.store.reader.rows(select(table))), table.name
    assert [each.appointment_id for each in await setup.store.entries_of(7)] == [50]


async def test_an_api_that_tells_no_owners_changes_only_what_the_book_knows(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE)
    setup.api.tells_owner = False
    setup.has(replace(MINE, status=CANCELLED), STRANGER)
    assert await setup.reads() == ["fr CancelledByOthers"]
    assert len(await setup.store.entries_of(7)) == 1


# --- when -------------------------------------------------------------------------------------------------------------


async def test_without_webhooks_each_day_is_read_once_an_hour(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE)
    setup.has(MINE)
    await setup.reads(timedelta(minutes=59))
    assert setup.api.days == [], "what was just booked is known"
    for minutes in (1, 59, 1):
        await setup.reads(timedelta(minutes=minutes))
    assert len(setup.api.days) == 2


async def test_with_webhooks_a_day_is_read_two_days_before_and_on_its_morning(setup: ReconcilerSetup) -> None:
    setup.gets_webhooks = True
    await setup.knows(MINE)
    setup.has(MINE)
    when: list[str] = []
    while setup.now < AT:
        before = len(setup.api.days)
        await setup.reads(timedelta(minutes=30))
        when += [f"{setup.now:%d %H:%M}"] * (len(setup.api.days) - before)
    assert when == ["03 06:00", "05 06:00"]


async def test_when_the_api_has_no_request_to_spare_the_rest_waits(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE, replace(MINE, id=51, department_id=8))
    setup.has(MINE)
    setup.now += HOUR
    busy = ScriptedError(WriteOutcome.NOT_SENT, FailureCode.BUSY, retry_after=300.0)
    setup.api.reads.append(busy)
    assert await setup.reconciler.read_due() == 300.0
    assert len(setup.api.days) == 1
    busy.retry_after = 3000.0
    setup.api.reads.append(busy)
    assert await setup.reconciler.read_due() == LONGEST_PAUSE
    assert await setup.reconciler.read_due() == LOOK_EVERY
    assert [each for each, _ in setup.api.days] == [5, 5, 5, 8]


async def test_a_day_that_is_refused_does_not_hold_up_the_others(setup: ReconcilerSetup) -> None:
    await setup.knows(MINE, replace(MINE, id=51, department_id=8))
    setup.has(MINE, replace(MINE, id=51, department_id=8, status=CANCELLED))
    setup.api.reads.append(refused(FailureCode.NO_ACCESS))
    assert await setup.reads() == ["fr CancelledByOthers"]


def days(*ahead: int, as_of: datetime | None = NOW - HOUR) -> tuple[DepartmentDay, ...]:
    return tuple(DepartmentDay(5, NOW.date() + timedelta(days=each), as_of) for each in ahead)


def test_the_nearest_day_is_read_first() -> None:
    assert due(days(9, 0, 3), {}, NOW, gets_webhooks=False) == list(days(0, 3, 9))


def test_a_far_day_that_was_not_read_for_long_comes_before_near_ones() -> None:
    (near,), (far,) = days(0), days(9, as_of=NOW - 11 * HOUR)
    assert due((near, far), {}, NOW, gets_webhooks=False) == [far, near]


def test_a_day_with_an_appointment_of_unknown_age_is_read_at_once() -> None:
    (old,) = days(9, as_of=None)
    assert due((*days(0), old), {}, NOW, gets_webhooks=False)[0] == old


def test_a_clock_that_was_set_back_makes_a_day_due() -> None:
    (day,) = days(1)
    assert due((day,), {day.key: NOW + 30 * HOUR}, NOW, gets_webhooks=False) == [day]


def oldest_readings(departments: int, horizon: int, hours: int) -> list[timedelta]:
    """The longest time without a reading, by the days ahead, if 50 days are read an hour."""
    read_at: dict[tuple[int, date], datetime] = {}
    oldest = [timedelta()] * horizon
    for hour in range(hours):
        now = NOW + hour * HOUR
        shown = [
            DepartmentDay(each, now.date() + timedelta(days=ahead), NOW)
            for each in range(departments)
            for ahead in range(horizon)
        ]
        read_at |= dict.fromkeys((each.key for each in due(tuple(shown), read_at, now, gets_webhooks=False)[:50]), now)
        for each in shown:
            ahead = (each.day - now.date()).days
            oldest[ahead] = max(oldest[ahead], now + HOUR - read_at.get(each.key, NOW))
    return oldest


@pytest.mark.parametrize(("departments", "today", "in_a_week", "in_a_month"), [(5, 1, 4, 13), (20, 3, 17, 63)])
def test_news_is_as_late_as_the_guarantees_say(departments: int, today: int, in_a_week: int, in_a_month: int) -> None:
    oldest = oldest_readings(departments, horizon=60, hours=10 * 24)
    assert [oldest[ahead] / HOUR for ahead in (0, 7, 30)] == [today, in_a_week, in_a_month]
