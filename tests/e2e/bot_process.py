"""The bot as a separate process (`python -m bot run`): started, stopped and killed by its id, its log in a file."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.app.failpoints import VARIABLE
from tests.e2e.waiting import eventually
from tests.storage.databases import Database

ROOT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"^(?P<time>\S+) (?P<level>[A-Z]+) (?P<name>\S+): (?P<words>.*)$", re.MULTILINE)


class BotProcess:
    """One bot with one database and one log; it can be started again and again, each time with its `settings`.

    `code` is the folder of the release to run.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str], database: Database, code: Path = ROOT) -> None:
        self.database = database
        self._code = code
        self._folder = folder
        self._log = folder / "bot.log"
        self.settings = {"DATABASE_URL": database.url, **settings}
        self._process: asyncio.subprocess.Process | None = None
        self._log_start = 0

    @property
    def running(self) -> bool:
        """Whether a process runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The id of the process, also of one that has ended."""
        assert self._process
        return self._process.pid

    @property
    def is_frozen(self) -> bool:
        """Whether it was stopped by SIGSTOP."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state == "T"

    @property
    def log(self) -> str:
        """The log of all its processes."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def log_messages(self) -> list[str]:
        """The messages in the log since the last start."""
        return [each["words"] for each in LINE.finditer(self.log[self._log_start :])]

    async def start(self, *, crash_at: str = "", ready: bool = True, **settings: str) -> None:
        """Start it at a failpoint or without; `ready` waits until it works."""
        assert not self.running, "one process at a time"
        self._log_start = len(self.log)
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        environment = {**inherited, "PYTHONPATH": str(self._code), **self.settings, VARIABLE: crash_at, **settings}
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=self._folder, env=environment, stdout=log, stderr=log
            )
        if ready:
            await eventually("the bot is ready", self.is_ready_or_dead)
            assert self.running or crash_at, self.log[-3000:]

    def is_standby(self) -> bool:
        """Whether it waits to take over."""
        return any(each.startswith("standby:") for each in self.log_messages)

    def is_ready_or_dead(self) -> bool:
        """Whether the process works, or has ended."""
        return not self.running or any(each.startswith("ready:") for each in self.log_messages)

    async def kill(self) -> None:
        """SIGKILL."""
        if self._process and self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def terminate(self) -> None:
        """SIGTERM, as an operator does."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP: it stands still, and the kernel goes on to answer for it."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def hang_up(self) -> None:
        """SIGHUP: read the departments file again."""
        assert self._process
        self._process.send_signal(signal.SIGHUP)

    async def ended(self, within: float) -> int | None:
        """The exit code, once it is there; None when it is still running after `within` seconds."""
        assert self._process
        try:
            return await asyncio.wait_for(self._process.wait(), within)
        except TimeoutError:
            return None

    async def stop(self, within: float = 30.0) -> int | None:
        """SIGTERM, and the exit code; a busy machine gets more than the ten seconds that the bot grants itself."""
        self.terminate()
        return await self.ended(within)
