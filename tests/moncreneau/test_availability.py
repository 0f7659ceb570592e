"""Slots for citizens: one reading for all, no slot for two of them, and as fresh as the quota allows."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.app.ports import SlotChoice
from bot.core.health import ChatLimit
from bot.core.model import FailureCode, Slot
from bot.moncreneau import freshness
from bot.moncreneau.availability import READINGS, Availability
from bot.moncreneau.cache import CacheStats
from bot.moncreneau.errors import QuotaExhausted, ServerError
from bot.moncreneau.freshness import RequestHour
from bot.moncreneau.schemas import FreeSlot
from tests.moncreneau.support import START, StillClock

TODAY = START.date()
LAST = TODAY + timedelta(days=60)
NINE, TEN, ELEVEN = (datetime(2026, 1, 22, hour, 0) for hour in (9, 10, 11))  # noqa: DTZ001 — office time
NEXT_DAY = NINE + timedelta(days=1)
PLENTY = RequestHour(left=100_000, seconds=3600.0, writes=0)
ME, OTHER = "telegram:1", "telegram:2"


class AvailabilitySetup:
    """A department's slots, read from `free`; `readings` counts."""

    def __init__(self, clock: StillClock, *free: datetime, places: int | None = None) -> None:
        self.clock = clock
        self.free = list(free)
        self.places = places
        self.readings = 0
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.hour: RequestHour | None = PLENTY
        self.reached = Counter[ChatLimit]()
        self.availability = Availability(
            self._read, lambda: clock.unix, UTC, stats=CacheStats(), hour=lambda: self.hour, reached=self.reached
        )

    async def _read(self, _department: int, _first: date, _last: date) -> tuple[FreeSlot, ...]:
        self.readings += 1
        free = [FreeSlot(at, self.places) for at in self.free]
        await self.gate.wait()
        if self.error:
            raise self.error
        return tuple(free)

    async def slots(self, worker: int | None = None, *, owner: str = "telegram:9", department: int = 5) -> list[Slot]:
        return list(await self.availability.get(owner, department, TODAY, LAST, worker))

    async def offered(self, worker: int | None = None) -> list[datetime]:
        """The slots that are surely free."""
        return [slot.at for slot in await self.slots(worker) if not slot.perhaps]

    def hold(self, owner: str, at: datetime, worker: int | None = None) -> datetime | None:
        return self.availability.hold(owner, SlotChoice(5, at, worker), check=True)

    async def refreshed(self) -> None:
        """Let the readings beside the conversation come to an end."""
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def setup(clock: StillClock) -> AsyncIterator[AvailabilitySetup]:
    found = AvailabilitySetup(clock, NINE, TEN, ELEVEN, NEXT_DAY)
    yield found
    found.gate.set()
    await found.availability.aclose()


def perhaps(*times: datetime) -> list[Slot]:
    return [Slot(at, perhaps=True) for at in times]


# --- no slot for two of ours -----------------------------------------------------------------------------------------


async def test_two_citizens_who_press_the_same_time_get_different_slots(setup: AvailabilitySetup) -> None:
    await setup.slots()
    assert setup.hold(ME, NINE) == NINE
    assert setup.hold(OTHER, NINE) == TEN
    assert setup.hold("telegram:3", NINE) == ELEVEN
    assert setup.hold("telegram:4", NINE) == NEXT_DAY, "of the same day while there is one"
    assert setup.readings == 1


async def test_the_nearest_time_may_be_an_earlier_one(setup: AvailabilitySetup) -> None:
    await setup.slots()
    assert setup.hold(ME, ELEVEN) == ELEVEN
    assert setup.hold(OTHER, ELEVEN) == TEN


async def test_looking_holds_no_slot_and_leaving_releases_it(setup: AvailabilitySetup) -> None:
    assert await setup.offered() == [NINE, TEN, ELEVEN, NEXT_DAY]
    setup.hold(ME, NINE)
    assert await setup.offered() == [TEN, ELEVEN, NEXT_DAY]
    assert setup.availability.hold(ME, None) is None
    assert await setup.offered() == [NINE, TEN, ELEVEN, NEXT_DAY]


async def test_another_action_extends_the_hold(setup: AvailabilitySetup, clock: StillClock) -> None:
    await setup.slots()
    setup.hold(ME, NINE)
    clock.pass_(170)
    assert setup.hold(ME, NINE) == NINE
    clock.pass_(20)
    assert setup.hold(OTHER, NINE) == TEN


