"""The bot beside a Node bot with the same promises, under a load generator written by others. `python -m bench.stub`

Both scripts live outside this repository: `stub.js`, a Bot API server with citizens in closed loop, and
`grammy_durable.js`, a grammY bot that stores updates, sessions and replies with `synchronous=FULL` and makes a real
booking. Name their folder with `--scripts` or `PERF_SCRIPTS` (default: `../shared/perf` beside the checkout).
Needs node and npm: grammy, better-sqlite3 and qrcode are installed into a temporary folder, or into the one named
with `--modules`, which is kept and used again (better-sqlite3 may have to be compiled, which takes a minute).

Both bots get the same citizens and the same seven steps: `/start`, *book* (in the bot: the first organisation), first
department, first day, first time, a typed name (in the bot, from the second booking on, in place of the known one),
*confirm*. Citizens rest for 30 ms before each step. Rounds are interleaved; what counts is the ratio within a round.

The stub takes the next message of a bot for its answer. But a booking has several: the summary becomes *being
confirmed*, the ticket follows, then its QR picture. A citizen who takes one of them for the answer to `/start` finds no
button there. So a copy of the stub is run in which a citizen waits for a message that offers the next step, and for
the ticket (`with_patient_citizens`). `stalls` counts those who waited in vain.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load import create_database
from bench.processes import ROOT, bot_environment, cpu_seconds, moncreneau, process, rss_mb

STUB, PEER = "stub.js", "grammy_durable.js"
PACKAGES = ("grammy", "better-sqlite3@12", "qrcode")
NAME = "Aissatou Bah"
TICKET = r"x:\d+$"
"""The button that cancels an appointment; `after` names what must be on the screen before a step."""
BOT_STEPS: list[dict[str, Any]] = [
    {"send": "/start", "after": TICKET}, {"press": "[.]o:"}, {"press": "[.]d:"}, {"press": "[.]day:"},
    {"press": "[.]t:"}, {"send": NAME}, {"press": "[.]ok$"},
]  # fmt: skip
PEER_STEPS: list[dict[str, Any]] = [
    {"send": "/start", "after": TICKET}, {"press": "book$"}, {"press": 0}, {"press": 0}, {"press": 0},
    {"send": NAME}, {"press": 0},
]  # fmt: skip
WARM_UP = 2.0
REPLY = "const u = users.get(cid); if (!u) return;"
"""Where `stub.js` takes a message of the bot for its answer."""
OFFERS_NEXT_STEP = """
function offersNextStep(u, text, mk) {
  if (text === undefined) return false;  // a picture
  const step = SCRIPT[(u.step + 1) % SCRIPT.length];
  if (step.press === undefined && step.after === undefined) return true;
  const markup = typeof mk === 'string' ? JSON.parse(mk) : mk;
  const buttons = markup && markup.inline_keyboard ? markup.inline_keyboard.flat() : [];
  const wanted = step.after === undefined ? step.re : new RegExp(step.after);
  return wanted ? buttons.some((b) => wanted.test(b.callback_data)) : buttons.length > step.press;
}
"""
THINK = 30
"""Milliseconds; with 200 citizens a bot may still make 6600 steps/s."""
STEP_TIMEOUT = 10_000
SLOWEST_RATIO = 1.5
"""The bar: steps per second of the bot over those of the peer, at least; and its p99 is no worse."""


class Missing(Exception):  # noqa: N818 — it names what the machine lacks
    """Something that this bench needs is not there; the text says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The measures of one round with one bot."""

    steps_per_second: float
    p50: float
    """Milliseconds."""
    p99: float
    cpu: float
    """CPU seconds per 1000 steps."""
    rss: float
    """Resident memory at the end, in MB."""
    mismatches: int
    stalls: int
    stub_cpu: float
    """Share of one processor that the stub itself used; near 1 it would be what limits the bot."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """The folder with the scripts and packages of the other load generator."""

    folder: Path
    modules: Path
    stub: str
    """The source of the stub, changed by `with_patient_citizens`."""

    @property
    def peer(self) -> str:
        """The path of the peer."""
        return str(self.folder / PEER)


def with_patient_citizens(script: str) -> str:
    """The source of the stub, changed so that citizens wait for a message that offers the next step."""
    if script.count(REPLY) != 1:
        raise Missing(f"{STUB} is another version than this bench knows: it must have one line with {REPLY}")
    return script.replace(REPLY, REPLY.replace("!u", "!u || !offersNextStep(u, text, mk)")) + OFFERS_NEXT_STEP


def find_scripts(folder: Path, modules: Path) -> Scripts:
    """Check what is needed, and install the peer's packages unless they are there. Raises `Missing`."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not installed (Debian: apt-get install nodejs npm); this bench needs it")
    for name in (STUB, PEER):
        if not (folder / name).is_file():
            raise Missing(f"{folder / name} does not exist; name the folder with --scripts or PERF_SCRIPTS")
    if not (modules / "node_modules" / "grammy").is_dir():
        print(f"installing {' '.join(PACKAGES)} into {modules} …", flush=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(modules), *PACKAGES]
        if subprocess.run(command, check=False).returncode:  # noqa: S603 — the packages named above
            raise Missing(f"npm could not install {' '.join(PACKAGES)}; see its message above")
    return Scripts(folder, modules, with_patient_citizens((folder / STUB).read_text()))


