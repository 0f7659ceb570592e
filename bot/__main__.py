"""The command line: its commands start and end the process; it must not know what the parts do."""

import argparse
import asyncio
import gc
import importlib.util
import logging
import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import logs
from bot.settings import SettingsError, exposures, read_settings

log = logging.getLogger("bot")

WRONG_SETTINGS, CANNOT_START, NOT_LEADING = 2, 1, 3
MOST_PORT = 65535
NEEDED_BY_STAND_INS = ("bot.sandbox", "python_multipart")
"""Modules that the bot itself runs without; the production image has neither."""
GARBAGE = 10_000
"""New objects after which Python searches for garbage; its default is 700, and a booking makes thousands."""
CLOCK_AHEAD = "BOT_CLOCK_AHEAD"
"""Seconds that are added to the bot's clock, to try out later events on the stand-ins; no setting for production."""


def main(arguments: list[str] | None = None) -> int:
    """Run one of the commands; returns the exit code."""
    parser = argparse.ArgumentParser(prog=_program(), description="The moncreneau booking bot for Telegram.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run the bot (settings: environment and .env)")
    checking = commands.add_parser("check", help="try all that the bot needs, and say what to do")
    checking.add_argument("--quick", action="store_true", help="only settings and database: costs the API no request")
    copying = commands.add_parser("copy-database", help="copy the bot's data into an empty database, say PostgreSQL")
    copying.add_argument(
        "source", metavar="FROM", help="address of the database, which is not changed; the bot is stopped"
    )
    copying.add_argument("target", metavar="TO", nargs="?", help="address of the empty one (default: DATABASE_URL)")
    for name, what in (
        ("demo", "run the bot on embedded stand-ins, with a chat page in the browser"),
        ("sandbox", "serve the stand-ins for Telegram and moncreneau alone"),
    ):
        command = commands.add_parser(name, help=what)
        command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        command.add_argument(
            "--telegram-port", type=_port, default=8081, help="the chat page and the Bot API (default: %(default)s)"
        )
        command.add_argument(
            "--moncreneau-port", type=_port, default=8082, help="the moncreneau API (default: %(default)s)"
        )
        command.add_argument(
            "--departments", choices=("fr", "en"), default="fr", help="language of their names (default: %(default)s)"
        )
        command.add_argument("--data", default=".sandbox", help="folder for the sandbox's data (default: %(default)s)")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "run":
            return asyncio.run(_run())
        if chosen.command == "check":
            return asyncio.run(_check(quick=chosen.quick))
        if chosen.command == "copy-database":
            return asyncio.run(_copy_database(chosen.source, chosen.target or read_settings().database_url))
        if not all(map(importlib.util.find_spec, NEEDED_BY_STAND_INS)):
            print("the stand-ins are not installed; in the checkout: pip install '.[sandbox]'", file=sys.stderr)  # noqa: T201
            return CANNOT_START
        from bot.sandbox import host  # noqa: PLC0415 — the bot itself must run without the stand-ins

        logs.configure("WARNING")
        work: Callable[[host.Options], Coroutine[Any, Any, int]] = host.demo if chosen.command == "demo" else host.serve
        options = host.Options(
            chosen.host, chosen.telegram_port, chosen.moncreneau_port, chosen.data, chosen.departments
        )
        return _stand_ins(work(options))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 — this is the command line
        return WRONG_SETTINGS
    except KeyboardInterrupt:
        return 0


def _program() -> str:
    """The name in the help: of the installed command, or of the module."""
    name = Path(sys.argv[0]).name
    return "python -m bot" if name == "__main__.py" else name


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MOST_PORT:
        raise ValueError(text)
    return number


def _stand_ins(work: Coroutine[Any, Any, int]) -> int:
    """Run the stand-ins; a port or a folder in use is one line, not a traceback."""
    try:
        return asyncio.run(work)
    except (OSError, sqlite3.OperationalError) as error:
        print(f"the stand-ins cannot be served (another demo? see --help): {error}", file=sys.stderr)  # noqa: T201
        return CANNOT_START


def _clock_ahead() -> timedelta:
    try:
        return timedelta(seconds=float(os.environ.get(CLOCK_AHEAD) or 0))
    except (ValueError, OverflowError):
        raise SettingsError(f"settings:\n  {CLOCK_AHEAD}: must be a number of seconds") from None


async def _run() -> int:
    settings, ahead = read_settings(), _clock_ahead()
    secrets = (settings.telegram_bot_token, settings.moncreneau_api_key)
    logs.configure(settings.log_level, [each.get_secret_value() for each in secrets])
    for words, advice in exposures(settings):
        log.warning("%s: %s", words, advice)
    from bot.bootstrap import StartError, running  # noqa: PLC0415 — wrong settings are reported before the rest is loaded

    if ahead:
        log.warning("%s: the bot's clock is %s ahead of the machine's", CLOCK_AHEAD, ahead)

    async def run_bot() -> None:
        async with running(settings, lambda: datetime.now(UTC) + ahead, on_lost=_end_at_once) as app:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, app.reload_details)
            # What is loaded by now stays. To search it for garbage takes 70 ms, in which no citizen is answered.
            gc.freeze()
            gc.set_threshold(GARBAGE)
            assert app.receiving  # noqa: S101 — it runs as long as the bot does
            await app.receiving

    running_bot = asyncio.create_task(run_bot())
    # Until the bot runs there is nothing to read again; by default the signal would end the process.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: None)
    # Once: a second signal of either kind must not cut short the shutdown that the first one began.
    end = _once(running_bot.cancel)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    try:
        await running_bot
    except asyncio.CancelledError:
        return 0
    except StartError as error:
        print(logs.one_line(str(error)), file=sys.stderr)  # noqa: T201
        return CANNOT_START
    return 0


def _end_at_once(why: str) -> None:
    """End a process that no longer leads: it may finish nothing. The next start of it stands by."""
    log.error("%s; this one ends, and stands by after its next start", why)
    logging.shutdown()
    os._exit(NOT_LEADING)


async def _check(*, quick: bool) -> int:
    logs.configure("ERROR")
    from bot import check  # noqa: PLC0415 — as in `_run`

    return await check.run(quick=quick)


async def _copy_database(source: str, target: str) -> int:
    logs.configure("ERROR")
    from bot.storage.copy_database import CopyError, copy_database  # noqa: PLC0415 — as in `_run`

    try:
        rows = await copy_database(source, target, _show_progress)
    except ValueError as error:
        problem, code = str(error), WRONG_SETTINGS
    except CopyError as error:
        problem, code = str(error), CANNOT_START
    except asyncio.CancelledError:
        problem, code = "interrupted", CANNOT_START
    else:
        print(f"copied: {rows} rows. Set DATABASE_URL to the new database before you start the bot again")  # noqa: T201
        return 0
    if sys.stdout.isatty():
        print()  # noqa: T201 — after the line that counts up
    print(f"nothing was copied: {logs.one_line(problem)}", file=sys.stderr)  # noqa: T201
    return code


def _show_progress(table: str, done: int, total: int) -> None:
    """One line a table; on a terminal it counts up."""
    line, counts_up = f"{table}: {done} of {total}", sys.stdout.isatty()
    if done == total or counts_up:
        print(f"\r{line}" if counts_up else line, end="\n" if done == total else "", flush=True)  # noqa: T201


def _once(action: Callable[[], Any]) -> Callable[[], None]:
    left = [action]

    def act() -> None:
        if left:
            left.pop()()

    return act


if __name__ == "__main__":
    sys.exit(main())