async def test_held_slots_are_offered_as_perhaps_free_if_no_others_are_left(setup: AvailabilitySetup) -> None:
    setup.free = [NINE, NEXT_DAY]
    await setup.slots()
    setup.hold(ME, NINE)
    assert await setup.slots() == [Slot(NINE, perhaps=True), Slot(NEXT_DAY)], "a hold never makes a day full"
    setup.hold(OTHER, NEXT_DAY)
    assert await setup.slots() == perhaps(NINE, NEXT_DAY)
    assert setup.hold("telegram:3", NINE) == NINE, "and may be pressed"


async def test_a_slot_with_several_places_can_be_held_several_times(setup: AvailabilitySetup) -> None:
    setup.places = 2
    await setup.slots()
    assert [setup.hold(owner, NINE) for owner in ("a", "b", "c")] == [NINE, NINE, TEN]
    setup.availability.booked(5, TEN)
    assert TEN not in await setup.offered(), "one held, one booked"


async def test_holds_of_one_member_of_staff_do_not_affect_another(setup: AvailabilitySetup) -> None:
    setup.places = 2
    await setup.slots()
    assert setup.hold(ME, NINE, worker=42) == NINE
    assert setup.hold(OTHER, NINE, worker=43) == NINE
    assert setup.hold("c", NINE, worker=42) == TEN, "two places are of two members of staff"
    setup.availability.refused(5, NINE, 43)
    assert NINE not in await setup.offered(worker=43)
    assert NINE in await setup.offered()


async def test_a_confirmed_slot_stays_held(setup: AvailabilitySetup) -> None:
    await setup.slots()
    setup.hold(ME, NINE)
    assert setup.availability.hold(OTHER, SlotChoice(5, NINE, confirmed=True)) == NINE