@asynccontextmanager
async def node(*words: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Node process; it is killed at the end."""
    child = await asyncio.create_subprocess_exec(
        "node", *words, env=os.environ | environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


class Stub:
    """A running `stub.js`: its port, and the lines that it prints."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child
        self.port = 0

    @property
    def url(self) -> str:
        """The address at which it serves the Bot API."""
        return f"http://127.0.0.1:{self.port}"

    async def event(self, name: str) -> dict[str, Any]:
        """Return its next line about this event."""
        assert self._child.stdout
        while line := await asyncio.wait_for(self._child.stdout.readline(), 120):
            said: dict[str, Any] = json.loads(line)
            if said.get("event") == name:
                return said
        raise RuntimeError(f"{STUB} ended without the event {name}")

    async def measure(self, pid: int) -> Figures:
        """Wait until it has measured the bot with this process id."""
        await self.event("measure_start")
        cpu = cpu_seconds(pid)
        result = await self.event("result")
        return Figures(
            steps_per_second=result["steps_per_s"],
            p50=result["p50_ms"] or float("nan"),
            p99=result["p99_ms"] or float("nan"),
            cpu=(cpu_seconds(pid) - cpu) / max(result["steps"], 1) * 1000,
            rss=rss_mb(pid),
            mismatches=result["mismatch"],
            stalls=result["stalls"],
            stub_cpu=result["stub_cpu"],
        )


@asynccontextmanager
async def stub(scripts: Scripts, citizens: int, seconds: float, steps: list[dict[str, Any]]) -> AsyncIterator[Stub]:
    """Run it; its citizens begin when a bot polls."""
    flags = {
        "users": citizens,
        "warmup": WARM_UP,
        "duration": seconds,
        "stepTimeout": STEP_TIMEOUT,
        "think": THINK,
        "script": json.dumps(steps),
    }
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    with tempfile.NamedTemporaryFile("w", suffix=".js") as copy:
        copy.write(scripts.stub)
        copy.flush()
        async with node(copy.name, *words) as child:
            server = Stub(child)
            server.port = (await server.event("listening"))["port"]
            yield server


async def measure_bot(scripts: Scripts, citizens: int, seconds: float) -> Figures:
    """One round of the bot."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "bot.db"
        await create_database(database)
        async with (
            moncreneau() as api,
            stub(scripts, citizens, seconds, BOT_STEPS) as server,
            process("-m", "bot", "run", **bot_environment(server.url, api, database)) as child,
        ):
            return await server.measure(child.pid)


async def measure_peer(scripts: Scripts, citizens: int, seconds: float) -> Figures:
    """One round of the peer, which keeps its database in a temporary folder as well."""
    with tempfile.TemporaryDirectory() as folder:
        async with moncreneau() as api, stub(scripts, citizens, seconds, PEER_STEPS) as server:
            settings = bot_environment(server.url, api, Path(folder))
            environment = {
                "PORT": str(server.port),
                "MONCRENEAU_API_URL": settings["MONCRENEAU_API_URL"],
                "MONCRENEAU_API_KEY": settings["MONCRENEAU_API_KEY"],
                "NODE_PATH": str(scripts.modules / "node_modules"),
                "TMPDIR": folder,
            }
            async with node(scripts.peer, **environment) as child:
                return await server.measure(child.pid)


def print_round(name: str, figures: Figures) -> None:
    """Print one round of one bot in one line."""
    print(
        f"{name:<28}{figures.steps_per_second:7.0f} steps/s, p50 {figures.p50:.0f}, p99 {figures.p99:.0f} ms, "
        f"{figures.cpu:.2f} CPU s/1000 steps, RSS {figures.rss:.0f} MB; mismatches {figures.mismatches}, "
        f"stalls {figures.stalls}; the stub used {figures.stub_cpu:.0%} of a processor",
        flush=True,
    )


async def compare(scripts: Scripts, citizens: int, rounds: int, seconds: float) -> bool:
    """Interleave rounds of both bots, print each and the ratios; returns whether the bar is reached."""
    pairs: list[tuple[Figures, Figures]] = []
    print(f"{citizens} citizens, {rounds} rounds of {seconds:.0f} s each")
    for _ in range(rounds):
        peer = await measure_peer(scripts, citizens, seconds)
        bot = await measure_bot(scripts, citizens, seconds)
        print_round("grammY, everything stored", peer)
        print_round("moncreneau-bot", bot)
        pairs.append((peer, bot))
    ratios = [bot.steps_per_second / peer.steps_per_second for peer, bot in pairs]
    tails = [bot.p99 / peer.p99 for peer, bot in pairs]
    ratio, tail = statistics.median(ratios), statistics.median(tails)
    print(f"steps/s: {ratio:.2f} times the peer's ({min(ratios):.2f} to {max(ratios):.2f}), at least {SLOWEST_RATIO}")
    print(f"p99: {tail:.2f} times the peer's ({min(tails):.2f} to {max(tails):.2f}), at most 1")
    return ratio >= SLOWEST_RATIO and tail <= 1


def main() -> int:
    """Run it; returns 0 when the bar is reached, 1 when it is not, 2 when something is missing."""
    parser = argparse.ArgumentParser(prog="bench.stub", description="Compare the bot with a durable Node bot.")
    default = os.environ.get("PERF_SCRIPTS") or str(ROOT.parent / "shared" / "perf")
    parser.add_argument("--scripts", type=Path, default=Path(default), help="folder of the scripts (%(default)s)")
    parser.add_argument("--modules", type=Path, help="folder to install the peer's packages into, and to keep")
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="measured in each round")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-node-") as folder:
        try:
            scripts = find_scripts(chosen.scripts.resolve(), (chosen.modules or Path(folder)).resolve())
        except Missing as missing:
            print(missing, file=sys.stderr)
            return 2
        reached = asyncio.run(compare(scripts, chosen.citizens, chosen.rounds, chosen.seconds))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
