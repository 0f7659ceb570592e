"""Whose flood a 429 is: a chat's, that of all announcements, or everybody's."""

import asyncio

from bot.app.rate_limits import FLOODED_CHATS, ChatRateLimiter, FloodControl, GlobalRateLimiter
from bot.app.records import Urgency
from tests.app.virtual_clock import in_no_time


class House:
    """The judgement, and what it rests on."""

    def __init__(self) -> None:
        self.overall, self.per_chat = GlobalRateLimiter(30), ChatRateLimiter(1)
        self.watch = FloodControl(self.overall, self.per_chat)

    async def citizens_wait(self) -> float:
        """How long a citizen's message waits now."""
        began = asyncio.get_running_loop().time()
        await self.overall.turn(Urgency.INTERACTIVE)
        return asyncio.get_running_loop().time() - began


@in_no_time
async def test_repeated_429s_of_one_chat_limit_only_that_chat() -> None:
    house = House()
    for _ in range(10):
        house.watch.struck(7, 30)
    now = asyncio.get_running_loop().time()
    assert house.watch.pause() == 0
    assert await house.citizens_wait() < 1
    assert house.per_chat.wait_for(7, now, edit=False) > 29
    assert house.per_chat.wait_for(8, now, edit=False) == 0


@in_no_time
async def test_a_flood_of_broadcasts_does_not_stop_citizens_messages() -> None:
    house = House()
    for chat in range(1, FLOODED_CHATS + 1):
        house.watch.struck(chat, 20, bulk=True)
    assert 19 < house.watch.pause() <= 20
    assert await house.citizens_wait() < 1


@in_no_time
async def test_429s_of_citizens_messages_stop_all_messages() -> None:
    house = House()
    house.watch.struck(1, 20, bulk=True)
    await asyncio.sleep(15)  # however slow the announcement goes
    house.watch.struck(2, 20, bulk=True)
    house.watch.struck(3, 20)
    assert await house.citizens_wait() > 19


@in_no_time
async def test_several_chats_are_limited_separately_while_others_get_messages() -> None:
    house = House()
    for chat in range(1, 20):
        house.watch.struck(chat, 30, bulk=True)
        house.watch.went()
    assert house.watch.pause() == 0


@in_no_time
async def test_a_successful_edit_does_not_end_a_flood() -> None:
    house = House()
    for chat in (1, 2, 3):
        house.watch.struck(chat, 30, edit=True)
        house.watch.went(edit=True)
    assert house.watch.pause() == 0
    for chat in (1, 2, 3):
        house.watch.struck(chat, 30, bulk=True)
        house.watch.went(edit=True)
    assert house.watch.pause() > 29


@in_no_time
async def test_a_chat_limited_for_an_hour_does_not_stop_all_for_an_hour() -> None:
    house = House()
    for chat, seconds in ((1, 5), (2, 5), (3, 3600)):
        house.watch.struck(chat, seconds, bulk=True)
    assert house.watch.pause() <= 5


@in_no_time
async def test_after_a_flood_broadcasts_send_one_message_at_a_time_until_one_succeeds() -> None:
    house, halted = House(), asyncio.Event()
    assert await house.watch.admit(halted)
    house.watch.struck(1, 30, bulk=True)
    second = asyncio.create_task(house.watch.admit(halted))
    await asyncio.sleep(5)
    assert not second.done(), "the first is under way"
    house.watch.answered()
    assert await second
    third = asyncio.create_task(house.watch.admit(halted))
    await asyncio.sleep(5)
    assert not third.done()
    house.watch.went()
    assert await third


@in_no_time
async def test_waiting_for_a_flood_to_end_can_be_halted() -> None:
    house, halted = House(), asyncio.Event()
    for chat in range(1, FLOODED_CHATS + 1):
        house.watch.struck(chat, 3600, bulk=True)
    waiting = asyncio.create_task(house.watch.admit(halted))
    await asyncio.sleep(5)
    halted.set()
    assert not await waiting
