"""The rate limiters, on a virtual clock."""

import asyncio

from bot.app.rate_limits import CHAT_BURST, EDIT_BURST, WINDOW, ChatRateLimiter, EvenPacer, GlobalRateLimiter
from bot.app.records import Urgency
from tests.app.virtual_clock import in_no_time


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _times(global_limiter: GlobalRateLimiter, urgency: Urgency, count: int) -> list[float]:
    began, times = _now(), []
    for _ in range(count):
        await global_limiter.acquire(urgency)
        times.append(_now() - began)
    return times


@in_no_time
async def test_no_time_window_has_more_messages_than_the_rate() -> None:
    times = await _times(GlobalRateLimiter(30), Urgency.INTERACTIVE, 100)
    assert max(sum(start <= each < start + 1 for each in times) for start in times) <= 30
    assert times[-1] < 3 * WINDOW + 1


@in_no_time
async def test_without_a_rate_nobody_waits() -> None:
    assert (await _times(GlobalRateLimiter(None), Urgency.BULK, 1000))[-1] < 1


@in_no_time
async def test_the_most_urgent_message_goes_first() -> None:
    global_limiter, order = GlobalRateLimiter(2), []

    async def want(name: str, urgency: Urgency) -> None:
        await global_limiter.acquire(urgency)
        order.append(name)

    await _times(global_limiter, Urgency.INTERACTIVE, 2)
    wishes = [("bulk", Urgency.BULK), ("notice", Urgency.NOTICE), ("citizen", Urgency.INTERACTIVE)]
    tasks = [asyncio.create_task(want(*each)) for each in wishes]
    await asyncio.gather(*tasks)
    assert order == ["citizen", "notice", "bulk"]


@in_no_time
async def test_bulk_messages_leave_capacity_for_citizens() -> None:
    global_limiter = GlobalRateLimiter(30)
    bulk = asyncio.create_task(_times(global_limiter, Urgency.BULK, 300))
    await asyncio.sleep(2)
    assert (await _times(global_limiter, Urgency.INTERACTIVE, 1))[0] < 0.1
    bulk.cancel()
    assert global_limiter.bulk_rate is not None
    assert global_limiter.bulk_rate < 27


@in_no_time
async def test_a_cancelled_waiter_uses_no_capacity() -> None:
    global_limiter = GlobalRateLimiter(1)
    await global_limiter.acquire(Urgency.INTERACTIVE)
    gone = asyncio.create_task(global_limiter.acquire(Urgency.INTERACTIVE))
    await asyncio.sleep(0)
    gone.cancel()
    assert (await _times(global_limiter, Urgency.INTERACTIVE, 1))[0] <= WINDOW + 0.1


@in_no_time
async def test_a_global_flood_stops_all_messages_and_then_slows_them_for_a_minute() -> None:
    global_limiter = GlobalRateLimiter(30)
    global_limiter.flooded(5)
    times = await _times(global_limiter, Urgency.INTERACTIVE, 60)
    assert times[0] >= 5
    assert sum(each < 6 for each in times) <= 15
    await asyncio.sleep(70)
    assert (await _times(global_limiter, Urgency.INTERACTIVE, 30))[-1] < 0.5


@in_no_time
async def test_an_even_pace_has_no_bursts() -> None:
    steady, began, times = EvenPacer(10), _now(), []
    await asyncio.sleep(3)
    for _ in range(21):
        await steady.acquire()
        times.append(_now() - began - 3)
    assert times[-1] >= 1.8
    assert max(sum(start <= each < start + 0.5 for each in times) for start in times) <= 7, (
        "what was missed is not made up"
    )


def test_a_chat_gets_a_burst_and_then_one_message_a_second() -> None:
    room = ChatRateLimiter(1)
    waits = [room.wait_for(7, 100.0, edit=False) for _ in range(CHAT_BURST + 3)]
    assert waits == [0.0] * CHAT_BURST + [1.0, 2.0, 3.0]
    assert room.wait_for(8, 100.0, edit=False) == 0, "another chat is another chat"
    assert room.wait_for(7, 200.0, edit=False) == 0, "room comes back"


def test_edits_have_a_larger_burst_and_groups_a_slower_rate() -> None:
    room = ChatRateLimiter(1)
    assert [room.wait_for(7, 0.0, edit=True) for _ in range(EDIT_BURST + 2)][-2:] == [0.5, 1.0]
    assert [room.wait_for(-7, 0.0, edit=False) for _ in range(7)][-2:] == [3.0, 6.0]


def test_without_a_rate_no_chat_waits_and_idle_chats_are_forgotten() -> None:
    assert ChatRateLimiter(None).wait_for(7, 0.0, edit=False) == 0
    room = ChatRateLimiter(1)
    for chat in range(1, 10_050):
        room.wait_for(chat, float(chat * 10), edit=False)
    assert len(room._due) < 100


@in_no_time
async def test_after_another_process_messages_go_on_evenly() -> None:
    times = await _times(GlobalRateLimiter(30, follows=True), Urgency.INTERACTIVE, 60)
    assert times[0] < 0.05
    assert sum(each < WINDOW - 0.01 for each in times) <= 30
    assert sum(each < WINDOW / 2 for each in times) <= 15


@in_no_time
async def test_a_flood_is_told_and_the_next_process_goes_on_with_it() -> None:
    told: list[float] = []
    GlobalRateLimiter(30, on_flood=told.append).flooded(5)
    assert told == [5]
    following = GlobalRateLimiter(30, follows=True, on_flood=told.append)
    following.resume_flood(4)
    assert (await _times(following, Urgency.INTERACTIVE, 1))[0] >= 4
    assert told == [5]
