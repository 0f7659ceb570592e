"""The moncreneau stand-in as the benches need it: the sandbox, with room for everybody. A process of its own."""

import asyncio
import sys

from bot.sandbox.moncreneau import MoncreneauSandbox, create_app
from bot.sandbox.serving import serving


async def _serve() -> None:
    plenty = 10**9
    config = MoncreneauSandbox(capacity=plenty, credits=plenty, rate_limit=plenty)
    async with serving(create_app(config)) as url:
        sys.stdout.write(url + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
