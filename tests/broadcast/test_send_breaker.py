"""While Telegram is away nobody's message is spent on finding out; where it cannot send, few are."""

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
async def test_in_fair_weather_nobody_waits_and_nothing_is_asked() -> None:
    outside = Outside()
    assert [await outside.waits() for _ in range(3)] < [0.1] * 3
    assert outside.asked == 0


@in_no_time
async def test_after_a_failure_one_at_a_time_goes_out() -> None:
    outside = Outside()
    outside.breaker.bad("odd")
    assert 0 < await outside.waits() < 1
    second = asyncio.create_task(outside.waits())
    await asyncio.sleep(5)
    assert not second.done()
    outside.breaker.good()
    assert await second < LONGEST_CALL


@in_no_time
async def test_failures_in_a_row_make_ever_longer_rests_and_an_answer_ends_them() -> None:
    outside, rests = Outside(), []
    for _ in range(8):
        outside.breaker.bad("bad gateway")
        rests.append(await outside.waits())
    assert rests[2:] == sorted(rests[2:])
    assert rests[-1] > 10 * FIRST_REST
    outside.breaker.good()
    assert await outside.waits() < 0.1


@in_no_time
async def test_what_was_on_the_wire_when_it_began_tells_nothing_new() -> None:
    outside = Outside()
    for _ in range(300):
        outside.breaker.bad("bad gateway")
    assert await outside.waits() < 3


@in_no_time
async def test_while_nobody_answers_it_asks_and_can_be_halted() -> None:
    outside = Outside()
    outside.away = True
    for _ in range(3):
        outside.breaker.bad("no route")
    waiting = asyncio.create_task(outside.waits())
    await asyncio.sleep(600)
    assert 15 < outside.asked < 40
    outside.halted.set()
    await waiting
