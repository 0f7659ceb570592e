"""The wheel contains everything that the bot reads, and the installed command works in any folder."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.telegram.config import TOKEN
from tests.documents import ROOT

SETTINGS = {"TELEGRAM_BOT_TOKEN": TOKEN, "MONCRENEAU_API_KEY": "mk_1"}
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info")


def run(*command: str | Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder that has nothing of this checkout."""
    settings = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    return subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, check=False)  # noqa: S603


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `pip install .` builds it, from a copy with the folder that an earlier build has left behind."""
    folder = tmp_path_factory.mktemp("source")
    shutil.copytree(ROOT, folder / "checkout", ignore=LEFT_OUT)
    earlier = folder / "checkout" / "build" / "lib" / "bot"
    earlier.mkdir(parents=True)
    (earlier / "deleted_since.py").touch()
    pip = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", ".")
    built = run(*pip, "./checkout", folder=folder)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel in it."""

    environment: Path
    packages: Path

    @property
    def command(self) -> Path:
        """The command that the wheel installs."""
        return self.environment / "bin" / "moncreneau-bot"


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel alone, in an environment that sees the packages which these tests run with."""
    folder = tmp_path_factory.mktemp("installed") / "environment"
    made = run(sys.executable, "-m", "venv", "--without-pip", folder, folder=folder.parent)
    assert made.returncode == 0, made.stderr
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index")
    put = run(*pip, wheel, folder=folder.parent)
    assert put.returncode == 0, put.stderr
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return Installation(folder, packages)


def test_the_wheel_holds_every_file_of_the_package_and_the_catalogues(wheel: Path) -> None:
    there = {path.relative_to(ROOT) for path in (ROOT / "bot").rglob("*") if path.is_file()}
    wanted = {str(path) for path in there if "__pycache__" not in path.parts}
    wanted |= {str(Path("bot") / path.relative_to(ROOT)) for path in (ROOT / "locales").rglob("*.po")}
    with zipfile.ZipFile(wheel) as archive:
        assert {name for name in archive.namelist() if ".dist-info/" not in name} == wanted


@pytest.mark.parametrize("command", ["run", "check", "copy-database", "demo", "sandbox"])
def test_the_installed_command_explains_itself(installed: Installation, command: str, tmp_path: Path) -> None:
    done = run(installed.command, command, "--help", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"usage: moncreneau-bot {command}" in done.stdout


def test_the_installed_check_works_in_an_empty_folder(installed: Installation, tmp_path: Path) -> None:
    done = run(installed.command, "check", "--quick", folder=tmp_path, **SETTINGS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("It can work.\n")
    assert run(installed.command, "check", "--quick", folder=tmp_path, DEFAULT_LOCALE="en", **SETTINGS).returncode == 0


def test_the_installed_run_names_the_settings_that_are_missing(installed: Installation, tmp_path: Path) -> None:
    done = run(installed.command, "run", folder=tmp_path)
    assert done.returncode == 2
    assert "TELEGRAM_BOT_TOKEN is required" in done.stderr


async def test_the_installed_demo_runs_the_bot_with_its_catalogues_and_migrations(
    installed: Installation, tmp_path: Path
) -> None:
    demo = await asyncio.create_subprocess_exec(
        installed.command,
        *("demo", "--telegram-port", "0", "--moncreneau-port", "0"),
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert demo.stdout
    said = ""
    while "ready: @moncreneau_sandbox_bot" not in said:
        line = (await demo.stdout.readline()).decode()
        assert line, said
        said += line
    demo.send_signal(signal.SIGTERM)
    rest = (await demo.stdout.read()).decode()
    assert await demo.wait() == 0, said + rest
    assert "Traceback" not in said + rest
    assert (tmp_path / ".sandbox" / "bot.db").exists()


def test_the_bot_works_where_the_stand_ins_are_left_out(installed: Installation, tmp_path: Path) -> None:
    """As in the production image, see .dockerignore."""
    shutil.copytree(installed.packages / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("sandbox"))
    python = installed.environment / "bin" / "python"
    works = run(python, "-m", "bot", "check", "--quick", folder=tmp_path, **SETTINGS)
    assert works.returncode == 0, works.stderr
    demo = run(python, "-m", "bot", "demo", folder=tmp_path)
    assert (demo.returncode, demo.stderr) == (
        1,
        "the stand-ins are not installed; in the checkout: pip install '.[sandbox]'\n",
    )
