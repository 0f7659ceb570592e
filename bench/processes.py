"""Starts the bot and the stand-ins for benches, and measures the processor time and memory of a process."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
TOKEN = "42:" + "bench" * 7
STOP_WITHIN = 15
"""Seconds in which a process may end by itself before it is killed."""
TICKS = os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def process(*command: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run Python with these arguments; it is ended at the end.

    The environment variable `BOT_PYTHON` names the Python that runs the bot itself, as installed for production.
    """
    python = os.environ.get("BOT_PYTHON", sys.executable) if command[:2] == ("-m", "bot") else sys.executable
    child = await asyncio.create_subprocess_exec(
        python, *command, cwd=ROOT, env=os.environ | environment, stdout=-1, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.terminate()
            try:
                await asyncio.wait_for(child.wait(), STOP_WITHIN)
            except TimeoutError:
                child.kill()
                await child.wait()


async def first_line(child: asyncio.subprocess.Process) -> str:
    """The first line that a process prints."""
    assert child.stdout
    return (await child.stdout.readline()).decode().strip()


@asynccontextmanager
async def moncreneau(slow: float = 0.0) -> AsyncIterator[str]:
    """The moncreneau stand-in; yields its address. `slow`: seconds that chat 1000 waits for each booking."""
    async with process("-m", "bench.moncreneau_server", str(slow)) as child:
        yield await first_line(child)


@asynccontextmanager
async def telegram_sandbox(people: int) -> AsyncIterator[str]:
    """The Telegram stand-in without rate limits, with so many people; yields its address."""
    async with process("-m", "bench.telegram_sandbox", str(people)) as child:
        yield await first_line(child)


def bot_environment(telegram: str, api: str, database: Path) -> dict[str, str]:
    """The bot's settings: everything stored, no rate limits."""
    return {
        "TELEGRAM_BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": telegram, "TELEGRAM_RATE": "0", "TELEGRAM_CHAT_RATE": "0",
        "MONCRENEAU_API_KEY": "mk_sandbox_demo_key", "MONCRENEAU_API_URL": f"{api}/api/v1",
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}", "LOG_LEVEL": "ERROR",
        "MAX_OPEN": "0", "MAX_BOOKINGS_PER_DAY": "0",
    }  # fmt: skip


def cpu_seconds(pid: int) -> float:
    """Processor time that the process has used so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid: int) -> float:
    """Resident memory in MB (Linux)."""
    line = next(each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
