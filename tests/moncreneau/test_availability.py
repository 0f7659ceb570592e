"""One reading of a department's slots serves many citizens and stays true to what we did ourselves."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from bot.moncreneau.availability import SlotCache
from bot.moncreneau.cache import Ages, CacheStats
from bot.moncreneau.errors import MoncreneauError, QuotaExhausted
from bot.moncreneau.schemas import FreeSlot
from tests.moncreneau.support import StillClock

AGES = Ages(fresh=300, stale=600, last=900)
TODAY = date(2026, 1, 21)
TEN = datetime(2026, 1, 22, 10, 0)  # noqa: DTZ001 — office time is naive
ELEVEN = TEN.replace(hour=11)


class Office:
    """A cache in front of an office that writes down what it is asked."""

    def __init__(self, clock: StillClock) -> None:
        self.clock = clock
        self.asked: list[tuple[int, date, date]] = []
        self.error: MoncreneauError | None = None
        self.free: list[FreeSlot] = [FreeSlot(TEN), FreeSlot(ELEVEN)]
        self.slots = SlotCache(self.read, lambda: clock.unix, UTC, CacheStats())

    async def read(self, department_id: int, first: date, last: date) -> tuple[FreeSlot, ...]:
        self.asked.append((department_id, first, last))
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return tuple(self.free)

    async def times(
        self, first: date = TODAY, days: int = 7, department_id: int = 5, worker_id: int | None = None
    ) -> list[datetime]:
        found = await self.slots.get(department_id, first, first + timedelta(days=days - 1), AGES, worker_id)
        return [slot.at for slot in found]


@pytest.fixture
def office(clock: StillClock) -> Office:
    return Office(clock)


async def test_the_days_and_then_the_times_of_a_day_are_one_request(office: Office) -> None:
    assert await office.times() == [TEN, ELEVEN]
    assert await office.times(TEN.date(), 1) == [TEN, ELEVEN]
    assert await office.times(TODAY, 1) == []
    assert await office.times(TODAY + timedelta(days=7)) == []
    assert office.asked == [(5, TODAY, TODAY + timedelta(days=13))]


async def test_another_department_or_a_day_further_off_is_another_request(office: Office) -> None:
    await office.times()
    await office.times(department_id=8)
    await office.times(TODAY + timedelta(days=10), 7)
    assert len(office.asked) == 3
    assert office.slots.active == 3


async def test_citizens_who_ask_at_once_share_a_request_even_for_different_days(office: Office) -> None:
    await asyncio.gather(office.times(), office.times(), office.times(TEN.date(), 1))
    assert len(office.asked) == 1


async def test_a_slot_that_we_booked_is_not_offered_until_it_is_read_again(office: Office, clock: StillClock) -> None:
    await office.times()
    clock.pass_(1)
    office.slots.booked(5, TEN)
    assert await office.times() == [ELEVEN]
    assert len(office.asked) == 1, "a booking must not cost a request"
    clock.pass_(700)
    assert await office.times() == [TEN, ELEVEN], "the office says that there is room for more"


async def test_where_places_are_counted_ours_are_taken_off(office: Office) -> None:
    office.free = [FreeSlot(TEN, 2)]
    await office.times()
    office.slots.booked(5, TEN)
    assert await office.times() == [TEN]
    office.slots.booked(5, TEN)
    assert await office.times() == []
    office.slots.freed(5, TEN)
    assert await office.times() == [TEN]


async def test_a_booking_made_while_the_slots_are_read_is_not_forgotten(office: Office) -> None:
    reading = asyncio.create_task(office.times())
    await asyncio.sleep(0)
    office.slots.booked(5, TEN)
    assert await reading == [ELEVEN]


async def test_a_refused_slot_is_known_to_be_taken_for_a_moment(office: Office, clock: StillClock) -> None:
    await office.times()
    clock.pass_(1)
    office.slots.refused(5, TEN)
    assert await office.times() == [ELEVEN]
    assert office.slots.known_taken(5, TEN)
    assert not office.slots.known_taken(5, ELEVEN)
    assert not office.slots.known_taken(8, TEN)
    clock.pass_(11)
    assert await office.times() == [ELEVEN]
    assert not office.slots.known_taken(5, TEN)


async def test_a_copy_that_bookings_have_worn_away_is_read_again_although_it_is_young(
    office: Office, clock: StillClock
) -> None:
    office.free = [FreeSlot(TEN + timedelta(minutes=n)) for n in range(8)]
    await office.times()
    clock.pass_(1)
    for n in range(2):
        office.slots.booked(5, TEN + timedelta(minutes=n))
    clock.pass_(40)
    assert len(await office.times()) == 6
    assert len(office.asked) == 1
    office.slots.booked(5, TEN + timedelta(minutes=2))
    assert len(await office.times()) == 8
    assert len(office.asked) == 2


async def test_a_newer_reading_counts_more_than_a_refusal(office: Office, clock: StillClock) -> None:
    office.slots.refused(5, TEN)
    clock.pass_(1)
    assert await office.times() == [TEN, ELEVEN]
    assert not office.slots.known_taken(5, TEN)


async def test_our_own_cancellation_gives_the_slot_back(office: Office) -> None:
    await office.times()
    office.slots.booked(5, TEN)
    office.slots.freed(5, TEN)
    office.slots.freed(5, ELEVEN)
    assert await office.times() == [TEN, ELEVEN]


async def test_a_slot_that_was_full_when_it_was_read_is_offered_when_one_of_ours_is_cancelled(
    office: Office, clock: StillClock
) -> None:
    office.free = [FreeSlot(ELEVEN, 2)]
    assert await office.times() == [ELEVEN]
    office.slots.freed(5, TEN)
    assert await office.times() == [TEN, ELEVEN]
    assert not office.slots.known_taken(5, TEN)
    office.slots.booked(5, TEN)
    assert await office.times() == [ELEVEN], "it was one place"
    clock.pass_(700)
    assert await office.times() == [ELEVEN]
    assert len(office.asked) == 2


async def test_a_time_that_is_past_is_not_offered_because_it_was_cancelled(office: Office) -> None:
    office.free = []
    assert await office.times() == []
    office.slots.freed(5, datetime(2026, 1, 21, 9, 0))  # noqa: DTZ001 — office time
    office.slots.freed(8, TEN)
    assert await office.times() == []
    office.slots.freed(5, TEN)
    assert await office.times() == [TEN]


async def test_a_time_that_passes_is_no_longer_offered(office: Office, clock: StillClock) -> None:
    clock.at = datetime(2026, 1, 22, 9, 58, tzinfo=UTC)
    assert await office.times(TEN.date()) == [TEN, ELEVEN]
    clock.pass_(150)
    assert await office.times(TEN.date()) == [ELEVEN]


async def test_yesterdays_window_is_left_behind_at_midnight(office: Office, clock: StillClock) -> None:
    clock.at = datetime(2026, 1, 21, 23, 59, tzinfo=UTC)
    await office.times()
    clock.pass_(120)
    await office.times(TODAY + timedelta(days=1), 1)
    assert [first for _, first, _ in office.asked] == [TODAY, TODAY + timedelta(days=1)]


async def test_what_somebody_else_changed_can_be_forgotten(office: Office) -> None:
    await office.times()
    office.slots.forget(5)
    await office.times()
    assert len(office.asked) == 2


async def test_notes_do_not_pile_up_for_ever(office: Office) -> None:
    for n in range(6000):
        office.slots.booked(n, TEN)
    assert len(office.slots._changes) == 5000


async def test_what_a_window_offers_is_made_once_for_many_citizens(office: Office, clock: StillClock) -> None:
    first = await office.slots.get(5, TODAY, TODAY + timedelta(days=6), AGES)
    offers = dict(office.slots._offers.kept)
    clock.pass_(1)
    again = await office.slots.get(5, TODAY, TODAY + timedelta(days=6), AGES)
    office.slots.booked(8, TEN)
    await office.slots.get(5, TEN.date(), TEN.date(), AGES)
    assert again == first
    assert office.slots._offers.kept == offers
    office.slots.booked(5, TEN)
    assert await office.times() == [ELEVEN]


async def test_what_was_kept_ready_is_what_would_be_made_anew_whatever_happened(
    office: Office, clock: StillClock
) -> None:
    chance = Random(7)  # noqa: S311 — the same story in every run
    clock.at = datetime(2026, 1, 22, 8, 0, tzinfo=UTC)
    times = [TEN + timedelta(minutes=10 * n) for n in range(60)]
    acts = (office.slots.booked, office.slots.refused, office.slots.freed, office.slots.unsure)
    office.free = [FreeSlot(at, chance.choice((None, 1, 2))) for at in times]
    for _ in range(400):
        chance.choice(acts)(5, chance.choice(times))
        clock.pass_(chance.choice((0.0, 1.0, 20.0)))
        ready = await office.times(TEN.date(), 1)
        office.slots._offers.kept.clear()
        assert await office.times(TEN.date(), 1) == ready
    assert ready != times


async def test_what_nobody_asks_for_any_more_is_not_kept_ready(office: Office, clock: StillClock) -> None:
    await office.times()
    clock.pass_(601)
    assert office.slots.active == 1
    assert not office.slots._offers.kept


async def test_a_note_that_is_dropped_for_lack_of_room_counts_as_a_change(office: Office) -> None:
    await office.times()
    office.slots.booked(5, TEN)
    assert await office.times() == [ELEVEN]
    for n in range(6000):
        office.slots.booked(100 + n, TEN)
    assert await office.times() == [TEN, ELEVEN]


async def test_where_all_that_is_left_may_be_ours_it_is_read_again_before_anybody_is_sent_away(
    office: Office, clock: StillClock
) -> None:
    office.free = [FreeSlot(TEN)]
    await office.times()
    clock.pass_(1)
    office.slots.booked(5, TEN)
    clock.pass_(1)
    assert await office.times() == [TEN], "it takes several"
    assert len(office.asked) == 2
    office.slots.booked(5, TEN)
    clock.pass_(1)
    assert await office.times() == [TEN]
    assert len(office.asked) == 2, "which is known by now: the booking itself decides"


async def test_where_it_was_the_last_place_the_reading_says_so(office: Office, clock: StillClock) -> None:
    office.free = [FreeSlot(TEN)]
    await office.times()
    office.slots.booked(5, TEN)
    office.free = []
    clock.pass_(1)
    assert await office.times() == await office.times() == []
    assert len(office.asked) == 2


async def test_where_it_cannot_be_read_again_what_may_be_free_is_offered(office: Office, clock: StillClock) -> None:
    office.free = [FreeSlot(TEN), FreeSlot(ELEVEN)]
    await office.times()
    clock.pass_(1)
    office.slots.booked(5, TEN)
    office.slots.refused(5, ELEVEN)
    office.error = QuotaExhausted()
    assert await office.times() == [TEN], "but not what the service itself called taken"


async def test_a_booking_with_one_member_of_staff_takes_nothing_of_another(office: Office) -> None:
    await office.times()
    office.slots.booked(5, TEN, 42)
    assert await office.times(worker_id=42) == [ELEVEN]
    assert await office.times(worker_id=43) == await office.times() == [TEN, ELEVEN]
    office.slots.freed(5, TEN)
    assert await office.times(worker_id=42) == [TEN, ELEVEN]


CALM = Ages(fresh=45, stale=60, last=900)
BUSY = Ages(fresh=900, stale=900, last=900)


async def read_at(office: Office, *minutes: float) -> int:
    """Look at these minutes of the hour, in the busiest pace; how often the office was asked."""
    for minute in minutes:
        office.clock.at = datetime(2026, 1, 21, 10, 0, tzinfo=UTC) + timedelta(minutes=minute)
        await office.slots.get(5, TODAY, TODAY + timedelta(days=6), BUSY)
    return len(office.asked)


async def test_a_copy_serves_half_as_long_again_where_the_last_reading_brought_no_news(office: Office) -> None:
    assert await read_at(office, 0, 14, 16) == 2
    assert await read_at(office, 38) == 2, "nobody but us books there"
    assert await read_at(office, 39) == 3


async def test_in_a_calm_hour_no_copy_is_older_than_a_minute_whatever_the_last_reading_brought(office: Office) -> None:
    for second in range(0, 600, 20):
        office.clock.at = datetime(2026, 1, 21, 10, 0, tzinfo=UTC) + timedelta(seconds=second)
        await office.slots.get(5, TODAY, TODAY + timedelta(days=6), CALM)
        assert office.clock.unix - max(copy.began for _, copy in office.slots._cache) <= 60


async def test_in_a_calm_hour_a_refusal_ends_the_copys_life(office: Office, clock: StillClock) -> None:
    async def look() -> list[datetime]:
        return [slot.at for slot in await office.slots.get(5, TODAY, TODAY + timedelta(days=6), CALM)]

    await look()
    clock.pass_(5)
    office.slots.refused(5, TEN)
    clock.pass_(1)
    office.free = [FreeSlot(ELEVEN), FreeSlot(ELEVEN.replace(minute=30))]
    assert await look() == [ELEVEN, ELEVEN.replace(minute=30)]
    await look()
    assert len(office.asked) == 2


async def test_our_own_bookings_are_no_news(office: Office) -> None:
    assert await read_at(office, 0) == 1
    office.slots.booked(5, TEN)
    office.free = [FreeSlot(ELEVEN)]
    assert await read_at(office, 16, 38) == 2


@pytest.mark.parametrize("free", [[ELEVEN], [TEN, ELEVEN, ELEVEN.replace(minute=30)]])
async def test_a_stranger_s_booking_or_cancelling_is_news(office: Office, free: list[datetime]) -> None:
    assert await read_at(office, 0) == 1
    office.free = [FreeSlot(at) for at in free]
    assert await read_at(office, 16, 30) == 2
    assert await read_at(office, 32) == 3, "a quarter of an hour is enough where strangers are at it"


async def test_a_slot_that_somebody_is_about_to_confirm_is_kept_from_others_while_there_is_plenty(
    office: Office, clock: StillClock
) -> None:
    times = [TEN + timedelta(minutes=10 * n) for n in range(14)]
    office.free = [FreeSlot(at) for at in times]
    office.slots.chosen("telegram:1", (5, TEN))
    office.slots.chosen("telegram:2", (8, ELEVEN))
    assert await office.times() == times[1:]
    office.slots.chosen("telegram:1", (5, times[1]))
    assert await office.times() == [TEN, *times[2:]], "one choice each"
    office.slots.chosen("telegram:1", None)
    assert await office.times() == times
    office.slots.chosen("telegram:1", (5, TEN))
    clock.pass_(121)
    assert await office.times() == times, "whoever thinks for longer takes their chance"
    for number in range(3):
        office.slots.chosen(f"telegram:{number}", (5, times[number]))
    assert await office.times() == times, "where there is little, everything is offered"


async def test_a_slot_with_room_for_more_is_offered_although_somebody_is_about_to_confirm_it(
    office: Office,
) -> None:
    times = [TEN + timedelta(minutes=10 * n) for n in range(14)]
    office.free = [FreeSlot(times[0], 2), *(FreeSlot(at) for at in times[1:])]
    office.slots.chosen("telegram:1", (5, TEN))
    assert await office.times() == times
    office.slots.chosen("telegram:2", (5, TEN))
    assert await office.times() == times[1:]
