"""Free places reach those who asked for them: at no cost first, few at a time, and never more often than promised."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.app.earlier_places import EarlierPlaces, GivenUpPlaces, KnownSlots
from bot.app.ports import WriteOutcome
from bot.app.records import AttemptKind, Change, Delivery, DeliveryIds, Erasure, StoredAttempt, StoredChat, Urgency
from bot.core.appointment_book import Fact, Source
from bot.core.earlier_places import PlaceAlert, WatchedAlert
from bot.core.model import Appointment, AppointmentStatus, Department
from bot.core.screens import EarlierPlace, Screen
from bot.core.states import Notice
from bot.storage.place_alerts import SqlPlaceAlertRepository
from bot.storage.store import Store
from bot.views.message import Message
from tests.app.fakes import ScriptedError
from tests.app.virtual_clock import in_no_time

if TYPE_CHECKING:
    from bot.app.conversations import ChatTurn

NOW = datetime.fromisoformat("2026-03-02T10:00")
START = NOW + timedelta(days=10)
PASSPORTS = Department(5, "Passeports")
FREE = NOW + timedelta(days=2)
LATER = FREE + timedelta(hours=1)


def draw(screen: Screen, locale: str, _notice: Notice | None, *, several_names: bool = False) -> Message:
    assert isinstance(screen, EarlierPlace)
    now = f" instead of {screen.ticket.appointment.id}" if screen.ticket else ""
    now += f" for {screen.ticket.appointment.name}" if screen.ticket and several_names else ""
    end = ", the last" if screen.is_last else ""
    return Message(f"{locale} {screen.department.name or screen.department.id} {screen.slot:%d %H:%M}{now}{end}")


@dataclass
class FakeSlots:
    """Readings: `free` by department, read at `at`; `errors` are those that the next readings meet."""

    now: "PlacesSetup | None" = None
    free: dict[int, set[datetime]] = field(default_factory=dict)
    read_at: dict[int, datetime] = field(default_factory=dict)
    errors: deque[ScriptedError] = field(default_factory=deque)
    windows: list[tuple[int, date, date]] = field(default_factory=list)

    def known_slots(self, department_id: int) -> KnownSlots | None:
        at = self.read_at.get(department_id)
        assert self.now
        return KnownSlots(frozenset(self.free.get(department_id, ())), self.now.now - at) if at else None

    async def read_in_background(self, department_id: int, first: date, last: date) -> None:
        self.windows.append((department_id, first, last))
        if self.errors:
            raise self.errors.popleft()
        assert self.now
        self.read_at[department_id] = self.now.now


class PlacesSetup:
    """A store and the parts; turns wait until they are played."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.slots = FakeSlots(self)
        self.unable: set[tuple[int, int | None]] = set()
        self.alerts = SqlPlaceAlertRepository(store)
        self.given_up = GivenUpPlaces(lambda: self.now)
        self.turns: deque[tuple[int, ChatTurn]] = deque()
        self.places = self.restarted()

    def restarted(self) -> EarlierPlaces:
        self.places = EarlierPlaces(
            store=self.store,
            alerts=self.alerts,
            slots=self.slots,
            given_up=self.given_up,
            departments=lambda: (PASSPORTS,),
            render=draw,
            play=lambda chat_id, turn: self.turns.append((chat_id, turn)),
            office_time=lambda: self.now,
            ids=DeliveryIds(),
            horizon_days=60,
            can_take=self._can_take,
        )
        return self.places

    async def _can_take(self, chat_id: int, appointment_id: int | None, _now: datetime) -> bool:
        return (chat_id, appointment_id) not in self.unable

    async def asks(
        self, chat_id: int, *, start: datetime | None = START, department: int = 5, minutes: int = 0
    ) -> None:
        """This chat has an appointment and asks for an earlier place, or (None) has none and asks for any."""
        facts: tuple[Fact, ...] = ()
        if start:
            made = Appointment(chat_id * 10, department, start, "Aïssatou Bah")
            facts = (Fact(made.id, chat_id, NOW - timedelta(days=1), Source.ATTEMPT, made),)
        number = chat_id * 10 if start else None
        alert = PlaceAlert(chat_id, department, NOW - timedelta(minutes=minutes), number)
        chat = StoredChat(chat_id, "session", "fr")
        await self.store.commit(Change(chat=chat, facts=facts, works=(self.alerts.saved(alert),)))

    def is_read(self, *free: datetime, department: int = 5) -> None:
        """A citizen looks at the department: the reading costs the alerts nothing."""
        self.slots.free[department] = set(free)
        self.slots.read_at[department] = self.now

    async def ticks(self, minutes: float = 0) -> list[Delivery]:
        """A tick after so many minutes, and all turns that it queues."""
        self.now += timedelta(minutes=minutes)
        await self.places.tick()
        return await self.played()

    async def played(self) -> list[Delivery]:
        queued: list[Delivery] = []
        while self.turns:
            _, turn = self.turns.popleft()
            change = await turn()
            await self.store.commit(change)
            queued += change.queued
        return queued


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[PlacesSetup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield PlacesSetup(store)
    await store.close()


def chats(deliveries: list[Delivery]) -> list[int]:
    return [each.chat_id for each in deliveries]


def given_up(chat_id: int, at: datetime, source: Source = Source.ATTEMPT, **more: bool) -> Change:
    gone = Appointment(900, 5, at, "", AppointmentStatus.CANCELLED)
    return Change(facts=(Fact(900, chat_id, NOW, source, gone, **more),))  # type: ignore[arg-type]


async def test_a_place_that_a_reading_for_others_shows_is_told_at_no_cost(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.is_read(FREE, START + timedelta(days=1))
    (told,) = await setup.ticks()
    assert told.message.text == "fr Passeports 04 10:00 instead of 70"
    assert (told.urgency, told.not_after, told.about) == (Urgency.NOTICE, NOW + timedelta(minutes=30), ((70, 0),))
    assert (setup.slots.windows, setup.places.sent) == ([], 1)


async def test_a_place_that_a_citizen_gave_up_is_told_at_the_next_tick_at_no_cost(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.is_read()
    setup.now += timedelta(minutes=1)
    setup.given_up.learn(given_up(8, FREE))
    assert chats(await setup.ticks(4)) == [7]
    assert setup.slots.windows == []


async def test_what_the_citizen_cancelled_elsewhere_counts_and_what_the_office_cancelled_does_not(
    setup: PlacesSetup,
) -> None:
    await setup.asks(7)
    setup.is_read()
    setup.now += timedelta(minutes=1)
    setup.given_up.learn(given_up(8, FREE, Source.WEBHOOK, by_office=True))
    setup.given_up.learn(given_up(8, FREE, Source.DAY))
    setup.given_up.learn(Change(facts=(Fact(900, 8, NOW, Source.READING),)))
    assert await setup.ticks() == []
    setup.given_up.learn(given_up(8, FREE, Source.WEBHOOK, by_office=False))
    assert chats(await setup.ticks()) == [7]


async def test_a_given_up_place_that_was_taken_again_or_is_not_in_a_later_reading_is_not_told(
    setup: PlacesSetup,
) -> None:
    await setup.asks(7)
    setup.given_up.learn(given_up(8, FREE))
    setup.given_up.learn(Change(facts=(Fact(901, 9, NOW, Source.ATTEMPT, Appointment(901, 5, FREE, "")),)))
    setup.given_up.learn(given_up(8, LATER))
    setup.now += timedelta(minutes=1)
    setup.is_read()
    assert await setup.ticks() == []


async def test_what_is_known_for_long_is_not_told(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.is_read(FREE)
    setup.given_up.learn(given_up(8, LATER))
    assert await setup.ticks(16) == []


async def test_a_department_of_which_nothing_is_known_is_read_every_half_an_hour(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.slots.free[5] = set()
    for _ in range(13):
        await setup.ticks(5)
    assert [each[0] for each in setup.slots.windows] == [5, 5, 5]
    assert setup.slots.windows[0] == (5, NOW.date(), NOW.date() + timedelta(days=60))


async def test_a_reading_for_others_replaces_our_own_for_half_an_hour(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.is_read()
    await setup.ticks(29)
    assert setup.slots.windows == []
    await setup.ticks(1)
    assert len(setup.slots.windows) == 1


async def test_nothing_is_read_where_nobody_could_be_told(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.now = NOW.replace(hour=20)
    await setup.ticks()
    assert setup.slots.windows == []


async def test_without_spare_requests_nothing_is_read_and_the_next_tick_tries_again(setup: PlacesSetup) -> None:
    await setup.asks(7)
    await setup.asks(8, department=6)
    setup.slots.errors.append(ScriptedError(WriteOutcome.NOT_SENT))
    await setup.ticks()
    assert len(setup.slots.windows) == 1
    await setup.ticks(5)
    assert len(setup.slots.windows) == 3


async def test_a_department_whose_reading_fails_waits_for_its_next_turn(setup: PlacesSetup) -> None:
    await setup.asks(7)
    await setup.asks(8, department=6)
    setup.slots.errors.append(ScriptedError(WriteOutcome.UNKNOWN))
    await setup.ticks()
    await setup.ticks(5)
    assert [each[0] for each in setup.slots.windows] == [5, 6]


async def test_two_are_told_of_a_place_and_the_next_two_ten_minutes_later_if_it_is_still_free(
    setup: PlacesSetup,
) -> None:
    for chat_id in (1, 2, 3, 4, 5):
        await setup.asks(chat_id, minutes=60 - chat_id)
    setup.is_read(FREE)
    assert chats(await setup.ticks()) == [1, 2]
    assert chats(await setup.ticks(5)) == []
    assert chats(await setup.ticks(5)) == [3, 4]
    setup.is_read()
    assert chats(await setup.ticks(10)) == []


async def test_who_could_not_take_a_place_is_not_told_and_keeps_it_from_nobody(setup: PlacesSetup) -> None:
    setup.unable = {(1, 10), (2, None)}
    await setup.asks(1, minutes=9)
    await setup.asks(2, minutes=8, start=None)
    for chat_id in (3, 4):
        await setup.asks(chat_id)
    setup.is_read(FREE)
    assert chats(await setup.ticks()) == [3, 4]


async def test_nobody_is_told_twice_in_a_day_nor_more_than_three_times(setup: PlacesSetup) -> None:
    await setup.asks(7)
    texts = []
    for day in range(5):
        setup.now = NOW + timedelta(days=day)
        setup.is_read(setup.now + timedelta(hours=5, minutes=day))
        texts += [each.message.text for each in (*await setup.ticks(), *await setup.ticks(10), *await setup.ticks(10))]
    assert [text.rpartition(" 70")[2] for text in texts] == ["", "", ", the last"]
    assert await setup.alerts.count() == 0


async def test_repeated_ticks_and_kills_before_the_commit_send_no_second_message(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.is_read(FREE)
    await setup.places.tick()
    ((_, killed),) = setup.turns
    await killed()  # its change is never stored
    setup.turns.clear()
    await setup.restarted().tick()
    await setup.restarted().tick()
    assert len(setup.turns) == 2
    assert chats(await setup.played()) == [7]
    assert (await killed()).queued == ()


async def test_an_alert_for_any_place_needs_no_appointment_and_ends_with_a_booking(setup: PlacesSetup) -> None:
    await setup.asks(7, start=None)
    setup.is_read(FREE)
    (told,) = await setup.ticks()
    assert (told.message.text, told.about) == ("fr Passeports 04 10:00", ())
    made = Appointment(70, 5, FREE, "Aïssatou Bah")
    booked = Fact(70, 7, NOW + timedelta(minutes=1), Source.ATTEMPT, made)
    await setup.store.commit(Change(facts=(booked,)))
    await setup.ticks(5)
    assert await setup.alerts.count() == 0


async def test_a_turn_that_came_too_late_tells_nothing(setup: PlacesSetup) -> None:
    await setup.asks(7)
    setup.is_read(FREE)
    await setup.places.tick()
    ((_, turn),) = setup.turns
    attempt = StoredAttempt(7, 1, AttemptKind.MOVE, "{}")
    await setup.store.commit(Change(opened=(attempt,)))
    assert await turn() == Change(), "a move is under way"
    setup.now = FREE
    assert await turn() == Change(), "the place is too near"
    await setup.store.commit(Change(works=(setup.alerts.stopped(7, 5),)))
    assert await turn() == Change(), "stopped"
    await setup.store.commit(Change(erased=Erasure(7, setup.now)))
    assert await turn() == Change(), "erased"


async def test_a_left_over_alert_of_an_erased_chat_is_deleted_and_never_told(setup: PlacesSetup) -> None:
    await setup.asks(7)
    await setup.store.commit(Change(erased=Erasure(7, setup.now)))
    left_over = PlaceAlert(7, 5, NOW)
    await setup.store.commit(Change(works=(setup.alerts.saved(left_over),)))
    setup.is_read(FREE)
    assert await setup.ticks() == []
    assert await setup.alerts.count() == 0


async def test_who_blocks_the_bot_is_not_told(setup: PlacesSetup) -> None:
    await setup.asks(7)
    await setup.store.commit(Change(left=7))
    setup.is_read(FREE)
    assert await setup.ticks() == []
    assert await setup.alerts.count() == 0


async def test_a_place_that_is_moved_by_the_office_is_compared_as_it_is_now(setup: PlacesSetup) -> None:
    await setup.asks(7)
    made = Appointment(70, 5, FREE + timedelta(hours=23), "Aïssatou Bah")
    await setup.store.commit(Change(facts=(Fact(70, 7, NOW, Source.READING, made),)))
    setup.is_read(FREE)
    assert await setup.ticks() == []


class FailingAlerts(SqlPlaceAlertRepository):
    """Reading fails twice; then the bot is stopped."""

    looks = 0

    async def all(self) -> tuple[WatchedAlert, ...]:
        self.looks += 1
        raise OSError if self.looks < 3 else asyncio.CancelledError


def test_a_tick_that_fails_does_not_end_the_others(tmp_path: Path) -> None:
    @in_no_time
    async def play() -> None:
        store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
        setup = PlacesSetup(store)
        setup.alerts = failing = FailingAlerts(store)
        with pytest.raises(asyncio.CancelledError):
            await setup.restarted().run()
        assert failing.looks == 3
        await store.close()

    play()
