"""Slots for citizens: one reading for all, no slot for two of them, and as fresh as the quota allows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.app.ports import Choice
from bot.core.model import Slot
from bot.moncreneau import freshness
from bot.moncreneau.availability import Availability
from bot.moncreneau.cache import CacheStats
from bot.moncreneau.errors import ServerError
from bot.moncreneau.freshness import RequestHour
from bot.moncreneau.schemas import FreeSlot
from tests.moncreneau.support import START, StillClock

TODAY = START.date()
LAST = TODAY + timedelta(days=60)
NINE, TEN, ELEVEN = (datetime(2026, 1, 22, hour, 0) for hour in (9, 10, 11))  # noqa: DTZ001 — office time
NEXT_DAY = NINE + timedelta(days=1)
ME, OTHER = "telegram:1", "telegram:2"


class Office:
    """A department's slots, read from `free`; `readings` counts."""

    def __init__(self, clock: StillClock, *free: datetime, places: int | None = None) -> None:
        self.clock = clock
        self.free = list(free)
        self.places = places
        self.readings = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.hour: RequestHour | None = None
        self.availability = Availability(self._read, lambda: clock.unix, UTC, CacheStats(), lambda: self.hour)

    async def _read(self, _department: int, _first: date, _last: date) -> tuple[FreeSlot, ...]:
        self.readings += 1
        free = [FreeSlot(at, self.places) for at in self.free]
        await self.gate.wait()
        if self.error:
            raise self.error
        return tuple(free)

    async def slots(self, worker: int | None = None) -> list[Slot]:
        return list(await self.availability.get(5, TODAY, LAST, worker))

    async def offered(self, worker: int | None = None) -> list[datetime]:
        """The slots that are surely free."""
        return [slot.at for slot in await self.slots(worker) if not slot.perhaps]

    def hold(self, owner: str, at: datetime, worker: int | None = None) -> datetime | None:
        return self.availability.hold(owner, Choice(5, at, worker), check=True)

    async def refreshed(self) -> None:
        """Let the readings beside the conversation come to an end."""
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def office(clock: StillClock) -> AsyncIterator[Office]:
    found = Office(clock, NINE, TEN, ELEVEN, NEXT_DAY)
    yield found
    found.gate.set()
    await found.availability.aclose()


def perhaps(*times: datetime) -> list[Slot]:
    return [Slot(at, perhaps=True) for at in times]


# --- no slot for two of ours -----------------------------------------------------------------------------------------


async def test_two_citizens_who_press_the_same_time_get_different_slots(office: Office) -> None:
    await office.slots()
    assert office.hold(ME, NINE) == NINE
    assert office.hold(OTHER, NINE) == TEN
    assert office.hold("telegram:3", NINE) == ELEVEN
    assert office.hold("telegram:4", NINE) == NEXT_DAY, "of the same day while there is one"
    assert office.readings == 1


async def test_the_nearest_time_may_be_an_earlier_one(office: Office) -> None:
    await office.slots()
    assert office.hold(ME, ELEVEN) == ELEVEN
    assert office.hold(OTHER, ELEVEN) == TEN


async def test_looking_holds_no_slot_and_leaving_releases_it(office: Office) -> None:
    assert await office.offered() == [NINE, TEN, ELEVEN, NEXT_DAY]
    office.hold(ME, NINE)
    assert await office.offered() == [TEN, ELEVEN, NEXT_DAY]
    assert office.availability.hold(ME, None) is None
    assert await office.offered() == [NINE, TEN, ELEVEN, NEXT_DAY]


async def test_another_action_extends_the_hold(office: Office, clock: StillClock) -> None:
    await office.slots()
    office.hold(ME, NINE)
    clock.pass_(170)
    assert office.hold(ME, NINE) == NINE
    clock.pass_(20)
    assert office.hold(OTHER, NINE) == TEN


async def test_held_slots_are_offered_as_perhaps_free_if_no_others_are_left(office: Office) -> None:
    office.free = [NINE, NEXT_DAY]
    await office.slots()
    office.hold(ME, NINE)
    assert await office.slots() == [Slot(NINE, perhaps=True), Slot(NEXT_DAY)], "a hold never makes a day full"
    office.hold(OTHER, NEXT_DAY)
    assert await office.slots() == perhaps(NINE, NEXT_DAY)
    assert office.hold("telegram:3", NINE) == NINE, "and may be pressed"


async def test_a_slot_with_several_places_can_be_held_several_times(office: Office) -> None:
    office.places = 2
    await office.slots()
    assert [office.hold(owner, NINE) for owner in ("a", "b", "c")] == [NINE, NINE, TEN]
    office.availability.booked(5, TEN)
    assert TEN not in await office.offered(), "one held, one booked"


async def test_holds_of_one_member_of_staff_do_not_affect_another(office: Office) -> None:
    office.places = 2
    await office.slots()
    assert office.hold(ME, NINE, worker=42) == NINE
    assert office.hold(OTHER, NINE, worker=43) == NINE
    assert office.hold("c", NINE, worker=42) == TEN, "two places are of two members of staff"
    office.availability.refused(5, NINE, 43)
    assert NINE not in await office.offered(worker=43)
    assert NINE in await office.offered()


async def test_a_confirmed_slot_stays_held(office: Office) -> None:
    await office.slots()
    office.hold(ME, NINE)
    assert office.availability.hold(OTHER, Choice(5, NINE, confirmed=True)) == NINE


async def test_without_a_reading_the_slot_is_taken_as_it_was_chosen(office: Office) -> None:
    assert office.hold(ME, NINE) == NINE


