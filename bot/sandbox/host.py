"""Serves both stand-ins on real ports and, for the demo, starts the bot as a process of its own.

The bot gets addresses and secrets through its environment, as with the real services, and nothing else.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox, default_departments, french_departments
from bot.sandbox.moncreneau import create_app as moncreneau_app
from bot.sandbox.moncreneau.webhooks import STYLES
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox
from bot.sandbox.telegram import create_app as telegram_app
from bot.sandbox.telegram.config import ADMIN_ID, STAFF_ID, TOKEN

CLOCK_AHEAD = "BOT_CLOCK_AHEAD"
"""The variable that moves the bot's clock forward (`bot.__main__`)."""
DEPARTMENTS = Path(__file__).with_name("departments.toml")
"""What the demo's bot tells of departments beyond the API."""
STAFFED = 5
"""The department that has staff in the demo."""
STOP_SECONDS = 12
"""How long the bot may take to stop."""
WEBHOOK_SECRET = "whsec_demo"  # noqa: S105 — worth nothing anywhere else


@dataclass(frozen=True, slots=True)
class Options:
    """Where the stand-ins listen (port 0 is any free one), the folder of their data, the departments' language."""

    host: str
    telegram_port: int
    moncreneau_port: int
    data: str
    departments: Literal["fr", "en"] = "fr"


@asynccontextmanager
async def serving_stand_ins(
    options: Options, on_clock_moved: Callable[[float], None] = lambda _seconds: None, /, **webhooks: Any
) -> AsyncIterator[tuple[str, str]]:
    """Serve both stand-ins and yield the addresses of the one for Telegram and the one for moncreneau.

    `webhooks` are the settings of that name of `MoncreneauSandbox`. Both clocks move together; `on_clock_moved` is told
    the seconds.
    """

    def move_clock(seconds: float) -> None:
        chats.state.world.advance(seconds)
        on_clock_moved(seconds)

    folder = Path(options.data)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    moncreneau_port = options.moncreneau_port or _free_port(options.host)
    moncreneau = MoncreneauSandbox(
        database=folder / "moncreneau.db",
        public_url=f"http://{options.host}:{moncreneau_port}",
        departments=french_departments() if options.departments == "fr" else default_departments(),
        on_clock_moved=move_clock,
        **webhooks,
    )
    async with serving(moncreneau_app(moncreneau), options.host, moncreneau_port) as moncreneau_url:
        chats = telegram_app(TelegramSandbox(moncreneau_url=moncreneau_url))
        async with serving(chats, options.host, options.telegram_port) as telegram_url:
            yield telegram_url, moncreneau_url


def _bot_environment(options: Options, telegram_url: str, moncreneau_url: str) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": telegram_url,
        "MONCRENEAU_API_KEY": DEMO_KEY,
        "MONCRENEAU_API_URL": f"{moncreneau_url}/api/v1",
        "DATABASE_URL": f"sqlite+aiosqlite:///{Path(options.data) / 'bot.db'}",
        "ADMIN_IDS": str(ADMIN_ID),
        "STAFF": f"{STAFFED}:{STAFF_ID}",
        "DEPARTMENTS_FILE": str(DEPARTMENTS),
    }


async def serve(options: Options) -> int:
    """Serve the stand-ins until interrupted, and print the settings that point a bot at them.

    WEBHOOK_URL, WEBHOOK_SECRET and WEBHOOK_STYLE in the environment say where webhooks are sent.
    """
    named = {name: os.environ.get(name.upper()) for name in ("webhook_url", "webhook_secret", "webhook_style")}
    if named["webhook_style"] not in (None, *STYLES):
        raise SystemExit(f"WEBHOOK_STYLE must be one of {', '.join(STYLES)}")
    webhooks = {name: value for name, value in named.items() if value}
    async with serving_stand_ins(options, **webhooks) as (telegram_url, moncreneau_url):
        environment = _bot_environment(options, telegram_url, moncreneau_url)
        _print(
            f"Chat page and Bot API: {telegram_url}/",
            f"moncreneau API:        {moncreneau_url}/api/v1",
            f"The office:            {moncreneau_url}/office",
            "",
            *(f"export {name}={value}" for name, value in environment.items()),
        )
        await _interrupted()
    return 0


async def demo(options: Options) -> int:
    """Serve the stand-ins and run the bot on them until interrupted; returns the exit code.

    When the clock is moved, the bot starts again with a clock that is as far ahead.
    """
    webhooks, bot_settings = _webhooks_to_the_bot()
    ahead, moved = 0.0, asyncio.Event()

    def on_clock_moved(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds
        moved.set()

    async with serving_stand_ins(options, on_clock_moved, **webhooks) as (telegram_url, moncreneau_url):
        environment = os.environ | _bot_environment(options, telegram_url, moncreneau_url) | bot_settings
        _print(
            "",
            f"  Open {telegram_url}/ in a browser and press START.",
            f"  The office, which sees and changes the appointments: {moncreneau_url}/office",
            "  Ctrl+C ends the demo.",
            "",
        )
        interrupted = asyncio.create_task(_interrupted())
        while not interrupted.done():
            moved.clear()
            bot = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=environment | {CLOCK_AHEAD: str(ahead)}
            )
            ended, jumped = asyncio.create_task(bot.wait()), asyncio.create_task(moved.wait())
            await asyncio.wait({ended, interrupted, jumped}, return_when=asyncio.FIRST_COMPLETED)
            jumped.cancel()
            if bot.returncode is not None:
                interrupted.cancel()
                return bot.returncode
            await _stop(bot, ended)
        return 0


async def _stop(bot: asyncio.subprocess.Process, ended: asyncio.Task[int]) -> None:
    with contextlib.suppress(ProcessLookupError):
        bot.terminate()
    try:
        await asyncio.wait_for(ended, STOP_SECONDS)
    except TimeoutError:
        bot.kill()


def _webhooks_to_the_bot() -> tuple[dict[str, str], dict[str, str]]:
    """Return the stand-in's settings and the bot's, so that the one sends what the other receives."""
    port = _free_port("127.0.0.1")
    url = f"http://127.0.0.1:{port}/hooks/moncreneau"
    stand_in = {"webhook_url": url, "webhook_secret": WEBHOOK_SECRET}
    return stand_in, {"HTTP_PORT": str(port), "MONCRENEAU_WEBHOOK_SECRET": WEBHOOK_SECRET}


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def _interrupted() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


def _print(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)  # noqa: T201 — this is the command line
