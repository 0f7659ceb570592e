"""In an outage Telegram is probed; few messages are tried."""

import asyncio

from bot.app.ports import NotSentError
from bot.broadcast.throttle import FIRST_REST, LONGEST_CALL, SendBreaker
from tests.app.virtual_clock import in_no_time


class BreakerSetup:
    """A breaker in front of a Telegram that can be unreachable, and how long the next message waits."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0
        self.breaker = SendBreaker("Telegram", self._reach)
        self.halted = asyncio.Event()

    async def _reach(self) -> None:
        self.asked += 1
        if self.away:
            raise NotSentError("no route")

    async def waits(self) -> float:
        """How long the next one waits."""
        began = asyncio.get_running_loop().time()
        await self.breaker.wait(self.halted)
        return asyncio.get_running_loop().time() - began


@in_no_time
async def test_without_failures_nothing_waits_and_nothing_is_probed() -> None:
    setup = BreakerSetup()
    assert [await setup.waits() for _ in range(3)] < [0.1] * 3
    assert setup.asked == 0


@in_no_time
async def test_after_a_failure_one_call_at_a_time_is_made() -> None:
    setup = BreakerSetup()
    setup.breaker.failed("odd")
    assert 0 < await setup.waits() < 1
    second = asyncio.create_task(setup.waits())
    await asyncio.sleep(5)
    assert not second.done()
    setup.breaker.succeeded()
    assert await second < LONGEST_CALL


@in_no_time
async def test_repeated_failures_lengthen_the_pause_and_an_answer_ends_it() -> None:
    setup, rests = BreakerSetup(), []
    for _ in range(8):
        setup.breaker.failed("bad gateway")
        rests.append(await setup.waits())
    assert max(rests[2:4]) < min(rests[6:]), "each pause is spread at random, from half of it to one and a half times"
    assert rests[-1] > 10 * FIRST_REST
    setup.breaker.succeeded()
    assert await setup.waits() < 0.1


@in_no_time
async def test_failures_of_calls_in_flight_do_not_lengthen_the_pause() -> None:
    setup = BreakerSetup()
    for _ in range(300):
        setup.breaker.failed("bad gateway")
    assert await setup.waits() < 3


@in_no_time
async def test_in_an_outage_it_probes_and_can_be_halted() -> None:
    setup = BreakerSetup()
    setup.away = True
    for _ in range(3):
        setup.breaker.failed("no route")
    waiting = asyncio.create_task(setup.waits())
    await asyncio.sleep(600)
    assert 15 < setup.asked < 40
    setup.halted.set()
    await waiting
