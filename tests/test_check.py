"""The command `check`: its lines and exit code; no secret is shown.

It runs in this process, in a thread with an event loop of its own: a process takes a second to start. The processes are
in test_installation and test_documented_commands.
"""

import asyncio
import json
import logging
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.__main__ import main
from bot.app.records import Change
from bot.bootstrap.connections import saved_value_name
from bot.bootstrap.receivers import MONCRENEAU_PATH
from bot.check import Level, _refusal
from bot.sandbox.serving import serving
from bot.sandbox.telegram.config import TOKEN
from bot.settings import read_settings
from bot.storage.lease import Lease
from bot.storage.store import Store
from tests.e2e.services import OFFICES, Services, separate_bot
from tests.moncreneau.support import DEPARTMENTS, Answer, ScriptedServer, answer, scripted_server
from tests.storage.cluster import Cluster
from tests.storage.databases import postgresql_database


@dataclass
class Checked:
    """The lines of a check and its exit code."""

    code: int
    text: str

    def line(self, subject: str, level: str) -> str:
        """The one line of that subject and level."""
        (found,) = [each for each in self.text.splitlines() if each.startswith(f"{level:<5} {subject:<12}")]
        return found


@contextmanager
def unchanged_logging() -> Iterator[None]:
    """Take back what the command sets, as the end of its process would."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


class Checker:
    """Runs the command with the settings for these services, and others if a test says so."""

    def __init__(
        self, here: Services, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.services = here
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.database = folder / "bot.db"

    async def __call__(self, *arguments: str, **changes: str) -> Checked:
        settings = {**self.services.settings, "DATABASE_URL": f"sqlite+aiosqlite:///{self.database}", "ADMIN_IDS": "1"}
        environment = {**settings, **changes}
        with self._monkeypatch.context() as patch, unchanged_logging():
            for name in os.environ:
                patch.delenv(name)
            for name, value in environment.items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            code = await asyncio.to_thread(main, ["check", *arguments])
        text = "".join(self._capsys.readouterr())
        for secret in (environment["TELEGRAM_BOT_TOKEN"], environment["MONCRENEAU_API_KEY"]):
            assert not secret or secret not in text
        assert "Traceback" not in text
        return Checked(code, text)

    async def prepare(self) -> None:
        """A database as the bot leaves it."""
        await (await Store(f"sqlite+aiosqlite:///{self.database}").open()).close()


@pytest.fixture
async def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Checker]:
    async with separate_bot(tmp_path) as (here, _bot):
        yield Checker(here, tmp_path, monkeypatch, capsys)


async def test_if_all_is_well_every_line_says_so(check: Checker) -> None:
    await check.prepare()
    checked = await check()
    assert checked.code == 0
    assert checked.line("settings", "OK").endswith("complete")
    assert "can be written; revision" in checked.line("database", "OK")
    assert "@moncreneau_sandbox_bot" in checked.line("token", "OK")
    assert "accepts it" in checked.line("key", "OK")
    assert "appointments:create shows with the first booking only" in checked.line("scopes", "OK")
    assert "3 take appointments" in checked.line("departments", "OK")
    assert "Africa/Conakry" in checked.line("zone", "OK")
    assert "none, so updates can be polled" in checked.line("webhook", "OK")
    untold = [line for line in checked.text.splitlines() if line.startswith("WARN")]
    assert len(untold) == 2, "the stand-ins do not say what time it is"
    assert all(line.startswith("WARN  clock       could not be checked") for line in untold)
    requests = (await check.services.ledger())["requests"]
    assert requests == {"GET /appointments": 1, "GET /departments": 1}, "a check costs two requests and books nothing"


async def test_settings_that_are_missing_are_all_named(check: Checker) -> None:
    checked = await check(TELEGRAM_BOT_TOKEN="", MONCRENEAU_API_KEY="", TIMEZONE="Mars/Olympus")
    assert checked.code == 1
    assert all(name in checked.text for name in ("TELEGRAM_BOT_TOKEN", "MONCRENEAU_API_KEY", "TIMEZONE"))


async def test_check_without_admins_warns_and_passes(check: Checker) -> None:
    checked = await check("--quick", ADMIN_IDS="")
    assert checked.code == 0
    assert "nobody is told" in checked.line("settings", "WARN")
    assert checked.text.endswith("It can work.\n")


async def test_a_quick_one_asks_no_service(check: Checker) -> None:
    dead = "http://127.0.0.1:9"
    checked = await check("--quick", TELEGRAM_API_URL=dead, MONCRENEAU_API_URL=dead)
    assert checked.code == 0
    assert "new: nothing is in it yet" in checked.line("database", "WARN")
    assert not check.database.exists(), "looking makes nothing"


@pytest.mark.parametrize("token", ["nonsense", TOKEN[:-1] + "Y"])
async def test_a_wrong_token_is_told_from_a_service_that_is_away(check: Checker, token: str) -> None:
    wrong = await check(TELEGRAM_BOT_TOKEN=token)
    assert wrong.code == 1
    assert "BotFather" in wrong.text
    away = await check(TELEGRAM_API_URL="http://127.0.0.1:9")
    assert away.code == 1
    assert "no answer from Telegram: the connection is refused" in away.line("token", "FAIL")
    assert "TELEGRAM_API_URL" in away.text


@pytest.mark.parametrize(
    ("scheme", "host", "words"),
    [
        ("http", "nobody.invalid", "its host name cannot be resolved (DNS)"),
        ("http", "127.0.0.1:9", "the connection is refused"),
        ("https", "", "the TLS handshake failed"),
    ],
)
async def test_a_service_that_cannot_be_reached_is_told_by_what_stands_in_the_way(
    check: Checker, scheme: str, host: str, words: str
) -> None:
    here = str(check.services.moncreneau.base_url).removeprefix("http://").rstrip("/")  # no TLS is spoken there
    url = f"{scheme}://{host or here}"
    checked = await check(TELEGRAM_API_URL=url, MONCRENEAU_API_URL=f"{url}/api/v1")
    assert words in checked.line("token", "FAIL")
    assert words in checked.line("key", "FAIL")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("mk_unknown_key", "401 INVALID_API_KEY"),
        ("mk_sandbox_expired_key", "401 EXPIRED_API_KEY"),
    ],
)
async def test_a_key_that_is_refused_is_told_with_the_services_own_code(check: Checker, key: str, words: str) -> None:
    checked = await check(MONCRENEAU_API_KEY=key)
    assert checked.code == 1
    assert words in checked.line("key", "FAIL")


async def test_check_says_what_it_could_not_check(check: Checker) -> None:
    checked = await check(MONCRENEAU_API_URL="http://127.0.0.1:9/api/v1")
    assert checked.line("scopes", "WARN").endswith("could not be checked")
    assert checked.line("departments", "WARN").endswith("could not be checked")
    assert "WARN  clock       could not be checked: moncreneau sent no time" in checked.text


async def test_a_webhook_of_another_deployment_is_named_and_left_alone(check: Checker) -> None:
    me = {"id": 1, "is_bot": True, "first_name": "B", "username": "b_bot"}
    info = {"url": "https://user:word@another.example/secret-path", "pending_update_count": 3}
    async with scripted_server() as telegram:
        telegram.respond_with(answer({"ok": True, "result": me}), answer({"ok": True, "result": info}))
        checked = await check(TELEGRAM_API_URL=_root(telegram))
    assert checked.code == 0
    assert "another deployment receives this bot's updates at another.example" in checked.line("webhook", "WARN")
    assert "secret" not in checked.text
    assert [each.target.rpartition("/")[2] for each in telegram.seen] == ["getMe", "getWebhookInfo"], "nothing changes"


@pytest.mark.parametrize(
    "me", [{"id": 1, "is_bot": True, "first_name": "B"}, {"id": 1, "is_bot": True}, None, {"username": 7}]
)
async def test_an_answer_to_get_me_without_a_username_is_told_in_one_line(check: Checker, me: object) -> None:
    async with scripted_server() as telegram:
        telegram.respond_with(*[answer({"ok": True, "result": me})] * 3)
        checked = await check(TELEGRAM_API_URL=_root(telegram))
    assert checked.code == 1
    assert checked.line("token", "FAIL").endswith("no answer from Telegram: getMe tells no username")


async def test_telegrams_error_is_shown_in_one_line_without_the_token(check: Checker) -> None:
    words = f"Bad Request:\nOK    token       all is well\x1b[0m bot{TOKEN}"
    async with scripted_server() as telegram:
        telegram.respond_with(*[answer({"ok": False, "error_code": 400, "description": words}, 400)] * 3)
        checked = await check(TELEGRAM_API_URL=_root(telegram))
    assert "Bad Request: OK token all is well\\x1b[0m bot<token>" in checked.line("token", "FAIL")


async def test_it_is_told_who_is_staff_and_which_department_is_none(check: Checker) -> None:
    number = OFFICES[0].id
    checked = await check(STAFF=f"{number}:234567,{number}:234568,999:234567", STAFF_NAMES="true")
    assert checked.code == 0
    assert f"({number}): 234567, 234568; agenda with names" in checked.line("staff", "OK")
    assert "department 999 (234567), which the API does not list" in checked.line("staff", "WARN")
    assert "staff" not in (await check()).text.replace("member of staff", "")


async def test_a_settings_file_and_an_address_that_give_secrets_away_are_warned_of(check: Checker) -> None:
    (check.folder / ".env").touch(0o644)
    (check.folder / ".env").chmod(0o644)
    checked = await check("--quick", MONCRENEAU_API_URL="http://moncreneau.example/api/v1")
    assert checked.code == 0
    assert "→ chmod 600 .env" in checked.text
    assert "MONCRENEAU_API_URL is plain http: secrets and names travel unencrypted" in checked.text


async def test_a_damaged_database_is_told_in_one_line(check: Checker) -> None:
    check.database.write_bytes(b"This is no database. " * 500)
    checked = await check("--quick")
    assert checked.code == 1
    assert checked.line("database", "FAIL").endswith("cannot be used: file is not a database")


async def test_a_key_that_may_not_read_appointments_fails_by_its_scopes(check: Checker) -> None:
    await check.services.inject_faults(
        moncreneau=[{"kind": "error_code", "code": "INSUFFICIENT_SCOPE", "match": {"path": "/appointments"}}]
    )
    checked = await check()
    assert checked.code == 1
    assert "403 INSUFFICIENT_SCOPE" in checked.line("scopes", "FAIL")
    assert checked.line("departments", "OK")


async def test_a_used_up_hour_is_a_warning(check: Checker) -> None:
    (await check.services.moncreneau.post("/__sandbox/ratelimit", json={"remaining": 0})).raise_for_status()
    checked = await check()
    assert checked.code == 0
    assert "no requests left" in checked.line("key", "WARN")


async def test_nothing_is_requested_while_the_service_said_to_wait(check: Checker) -> None:
    until = datetime(2099, 1, 1, tzinfo=UTC).timestamp()
    given = {name.lower(): value for name, value in check.services.settings.items()}
    name = saved_value_name("budget", read_settings(_env_file=None, **given))
    store = await Store(f"sqlite+aiosqlite:///{check.database}").open()
    await store.commit(Change(saved_values=((name, json.dumps({"blocked_until": until})),)))
    await store.close()
    checked = await check()
    assert checked.code == 0
    assert "not asked before" in checked.line("key", "WARN")
    assert (await check(MONCRENEAU_API_KEY="mk_wrong")).line("key", "FAIL"), "another key may be asked"


async def test_a_dead_api_is_told_with_its_setting(check: Checker) -> None:
    checked = await check(MONCRENEAU_API_URL="http://127.0.0.1:9/api/v1")
    assert checked.code == 1
    assert "does not answer as it should: the connection is refused" in checked.line("key", "FAIL")
    assert "MONCRENEAU_API_URL" in checked.text


async def test_a_database_of_another_version_is_told_apart(check: Checker) -> None:
    await check.prepare()
    for revision, level, words in (("9999", "FAIL", "not one of this version's"), ("0001", "WARN", "next start")):
        with sqlite3.connect(check.database) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.close()
        checked = await check("--quick")
        assert checked.code == (level == "FAIL")
        assert words in checked.line("database", level)


async def test_a_database_that_cannot_be_used_is_told_without_its_password(check: Checker) -> None:
    checked = await check("--quick", DATABASE_URL="sqlite+aiosqlite:////nowhere/bot.db")
    assert checked.code == 1
    assert "its folder cannot be written" in checked.line("database", "FAIL")
    checked = await check("--quick", DATABASE_URL="nonsense//bot:geheim@host/db")
    assert checked.code == 1
    assert "geheim" not in checked.text


async def test_a_server_is_checked_as_a_file_is_and_its_password_is_never_shown(
    check: Checker, cluster: Cluster
) -> None:
    with postgresql_database(cluster) as database:
        assert "new: nothing is in it yet" in (await check("--quick", DATABASE_URL=database.url)).line(
            "database", "WARN"
        )
        await (await Store(database.url).open()).close()
        assert "can be written" in (await check("--quick", DATABASE_URL=database.url)).line("database", "OK")
        lease = Lease(database.url, "vm1-812-9f3a", print)
        nobody = await check("--quick", DATABASE_URL=database.url)
        assert "no process has worked on this database yet" in nobody.line("leader", "OK")
        async with lease.held():
            leads = await check("--quick", DATABASE_URL=database.url)
            assert "vm1-812-9f3a leads since 20" in leads.line("leader", "OK")
            assert "(epoch 1); no other process stands by" in leads.line("leader", "OK")
            database.execute("UPDATE lease SET clock_gap = -7.4, renewed_at = renewed_at + 60")
            wrong = await check("--quick", DATABASE_URL=database.url)
            assert "vm1-812-9f3a's clock is 7 s behind the database's" in wrong.line("clock", "WARN")
        over = await check("--quick", DATABASE_URL=database.url)
        assert "no process leads now; the last one was vm1-812-9f3a" in over.line("leader", "WARN")
    gone = await check("--quick", DATABASE_URL="postgresql://bot:geheim@127.0.0.1:9/bot")
    assert gone.code == 1
    assert "cannot be used: connection" in gone.line("database", "FAIL")
    assert "geheim" not in gone.text


async def test_updates_that_were_set_aside_are_named_with_their_error(check: Checker) -> None:
    await check.prepare()
    with sqlite3.connect(check.database) as connection:
        connection.execute(
            "INSERT INTO inbox (update_id, chat_id, received_at, done_at, error) VALUES (?, ?, ?, ?, ?)",
            (7, 1, 0.0, datetime(2026, 1, 21, 10, 30, tzinfo=UTC).timestamp(), "KeyError"),
        )
    connection.close()
    checked = await check("--quick")
    assert checked.code == 0
    assert "1 set aside" in checked.line("updates", "WARN")
    assert "update 7: KeyError, 2026-01-21 10:30 UTC" in checked.text


def said_at(date: str, body: object) -> Answer:
    return answer(body, 200, Date=date)


async def test_a_clock_that_is_wrong_is_noticed_by_what_the_services_say(check: Checker) -> None:
    long_ago = "Wed, 21 Jan 2026 10:00:00 GMT"
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    me = {"ok": True, "result": {"id": 1, "is_bot": True, "first_name": "B", "username": "b_bot"}}
    async with scripted_server() as api, scripted_server() as telegram:
        api.respond_with(said_at(long_ago, DEPARTMENTS), said_at(long_ago, {"content": [], "last": True}))
        telegram.respond_with(said_at(now, me))
        checked = await check(MONCRENEAU_API_URL=api.url, TELEGRAM_API_URL=_root(telegram))
    assert checked.code == 0
    assert "moncreneau" in checked.line("clock", "WARN")
    assert "as Telegram" in checked.line("clock", "OK")


async def test_a_department_that_asks_for_staff_and_lists_none_is_named(check: Checker) -> None:
    async with scripted_server() as api:
        bare = {**DEPARTMENTS[0], "showAdminsInBooking": True}
        api.respond_with(answer([bare]), answer({"content": [], "last": True}))
        checked = await check(MONCRENEAU_API_URL=api.url)
        assert "Passport Service (5)" in checked.line("departments", "WARN")
        api.respond_with(answer([]), answer({"content": [], "last": True}))
        checked = await check(MONCRENEAU_API_URL=api.url)
        assert "none takes appointments" in checked.line("departments", "WARN")


async def test_a_wrong_departments_file_fails_by_its_key(check: Checker) -> None:
    file = check.folder / "departments.toml"
    file.write_text("[5.fr]\nbring = 'Passeport'\n")
    checked = await check("--quick", DEPARTMENTS_FILE=str(file))
    assert checked.code == 1
    assert "5.fr.bring: must be a list" in checked.line("details", "FAIL")


async def test_departments_without_details_and_details_without_a_department_are_listed(check: Checker) -> None:
    file = check.folder / "departments.toml"
    file.write_text("[5]\naddress = 'Kaloum'\n[99]\n")
    checked = await check(DEPARTMENTS_FILE=str(file))
    assert checked.code == 0
    assert "tells of 2 departments" in checked.line("details", "OK")
    bare, unknown = (line for line in checked.text.splitlines() if line.startswith("WARN  details"))
    assert "departments without details: " in bare
    assert "(5)" not in bare
    assert "that the API does not list: 99" in unknown
    file.write_text("".join(f"[{each['id']}]\n" for each in DEPARTMENTS))
    async with scripted_server() as api:
        api.respond_with(answer(DEPARTMENTS), answer({"content": [], "last": True}))
        checked = await check(MONCRENEAU_API_URL=api.url, DEPARTMENTS_FILE=str(file))
    assert "WARN  details" not in checked.text


BY_WEBHOOK = {"TELEGRAM_WEBHOOK": "1", "HTTP_PORT": "8080", "PUBLIC_URL": "https://bot.example"}
SET = {"url": "https://bot.example/hooks/telegram", "pending_update_count": 0, "last_error_message": "of last week"}


@pytest.mark.parametrize(
    ("info", "level", "words"),
    [
        (SET, "OK", "Telegram sends updates to PUBLIC_URL"),
        (SET | {"pending_update_count": 2}, "WARN", "2 updates wait; Telegram could not deliver: of last week"),
        ({"url": ""}, "OK", "none yet; `run` sets it"),
        ({"url": "https://other.example/x"}, "WARN", "updates go to another address at other.example; `run` sets"),
    ],
)
async def test_with_a_webhook_check_says_whether_telegram_can_deliver(
    check: Checker, info: dict[str, Any], level: str, words: str
) -> None:
    me = {"id": 1, "is_bot": True, "first_name": "B", "username": "b_bot"}
    async with scripted_server() as telegram:
        telegram.respond_with(answer({"ok": True, "result": me}), answer({"ok": True, "result": info}))
        checked = await check(TELEGRAM_API_URL=_root(telegram), **BY_WEBHOOK)
    assert checked.code == 0
    assert words in checked.line("webhook ", level)


def _root(server: ScriptedServer) -> str:
    return server.url.removesuffix("/api/v1")


# --- webhooks ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def answered(status: int, words: str = "", *, metrics: str | None = None) -> AsyncIterator[str]:
    """A web server that answers webhooks like this, and perhaps shows metrics."""

    async def hook(_request: Request) -> Response:
        return PlainTextResponse(words, status)

    async def figures(_request: Request) -> Response:
        return PlainTextResponse(metrics or "", 200 if metrics else 404)

    routes = [Route("/hooks/{sender}", hook, methods=["POST"]), Route("/metrics", figures)]
    async with serving(Starlette(routes=routes)) as url:
        yield url


WEBHOOKS = {"HTTP_PORT": "8080", "MONCRENEAU_WEBHOOK_SECRET": "whsec_1"}


async def test_without_webhooks_there_is_nothing_to_try(check: Checker) -> None:
    assert "webhooks" not in (await check(PUBLIC_URL="http://127.0.0.1:9")).text


async def test_webhooks_without_a_public_address_cannot_be_tried(check: Checker) -> None:
    checked = await check(**WEBHOOKS)
    assert checked.code == 0
    assert "PUBLIC_URL is not set" in checked.line("webhooks", "WARN")


async def test_an_address_at_which_nothing_listens_is_told_with_the_next_step(check: Checker) -> None:
    checked = await check(**WEBHOOKS, PUBLIC_URL="http://127.0.0.1:9")
    assert checked.code == 0, "the bot can work"
    assert "nothing listens" in checked.line("webhooks", "WARN")
    assert "start the bot first" in checked.text


@pytest.mark.parametrize(
    ("status", "words", "told"),
    [
        (401, "", "which is plain http"),
        (401, "password, please", "answers 401"),
        (404, "", "answers 404"),
        (301, "", "answers 301"),
        (204, "", "answers 204"),
    ],
)
async def test_only_the_bots_own_401_shows_that_webhooks_arrive(
    check: Checker, status: int, words: str, told: str
) -> None:
    async with answered(status, words) as url:
        assert told in (await check(**WEBHOOKS, PUBLIC_URL=url)).line("webhooks", "WARN")


def test_a_401_without_a_body_over_tls_passes() -> None:
    assert _refusal("https://bot.example.gn", MONCRENEAU_PATH, 401, has_words=False).level is Level.OK


async def test_the_addresses_of_both_senders_are_tried(check: Checker) -> None:
    async with answered(401) as url:
        text = (await check(**WEBHOOKS, PUBLIC_URL=url, TELEGRAM_WEBHOOK="1")).text
        assert "the bot answers Telegram at PUBLIC_URL" in text
        assert "which is plain http" in text
    async with answered(404) as url:
        text = (await check(HTTP_PORT="8080", PUBLIC_URL=url, TELEGRAM_WEBHOOK="1")).text
        assert "PUBLIC_URL/hooks/telegram answers 404" in text
        assert "/hooks/moncreneau" not in text


async def test_metrics_that_the_world_can_read_are_a_warning(check: Checker) -> None:
    async with answered(401, metrics="moncreneau_bot_inbox 0") as url:
        assert "the world can read /metrics" in (await check(**WEBHOOKS, PUBLIC_URL=url)).text
