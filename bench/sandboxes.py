"""The stand-in for Telegram as a process of its own, with as many people as wanted. `python -m bench.sandboxes`"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bench.load import process
from bot.sandbox.serving import serving
from bot.sandbox.telegram import RateLimits, TelegramSandbox, create_app
from bot.sandbox.telegram.config import Person

TOKEN = "42:" + "bench" * 7
FIRST = 100_000_000


@asynccontextmanager
async def telegram(*, limits: bool, people: int) -> AsyncIterator[str]:
    """Serve it; yields its address."""
    async with process("-m", "bench.sandboxes", str(people), "limits" if limits else "free") as child:
        assert child.stdout
        yield (await child.stdout.readline()).decode().strip()


async def _serve(people: int, *, limits: bool) -> None:
    sandbox = create_app(TelegramSandbox(token=TOKEN, people=(), limits=RateLimits() if limits else None))
    world = sandbox.state.world
    for each in range(people):
        world.add_person(Person(FIRST + each, "Moussa"), started=True)
    async with serving(sandbox) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int)
    parser.add_argument("limits", choices=("limits", "free"))
    chosen = parser.parse_args()
    asyncio.run(_serve(chosen.people, limits=chosen.limits == "limits"))


if __name__ == "__main__":
    main()
