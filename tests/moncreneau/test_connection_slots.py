"""The number of requests at once is limited; none waits for a service that went down meanwhile."""

import asyncio

import pytest

from bot.app.circuit_breaker import CircuitBreaker
from bot.moncreneau.client import ConnectionSlots
from bot.moncreneau.errors import CircuitOpen, NoConnectionFree
from tests.moncreneau.support import StillClock, circuit_breaker


def connection_slots(clock: StillClock, width: int, limit: float = 5.0) -> tuple[ConnectionSlots, CircuitBreaker]:
    breaker = circuit_breaker(clock, failures=1)
    return ConnectionSlots(width, breaker, limit), breaker


async def test_the_number_of_requests_at_once_is_limited(clock: StillClock) -> None:
    here, _ = connection_slots(clock, 2)
    inside, most = 0, 0
    go = asyncio.Event()

    async def drive() -> None:
        nonlocal inside, most
        async with here.one():
            inside += 1
            most = max(most, inside)
            await go.wait()
            inside -= 1

    all_of_them = [asyncio.create_task(drive()) for _ in range(5)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert inside == 2
    go.set()
    await asyncio.gather(*all_of_them)
    assert (inside, most) == (0, 2)


async def test_waiting_for_a_connection_has_a_time_limit(clock: StillClock) -> None:
    here, _ = connection_slots(clock, 1, limit=0.01)
    async with here.one():
        with pytest.raises(NoConnectionFree):
            async with here.one():
                raise AssertionError


async def test_no_request_waits_for_a_connection_while_the_api_is_down(clock: StillClock) -> None:
    here, breaker = connection_slots(clock, 1)
    async with here.one():
        call = breaker.enter()
        assert call
        call.failed("down")
        with pytest.raises(CircuitOpen):
            async with here.one():
                raise AssertionError
