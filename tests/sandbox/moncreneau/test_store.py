"""Every acknowledged write is in the file, even if the process is killed."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox, create_app
from tests.sandbox.moncreneau.client import open_sandbox

SERVER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.sandbox.moncreneau import MoncreneauSandbox, create_app
from bot.sandbox.serving import serving

async def main():
    clock = lambda: datetime(2026, 3, 2, 9, 10, tzinfo=UTC)
    async with serving(create_app(MoncreneauSandbox(database=Path(sys.argv[1]), clock=clock, capacity=50))) as url:
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@contextmanager
def process(path: Path) -> Iterator[str]:
    """Run a stand-in of its own on that file, and kill it without a warning at the end."""
    command = [sys.executable, "-c", SERVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 — our own program
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.kill()


def test_a_kill_loses_no_acknowledged_appointment_and_no_credit(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    names = [f"Citizen {number}" for number in range(20)]
    with process(path) as url, httpx.Client(base_url=f"{url}/api/v1", headers={"X-API-Key": DEMO_KEY}) as http:
        body = {"departmentId": 5, "dateTime": "2026-03-03T10:00:00", "externalUserId": "telegram:1"}
        for name in names:
            assert http.post("/appointments", json=body | {"name": name}).status_code == 201
        assert http.delete("/appointments/12345").status_code == 204
    with process(path) as url:
        ledger = httpx.get(f"{url}/__sandbox/ledger").json()
    assert [entry["name"] for entry in ledger["appointments"]] == names
    assert [entry["status"] for entry in ledger["appointments"]] == ["CANCELLED"] + ["SCHEDULED"] * 19
    assert ledger["credits"] == 10_000 - 19


async def test_a_restart_continues_with_the_stored_state(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with open_sandbox(database=path, credits=50) as api:
        booked = [(await api.book(externalUserId="telegram:1")).json() for _ in range(2)]
        await api.control("POST", "/credits", {"credits": 7})
    async with open_sandbox(database=path, credits=50) as api:
        assert (await api.get("/appointments", externalUserId="telegram:1")).json()["content"] == booked
        assert (await api.slots(5, "2026-03-03"))["2026-03-03"]["10:00"] is False
        assert (await api.ledger())["credits"] == 7
        assert (await api.book(dateTime="2026-03-03T11:00:00")).json()["id"] == 12347


async def test_a_second_process_on_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    async with open_sandbox(database=path):
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            create_app(MoncreneauSandbox(database=path))


async def test_a_file_of_an_older_version_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    with closing(sqlite3.connect(path)) as old, old:
        old.execute(
            "CREATE TABLE appointments (id INTEGER PRIMARY KEY, department_id INTEGER NOT NULL, at TEXT NOT NULL,"
            " name TEXT NOT NULL, status TEXT NOT NULL, external_user_id TEXT, worker_id INTEGER, key TEXT NOT NULL,"
            " created_at TEXT NOT NULL, updated_at TEXT NOT NULL, cancelled_at TEXT)"
        )
        old.execute(
            "INSERT INTO appointments VALUES (12345, 5, '2026-03-03T10:00:00', 'Hawa', 'SCHEDULED', NULL, NULL,"
            " 'mk_x', '2026-03-01T10:00:00', '2026-03-01T10:00:00', NULL)"
        )
    async with open_sandbox(database=path) as api:
        await api.office(12345, "cancel", reason="Fermé")
    async with open_sandbox(database=path) as api:
        (entry,) = (await api.ledger())["appointments"]
        assert (entry["name"], entry["cancelReason"]) == ("Hawa", "Fermé")
