"""A database that an earlier release left behind, with the state of its surroundings at that moment.

`release_0_1.sql` and `release_0_1.json` were recorded at commit ed37e0e, the last one before files, classes and
functions got other names. The whole bot of that commit ran on both stand-ins. Each chat was led to one state and left
there. Then requests were made to hang, messages to fail and updates to wait, and the database was copied from the
running bot: it is what a kill leaves. No row was written by hand. Of the finished updates only the last twenty are
kept, and the one that Telegram delivers again (`done_update`); of the messages on the phones those with buttons, and
the last two others.

SQLite reads the whole SQL file. PostgreSQL reads the rows; its tables are made by the migrations of that release. The
JSON holds the chats (`names` says what each was led to), the messages on their phones, the files at Telegram and the
appointments at the API.
"""

import itertools
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from bot.sandbox.moncreneau.config import ApiKey
from bot.sandbox.telegram.config import Person as Owner
from bot.sandbox.telegram.samples import SAMPLE_PHOTO
from bot.storage import engines, migrate
from tests.e2e.phone import Phone
from tests.e2e.running_bot import Clock, RunningBot, stopped_bot
from tests.storage.databases import Database
from tests.upgrade.person import Person

Json = dict[str, Any]
HERE = Path(__file__).parent
TIMES = {
    "chats": ("seen_at",),
    "inbox": ("received_at", "done_at"),
    "attempts": ("opened_at", "settled_at"),
    "recipients": ("at",),
}
"""The columns with the machine's time. They are moved to the present: the bot was killed a moment ago."""


@dataclass(frozen=True)
class Release:
    """`revision` is that of the migrations which made its tables."""

    name: str
    revision: str

    @cached_property
    def sql(self) -> str:
        """The database: tables and rows."""
        return (HERE / f"{self.name}.sql").read_text()

    @cached_property
    def world(self) -> Json:
        """Everything around it."""
        world: Json = json.loads((HERE / f"{self.name}.json").read_text())
        return world

    def rows(self) -> list[str]:
        """The statements that fill the tables."""
        return [line for line in self.sql.splitlines() if line.startswith("INSERT INTO ")]

    def select(self, query: str) -> list[Any]:
        """Query the database as it was left."""
        with closing(sqlite3.connect(":memory:")) as database:
            database.executescript(self.sql)
            return database.execute(query).fetchall()

    @cached_property
    def admins(self) -> frozenset[int]:
        """The admins of that time."""
        return frozenset(number for name, number in self.names.items() if name.startswith("admin: "))

    @cached_property
    def names(self) -> dict[str, int]:
        """Chat ids by the state that the chat was led to."""
        names: dict[str, int] = self.world["names"]
        return names

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The API keys that were used, the last one of them first."""
        return tuple(self.world["keys"].values())

    @asynccontextmanager
    async def restored(self, folder: Path, database: Database, **later: float) -> AsyncIterator[RunningBot]:
        """Both stand-ins and the database as they were left, with the clock moved forward; the bot is not started."""
        clock = Clock()
        keys = tuple(ApiKey(each) for each in self.keys)
        async with stopped_bot(folder, clock, database.url, capacity=50, keys=keys) as bot:
            self._restore_phones(bot)
            await self._restore_office(bot)
            self._restore_database(bot, database)
            with clock.put_forward(**later):
                yield bot

    def person(self, bot: RunningBot, name: str) -> Person:
        """The person who was led to the state of this name."""
        return Person(Phone(bot.services.telegram, self.names[name]), bot.wait_until_idle)

    def _restore_phones(self, bot: RunningBot) -> None:
        world, ago = bot.world, time.time() - self.world["recorded_at"]
        for each in self.world["people"]:
            world.add_person(Owner(**each), started=True)
        for folder, name, mime_type in self.world["files"]:
            world.files.add(folder, name, mime_type, SAMPLE_PHOTO)
        for each in self.world["messages"]:
            content = {key: value for key, value in each.items() if key not in {"chat", "since", "message_id"}}
            world._message_ids = itertools.count(each["message_id"])
            kept = world.add_message(world.chats[each["chat"]], content, author={"from": world.bot()})
            kept.message["date"] = int(each["date"] + ago)
            kept.shown_since = each["since"] + ago
        world._message_ids = itertools.count(self.world["newest_message"] + 1)
        # It is expired already; the next updates get higher numbers.
        world.updates.put({"update_id": self.world["newest_update"], "poll": {}}, 0.0)

    async def _restore_office(self, bot: RunningBot) -> None:
        """Book and cancel in the same order, so that the appointments get the same numbers."""
        office, headers = bot.services.moncreneau, {"X-API-Key": self.keys[0]}
        for each in self.world["appointments"]:
            wanted = ("departmentId", "dateTime", "name", "externalUserId", "workerId")
            body = {key: each[key] for key in wanted if each[key] is not None}
            made = await office.post("/api/v1/appointments", json=body, headers=headers)
            assert made.json()["id"] == each["id"], made.text
            if each["status"] == "CANCELLED":
                (await office.delete(f"/api/v1/appointments/{each['id']}", headers=headers)).raise_for_status()

    def _restore_database(self, bot: RunningBot, database: Database) -> None:
        keys = self._keys(bot)
        with database.connected() as connection:
            if database.is_file:
                tables = self.sql.split("INSERT INTO ", 1)[0]
                connection.executescript(tables)
            else:
                self._make_tables(database)
            connection.execute("BEGIN")
            for row in self.rows():
                if database.is_file or not row.startswith("INSERT INTO alembic_version"):
                    connection.execute(_renamed(row, keys))
            if not database.is_file:
                connection.execute("SELECT setval('deeds_id_seq', (SELECT max(id) FROM deeds))")
            ago = time.time() - self.world["recorded_at"]
            for table, columns in TIMES.items():
                later = ", ".join(f"{column} = {column} + {ago}" for column in columns)
                connection.execute(f"UPDATE {table} SET {later}")  # noqa: S608 — our own names
            connection.execute("COMMIT")

    def _make_tables(self, database: Database) -> None:
        """Run the migrations of that release."""
        engine = create_engine(engines.address(database.url, blocking=True))
        with engine.begin() as connection:
            migrate.upgrade(connection, self.revision)
        engine.dispose()

    def _keys(self, bot: RunningBot) -> dict[str, str]:
        """The hash of each API key then, and now: in the names of facts, a key is a hash of its address and itself."""
        address = bot.settings.moncreneau_api_url
        return {old: sha256(f"{address} {key}".encode()).hexdigest()[:16] for old, key in self.world["keys"].items()}


def _renamed(row: str, names: dict[str, str]) -> str:
    if row.startswith("INSERT INTO facts"):
        for old, new in names.items():
            row = row.replace(old, new)
    return row


RELEASE_0_1 = Release("release_0_1", "0002")
