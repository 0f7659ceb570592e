"""The disk is full, or the database locked, read-only or missing: one clear log line, and nothing half-written."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app.records import Change, StoredChat
from bot.bootstrap import StartError
from bot.storage import engines
from bot.storage.store import Store, StoreClosedError
from tests.e2e.running_bot import running_bot, stopped_bot
from tests.e2e.waiting import eventually
from tests.storage.databases import sqlite_database
from tests.storage.disks import Disk, small_disk
from tests.storage.values import delivery, rows, turn, update

HOLD = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print('held'); input()"
LONG = "Aïssatou " * 2000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as made:
        yield made


@pytest.fixture
def short_lock_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite waits for a lock for a moment instead of five seconds."""
    short = tuple(each.replace(str(engines.BUSY_SECONDS * 1000), "50") for each in engines.PRAGMAS)
    monkeypatch.setattr(engines, "PRAGMAS", short)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await Store(url).open()
    try:
        yield store
    finally:
        await store.close(grace=1)


@asynccontextmanager
async def held_by_another_process(database: Path) -> AsyncIterator[None]:
    """Let another process hold the lock until the block ends."""
    pipe = asyncio.subprocess.PIPE
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLD, database, stdin=pipe, stdout=pipe)
    assert holder.stdout
    assert await holder.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        await holder.communicate(b"\n")


async def test_a_change_waits_for_disk_space_and_is_then_stored_whole(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(disk.url) as store:
        await store.receive((update(1),))
        disk.fill()
        receiving = asyncio.create_task(store.receive((update(2, body=LONG * 20),)))
        committing = asyncio.create_task(store.commit(turn(1, 10, 11, opened=4)))
        await eventually("the store says so", lambda: not store.writable)
        assert [each.update_id for each in await store.open_updates()] == [1], "neither of them, and no part"
        assert await store.open_attempts() == ()
        assert not receiving.done()
        assert not committing.done()
        disk.clear()
        assert [each.update_id for each in await receiving] == [2]
        await committing
        assert [each.update_id for each in await store.open_updates()] == [2]
        assert [each.id async for each in store.open_deliveries()] == [10, 11]
        assert [each.number for each in await store.open_attempts()] == [4]
    assert len([line for line in caplog.messages if line.startswith("the database cannot be written: ")]) == 1
    assert caplog.messages.count("the database can be written again") == 1


async def test_a_change_still_waiting_for_disk_space_at_closing_is_not_stored(disk: Disk) -> None:
    store = await Store(disk.url).open()
    await store.receive((update(1),))
    disk.fill()
    receiving = asyncio.create_task(store.receive((update(2, body=LONG * 20),)))
    await eventually("the store says so", lambda: not store.writable)
    await store.close(grace=0.2)
    with pytest.raises(StoreClosedError):
        await receiving
    with pytest.raises(StoreClosedError):
        await store.commit(turn(1))
    disk.clear()
    async with opened(disk.url) as again:
        assert [each.update_id for each in await again.open_updates()] == [1]


async def test_on_a_full_disk_no_update_is_confirmed_to_telegram_before_it_is_stored(disk: Disk) -> None:
    async with running_bot(disk.folder, database_url=disk.url) as bot:
        citizen = await bot.citizen()
        assert "Bonjour" in (await citizen.says("/start")).text
        disk.fill()
        await citizen.phone.say(LONG[:4000])
        for _ in range(3):
            await citizen.phone.say(LONG[:4000])
        await eventually("the store says so", lambda: not bot.app.store.writable)
        stored = len(rows(disk.folder / "bot.db", "SELECT 1 FROM inbox"))
        assert stored + await bot.services.pending() >= 5, "each is here or still at Telegram"
        disk.clear()
        assert "Aide" in (await citizen.says("/help")).text
        assert len(rows(disk.folder / "bot.db", "SELECT 1 FROM inbox WHERE done_at IS NOT NULL")) == 6


async def test_a_first_start_on_a_full_disk_says_so_and_leaves_no_tables(disk: Disk) -> None:
    disk.fill()
    async with stopped_bot(disk.folder, database_url=disk.url) as bot:
        with pytest.raises(StartError, match="DATABASE_URL"):
            await bot.start()
        disk.clear()
        await bot.start()
        assert await (await bot.citizen()).books()


@pytest.mark.usefixtures("short_lock_timeout")
async def test_while_another_process_holds_the_lock_writes_wait_and_reads_go_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / "bot.db"
    async with opened(f"sqlite+aiosqlite:///{database}") as store:
        await store.receive((update(1),))
        await store.commit(turn(1))
        async with held_by_another_process(database):
            receiving = asyncio.create_task(store.receive((update(2),)))
            await eventually("the store says so", lambda: not store.writable)
            assert (await store.chat(77)) == StoredChat(77, "session after 1", "fr")
            assert not receiving.done()
        assert [each.update_id for each in await receiving] == [2]
    assert [line for line in caplog.messages if "locked" in line] == [
        "the database cannot be written: database is locked; nothing is lost; trying again"
    ]


@pytest.mark.usefixtures("short_lock_timeout")
async def test_a_first_start_on_a_locked_database_says_so(tmp_path: Path) -> None:
    async with (
        stopped_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as bot,
        held_by_another_process(tmp_path / "bot.db"),
    ):
        with pytest.raises(StartError, match=r"DATABASE_URL.*: database is locked"):
            await bot.start()


async def test_on_a_disk_that_becomes_read_only_one_line_is_logged_and_nothing_is_confirmed(
    disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    if not disk.can_be_read_only:
        pytest.skip("root without the right to mount cannot make anything read-only")
    async with running_bot(disk.folder, database_url=disk.url) as bot:
        citizen = await bot.citizen()
        await citizen.says("/start")
        await bot.stop()
        disk.make_read_only()
        await citizen.phone.say("/help")
        try:
            await bot.start()
        except StartError as error:
            assert "DATABASE_URL" in str(error)  # noqa: PT017 — either it says so at once, or it waits as below
        else:
            await eventually("the store says so", lambda: not bot.app.store.writable)
            assert any(line.startswith("the database cannot be written: ") for line in caplog.messages)
            await bot.stop()
        assert await bot.services.pending() == 1
        disk.make_writable()
        await bot.start()
        await bot.wait_until_idle()
        assert "Aide" in (await citizen.screen()).text


@pytest.mark.parametrize(
    ("place", "words"),
    [("missing/bot.db", "unable to open database file"), ("", "unable to open"), ("text.db", "file is not a database")],
)
async def test_an_unusable_database_url_gets_one_clear_line(place: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("a shopping list, and a long one\n" * 40)
    async with stopped_bot(tmp_path, database_url=sqlite_database(tmp_path).url) as bot:
        with pytest.raises(StartError, match=f"DATABASE_URL.*: {words}"):
            await bot.start(database_url=f"sqlite+aiosqlite:///{tmp_path / place}")


async def test_an_invalid_change_fails_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}") as store:
        await store.receive((update(1), update(2), update(3)))
        wrong = Change(done=(2,), queued=(delivery(20),), chat=StoredChat(78, None, "fr"))  # type: ignore[arg-type]
        first, bad, last = await asyncio.gather(
            store.commit(turn(1, 10)), store.commit(wrong), store.commit(turn(3, 30)), return_exceptions=True
        )
        assert first is None
        assert last is None
        assert isinstance(bad, Exception)
        assert [each.update_id for each in await store.open_updates()] == [2], "whole or not at all"
        assert [each.id async for each in store.open_deliveries()] == [10, 30]
    assert "a change could not be stored: NOT NULL constraint failed" in caplog.text
