"""How the bot is: told to admins who ask, and to nobody else."""

import asyncio
from datetime import datetime

from bot.app.records import Change, DeliveryIds, Kind
from bot.app.updates import FromCitizen
from bot.core.events import CitizenEvent, Commanded, Typed
from bot.core.health import HealthReport
from bot.operations.status import WRITE_TIMEOUT, Database, StatusHandler
from bot.storage.store import Store
from bot.views.message import Message
from tests.app.virtual_clock import in_no_time
from tests.core.test_health import condition

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time


class ScriptedStore(Store):
    """A store whose writes succeed, fail or hang as the test says."""

    def __init__(self) -> None:
        self.writings = 0
        self.stuck: asyncio.Event | None = None
        self.error: Exception | None = None

    async def commit(self, change: Change) -> None:
        assert change.saved_values
        self.writings += 1
        if self.stuck:
            await self.stuck.wait()
        if self.error:
            raise self.error


async def look() -> HealthReport:
    return condition(3, 2)


async def locale_of(_chat_id: int) -> str:
    return "en"


def draw(seen: HealthReport, locale: str) -> Message:
    return Message(f"{seen.requests_today} {seen.booked_today} {locale}")


async def asked(event: CitizenEvent) -> Change | None:
    return await StatusHandler(look, draw, locale_of, DeliveryIds()).handle(7, FromCitizen(event, 900))


async def test_status_is_answered_in_the_admins_language() -> None:
    change = await asked(Commanded(at=NOW, name="status"))
    assert change
    (delivery,) = change.queued
    assert (delivery.chat_id, delivery.kind, delivery.message.text) == (7, Kind.SEND, "3 2 en")


async def test_other_messages_are_left_to_other_handlers() -> None:
    assert await asked(Commanded(at=NOW, name="book")) is None
    assert await asked(Typed(at=NOW, text="status")) is None


async def test_a_database_that_writes_can_be_written() -> None:
    database = Database(ScriptedStore())
    assert await database.writes()
    await database.aclose()


async def test_a_database_that_refuses_a_write_cannot_be_written() -> None:
    store = ScriptedStore()
    store.error = OSError("read-only")
    assert not await Database(store).writes()


@in_no_time
async def test_a_database_that_hangs_is_probed_once_and_not_waited_for() -> None:
    store = ScriptedStore()
    store.stuck = asyncio.Event()
    database = Database(store)
    began = asyncio.get_running_loop().time()
    assert not await database.writes()
    assert not await database.writes()
    assert asyncio.get_running_loop().time() - began < 3 * WRITE_TIMEOUT
    assert store.writings == 1, "probes must not pile up before a locked database"
    store.stuck.set()
    await asyncio.sleep(0.1)
    assert await database.writes()
    store.stuck = asyncio.Event()
    assert not await database.writes()
    await database.aclose()


async def test_a_database_that_was_never_probed_can_be_closed() -> None:
    await Database(ScriptedStore()).aclose()
