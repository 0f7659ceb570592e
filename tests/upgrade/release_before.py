"""The release before this one, taken from the history of the clone, to run beside the present code.

`release_before.txt` names its commit. Whoever makes a release moves it (CONTRIBUTING.md).
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.documents import ROOT
from tests.needs import lacks

FILE = Path(__file__).with_name("release_before.txt")
TABLES = """import json
from bot.storage.migrate import newest
from bot.storage.tables import metadata
tables = {table.name: {column.name: [str(column.type), column.primary_key] for column in table.columns}
    for table in metadata.sorted_tables}
print(json.dumps({"newest": newest(), "tables": tables}))"""

SESSIONS = """import json, sys
from bot.core.session import read_session, write_session
print(json.dumps([(session := read_session(text)) and write_session(session) for text in json.load(sys.stdin)]))"""


def commit() -> str:
    """The commit that the file names, without its comments."""
    (name,) = [line for line in FILE.read_text().split("\n") if line and not line.startswith("#")]
    return name


def git(*arguments: str, **how: Any) -> subprocess.CompletedProcess[bytes]:
    """Run git in the clone."""
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=False, **how)  # noqa: S603, S607 — ours


@dataclass(frozen=True)
class ReleaseBefore:
    """Its code, in a folder of its own. It runs with the packages of the present one."""

    folder: Path

    @classmethod
    def unpacked(cls, folder: Path) -> "ReleaseBefore":
        """Put the code of the commit into the folder. A shallow clone, which has no history, skips the test."""
        if git("cat-file", "-e", f"{commit()}^{{commit}}", capture_output=True).returncode:
            if git("rev-parse", "--is-shallow-repository", capture_output=True).stdout.strip() == b"true":
                pytest.skip("a shallow clone has no release before this one: git fetch --unshallow")
            lacks(f"the clone has no commit {commit()}")
        packed = git("archive", commit(), "bot", "locales", capture_output=True)
        assert packed.returncode == 0, packed.stderr
        subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)  # noqa: S603, S607 — ours
        return cls(folder)

    @cached_property
    def _said(self) -> dict[str, Any]:
        """What its code says of its tables."""
        done = subprocess.run(  # noqa: S603 — ours
            [sys.executable, "-c", TABLES], cwd=self.folder, capture_output=True, text=True, check=True
        )
        said: dict[str, Any] = json.loads(done.stdout)
        return said

    def reads_sessions(self, texts: list[str]) -> list[str | None]:
        """What it writes of these sessions after it read them; None for one that it cannot read."""
        done = subprocess.run(  # noqa: S603 — ours
            [sys.executable, "-c", SESSIONS],
            cwd=self.folder,
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            check=True,
        )
        found: list[str | None] = json.loads(done.stdout)
        return found

    @property
    def newest(self) -> str:
        """The newest revision that it knows."""
        return str(self._said["newest"])

    @property
    def tables(self) -> dict[str, dict[str, tuple[str, bool]]]:
        """Its tables: of each column the type, and whether it is in the primary key."""
        tables = self._said["tables"].items()
        return {name: {each: (kind, key) for each, (kind, key) in columns.items()} for name, columns in tables}
