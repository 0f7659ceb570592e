"""Serves the two stand-ins on real ports, and for the demo starts the bot beside them as a process of its own.

The bot is given addresses and secrets through its environment, as with the real services, and nothing else.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox
from bot.sandbox.moncreneau import create_app as moncreneau
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox
from bot.sandbox.telegram import create_app as telegram
from bot.sandbox.telegram.config import ADMIN_ID, TOKEN

STOP_SECONDS = 12


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the stand-ins listen, and where their data is kept."""

    host: str
    telegram: int
    moncreneau: int
    data: str


@asynccontextmanager
async def _stand_ins(ports: Ports) -> AsyncIterator[tuple[str, str]]:
    folder = Path(ports.data)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    ledger = f"http://{ports.host}:{ports.moncreneau}/__sandbox/ledger"
    api = MoncreneauSandbox(database=folder / "moncreneau.db", public_url=f"http://{ports.host}:{ports.moncreneau}")
    async with (
        serving(moncreneau(api), ports.host, ports.moncreneau) as moncreneau_url,
        serving(telegram(TelegramSandbox(ledger_url=ledger)), ports.host, ports.telegram) as telegram_url,
    ):
        yield telegram_url, moncreneau_url


def _environment(ports: Ports, telegram_url: str, moncreneau_url: str) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram_url,
        "MONCRENEAU_API_KEY": DEMO_KEY,
        "MONCRENEAU_API_URL": f"{moncreneau_url}/api/v1",
        "DATABASE_URL": f"sqlite+aiosqlite:///{Path(ports.data) / 'bot.db'}",
        "ADMIN_IDS": str(ADMIN_ID),
    }


async def serve(ports: Ports) -> int:
    """Serve the stand-ins until interrupted, and say how to point a bot at them."""
    async with _stand_ins(ports) as (telegram_url, moncreneau_url):
        _say(f"Chat page and Bot API: {telegram_url}/", f"moncreneau API:        {moncreneau_url}/api/v1", "")
        _say(*(f"export {name}={value}" for name, value in _environment(ports, telegram_url, moncreneau_url).items()))
        await _interrupted()
    return 0


async def demo(ports: Ports) -> int:
    """Serve the stand-ins and run the bot against them until interrupted."""
    async with _stand_ins(ports) as (telegram_url, moncreneau_url):
        environment = os.environ | _environment(ports, telegram_url, moncreneau_url)
        bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", env=environment)
        _say("", f"  Open {telegram_url}/ in a browser and press START.", "  Ctrl+C ends the demo.", "")
        ended, interrupted = asyncio.create_task(bot.wait()), asyncio.create_task(_interrupted())
        await asyncio.wait({ended, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        interrupted.cancel()
        if bot.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                bot.terminate()
            try:
                await asyncio.wait_for(ended, STOP_SECONDS)
            except TimeoutError:
                bot.kill()
            return 0
        return bot.returncode


async def _interrupted() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 — this is the command line
