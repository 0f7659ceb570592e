"""The list of a citizen costs few requests and is never older than their own changes."""

import asyncio
from datetime import datetime

import pytest

from bot.core.model import Appointment
from bot.moncreneau.appointments import ALLOWED, OwnAppointments
from bot.moncreneau.cache import CacheStats
from bot.moncreneau.errors import QuotaExhausted
from bot.moncreneau.quota import RequestKind
from tests.moncreneau.support import StillClock

ME, NEIGHBOUR = "telegram:77", "telegram:78"
TEN = datetime(2026, 1, 22, 10, 0)  # noqa: DTZ001 — office time is naive


class AppointmentsSetup:
    """Has the appointments of each owner, and records what is requested."""

    def __init__(self, clock: StillClock) -> None:
        self.asked: list[tuple[str, RequestKind]] = []
        self.books: dict[str, tuple[int, ...]] = {ME: (1,), NEIGHBOUR: (2,)}
        self.own_appointments = OwnAppointments(self.read, lambda: clock.unix, CacheStats())

    async def read(self, owner: str, kind: RequestKind) -> tuple[Appointment, ...]:
        self.asked.append((owner, kind))
        found = tuple(Appointment(number, 5, TEN, "x", owner=owner) for number in self.books[owner])
        await asyncio.sleep(0)
        return found

    async def look(self, owner: str = ME, kind: RequestKind = RequestKind.READ) -> list[int]:
        return [each.id for each in await self.own_appointments.look(owner, kind)]


@pytest.fixture
def setup(clock: StillClock) -> AppointmentsSetup:
    return AppointmentsSetup(clock)


async def test_reads_within_seconds_share_one_request(setup: AppointmentsSetup, clock: StillClock) -> None:
    assert await asyncio.gather(*(setup.look() for _ in range(50))) == [[1]] * 50
    clock.pass_(10)
    assert await setup.look(kind=RequestKind.URGENT) == [1]
    assert len(setup.asked) == 1
    clock.pass_(1)
    await setup.look()
    assert len(setup.asked) == 2


async def test_the_list_includes_the_owners_newest_booking(setup: AppointmentsSetup) -> None:
    await setup.look()
    setup.books[ME] = (1, 3)
    setup.own_appointments.changed(NEIGHBOUR)
    assert await setup.look() == [1]
    setup.own_appointments.changed(ME)
    assert await setup.look() == [1, 3]


async def test_a_list_read_during_a_change_is_not_used_after_it(setup: AppointmentsSetup) -> None:
    reading = asyncio.create_task(setup.look())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    setup.books[ME] = ()
    setup.own_appointments.cancelled(1)
    assert await setup.look() == []
    assert await reading == [1]
    assert await setup.look() == []


async def test_a_cancellation_invalidates_the_list_of_its_owner_only(setup: AppointmentsSetup) -> None:
    await setup.look()
    await setup.look(NEIGHBOUR)
    setup.books[ME] = ()
    setup.own_appointments.cancelled(1)
    assert (await setup.look(), await setup.look(NEIGHBOUR)) == ([], [2])
    assert len(setup.asked) == 3


async def test_an_owner_over_their_share_is_told_until_when_to_wait(
    setup: AppointmentsSetup, clock: StillClock
) -> None:
    for _ in range(ALLOWED):
        await setup.look()
        clock.pass_(11)
    with pytest.raises(QuotaExhausted) as caught:
        await setup.look()
    assert caught.value.retry_after == 3600 - 11 * ALLOWED
    assert await setup.look(kind=RequestKind.URGENT) == [1], "a cancelling has requests of its own"
    assert await setup.look(NEIGHBOUR) == [2]
    clock.pass_(3600 - 11 * ALLOWED)
    assert await setup.look() == [1]


async def test_inactive_owners_are_removed(setup: AppointmentsSetup) -> None:
    for number in range(5100):
        setup.books[f"telegram:{number}"] = ()
        await setup.look(f"telegram:{number}")
    assert len(setup.own_appointments._generations) == 5000
