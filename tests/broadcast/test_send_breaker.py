"""In an outage Telegram is probed; few messages are tried."""

import asyncio

from bot.app.circuit_breaker import Call
from bot.app.ports import NotSentError
from bot.broadcast.throttle import FAILURES, LONGEST_PAUSE, SendBreaker
from tests.app.virtual_clock import in_no_time


class BreakerSetup:
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

    async def enter(self) -> Call:
        call = await self.breaker.enter(self.halted)
        assert call
        return call

    async def fail(self) -> float:
        """Wait for a turn and fail; returns how long it waited."""
        began = asyncio.get_running_loop().time()
        with await self.enter() as call:
            call.failed("bad gateway")
        return asyncio.get_running_loop().time() - began

    async def answer(self) -> float:
        """Wait for a turn and succeed; returns how long it waited."""
        began = asyncio.get_running_loop().time()
        with await self.enter() as call:
            call.answered()
        return asyncio.get_running_loop().time() - began


@in_no_time
async def test_without_failures_nothing_waits_and_nothing_is_probed() -> None:
    setup = BreakerSetup()
    assert [await setup.answer() for _ in range(3)] == [0] * 3
    assert setup.asked == 0


@in_no_time
async def test_after_failures_in_a_row_one_call_at_a_time_is_made() -> None:
    setup = BreakerSetup()
    assert [await setup.fail() for _ in range(FAILURES)] == [0] * FAILURES
    with await setup.enter() as trial:
        second = asyncio.create_task(setup.answer())
        await asyncio.sleep(60)
        assert not second.done()
        trial.answered()
    await second
    assert setup.asked == 1


@in_no_time
async def test_repeated_failures_lengthen_the_pause_and_an_answer_ends_it() -> None:
    setup = BreakerSetup()
    rests = [await setup.fail() for _ in range(FAILURES + 12)][FAILURES:]
    assert rests[0] <= 1
    assert LONGEST_PAUSE / 2 <= rests[-1] <= LONGEST_PAUSE
    await setup.answer()
    assert await setup.answer() == 0


@in_no_time
async def test_failures_of_calls_in_flight_do_not_lengthen_the_pause() -> None:
    setup = BreakerSetup()
    in_flight = [await setup.enter() for _ in range(300)]
    for call in in_flight:
        with call:
            call.failed("bad gateway")
    assert await setup.answer() <= 1


@in_no_time
async def test_a_late_answer_ends_a_long_pause() -> None:
    setup = BreakerSetup()
    early = await setup.enter()
    for _ in range(FAILURES + 12):
        await setup.fail()
    waiting = asyncio.create_task(setup.answer())
    await asyncio.sleep(10)
    early.answered()
    assert await waiting < 12


@in_no_time
async def test_in_an_outage_the_breaker_probes_and_can_be_halted() -> None:
    setup = BreakerSetup()
    for _ in range(FAILURES):
        await setup.fail()
    setup.away = True
    waiting = asyncio.create_task(setup.breaker.enter(setup.halted))
    await asyncio.sleep(600)
    assert 15 < setup.asked < 40
    setup.halted.set()
    assert await waiting is None
