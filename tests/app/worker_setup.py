"""An attempt worker for tests, with a real store, a fake API, and a record of everything that it told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.app.attempt import BOOKINGS, CANCELLINGS
from bot.app.attempt_worker import AttemptWorker
from bot.app.ports import WriteOutcome
from bot.app.records import AttemptKind, Change, Settled, StoredAttempt
from bot.core.events import (
    AttemptDelayed,
    Event,
)
from bot.core.model import (
    Appointment,
    Department,
    Draft,
    Ticket,
)
from bot.core.states import BookingAttempt, CancelAttempt
from bot.storage.store import Store
from tests.app.fakes import FakeMoncreneau, ScriptedError

CHAT, OWNER = 7, "telegram:7"
OFFICE = Department(5, "Passeports")
NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time
AT = NOW + timedelta(days=1)
LOST = ScriptedError(WriteOutcome.UNKNOWN)
LOST_BUT_DONE = ScriptedError(WriteOutcome.UNKNOWN, acted=True)
BOOKING = StoredAttempt(
    CHAT,
    1,
    AttemptKind.BOOK,
    BOOKINGS.write(BookingAttempt(1, Draft(OFFICE, at=AT, name="Aïssatou Bah"), NOW)),
)
MINE = Appointment(50, 5, AT, "Aïssatou Bah", owner=OWNER)
CANCELLING = StoredAttempt(CHAT, 2, AttemptKind.CANCEL, CANCELLINGS.write(CancelAttempt(2, Ticket(MINE, OFFICE))))


@dataclass
class WorkerSetup:
    """An attempt worker with its parts, and the events that it told."""

    api: FakeMoncreneau
    store: Store
    attempt_worker: AttemptWorker = field(init=False)
    said: list[tuple[Event, Settled | None]] = field(default_factory=list)
    now: datetime = NOW
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.attempt_worker = AttemptWorker(self.store, self.api, lambda: self.now)

    def _tell(self, _chat: int, event: Event, settled: Settled | None) -> None:
        self.said.append((event, settled))
        if settled:
            self.told.set()

    async def run(self, attempt: StoredAttempt, *, resumed: bool = False) -> Event:
        """Carry out an attempt; returns the event of its outcome."""
        await self.begin(attempt, resumed=resumed)
        await self.told.wait()
        (outcome,) = [event for event, settled in self.said if settled]
        return outcome

    async def begin(self, attempt: StoredAttempt, *, resumed: bool = False) -> None:
        """Store an attempt and pass it to the worker, as a conversation does."""
        if not await self.store.attempt(attempt.chat_id, attempt.number):
            await self.store.commit(Change(opened=(attempt,)))
        self.attempt_worker.begin(attempt, self._tell, resumed=resumed)

    @property
    def delays(self) -> list[AttemptDelayed]:
        return [event for event, _ in self.said if isinstance(event, AttemptDelayed)]


@asynccontextmanager
async def worker_setup(folder: Path) -> AsyncIterator[WorkerSetup]:
    store = await Store(f"sqlite+aiosqlite:///{folder / 'bot.db'}").open()
    try:
        yield WorkerSetup(FakeMoncreneau(), store)
    finally:
        await store.close()
