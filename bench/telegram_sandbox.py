"""The Telegram stand-in as a process of its own, without rate limits. `python -m bench.telegram_sandbox PEOPLE`

So many people have started the bot; their chat ids begin at `FIRST_CHAT`. Prints its address and serves until ended.
"""

import argparse
import asyncio

from bench.processes import TOKEN
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.sandbox.telegram.config import Person

FIRST_CHAT = 100_000_000


async def _serve(people: int) -> None:
    app = create_app(TelegramSandbox(token=TOKEN, people=(), limits=None))
    for each in range(people):
        app.state.world.add_person(Person(FIRST_CHAT + each, "Moussa"), started=True)
    async with serving(app) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="bench.telegram_sandbox", description="Serve the Telegram stand-in.")
    parser.add_argument("people", type=int, help="people who have started the bot")
    asyncio.run(_serve(parser.parse_args().people))


if __name__ == "__main__":
    main()
