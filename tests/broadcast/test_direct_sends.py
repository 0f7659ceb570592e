"""Single messages to admins keep the pace of their chat, and what they hear of a flood holds for all."""

import asyncio

from bot.app.rate_limits import CHAT_BURST, ChatRateLimiter
from bot.app.records import Urgency
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import FakeSender, SharedLimits


@in_no_time
async def test_they_share_the_room_of_their_chat_with_everything_that_goes_there() -> None:
    limits, loop = SharedLimits(FakeSender(), per_chat=ChatRateLimiter(1)), asyncio.get_running_loop()
    for _ in range(CHAT_BURST):
        limits.per_chat.wait_for(900, loop.time(), edit=False)
    began = loop.time()
    await limits.direct_sends.turn(900, Urgency.NOTICE)
    assert loop.time() - began > 0.9


@in_no_time
async def test_after_a_flood_the_next_turn_is_when_the_chat_takes_messages_again() -> None:
    limits, loop = SharedLimits(FakeSender()), asyncio.get_running_loop()
    limits.direct_sends.flooded(900, 30)
    began = loop.time()
    await limits.direct_sends.turn(900, Urgency.NOTICE)
    assert loop.time() - began >= 30
    limits.direct_sends.went()
    assert limits.floods.pause() == 0
