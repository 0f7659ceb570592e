"""An appointment that the bot made twice is cancelled unseen; whatever may be intended stays."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app.ports import WriteOutcome
from bot.app.records import Change, StoredChat
from bot.app.sessions import Sessions
from bot.app.strays import NEAR, cancelling_of, is_stray
from bot.core.appointment_book import BookEntry, Fact, Origin, Source
from bot.core.model import Appointment, AppointmentStatus, FailureCode
from bot.core.states import Idle
from bot.storage.store import Store
from tests.app.fakes import ScriptedError, refused
from tests.app.test_appointment_news import AT, MADE, NOW, NewsSetup
from tests.app.virtual_clock import in_no_time
from tests.app.worker_setup import WorkerSetup, worker_setup

INTENDED = BookEntry(50, 7, 5, AT, name="Aïssatou Bah", booked_at=NOW, origin=Origin.BOT)
STRAY = Appointment(51, 5, AT, "AISSATOU  BAH", owner="telegram:7", created_at=NOW + NEAR)


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[NewsSetup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    news = NewsSetup(store)
    await news.knows(7)
    news.api.books[51] = STRAY
    yield news
    await store.close()


def test_a_repetition_of_an_intended_appointment_is_a_stray() -> None:
    assert is_stray(STRAY, 7, [INTENDED])
    assert is_stray(replace(STRAY, created_at=NOW - NEAR), 7, [INTENDED])
    assert is_stray(replace(STRAY, worker_id=3), 7, [replace(INTENDED, worker_id=3)])


@pytest.mark.parametrize(
    "found",
    [
        replace(STRAY, owner=None),
        replace(STRAY, owner="telegram:8"),
        replace(STRAY, created_at=None),
        replace(STRAY, created_at=NOW + NEAR + timedelta(seconds=1)),
        replace(STRAY, created_at=NOW - NEAR - timedelta(seconds=1)),
        replace(STRAY, status=AppointmentStatus.CANCELLED),
        replace(STRAY, status=AppointmentStatus.COMPLETED),
        replace(STRAY, department_id=6),
        replace(STRAY, at=AT + timedelta(minutes=1)),
        replace(STRAY, name="Mamadou Bah"),
        replace(STRAY, id=50),
    ],
    ids=repr,
)
def test_what_may_be_intended_is_no_stray(found: Appointment) -> None:
    assert not is_stray(found, 7, [INTENDED])


@pytest.mark.parametrize(
    "known",
    [
        replace(INTENDED, origin=Origin.OFFICE),
        replace(INTENDED, origin=None),
        replace(INTENDED, status=AppointmentStatus.CANCELLED),
        replace(INTENDED, booked_at=None),
        replace(INTENDED, worker_id=4),
    ],
    ids=repr,
)
def test_only_a_standing_appointment_of_an_attempt_has_strays(known: BookEntry) -> None:
    assert not is_stray(replace(STRAY, worker_id=3), 7, [known])


async def test_a_stray_in_a_list_is_cancelled_and_not_told(setup: NewsSetup) -> None:
    change = await setup.lists(MADE, STRAY)
    assert (change.queued, change.facts, change.opened) == ((), (), (cancelling_of(STRAY, 7),))


async def test_a_stray_in_a_webhook_is_cancelled_and_not_told(setup: NewsSetup) -> None:
    change = await setup.hears(STRAY, appointment_id=51, is_new=True)
    assert (change.queued, change.facts, change.opened) == ((), (), (cancelling_of(STRAY, 7),))


async def test_a_stray_in_a_department_s_day_is_cancelled_and_not_told(setup: NewsSetup) -> None:
    fact = Fact(51, 7, NOW + timedelta(minutes=5), Source.DAY, STRAY)
    change = await setup.news.of_day(7, (fact,))
    assert (change.queued, change.facts, change.opened) == ((), (), (cancelling_of(STRAY, 7),))


async def test_while_it_is_being_cancelled_its_own_webhook_waits_and_others_do_not(setup: NewsSetup) -> None:
    await setup.store.commit(Change(opened=(cancelling_of(STRAY, 7),)))
    made_by_office = replace(MADE, id=60, at=AT + timedelta(days=1))
    setup.api.books[60] = made_by_office
    change = await setup.hears(made_by_office, appointment_id=60, is_new=True)
    assert [each.kind for each in change.opened] == []
    assert change.queued


@pytest.mark.parametrize("failure", [None, ScriptedError(WriteOutcome.UNKNOWN)], ids=str)
@in_no_time
async def test_the_stray_is_cancelled_unseen_and_recorded_so_that_no_list_tells_it(
    tmp_path: Path, failure: ScriptedError | None
) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[51] = STRAY
        here.api.writes.append(failure)
        await run_unseen(here)
        assert here.api.books[51].status is AppointmentStatus.CANCELLED
        entry = await here.store.entry(51)
        assert entry
        assert entry.status is AppointmentStatus.CANCELLED


@in_no_time
async def test_a_stray_that_the_office_does_not_cancel_stays_and_the_attempt_ends(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        here.api.books[51] = STRAY
        here.api.writes.append(refused(FailureCode.BAD_REQUEST))
        await run_unseen(here)
        assert await here.store.entry(51) is None


@in_no_time
async def test_a_chat_whose_stray_is_being_cancelled_waits_for_nothing(tmp_path: Path) -> None:
    async with worker_setup(tmp_path) as here:
        await here.store.commit(Change(chat=StoredChat(7, "garbage", "fr"), opened=(cancelling_of(STRAY, 7),)))
        session = await Sessions(here.store, "fr").get(7, NOW, "fr")
        assert isinstance(session.state, Idle)


async def run_unseen(here: WorkerSetup) -> None:
    """Cancel the stray until its attempt is closed; nobody is told anything."""
    await here.begin(cancelling_of(STRAY, 7))
    await asyncio.wait(here.attempt_worker._tasks)
    assert here.said == []
    assert await here.store.open_attempts() == ()
