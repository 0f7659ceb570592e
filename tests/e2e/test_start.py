"""How `python -m bot run` begins and ends: one clear line if it cannot work, and nothing of a secret in it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.sandbox.moncreneau import DEMO_KEY
from bot.sandbox.telegram.config import TOKEN
from bot.storage.store import Store
from tests.e2e.services import separate_bot
from tests.e2e.waiting import eventually
from tests.moncreneau.support import answer, scripted_server
from tests.storage.databases import sqlite_database

SECONDS = 60.0
WRONG = {
    "a token that Telegram refuses": (
        {"TELEGRAM_BOT_TOKEN": "7000000001:" + "wrong" * 7},
        "Telegram does not accept TELEGRAM_BOT_TOKEN; check it with BotFather",
        1,
    ),
    "a key that moncreneau refuses": (
        {"MONCRENEAU_API_KEY": "mk_wrong"},
        "the moncreneau API does not accept MONCRENEAU_API_KEY: 401 INVALID_API_KEY",
        1,
    ),
    "a key that has expired": (
        {"MONCRENEAU_API_KEY": "mk_sandbox_expired_key"},
        "the moncreneau API does not accept MONCRENEAU_API_KEY: 401 EXPIRED_API_KEY",
        1,
    ),
    "a database in a folder that is not there": (
        {"DATABASE_URL": "sqlite+aiosqlite:////nowhere/at/all/bot.db"},
        "the database cannot be used (DATABASE_URL): unable to open database file",
        1,
    ),
    "certificates that cannot be read": (
        {"SSL_CERT_FILE": "/nowhere/at/all.pem"},
        "the TLS certificates cannot be read (SSL_CERT_FILE, SSL_CERT_DIR): No such file or directory",
        1,
    ),
    "an invalid address to listen on": (
        {"HTTP_PORT": "8080", "HTTP_HOST": "no..host"},
        "HTTP_HOST, HTTP_PORT: cannot listen there: ",
        1,
    ),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_start_that_cannot_work_ends_with_one_line(tmp_path: Path, what: str) -> None:
    settings, line, code = WRONG[what]
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process):
        await process.start(ready=False, **settings)
        assert await process.ended(SECONDS) == code, process.log
        (said,) = process.log.splitlines()
        assert line in said
        for secret in (
            "geheim",
            settings.get("TELEGRAM_BOT_TOKEN", TOKEN),
            settings.get("MONCRENEAU_API_KEY", DEMO_KEY),
        ):
            assert secret not in said


def damaged(file: Path) -> None:
    """Keep the first page, which names the tables, and overwrite all others."""
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def of_a_newer_version(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda file: file.write_bytes(b"This is no database. " * 500), "file is not a database"),
        (damaged, "database disk image is malformed"),
        (of_a_newer_version, "its revision 9999 is newer than this version of the bot, which knows "),
    ],
)
async def test_a_database_that_cannot_be_used_is_said_in_one_clear_line(
    tmp_path: Path, spoil: Callable[[Path], object], why: str
) -> None:
    database = sqlite_database(tmp_path)
    async with separate_bot(tmp_path, database_url=database.url) as (_services, process):
        await (await Store(database.url).open()).close()
        spoil(Path(database.place))
        await process.start(ready=False)
        assert await process.ended(SECONDS) == 1, process.log
        (said,) = process.log.splitlines()
        assert said.startswith(f"the database cannot be used (DATABASE_URL): {why}")


async def test_an_answer_to_get_me_without_a_username_is_waited_out(tmp_path: Path) -> None:
    async with (
        scripted_server() as telegram,
        separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process),
    ):
        telegram.respond_with(*[answer({"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "B"}})] * 3)
        await process.start(ready=False, TELEGRAM_API_URL=telegram.url.removesuffix("/api/v1"))
        await telegram.received(3)
        await eventually("a line that says so", lambda: "getMe tells no username" in process.log)
        assert process.running
        assert "Traceback" not in process.log


@pytest.mark.parametrize("url", ["postgresql://bot:geheim/bot", "postgresql://bot:geheim@host:port/bot"])
async def test_an_address_that_no_database_can_have_is_a_wrong_setting(tmp_path: Path, url: str) -> None:
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process):
        await process.start(ready=False, DATABASE_URL=url)
        assert await process.ended(SECONDS) == 2, process.log
        assert process.log == "settings:\n  DATABASE_URL: the address cannot be read\n"


async def test_exposed_secrets_are_warned_of_in_the_log(tmp_path: Path) -> None:
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process):
        env = tmp_path / ".env"
        env.touch()
        env.chmod(0o644)
        await process.start()
        assert process.log_messages[0] == ".env can be read by other users of this machine: chmod 600 .env"


async def test_all_that_is_missing_or_wrong_in_the_settings_is_named_at_once(tmp_path: Path) -> None:
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process):
        wrong = {
            "TELEGRAM_BOT_TOKEN": "",
            "MONCRENEAU_API_KEY": "",
            "TELEGRAM_API_URL": "ftp://x",
            "DATABASE_URL": "mysql://bot:geheim@host/bot",
            "ADMIN_IDS": "12,me",
            "TIMEZONE": "Mars/Base",
            "BOOKING_HORIZON_DAYS": "0",
            "LOG_LEVEL": "chatty",
        }
        await process.start(ready=False, **wrong)
        assert await process.ended(SECONDS) == 2
        for name in wrong:
            assert process.log.count(f"  {name}") == 1, process.log
        assert len(process.log.splitlines()) == 1 + len(wrong)
        assert "geheim" not in process.log


async def test_the_bot_logs_its_start_and_stops_on_sigterm(tmp_path: Path) -> None:
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process):
        await process.start()
        assert process.log_messages == ["ready: @moncreneau_sandbox_bot, 0 updates and 0 attempts resumed"]
        assert await process.stop() == 0
        assert process.log_messages[1:] == ["stopped: 0 updates and 0 attempts wait for the next start"]
        assert TOKEN not in process.log


async def test_blanks_around_a_secret_do_no_harm(tmp_path: Path) -> None:
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process):
        await process.start(TELEGRAM_BOT_TOKEN=f"{TOKEN}\n", MONCRENEAU_API_KEY=f" {DEMO_KEY} ")
        assert process.log_messages[0].startswith("ready:")


async def test_the_start_waits_until_telegram_can_be_reached(tmp_path: Path) -> None:
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (services, process):
        await services.inject_faults(telegram=[{"kind": "html", "method": "getMe", "times": 3}])
        await process.start()
        assert process.log_messages[0].startswith("Telegram (starting) cannot be reached")
        assert process.log_messages[1] == "Telegram (starting) answers again"
        assert TOKEN not in process.log


async def test_a_language_without_a_catalogue_is_a_wrong_setting(tmp_path: Path) -> None:
    async with separate_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as (_services, process):
        await process.start(ready=False, DEFAULT_LOCALE="xx")
        assert await process.ended(SECONDS) == 2
        assert "DEFAULT_LOCALE: must be one of en, fr" in process.log
