"""Random histories of alerts keep every promise, and a day of two hundred of them leaves the API in peace.

Promised: at most three messages an alert, one a calendar day, none between 20:00 and 08:00, whatever is killed or
repeated; and each tells of a place that is a day earlier and can still be reached.
"""

import asyncio
import tempfile
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app.ports import WriteOutcome
from bot.app.records import Change, Delivery, Erasure
from bot.core.appointment_book import Fact, Source
from bot.core.earlier_places import EARLIER_BY, NOTICE, PlaceAlert, asked_again, is_over
from bot.core.model import Appointment, AppointmentStatus
from bot.moncreneau.gateway import Gateway
from bot.storage.store import Store
from tests.app.fakes import ScriptedError
from tests.app.test_earlier_places import NOW, START, PlacesSetup
from tests.moncreneau.support import KEY, StillClock, budget_headers

CHATS = st.integers(1, 4)
HOURS = st.integers(1, 12 * 24).map(lambda count: timedelta(hours=count))
PAUSE = st.tuples(st.just("clock"), st.integers(1, 30).map(lambda hours: timedelta(hours=hours)))
LOOK = st.tuples(st.just("look"), st.sampled_from(["once", "killed", "twice"]), st.lists(HOURS, min_size=1, max_size=4))
STEP = (
    st.tuples(st.just("ask"), CHATS)
    | st.tuples(st.just("fails"), st.sampled_from(WriteOutcome))
    | st.tuples(st.just("cancel"), CHATS)
    | st.tuples(st.just("move"), CHATS, HOURS)
    | st.tuples(st.just("block"), CHATS)
    | st.tuples(st.just("erase"), CHATS)
    | PAUSE
    | LOOK
)
STEPS = st.builds(
    lambda steps, looks: [("ask", 1), *steps, ("ask", 2), *looks],
    st.lists(STEP, max_size=15),
    st.lists(LOOK | PAUSE, max_size=15),
)
"""Whatever happens; then citizens who asked, and many looks."""


class World(PlacesSetup):
    """What was sent to whom, and how often for the present alert."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.sent: dict[int, list[datetime]] = {}
        self.count: Counter[int] = Counter()

    async def take(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("ask", chat_id):
                await self.ask(chat_id)
            case ("fails", outcome):
                self.slots.errors.append(ScriptedError(outcome))
            case ("cancel", chat_id):
                await self.says(chat_id, START, AppointmentStatus.CANCELLED)
            case ("move", chat_id, ahead):
                await self.says(chat_id, self.now + ahead)
            case ("block", chat_id):
                await self.store.commit(Change(left=chat_id))
            case ("erase", chat_id):
                await self.store.commit(Change(erased=Erasure(chat_id, self.now)))
            case ("clock", span):
                self.now += span
            case ("look", how, ahead):
                self.is_read(*(self.now + each for each in ahead))
                await self.look(how)

    async def ask(self, chat_id: int) -> None:
        """The citizen asks as in `PlaceAlerts`; a row that is there keeps its date, and its count while it is open."""
        before = next(iter(await self.alerts.of_chat(chat_id)), None)
        if before is None:
            await self.asks(chat_id)
            self.sent.pop(chat_id, None)
        if before is None or is_over(before, self.now):
            self.count[chat_id] = 0
        alert = asked_again(before, PlaceAlert(chat_id, 5, self.now, chat_id * 10), self.now)
        await self.store.commit(Change(works=(self.alerts.saved(alert),)))

    async def look(self, how: str) -> None:
        """A tick whose turns are played, or killed before their commit, or repeated by another tick."""
        await self.places.tick()
        if how == "killed":
            for _, turn in self.turns:
                await turn()
            self.turns.clear()
        if how != "once":
            await self.restarted().tick()
        await self.see(await self.played())

    async def says(self, chat_id: int, at: datetime, status: AppointmentStatus = AppointmentStatus.SCHEDULED) -> None:
        if await self.store.chat(chat_id):
            made = Appointment(chat_id * 10, 5, at, "Aïssatou", status)
            await self.store.commit(Change(facts=(Fact(made.id, chat_id, self.now, Source.READING, made),)))

    async def see(self, deliveries: list[Delivery]) -> None:
        for each in deliveries:
            assert 8 <= self.now.hour < 20
            chat = await self.store.chat(each.chat_id)
            assert chat
            assert not chat.left
            (watched,) = await self.alerts.of_chat(each.chat_id)
            assert watched.entry
            assert watched.alert.sent_slot
            assert watched.entry.status is AppointmentStatus.SCHEDULED
            assert watched.entry.at - watched.alert.sent_slot >= EARLIER_BY
            assert watched.alert.sent_slot - self.now >= NOTICE
            days = self.sent.setdefault(each.chat_id, [])
            assert all(day.date() < self.now.date() for day in days), "one a day"
            days.append(self.now)
            self.count[each.chat_id] += 1
            assert self.count[each.chat_id] == watched.alert.sent <= 3


@given(STEPS)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_caps_hold_over_kills_repeated_ticks_and_whatever_else_happens(steps: list[tuple[Any, ...]]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            store = await Store(f"sqlite+aiosqlite:///{Path(folder) / 'bot.db'}").open()
            world = World(store)
            for step in steps:
                await world.take(step)
            await store.close()

    asyncio.run(play())


class Api:
    """Nothing is free. `left` is what other traffic leaves of the hour: a busy one has little left from its start."""

    def __init__(self, clock: StillClock) -> None:
        self.clock = clock
        self.asked: deque[datetime] = deque()
        self.left = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("availability")
        self.asked.append(self.clock.at)
        self.left -= 1
        end = self.clock.at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return httpx.Response(200, json={"availability": []}, headers=budget_headers(self.left, reset=end.timestamp()))


BUSY = {10, 11, 15}
"""Hours of the day in which citizens use more than half of the API's hour."""


def test_two_hundred_alerts_for_twenty_departments_read_little_in_calm_hours_and_nothing_in_busy_ones(
    tmp_path: Path,
) -> None:
    async def play() -> Counter[int]:
        clock = StillClock(NOW.replace(hour=0, tzinfo=UTC))
        store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
        world, api = PlacesSetup(store), Api(clock)
        gateway = Gateway("https://example.org/api/v1", KEY, clock=clock, transport=httpx.MockTransport(api))
        world.slots = gateway  # type: ignore[assignment]
        world.restarted()
        for chat_id in range(1, 201):
            await world.asks(chat_id, department=1 + chat_id % 20)
        for tick in range(24 * 12):
            world.now = clock.at.replace(tzinfo=None)
            if tick % 12 == 0:
                api.left = 450 if world.now.hour in BUSY else 990
                # The first answer of an hour is a citizen's, and tells how much is left of it.
                await gateway.availability("telegram:900", 99, world.now.date(), world.now.date())
                await gateway._availability.aclose()
            await world.ticks()
            clock.pass_(300)
        await gateway.aclose()
        await store.close()
        return Counter(at.hour for at in api.asked)

    of_alerts = {hour: count - 1 for hour, count in asyncio.run(play()).items()}
    assert {of_alerts[hour] for hour in BUSY} == {0}
    assert {of_alerts[hour] for hour in (*range(8), *range(20, 24))} == {0}, "nobody could be told at night"
    calm = [of_alerts[hour] for hour in range(8, 20) if hour not in BUSY]
    assert max(calm) <= 40
    assert min(calm) >= 20, "and yet every department is looked at"
