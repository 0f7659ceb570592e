"""Serves both stand-ins on real ports and, for the demo, starts the bot as a process of its own.

The bot gets addresses and secrets through its environment, as with the real services, and nothing else.
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
from typing import Literal

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox, default_departments, french_departments
from bot.sandbox.moncreneau import create_app as moncreneau_app
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox
from bot.sandbox.telegram import create_app as telegram_app
from bot.sandbox.telegram.config import ADMIN_ID, TOKEN

STOP_SECONDS = 12


@dataclass(frozen=True, slots=True)
class Options:
    """Where the stand-ins listen, the folder of their data, and the language of the departments' names."""

    host: str
    telegram_port: int
    moncreneau_port: int
    data: str
    departments: Literal["fr", "en"] = "fr"


@asynccontextmanager
async def serving_stand_ins(options: Options) -> AsyncIterator[tuple[str, str]]:
    """Serve both stand-ins and yield the addresses of the one for Telegram and the one for moncreneau."""
    folder = Path(options.data)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    public_url = f"http://{options.host}:{options.moncreneau_port}"
    departments = french_departments() if options.departments == "fr" else default_departments()
    moncreneau = MoncreneauSandbox(database=folder / "moncreneau.db", public_url=public_url, departments=departments)
    async with (
        serving(moncreneau_app(moncreneau), options.host, options.moncreneau_port) as moncreneau_url,
        serving(
            telegram_app(TelegramSandbox(moncreneau_url=moncreneau_url)), options.host, options.telegram_port
        ) as telegram_url,
    ):
        yield telegram_url, moncreneau_url


def _bot_environment(options: Options, telegram_url: str, moncreneau_url: str) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram_url,
        "MONCRENEAU_API_KEY": DEMO_KEY,
        "MONCRENEAU_API_URL": f"{moncreneau_url}/api/v1",
        "DATABASE_URL": f"sqlite+aiosqlite:///{Path(options.data) / 'bot.db'}",
        "ADMIN_IDS": str(ADMIN_ID),
    }


async def serve(options: Options) -> int:
    """Serve the stand-ins until interrupted, and print the settings that point a bot at them."""
    async with serving_stand_ins(options) as (telegram_url, moncreneau_url):
        environment = _bot_environment(options, telegram_url, moncreneau_url)
        _print(f"Chat page and Bot API: {telegram_url}/", f"moncreneau API:        {moncreneau_url}/api/v1", "")
        _print(*(f"export {name}={value}" for name, value in environment.items()))
        await _interrupted()
    return 0


async def demo(options: Options) -> int:
    """Serve the stand-ins and run the bot on them until interrupted; returns the exit code."""
    async with serving_stand_ins(options) as (telegram_url, moncreneau_url):
        environment = os.environ | _bot_environment(options, telegram_url, moncreneau_url)
        bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", env=environment)
        _print("", f"  Open {telegram_url}/ in a browser and press START.", "  Ctrl+C ends the demo.", "")
        ended, interrupted = asyncio.create_task(bot.wait()), asyncio.create_task(_interrupted())
        await asyncio.wait({ended, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        interrupted.cancel()
        if bot.returncode is not None:
            return bot.returncode
        with contextlib.suppress(ProcessLookupError):
            bot.terminate()
        try:
            await asyncio.wait_for(ended, STOP_SECONDS)
        except TimeoutError:
            bot.kill()
        return 0


async def _interrupted() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _print(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 — this is the command line
