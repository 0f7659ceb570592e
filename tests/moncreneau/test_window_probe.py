"""At the end of an hour one goes first, and the others wait for what it hears."""

import asyncio

from bot.moncreneau.quota import WindowProbe


def test_one_a_window_goes_first() -> None:
    window_probe = WindowProbe()
    assert window_probe.leaves(1)
    assert not window_probe.leaves(1), "it is under way"
    window_probe.returns()
    assert not window_probe.leaves(1), "this window has had its own"
    assert window_probe.leaves(2)


async def test_the_others_wait_until_it_is_back() -> None:
    window_probe = WindowProbe()
    window_probe.leaves(1)
    others = [asyncio.create_task(window_probe.back()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(each.done() for each in others)
    window_probe.returns()
    await asyncio.gather(*others)


async def test_where_nobody_is_under_way_nobody_waits() -> None:
    window_probe = WindowProbe()
    window_probe.returns()
    await window_probe.back()
