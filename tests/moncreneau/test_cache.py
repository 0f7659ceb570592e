"""A copy is returned while it is good enough, and requests are as few as that allows."""

import asyncio

import pytest

from bot.core.model import FailureCode
from bot.moncreneau.cache import Ages, Cache, CacheStats
from bot.moncreneau.errors import (
    MoncreneauError,
    NoAccess,
    NotFound,
    QuotaExhausted,
    ServerError,
)
from tests.moncreneau.support import StillClock

AGES = Ages(good=30, last=900)


class CachedService:
    """A cache in front of a service that counts."""

    def __init__(self, clock: StillClock, size: int = 3) -> None:
        self.stats = CacheStats()
        self.gate = asyncio.Event()
        self.gate.set()
        self.cache: Cache[str, int] = Cache(lambda: clock.unix, self.stats, size)
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
def service(clock: StillClock) -> CachedService:
    return CachedService(clock)


async def test_a_fresh_copy_is_returned_without_a_request(service: CachedService, clock: StillClock) -> None:
    await service.get()
    clock.pass_(30)
    assert await service.get() == 1
    assert (service.asked, service.stats.hits, service.stats.misses) == (1, 1, 1)


async def test_an_old_copy_is_refreshed_before_it_is_returned(service: CachedService, clock: StillClock) -> None:
    await service.get()
    clock.pass_(31)
    assert await asyncio.gather(*(service.get() for _ in range(5))) == [2] * 5


@pytest.mark.parametrize("error", [ServerError(), QuotaExhausted()])
async def test_an_old_copy_is_returned_if_the_api_does_not_answer(
    service: CachedService, clock: StillClock, error: MoncreneauError
) -> None:
    await service.get()
    service.error = error
    clock.pass_(900)
    assert await service.get() == 1
    clock.pass_(11)
    with pytest.raises(type(error)):
        await service.get()


async def test_no_old_copy_is_returned_if_the_api_refuses(service: CachedService, clock: StillClock) -> None:
    await service.get()
    clock.pass_(200)
    service.error = NoAccess()
    with pytest.raises(NoAccess):
        await service.get()


async def test_an_error_is_not_cached(service: CachedService) -> None:
    service.error = ServerError()
    with pytest.raises(ServerError):
        await service.get()
    service.error = None
    assert await service.get() == 2


async def test_a_failed_refresh_is_not_repeated_for_every_citizen(service: CachedService, clock: StillClock) -> None:
    await service.get()
    clock.pass_(31)
    service.error = ServerError()
    for _ in range(10):
        assert await service.get() == 1
        await service.settle()
    assert (service.asked, service.stats.hits) == (2, 10)
    service.error = None
    clock.pass_(10)
    assert await service.get() == 3


async def test_a_deleted_department_is_removed_from_the_cache(service: CachedService, clock: StillClock) -> None:
    await service.get()
    clock.pass_(31)
    service.error = NotFound(failure_code=FailureCode.DEPARTMENT_GONE)
    with pytest.raises(NotFound):
        await service.get()
    assert service.cache.peek("a") is None


async def test_the_cache_is_bounded_and_drops_the_least_recently_used(service: CachedService) -> None:
    for key in "abcade":
        await service.get(key)
    assert [key for key, _ in service.cache] == ["a", "d", "e"]


async def test_a_copy_from_the_future_is_refreshed(service: CachedService, clock: StillClock) -> None:
    await service.get()
    clock.pass_(-60)
    assert await service.get() == 2


async def test_an_old_copy_is_returned_while_a_slow_reading_continues(
    service: CachedService, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.cache.SLOW", 0.0)
    await service.get()
    clock.pass_(200)
    service.gate.clear()
    assert await service.get() == 1
    service.gate.set()
    await service.settle()
    assert await service.get() == 2
    assert service.asked == 2
