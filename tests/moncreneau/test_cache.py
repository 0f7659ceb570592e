"""A copy is given as long as it is good enough, and the service is asked as seldom as that allows."""

import asyncio

import pytest

from bot.moncreneau.cache import Ages, Cache, Tally
from bot.moncreneau.errors import (
    BudgetSpent,
    CircuitOpen,
    DepartmentNotFound,
    InvalidApiKey,
    MoncreneauError,
    ServerError,
)
from tests.moncreneau.support import StillClock

AGES = Ages(fresh=30, stale=120, last=900)


class Shelf:
    """A cache in front of a service that counts."""

    def __init__(self, clock: StillClock, size: int = 3) -> None:
        self.tally = Tally()
        self.up = True
        self.gate = asyncio.Event()
        self.gate.set()
        self.cache: Cache[str, int] = Cache(lambda: clock.unix, self.tally, size, up=lambda: self.up)
        self.asked = 0
        self.error: MoncreneauError | None = None

    async def fetch(self) -> int:
        self.asked += 1
        await asyncio.sleep(0)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return self.asked

    async def get(self, key: str = "a") -> int:
        return (await self.cache.get(key, self.fetch, AGES)).value

    async def settle(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)


@pytest.fixture
def shelf(clock: StillClock) -> Shelf:
    return Shelf(clock)


async def test_a_fresh_copy_is_given_without_asking(shelf: Shelf, clock: StillClock) -> None:
    await shelf.get()
    clock.pass_(30)
    assert await shelf.get() == 1
    assert (shelf.asked, shelf.tally.hits, shelf.tally.misses) == (1, 1, 1)


async def test_an_older_one_is_given_and_renewed_behind_the_citizens_back(shelf: Shelf, clock: StillClock) -> None:
    await shelf.get()
    clock.pass_(31)
    assert await asyncio.gather(*(shelf.get() for _ in range(5))) == [1] * 5
    await shelf.settle()
    assert await shelf.get() == 2
    assert shelf.asked == 2


async def test_an_old_one_is_renewed_first(shelf: Shelf, clock: StillClock) -> None:
    await shelf.get()
    clock.pass_(121)
    assert await asyncio.gather(*(shelf.get() for _ in range(5))) == [2] * 5


@pytest.mark.parametrize("error", [ServerError(), BudgetSpent()])
async def test_an_old_one_serves_when_the_service_cannot_be_asked(
    shelf: Shelf, clock: StillClock, error: MoncreneauError
) -> None:
    await shelf.get()
    shelf.error = error
    clock.pass_(900)
    assert await shelf.get() == 1
    clock.pass_(1)
    with pytest.raises(type(error)):
        await shelf.get()


async def test_but_not_when_the_service_refuses(shelf: Shelf, clock: StillClock) -> None:
    await shelf.get()
    clock.pass_(200)
    shelf.error = InvalidApiKey()
    with pytest.raises(InvalidApiKey):
        await shelf.get()


async def test_an_error_is_not_remembered(shelf: Shelf) -> None:
    shelf.error = ServerError()
    with pytest.raises(ServerError):
        await shelf.get()
    shelf.error = None
    assert await shelf.get() == 2


async def test_a_renewal_that_fails_is_not_tried_again_for_every_citizen(shelf: Shelf, clock: StillClock) -> None:
    await shelf.get()
    clock.pass_(31)
    shelf.error = ServerError()
    for _ in range(10):
        assert await shelf.get() == 1
        await shelf.settle()
    assert shelf.asked == 2


async def test_a_department_that_is_gone_is_forgotten(shelf: Shelf, clock: StillClock) -> None:
    await shelf.get()
    clock.pass_(31)
    shelf.error = DepartmentNotFound()
    assert await shelf.get() == 1
    await shelf.settle()
    with pytest.raises(DepartmentNotFound):
        await shelf.get()


async def test_memory_is_bounded_and_what_nobody_asks_for_goes_first(shelf: Shelf) -> None:
    for key in "abcade":
        await shelf.get(key)
    assert [key for key, _ in shelf.cache] == ["a", "d", "e"]


async def test_a_copy_from_the_future_is_read_again(shelf: Shelf, clock: StillClock) -> None:
    await shelf.get()
    clock.pass_(-60)
    assert await shelf.get() == 2


async def test_an_old_one_serves_when_the_service_is_slow_and_the_reading_still_arrives(
    shelf: Shelf, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.cache.SLOW", 0.0)
    await shelf.get()
    clock.pass_(200)
    shelf.gate.clear()
    assert await shelf.get() == 1
    shelf.gate.set()
    await shelf.settle()
    assert await shelf.get() == 2
    assert shelf.asked == 2


async def test_nobody_waits_for_a_service_that_is_down(
    shelf: Shelf, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.cache.SLOW", 0.0)
    await shelf.get()
    clock.pass_(200)
    shelf.up = False
    shelf.gate.clear()
    assert await shelf.get() == 1
    with pytest.raises(CircuitOpen):
        await shelf.get("b")
    await shelf.cache.flights.aclose()


async def test_who_waits_when_it_turns_out_to_be_down_is_told_at_once(shelf: Shelf) -> None:
    shelf.gate.clear()
    waiting = asyncio.create_task(shelf.get())
    await shelf.settle()
    shelf.cache.flights.call_off()
    with pytest.raises(CircuitOpen):
        await waiting
    await shelf.cache.flights.aclose()


async def test_who_must_know_waits_for_as_long_as_it_takes(shelf: Shelf) -> None:
    await shelf.get()
    shelf.up = False
    assert (await shelf.cache.afresh("a", shelf.fetch)).value == 2