async def test_if_a_reading_shows_the_slot_taken_the_nearest_free_one_is_held(
    office: Office, clock: StillClock
) -> None:
    await office.slots()
    office.hold(ME, NINE)
    office.free = [ELEVEN, NEXT_DAY]
    clock.pass_(26)
    await office.slots()
    assert office.hold(ME, NINE) == ELEVEN
    office.free = []
    clock.pass_(26)
    await office.slots()
    assert office.hold(ME, NINE) is None
    assert office.availability.hold(OTHER, Choice(5, NINE)) == NINE, "unless it is not to be checked"


# --- what happened since the reading ---------------------------------------------------------------------------------


async def test_a_slot_that_we_booked_is_perhaps_free_until_it_is_read_again(office: Office, clock: StillClock) -> None:
    await office.slots()
    clock.pass_(1)
    office.availability.booked(5, NINE)
    assert await office.offered() == [TEN, ELEVEN, NEXT_DAY]
    clock.pass_(26)
    assert NINE in await office.offered(), "it has another place"


async def test_a_booking_made_while_the_slots_are_read_is_not_forgotten(office: Office, clock: StillClock) -> None:
    office.gate.clear()
    reading = asyncio.create_task(office.slots())
    await office.refreshed()
    clock.pass_(1)
    office.availability.booked(5, NINE)
    office.availability.refused(5, TEN)
    office.gate.set()
    assert [slot.at for slot in await reading] == [ELEVEN, NEXT_DAY]


async def test_the_last_of_the_counted_places_is_gone(office: Office) -> None:
    office.places, office.free = 1, [NINE]
    await office.slots()
    office.availability.booked(5, NINE)
    assert await office.slots() == []


async def test_a_refused_slot_disappears_at_once_for_all_until_a_reading_shows_it(
    office: Office, clock: StillClock
) -> None:
    await office.slots()
    clock.pass_(1)
    office.availability.refused(5, NINE)
    assert await office.slots() == [Slot(TEN), Slot(ELEVEN), Slot(NEXT_DAY)]
    assert office.hold(OTHER, NINE) == TEN
    clock.pass_(26)
    assert NINE in await office.offered()


async def test_a_past_time_is_no_longer_offered(office: Office, clock: StillClock) -> None:
    await office.slots()
    clock.at = datetime.combine(NINE.date(), NINE.time(), UTC)
    assert await office.offered() == [TEN, ELEVEN, NEXT_DAY]


# --- how old it is ---------------------------------------------------------------------------------------------------


async def test_simultaneous_requests_share_one_reading(office: Office) -> None:
    await asyncio.gather(*(office.slots() for _ in range(20)))
    assert office.readings == 1


async def test_slots_that_are_much_too_old_are_read_again_before_they_are_shown(
    office: Office, clock: StillClock
) -> None:
    await office.slots()
    clock.pass_(freshness.WAITS + 1)
    office.free = [TEN]
    assert await office.offered() == [TEN]


async def test_slots_are_refreshed_in_the_background_while_citizens_look(
    office: Office, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await office.slots()
    clock.pass_(freshness.SHORTEST)
    office.gate.clear()
    await office.refreshed()
    assert office.readings == 2
    assert await office.offered() == [NINE, TEN, ELEVEN, NEXT_DAY], "nobody waits for it"
    office.gate.set()
    office.error = ServerError()
    await office.refreshed()
    readings = office.readings
    clock.pass_(120)
    await office.refreshed()
    assert office.readings == readings, "nobody looks any more"


async def test_slots_are_refreshed_while_a_citizen_holds_one(
    office: Office, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await office.slots()
    clock.pass_(50)
    office.hold(ME, NINE)
    clock.pass_(50)
    await office.refreshed()
    assert office.readings >= 2


async def test_slots_that_strangers_take_are_refreshed_every_few_seconds(
    office: Office, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await office.slots()
    clock.pass_(11)
    office.free = [ELEVEN, NEXT_DAY]
    await office.refreshed()
    assert office.readings == 2
    clock.pass_(2)
    await office.refreshed()
    assert office.readings == 3
    clock.pass_(freshness.CONTESTED_SPAN)
    await office.slots()
    readings = office.readings
    clock.pass_(5)
    await office.refreshed()
    assert office.readings == readings, "it is over"


async def test_our_own_bookings_do_not_count_as_strangers(
    office: Office, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await office.slots()
    for at in (NINE, TEN):
        office.availability.booked(5, at)
    clock.pass_(11)
    office.free = [ELEVEN, NEXT_DAY]
    await office.refreshed()
    assert office.readings == 2
    clock.pass_(5)
    await office.refreshed()
    assert office.readings == 2


async def test_nothing_free_is_said_only_after_a_fresh_reading(office: Office, clock: StillClock) -> None:
    office.hour = RequestHour(0, 3600, 0)
    office.free = []
    assert await office.slots() == []
    office.free = [NINE]
    clock.pass_(9)
    assert await office.slots() == []
    clock.pass_(2)
    assert await office.offered() == [NINE]


async def test_old_slots_are_shown_for_half_an_hour_if_reading_fails(office: Office, clock: StillClock) -> None:
    await office.slots()
    office.error = ServerError()
    clock.pass_(freshness.UNREADABLE)
    assert len(await office.slots()) == 4
    clock.pass_(1)
    with pytest.raises(ServerError):
        await office.slots()


async def test_the_median_age_of_shown_slots_is_reported(office: Office, clock: StillClock) -> None:
    assert office.availability.age_shown is None
    for seconds in (0, 3, 4):
        clock.pass_(seconds)
        await office.slots()
    assert office.availability.age_shown == 3
