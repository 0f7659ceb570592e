"""In an outage Telegram is probed; few messages are tried."""

import asyncio

from bot.app.ports import NotSentError
from bot.broadcast.throttle import FIRST_REST, LONGEST_CALL, SendBreaker
from tests.app.virtual_clock import in_no_time


class Outside:
    """Telegram, and one who wants to send to it."""

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
    outside = Outside()
    assert [await outside.waits() for _ in range(3)] < [0.1] * 3
    assert outside.asked == 0


@in_no_time
async def test_after_a_failure_one_call_at_a_time_is_made() -> None:
    outside = Outside()
    outside.breaker.failed("odd")
    assert 0 < await outside.waits() < 1
    second = asyncio.create_task(outside.waits())
    await asyncio.sleep(5)
    assert not second.done()
    outside.breaker.succeeded()
    assert await second < LONGEST_CALL


@in_no_time
async def test_repeated_failures_lengthen_the_pause_and_an_answer_ends_it() -> None:
    outside, rests = Outside(), []
    for _ in range(8):
        outside.breaker.failed("bad gateway")
        rests.append(await outside.waits())
    assert max(rests[2:4]) < min(rests[6:]), "each pause is spread at random, from half of it to one and a half times"
    assert rests[-1] > 10 * FIRST_REST
    outside.breaker.succeeded()
    assert await outside.waits() < 0.1


@in_no_time
async def test_failures_of_calls_in_flight_do_not_lengthen_the_pause() -> None:
    outside = Outside()
    for _ in range(300):
        outside.breaker.failed("bad gateway")
    assert await outside.waits() < 3


@in_no_time
async def test_in_an_outage_it_probes_and_can_be_halted() -> None:
    outside = Outside()
    outside.away = True
    for _ in range(3):
        outside.breaker.failed("no route")
    waiting = asyncio.create_task(outside.waits())
    await asyncio.sleep(600)
    assert 15 < outside.asked < 40
    outside.halted.set()
    await waiting
