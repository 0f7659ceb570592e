"""At the end of an hour one goes first, and the others wait for what it hears."""

import asyncio

from bot.moncreneau.quota import Scout


def test_one_a_window_goes_first() -> None:
    scout = Scout()
    assert scout.leaves(1)
    assert not scout.leaves(1), "it is under way"
    scout.returns()
    assert not scout.leaves(1), "this window has had its own"
    assert scout.leaves(2)


async def test_the_others_wait_until_it_is_back() -> None:
    scout = Scout()
    scout.leaves(1)
    others = [asyncio.create_task(scout.back()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in others)
    scout.returns()
    await asyncio.gather(*others)


async def test_where_nobody_is_under_way_nobody_waits() -> None:
    scout = Scout()
    scout.returns()
    await scout.back()
