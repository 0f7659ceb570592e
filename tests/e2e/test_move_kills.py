"""A SIGKILL at any point of a move: one of the two appointments stands at every instant, and in the end the new one."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.bot_process import BotProcess
from tests.e2e.patient_citizen import Habits, PatientCitizen, WantedBooking
from tests.e2e.phone import new_phone
from tests.e2e.services import OFFICES, Services, separate_bot
from tests.e2e.waiting import eventually
from tests.e2e.words import Words
from tests.storage.databases import Database, sqlite_database

WORDS = Words("fr")
Json = dict[str, Any]
AT_FAILPOINTS = {
    "before the POST": "before request:1",
    "after the answer to the POST": "after answer:1",
    "before the new appointment is stored": "turn taken:2",
    "after the new appointment is stored": "outcome committed:1",
    "before the DELETE": "before request:2",
    "after the answer to the DELETE": "after answer:2",
    "before the outcome is stored": "turn taken:3",
    "after the outcome is stored": "outcome committed:2",
}
"""Where the process kills itself, in the order in which a move gets there."""
pytestmark = pytest.mark.timeout(120)


class Mover:
    """A citizen with one appointment who is about to confirm a move; `old` is its number."""

    def __init__(self, citizen: PatientCitizen, services: Services) -> None:
        self.citizen = citizen
        self.phone = citizen.phone
        self._services = services
        self.old = 0
        self.seen: set[tuple[int, int]] = set()
        """How many appointments stood, and how many there were, at every look since the booking."""

    async def appointments(self) -> list[Json]:
        return await self._services.appointments(self.phone.chat_id)

    async def standing(self) -> list[int]:
        return [each["id"] for each in await self.appointments() if each["status"] == "SCHEDULED"]

    async def reaches_summary(self) -> None:
        booking = WantedBooking("Fanta Camara", "Passeports")
        await self.citizen.book(booking)
        self.old = booking.ticket or 0
        await self._press("button.move")
        await self._press("button.earliest", "button.earliest_today")
        await eventually("the summary", lambda: self._shows("button.confirm"))

    async def confirms(self) -> None:
        await self._press("button.confirm")

    async def watches(self) -> None:
        """Note what stands, again and again."""
        while True:
            every = await self.appointments()
            self.seen.add((sum(each["status"] == "SCHEDULED" for each in every), len(every)))
            await asyncio.sleep(0.02)

    async def _shows(self, *keys: str) -> Json:
        wanted = tuple(WORDS.label(key, time="§", day="§").split("§", maxsplit=1)[0].strip() for key in keys)
        for shown in reversed(await self.phone.look(everything=True)):
            for label in shown.labels:
                if label.startswith(wanted):
                    return {"shown": shown, "label": label}
        return {}

    async def _press(self, *keys: str) -> None:
        found = await eventually(" or ".join(keys), lambda: self._shows(*keys))
        await self.phone.press(found["shown"], found["label"])


@asynccontextmanager
async def about_to_confirm(folder: Path) -> AsyncIterator[tuple[Services, BotProcess, Mover, Database]]:
    """A citizen before the summary of a move, and a bot that was killed there."""
    database = sqlite_database(folder)
    async with separate_bot(folder, 1, database.url) as (services, process):
        await process.start()
        phone = await new_phone(services.telegram, "Fanta", "fr")
        offices = tuple(office.name for office in OFFICES)
        calm = Habits(doubles=0, cancels=0, gives_up=0)
        mover = Mover(PatientCitizen(phone, WORDS, offices, random.Random(1), calm), services)  # noqa: S311
        await mover.reaches_summary()
        await process.kill()
        watching = asyncio.create_task(mover.watches())
        try:
            yield services, process, mover, database
        finally:
            watching.cancel()


async def is_moved_after_restart(process: BotProcess, mover: Mover, database: Database) -> None:
    """The next process ends the move; what the citizen read last agrees with the ledger."""
    await process.start()

    def is_at_rest() -> bool:
        open_attempts = database.rows("SELECT count(*) FROM attempts WHERE settled_at IS NULL")
        return [*open_attempts, *database.rows("SELECT count(*) FROM outbox")] == [(0,), (0,)]

    await eventually("the move is over and told", is_at_rest, within=60)
    (new,) = await mover.standing()
    assert new != mover.old
    assert len(await mover.appointments()) == 2, "never a third"
    assert mover.seen <= {(1, 1), (2, 2), (1, 2)}, "at every instant one of the two stands"
    shown = await mover.phone.look(everything=True)
    assert [each for each in shown if each.text.startswith("🔁 Rendez-vous déplacé au") and str(mover.old) in each.text]
    told = [
        each.text for each in shown if "Il remplace votre rendez-vous" in each.text or "C’est fait. Votre" in each.text
    ]
    assert told
    assert all(WORDS.number_in(text) == new for text in told)
    assert not [each for each in shown if "deux rendez-vous" in each.text or "pas été déplacé" in each.text]


@pytest.mark.parametrize("point", AT_FAILPOINTS)
async def test_a_kill_at_a_failpoint_loses_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    async with about_to_confirm(tmp_path) as (_, process, mover, database):
        await process.start(crash_at=AT_FAILPOINTS[point])
        await mover.confirms()
        assert await process.ended(30) is not None
        assert await mover.standing()
        await is_moved_after_restart(process, mover, database)


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_kill_between_a_request_and_its_answer_loses_and_doubles_nothing(tmp_path: Path, method: str) -> None:
    async with about_to_confirm(tmp_path) as (services, process, mover, database):
        await process.start()
        match = {"method": method, "path": "/appointments"}
        delay = {"kind": "delay", "seconds": 20, "when": "after", "match": match, "times": 1}
        await services.inject_faults(moncreneau=[delay])
        await mover.confirms()
        reached = {"POST": (2, 2), "DELETE": (1, 2)}[method]
        await eventually("the service has acted", lambda: reached in mover.seen)
        await process.kill()
        assert await mover.standing()
        await services.clear_faults()
        await is_moved_after_restart(process, mover, database)
