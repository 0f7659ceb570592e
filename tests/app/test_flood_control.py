"""Which messages a 429 limits: those of a chat, all announcements, or all messages."""

import asyncio

from bot.app.rate_limits import FLOODED_CHATS, ChatRateLimiter, FloodControl, GlobalRateLimiter
from bot.app.records import Urgency
from tests.app.virtual_clock import in_no_time


class FloodSetup:
    """Flood control with both rate limiters."""

    def __init__(self) -> None:
        self.global_limiter, self.chat_limiter = GlobalRateLimiter(30), ChatRateLimiter(1)
        self.floods = FloodControl(self.global_limiter, self.chat_limiter)

    async def citizens_wait(self) -> float:
        """How long a citizen's message waits now."""
        began = asyncio.get_running_loop().time()
        await self.global_limiter.acquire(Urgency.INTERACTIVE)
        return asyncio.get_running_loop().time() - began


@in_no_time
async def test_repeated_429s_of_one_chat_limit_only_that_chat() -> None:
    setup = FloodSetup()
    for _ in range(10):
        setup.floods.limited(7, 30)
    now = asyncio.get_running_loop().time()
    assert setup.floods.pause() == 0
    assert await setup.citizens_wait() < 1
    assert setup.chat_limiter.wait_for(7, now, edit=False) > 29
    assert setup.chat_limiter.wait_for(8, now, edit=False) == 0


@in_no_time
async def test_a_flood_of_broadcasts_does_not_stop_citizens_messages() -> None:
    setup = FloodSetup()
    for chat in range(1, FLOODED_CHATS + 1):
        setup.floods.limited(chat, 20, bulk=True)
    assert 19 < setup.floods.pause() <= 20
    assert await setup.citizens_wait() < 1


@in_no_time
async def test_429s_of_citizens_messages_stop_all_messages() -> None:
    setup = FloodSetup()
    setup.floods.limited(1, 20, bulk=True)
    await asyncio.sleep(15)  # however slow the announcement goes
    setup.floods.limited(2, 20, bulk=True)
    setup.floods.limited(3, 20)
    assert await setup.citizens_wait() > 19


@in_no_time
async def test_several_chats_are_limited_separately_while_others_get_messages() -> None:
    setup = FloodSetup()
    for chat in range(1, 20):
        setup.floods.limited(chat, 30, bulk=True)
        setup.floods.succeeded()
    assert setup.floods.pause() == 0


@in_no_time
async def test_a_successful_edit_does_not_end_a_flood() -> None:
    setup = FloodSetup()
    for chat in (1, 2, 3):
        setup.floods.limited(chat, 30, edit=True)
        setup.floods.succeeded(edit=True)
    assert setup.floods.pause() == 0
    for chat in (1, 2, 3):
        setup.floods.limited(chat, 30, bulk=True)
        setup.floods.succeeded(edit=True)
    assert setup.floods.pause() > 29


@in_no_time
async def test_a_chat_limited_for_an_hour_does_not_stop_all_for_an_hour() -> None:
    setup = FloodSetup()
    for chat, seconds in ((1, 5), (2, 5), (3, 3600)):
        setup.floods.limited(chat, seconds, bulk=True)
    assert setup.floods.pause() <= 5


@in_no_time
async def test_after_a_flood_broadcasts_send_one_message_at_a_time_until_one_succeeds() -> None:
    setup, halted = FloodSetup(), asyncio.Event()
    assert await setup.floods.admit(halted)
    setup.floods.limited(1, 30, bulk=True)
    second = asyncio.create_task(setup.floods.admit(halted))
    await asyncio.sleep(5)
    assert not second.done(), "the first is under way"
    setup.floods.answered()
    assert await second
    third = asyncio.create_task(setup.floods.admit(halted))
    await asyncio.sleep(5)
    assert not third.done()
    setup.floods.succeeded()
    assert await third


@in_no_time
async def test_waiting_for_a_flood_to_end_can_be_halted() -> None:
    setup, halted = FloodSetup(), asyncio.Event()
    for chat in range(1, FLOODED_CHATS + 1):
        setup.floods.limited(chat, 3600, bulk=True)
    waiting = asyncio.create_task(setup.floods.admit(halted))
    await asyncio.sleep(5)
    halted.set()
    assert not await waiting
