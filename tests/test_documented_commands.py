"""The commands in the documents can be pasted as they stand: all shell blocks are run, on a pretended machine."""

import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.settings import Settings, read_settings
from bot.storage.store import Store
from tests.documents import DOCUMENTS, ROOT, Block, blocks
from tests.pretended_machine import SECRETS, TODAY, Machine
from tests.storage.cluster import Cluster, binaries

OPERATING = "docs/operating.md"
OTHERS = [document for document in DOCUMENTS if document != OPERATING and blocks(document, "sh")]
DATABASE = "moncreneau"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_code_block_names_its_language(document: str) -> None:
    assert [block.text for block in blocks(document) if not block.language] == []


@pytest.mark.parametrize("document", OTHERS)
def test_the_commands_of_a_document_work_in_their_order(document: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    for block in blocks(document, "sh"):
        machine.run(block.text)
        machine.fill_in_secrets()


def assert_all_are_set(file: Path, needed: set[str]) -> None:
    """A settings file for Compose: the bot's settings, and those that `compose.yaml` itself needs."""
    found = dict(re.findall(r"^([A-Z_]+)=(.+)$", file.read_text(), re.MULTILINE))
    assert needed <= set(found) <= needed | {name.upper() for name in Settings.model_fields}


class Operator:
    """Somebody who works through docs/operating.md; each section begins with the settings of `.env.example`."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.cluster = cluster
        self.machine = Machine(folder, binaries(), PGHOST=str(cluster.folder), PGUSER=cluster.owner)
        self.said = ""
        self._rest = iter(blocks(OPERATING, "sh"))
        self._next: Block | None = next(self._rest)
        self.files = [self.machine.path(name) for name in ("/var/lib/moncreneau-bot/bot.db", "/data/bot.db")]

    def follow(self, until: str) -> None:
        """Run all blocks before the section `until`."""
        heading = ""
        while self._next and self._next.heading != until:
            if heading != self._next.heading:
                heading = self._next.heading
                self._begin_section()
            self.step()

    def step(self) -> None:
        """Run the next block."""
        assert self._next
        self.said += self.machine.run(self._next.text)
        self.machine.fill_in_secrets()
        self._next = next(self._rest, None)

    def _begin_section(self) -> None:
        example = (ROOT / ".env.example").read_text()
        for path in (self.machine.checkout / ".env", self.machine.path("/etc/moncreneau-bot.env")):
            path.write_text(example)
            path.chmod(0o600)
        self.machine.fill_in_secrets()

    def write(self, word: str) -> None:
        """Store a word in every database."""
        for file in self.files:
            with sqlite3.connect(file) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS marks (word)")
                connection.execute("INSERT INTO marks VALUES (?)", [word])
        self.cluster.execute("CREATE TABLE IF NOT EXISTS marks (word text)", DATABASE)
        self.cluster.execute(f"INSERT INTO marks VALUES ('{word}')", DATABASE)  # noqa: S608 — a word of ours

    def words(self) -> list[list[str]]:
        """The rows in each database: the SQLite files, then PostgreSQL."""
        found = []
        for file in self.files:
            with sqlite3.connect(file) as connection:
                found.append([word for (word,) in connection.execute("SELECT word FROM marks ORDER BY rowid")])
        return [*found, [word for (word,) in self.cluster.execute("SELECT word FROM marks", DATABASE)]]


@pytest.fixture
def operator(tmp_path: Path, cluster: Cluster) -> Iterator[Operator]:
    yield Operator(tmp_path, cluster)
    cluster.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    cluster.execute(f"DROP ROLE IF EXISTS {DATABASE}")


async def test_an_operator_can_work_through_the_whole_page(operator: Operator) -> None:
    machine = operator.machine
    operator.follow("PostgreSQL with Docker Compose")
    file = machine.path("/etc/moncreneau-bot.env")
    settings = read_settings(_env_file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert settings.moncreneau_api_key.get_secret_value() == SECRETS["MONCRENEAU_API_KEY"]
    store = await Store(settings.database_url.replace("@localhost/", "@/") + f"?host={operator.cluster.folder}").open()
    await store.close(1.0)

    operator.follow("Move from SQLite to PostgreSQL")
    assert_all_are_set(machine.checkout / ".env", {"COMPOSE_PROFILES", "POSTGRES_PASSWORD"})

    operator.follow("A drill")
    compose = (ROOT / "compose.yaml").read_text()
    needed = {"COMPOSE_PROFILES", *re.findall(r"\$\{(\w+)", compose)}
    assert_all_are_set(machine.checkout / ".env", needed)
    several = read_settings(_env_file=machine.checkout / ".env", http_port=8080)
    assert several.telegram_webhook

    operator.follow("Back up")
    assert "It can work." in operator.said  # `check --quick`
    # In a PostgreSQL container, the bot's user is a superuser.
    operator.cluster.execute(f"ALTER ROLE {DATABASE} SUPERUSER")
    operator.write("kept")
    operator.follow("Restore")
    assert machine.path(f"/var/backups/moncreneau-bot/{TODAY}.db").stat().st_size > 0
    for restored in (0, 1, 2, 2):
        operator.write("lost")
        operator.step()
        assert operator.words()[restored] == ["kept"]
    operator.follow("the end")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_accepts_the_service(tmp_path: Path) -> None:
    unit = (ROOT / "deploy" / "moncreneau-bot.service").read_text()
    (tmp_path / "moncreneau-bot.service").write_text(
        unit.replace("/opt/moncreneau-bot/.venv/bin/python", sys.executable)
    )
    done = subprocess.run(  # noqa: S603 — a file of ours
        ["systemd-analyze", "verify", str(tmp_path / "moncreneau-bot.service")],  # noqa: S607 — wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("profile", "service"), [("", ""), ("postgresql", "postgresql"), ("replicas", "bot-2"), ("caddy", "caddy")]
)
def test_docker_compose_accepts_the_file(profile: str, service: str, tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:  # noqa: S603
        pytest.skip("no Docker Compose")
    for name in ("compose.yaml", "Dockerfile"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    command = [docker, "compose", "--profile", profile, "config", "--services"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S603
    assert set(done.stdout.split()) == {"bot", *([service] if service else [])}, done.stderr


def test_the_web_server_forwards_webhooks_to_every_process_and_nothing_else() -> None:
    processes = re.findall(r"^  (bot[\w-]*):$", (ROOT / "compose.yaml").read_text(), re.MULTILINE)
    (port,) = re.findall(r"HTTP_PORT=(\d+)", (ROOT / "Dockerfile").read_text())
    rules = (ROOT / "deploy" / "Caddyfile").read_text()
    assert f"reverse_proxy {' '.join(f'{each}:{port}' for each in processes)} {{" in rules
    assert re.findall(r"handle (\S*)", rules) == ["/hooks/*", "{"]
    # What one process could not answer is repeated at once, and the other process is not blamed for it.
    assert re.findall(r"header (\S+) Retry-After", rules) == ["@none_ready"]
    assert not re.search(r"^\s*fail_duration", rules, re.MULTILINE)
