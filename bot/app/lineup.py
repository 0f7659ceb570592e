"""In which order a broadcast's recipients come up: those who had to wait and are due, then the list, page by page.

Knows nothing of what is done with them.
"""

import asyncio
from collections.abc import AsyncIterator

from bot.app.backoff import either
from bot.broadcast.ports import Recipient, Roll
from bot.broadcast.run import Round

PAGE = 500
MOST_WAITING = 50_000
"""Recipients put off at once (some 20 MB); with more of them the list is read no further until some are due."""
LONG_AGO = float("-inf")


async def lineup(roll: Roll, rounds: Round) -> AsyncIterator[tuple[Recipient, float]]:
    """Whoever is next, and when that was known of them (the loop's time), until nobody is left or it is halted."""
    loop = asyncio.get_running_loop()
    after, exhausted = 0, False
    while not rounds.halted.is_set():
        if recipient := rounds.due(loop.time()):
            yield recipient, LONG_AGO
        elif not exhausted and len(rounds.later) < MOST_WAITING:
            page, read_at = await roll.page(rounds.plan.number, rounds.turns, after, PAGE), loop.time()
            exhausted = len(page) < PAGE
            for each in page:
                after = each.chat_id
                yield each, read_at
                if rounds.halted.is_set():
                    return
                while recipient := rounds.due(loop.time()):
                    yield recipient, LONG_AGO
        elif rounds.on_wire:
            # Any of them may be put off, and be due before those who were.
            wait = rounds.later[0][0] - loop.time() if rounds.later else None
            await asyncio.wait(rounds.on_wire, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        elif rounds.later:
            await either(rounds.halted, rounds.later[0][0] - loop.time())
        else:
            return
