"""Rules of the code base that a test can check. import-linter checks the direction of imports (pyproject.toml)."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BOT = ROOT / "bot"

MIRRORED = ("http_client", "core", "views", "app", "broadcast", "operations", "telegram", "moncreneau", "storage")
WITHOUT_MIRROR = {
    "app/ports.py": "protocols; their implementations are tested",
    "broadcast/ports.py": "protocols and values; their implementations are tested",
    "operations/metrics.py": "tested over HTTP in tests/operations/test_http.py",
    "storage/tables.py": "definitions; tests/storage/test_migrations.py compares them with what the migrations make",
}

OUTSIDE = {
    "__main__.py": set[str](),
    "core": {"pydantic"},
    "views": {"icalendar"},
    "app": {"pydantic"},
    "broadcast": {"pydantic"},
    "operations": {"uvicorn", "starlette", "prometheus_client"},
    "http_client": {"aiohttp", "httpx"},
    "telegram": {"telegram", "aiohttp", "pydantic_core", "segno"},
    "moncreneau": {"aiohttp", "httpx"},
    "storage": {"sqlalchemy", "alembic", "pydantic_core"},
    "sandbox": {"starlette", "uvicorn", "httpx"},
    "bootstrap": {"sqlalchemy", "telegram"},
    "check.py": {"telegram"},
    "i18n.py": {"babel"},
    "departments_file.py": {"pydantic"},
    "settings.py": {"pydantic", "pydantic_settings"},
    "logs.py": set[str](),
}
"""Which packages that are not Python's own each package may import: each external service is used by one package."""

IMPURE = {"asyncio", "http", "io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess"}
IMPURE |= {"tempfile", "threading", "time", "urllib", "uuid", "zoneinfo"}
"""Python's own modules that reach outside a function's arguments: clocks, chance, files, wires, threads."""


def sources(folder: Path = BOT) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.read_text().strip())


def named(path: Path) -> str:
    return path.relative_to(BOT).as_posix()


def pure_sources() -> list[Path]:
    """The core, the views, and the files of broadcasting that import-linter keeps off the shell."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (broadcast,) = (each["source_modules"] for each in contracts if each["name"].startswith("the pure files"))
    files = [(ROOT / module.replace(".", "/")).with_suffix(".py") for module in broadcast]
    return [*sources(BOT / "core"), *sources(BOT / "views"), *files]


every_source = pytest.mark.parametrize("path", sources(), ids=named)
every_pure_source = pytest.mark.parametrize("path", pure_sources(), ids=named)


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)  # noqa: S607
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(file for file in files if file.is_file())


def imported(path: Path) -> Iterator[str]:
    """The top-level names of the packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def package_of(path: Path) -> str:
    return path.relative_to(BOT).parts[0]


@pytest.mark.parametrize("package", MIRRORED)
def test_every_source_file_has_its_mirror_test(package: str) -> None:
    # Alembic's files are run and compared by tests/storage/test_migrations.py.
    files = [path for path in sources(BOT / package) if path.name != "__init__.py" and "migrations" not in path.parts]
    wanted = {named(path): ROOT / "tests" / path.relative_to(BOT).with_name(f"test_{path.name}") for path in files}
    lacking = {source for source, test in wanted.items() if not test.exists()}
    excused = {source for source in WITHOUT_MIRROR if source.startswith(f"{package}/")}
    assert sorted(lacking - excused) == []
    assert sorted(excused - lacking) == [], "no excuse is needed any more"


@every_source
def test_every_file_opens_with_a_docstring(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@every_source
def test_each_package_imports_only_the_libraries_it_is_allowed(path: Path) -> None:
    allowed = OUTSIDE[package_of(path)] | sys.stdlib_module_names | {"bot"}
    assert set(imported(path)) <= allowed


@every_pure_source
def test_pure_files_do_no_io(path: Path) -> None:
    assert not set(imported(path)) & IMPURE


@every_pure_source
def test_pure_files_read_no_clock(path: Path) -> None:
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    assert not {each.attr for each in calls if isinstance(each, ast.Attribute)} & {"now", "today", "utcnow"}


def test_no_tracked_file_names_a_package_registry() -> None:
    """The machine that installs packages decides where they come from."""
    address = re.compile(rb"https?://[^\s\"'>)]*(?:pypi|pythonhosted|npmjs|registry\.|deb\.debian)")
    option = re.compile(rb"--(?:extra-)?index" + rb"-url|\bindex" + rb"-url *=")
    kinds = re.compile(r"uv\.lock|poetry\.lock|package-lock\.json|pylock.*\.toml")
    assert not [file for file in tracked() if kinds.fullmatch(file.name)]
    texts = ((file, file.read_bytes()) for file in tracked())
    assert not [file for file, text in texts if address.search(text) or option.search(text)]