async def test_who_confirms_after_the_hold_has_ended_gets_no_slot_that_another_holds(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    await setup.slots()
    setup.hold(ME, NINE)
    confirmed = SlotChoice(5, NINE, confirmed=True)
    clock.pass_(181)
    assert setup.availability.hold(ME, confirmed, check=True) == NINE, "nobody else has chosen it"
    setup.hold(ME, NINE)
    clock.pass_(181)
    assert setup.hold(OTHER, NINE) == NINE
    assert setup.availability.hold(ME, confirmed, check=True) is None
    assert setup.availability.hold(OTHER, confirmed, check=True) == NINE


async def test_who_holds_a_slot_confirms_it_whoever_else_holds_it(setup: AvailabilitySetup) -> None:
    setup.free = [NINE]
    await setup.slots()
    assert setup.hold(ME, NINE) == setup.hold(OTHER, NINE) == NINE
    for owner in (ME, OTHER):
        assert setup.availability.hold(owner, SlotChoice(5, NINE, confirmed=True), check=True) == NINE


async def test_without_a_reading_a_slot_is_held_for_one_citizen(setup: AvailabilitySetup) -> None:
    assert setup.hold(ME, NINE) == NINE
    assert setup.hold(OTHER, NINE) is None, "another one is chosen from a reading"
    assert setup.hold(ME, NINE) == NINE
    assert setup.hold(OTHER, TEN) == TEN


async def test_if_a_reading_shows_the_slot_taken_the_nearest_free_one_is_held(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    await setup.slots()
    setup.hold(ME, NINE)
    setup.free = [ELEVEN, NEXT_DAY]
    clock.pass_(26)
    await setup.slots()
    assert setup.hold(ME, NINE) == ELEVEN
    setup.free = []
    clock.pass_(26)
    await setup.slots()
    assert setup.hold(ME, NINE) is None
    assert setup.availability.hold(OTHER, SlotChoice(5, NINE)) == NINE, "unless it is not to be checked"


# --- what happened since the reading ---------------------------------------------------------------------------------


async def test_a_slot_that_we_booked_is_perhaps_free_until_it_is_read_again(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    await setup.slots()
    clock.pass_(1)
    setup.availability.booked(5, NINE)
    assert await setup.offered() == [TEN, ELEVEN, NEXT_DAY]
    clock.pass_(26)
    assert NINE in await setup.offered(), "it has another place"


async def test_a_slot_that_we_perhaps_booked_stays_free_for_its_citizen_alone(setup: AvailabilitySetup) -> None:
    await setup.slots()
    for _ in range(2):
        setup.availability.perhaps_booked(5, NINE, None, ME)
    assert NINE not in [slot.at for slot in await setup.slots(owner=OTHER) if not slot.perhaps]
    assert setup.hold(OTHER, NINE) == TEN
    assert Slot(NINE) in await setup.slots(owner=ME)
    assert setup.hold(ME, NINE) == NINE, "they were told that it was not booked"


async def test_a_booking_made_while_the_slots_are_read_is_not_forgotten(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    setup.gate.clear()
    reading = asyncio.create_task(setup.slots())
    await setup.refreshed()
    clock.pass_(1)
    setup.availability.booked(5, NINE)
    setup.availability.refused(5, TEN)
    setup.gate.set()
    assert [slot.at for slot in await reading] == [ELEVEN, NEXT_DAY]


async def test_the_last_of_the_counted_places_is_gone(setup: AvailabilitySetup) -> None:
    setup.places, setup.free = 1, [NINE]
    await setup.slots()
    setup.availability.booked(5, NINE)
    assert await setup.slots() == []


async def test_a_refused_slot_disappears_at_once_for_all_until_a_reading_shows_it(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    await setup.slots()
    clock.pass_(1)
    setup.availability.refused(5, NINE)
    assert await setup.slots() == [Slot(TEN), Slot(ELEVEN), Slot(NEXT_DAY)]
    assert setup.hold(OTHER, NINE) == TEN
    clock.pass_(26)
    assert NINE in await setup.offered()


async def test_a_past_time_is_no_longer_offered(setup: AvailabilitySetup, clock: StillClock) -> None:
    await setup.slots()
    clock.at = datetime.combine(NINE.date(), NINE.time(), UTC)
    assert await setup.offered() == [TEN, ELEVEN, NEXT_DAY]


# --- how old it is ---------------------------------------------------------------------------------------------------


async def test_simultaneous_requests_share_one_reading(setup: AvailabilitySetup) -> None:
    await asyncio.gather(*(setup.slots() for _ in range(20)))
    assert setup.readings == 1


async def test_slots_that_are_much_too_old_are_read_again_before_they_are_shown(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    await setup.slots()
    clock.pass_(freshness.WAITS + 1)
    setup.free = [TEN]
    assert await setup.offered() == [TEN]


async def test_slots_are_refreshed_in_the_background_while_citizens_look(
    setup: AvailabilitySetup, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await setup.slots()
    clock.pass_(freshness.SHORTEST)
    setup.gate.clear()
    await setup.refreshed()
    assert setup.readings == 2
    assert await setup.offered() == [NINE, TEN, ELEVEN, NEXT_DAY], "nobody waits for it"
    setup.gate.set()
    setup.error = ServerError()
    await setup.refreshed()
    readings = setup.readings
    clock.pass_(120)
    await setup.refreshed()
    assert setup.readings == readings, "nobody looks any more"


async def test_slots_are_refreshed_while_a_citizen_holds_one(
    setup: AvailabilitySetup, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await setup.slots()
    clock.pass_(50)
    setup.hold(ME, NINE)
    clock.pass_(50)
    await setup.refreshed()
    assert setup.readings >= 2


async def test_slots_that_strangers_take_are_refreshed_every_few_seconds(
    setup: AvailabilitySetup, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await setup.slots()
    clock.pass_(11)
    setup.free = [ELEVEN, NEXT_DAY]
    await setup.refreshed()
    assert setup.readings == 2
    clock.pass_(2)
    await setup.refreshed()
    assert setup.readings == 3
    clock.pass_(freshness.CONTESTED_SPAN)
    await setup.slots()
    readings = setup.readings
    clock.pass_(5)
    await setup.refreshed()
    assert setup.readings == readings, "it is over"


async def test_our_own_bookings_do_not_count_as_strangers(
    setup: AvailabilitySetup, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await setup.slots()
    for at in (NINE, TEN):
        setup.availability.booked(5, at)
    clock.pass_(11)
    setup.free = [ELEVEN, NEXT_DAY]
    await setup.refreshed()
    assert setup.readings == 2
    clock.pass_(5)
    await setup.refreshed()
    assert setup.readings == 2


async def test_no_free_slot_is_only_reported_after_a_fresh_reading(setup: AvailabilitySetup, clock: StillClock) -> None:
    setup.hour = RequestHour(0, 3600, 0)
    setup.free = []
    assert await setup.slots() == []
    setup.free = [NINE]
    clock.pass_(9)
    assert await setup.slots() == []
    clock.pass_(2)
    assert await setup.offered() == [NINE]


async def test_old_slots_are_shown_for_half_an_hour_if_reading_fails(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    await setup.slots()
    setup.error = ServerError()
    clock.pass_(freshness.UNREADABLE)
    assert len(await setup.slots()) == 4
    clock.pass_(1)
    with pytest.raises(ServerError):
        await setup.slots()


async def test_the_median_age_of_shown_slots_is_reported(setup: AvailabilitySetup, clock: StillClock) -> None:
    assert setup.availability.age_shown is None
    for seconds in (0, 3, 4):
        clock.pass_(seconds)
        await setup.slots()
    assert setup.availability.age_shown == 3


# --- what one citizen may use up -------------------------------------------------------------------------------------


async def test_one_citizen_causes_only_so_many_readings_an_hour(setup: AvailabilitySetup, clock: StillClock) -> None:
    for department in range(100, 100 + READINGS):
        await setup.slots(department=department)
    clock.pass_(60)
    with pytest.raises(QuotaExhausted) as caught:
        await setup.slots(department=99)
    assert caught.value.failure.code is FailureCode.BUSY
    assert caught.value.retry_after == 3540
    assert setup.reached == {ChatLimit.READINGS: 1}
    await setup.slots(owner=OTHER, department=99)
    assert await setup.slots(department=99), "what was read for others may be seen"
    clock.pass_(3540)
    assert await setup.slots(department=98)


async def test_a_citizen_without_readings_sees_old_slots_but_never_an_old_nothing(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    await setup.slots(owner=OTHER)
    for department in range(100, 100 + READINGS):
        await setup.slots(department=department)
    clock.pass_(60)
    assert len(await setup.slots()) == 4
    setup.free = []
    await setup.slots(owner=OTHER)
    assert await setup.slots() == []
    clock.pass_(60)
    with pytest.raises(QuotaExhausted):
        await setup.slots()


async def test_one_citizen_keeps_one_department_fresh(
    setup: AvailabilitySetup, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    for department in (5, 6, 7):
        await setup.slots(department=department)
    clock.pass_(freshness.SHORTEST)
    await setup.refreshed()
    assert setup.readings == 4, "the last one they looked at"
    for owner, department in ((ME, 5), (OTHER, 6)):
        await setup.slots(owner=owner, department=department)
    clock.pass_(freshness.SHORTEST)
    await setup.refreshed()
    assert setup.readings == 7


async def test_nothing_free_is_not_said_by_an_old_reading_if_the_api_cannot_be_read(
    setup: AvailabilitySetup, clock: StillClock
) -> None:
    setup.free = []
    await setup.slots()
    clock.pass_(11)
    setup.error = ServerError()
    with pytest.raises(ServerError):
        await setup.slots()


async def test_a_failing_department_is_read_again_in_the_background_less_and_less_often(
    setup: AvailabilitySetup, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.availability.LONGEST_NAP", 0.0)
    await setup.slots()
    setup.error = ServerError()
    for _ in range(30):
        clock.pass_(2)
        setup.hold(ME, NINE)  # somebody is still there
        await setup.refreshed()
    assert setup.readings <= 1 + 4
    setup.error = None
    clock.pass_(40)
    await setup.slots()
    assert await setup.offered()


async def test_a_slot_that_was_said_to_be_free_is_called_gone_by_a_new_reading_only(clock: StillClock) -> None:
    setup = AvailabilitySetup(clock, TEN)
    await setup.slots()
    clock.pass_(1)
    setup.free = [NINE, TEN]
    found = await setup.availability.get(ME, 5, TODAY, LAST, wanted=NINE)
    assert ([slot.at for slot in found], setup.readings) == ([NINE, TEN], 2)
    await setup.availability.get(ME, 5, TODAY, LAST, wanted=NINE)
    await setup.availability.get(ME, 5, TODAY, LAST, wanted=ELEVEN)
    assert setup.readings == 2, "it is there, or was read this very moment"
    await setup.availability.aclose()
