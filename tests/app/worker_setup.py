"""An attempt worker for tests, with a real store, a fake API, and a record of everything that it told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from bot.app.attempt import BOOKINGS, CANCELLINGS, MOVES
from bot.app.attempt_worker import AttemptWorker
from bot.app.ports import WriteOutcome
from bot.app.records import AttemptKind, Change, Replaced, Settled, Step, StoredAttempt
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
from bot.core.states import BookingAttempt, CancelAttempt, MoveAttempt
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
NEW_AT = AT + timedelta(days=2)
MOVE = MoveAttempt(3, Draft(OFFICE, at=NEW_AT, name="Aïssatou Bah", replaces=Ticket(MINE, OFFICE)), NOW)
MOVING = StoredAttempt(CHAT, 3, AttemptKind.MOVE, MOVES.write(MOVE))
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
    steps: list[Replaced] = field(default_factory=list)
    lost_turns: int = 0
    """So many of the next turns that tell of a step fail, and nothing of them is stored."""
    _turns: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.attempt_worker = AttemptWorker(self.store, self.api, lambda: self.now)

    def tell(self, _chat: int, event: Event, step: Step | None, /, then: Callable[[], None] = lambda: None) -> None:
        self.said.append((event, step if isinstance(step, Settled) else None))
        if isinstance(step, Settled):
            self.told.set()
        if isinstance(step, Replaced):
            turn = asyncio.create_task(self._take_turn(step, then))
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)

    async def _take_turn(self, step: Replaced, then: Callable[[], None]) -> None:
        """Store the step as a conversation does with the message about it."""
        if self.lost_turns:
            self.lost_turns -= 1
        else:
            self.steps.append(step)
            assert self.api.deletes == 0, "nothing is cancelled before the new appointment is stored"
            await self.store.commit(Change(replaced=step))
        then()

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
        self.attempt_worker.begin(attempt, self.tell, resumed=resumed)

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
