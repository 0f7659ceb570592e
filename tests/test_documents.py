"""What the documents say of the code is true of the code."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic.fields import FieldInfo

from bot.__main__ import main
from bot.settings import Settings
from bot.views import bot_profile

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = ("README.md", "CHANGELOG.md", "GLOSSARY.md")
MAKEFILE = (ROOT / "Makefile").read_text()
NOT_COMMANDS = {"newbot", "data", "healthz", "readyz", "metrics"}
"""BotFather's, the container's volume, and the pages on the operators' port."""


def section(title: str) -> str:
    """What stands under a heading of the second level."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The rows of the tables in a text, their cells stripped of blanks and of code marks; without their heads."""
    lines = re.findall(r"^\| (.+?) \|$", text, re.MULTILINE)
    cells = [[cell.strip().strip("`") for cell in line.split("|")] for line in lines]
    heads = {number - 1 for number, row in enumerate(cells) if set(row[0]) == {"-"}}
    return [row for number, row in enumerate(cells) if number not in heads and set(row[0]) != {"-"}]


def written(field: FieldInfo) -> str:
    """A setting's default as the table writes it."""
    default: Any = field.default
    if field.is_required():
        return "required"
    if default is None or default == frozenset():
        return "none"
    return f"{default:g}" if isinstance(default, float) else str(default)


def test_the_table_of_settings_has_them_all_with_their_defaults() -> None:
    table = {row[0]: row[1] for row in rows(section("Settings"))}
    assert table == {name.upper(): written(field) for name, field in Settings.model_fields.items()}


def test_the_table_of_the_bots_commands_has_all_that_there_are_for_everyone() -> None:
    named = [row[0].removeprefix("/") for row in rows(section("What a citizen sees"))]
    assert tuple(named[: len(bot_profile.USUAL)]) == bot_profile.USUAL


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`/([a-z]+)[ `]", README))))
def test_every_command_of_the_bot_that_the_readme_names_exists(name: str) -> None:
    assert name in {*bot_profile.USUAL, *bot_profile.EXTRA, *bot_profile.ADMIN} | NOT_COMMANDS


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)\b", README))))
def test_every_target_that_the_readme_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_the_readme_names_every_target() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE)) - {"help"}
    assert targets <= set(re.findall(r"`make ([a-z]+)", section("Developing")))


@pytest.mark.parametrize("command", sorted(set(re.findall(r"python -m bot ([a-z]+)", README))))
def test_every_command_line_that_the_readme_names_exists(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize("module", sorted(set(re.findall(r"-m (bench[a-z.]*)", MAKEFILE))))
def test_every_module_that_make_runs_exists(module: str) -> None:
    path = ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_points_to_is_there(document: str) -> None:
    links = re.findall(r"(?:\]\(|src=\")([^)#\"]+)[)\"]", (ROOT / document).read_text())
    paths = re.findall(r"`((?:bot|tests|locales|docs|bench)/[A-Za-z0-9_./]+)`", (ROOT / document).read_text())
    wanted = [*(link for link in links if "://" not in link), *paths]
    assert [path for path in wanted if not (ROOT / path).exists()] == []


def test_every_heading_that_the_readme_points_to_is_there() -> None:
    headings = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", README, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= headings


def test_every_name_in_the_glossarys_last_column_exists_in_the_code() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    modules = {path.relative_to(ROOT).with_suffix("").as_posix() for path in (ROOT / "bot").rglob("*.py")}
    modules |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*") if path.is_dir()}
    words = set(re.findall(r"\w+", code))
    lines = re.findall(r"^\|.*\|(.*?)\|$", (ROOT / "GLOSSARY.md").read_text(), re.MULTILINE)
    names = {name for line in lines for name in re.findall(r"`([\w./]+)`", line)}
    assert names
    missing = {name for name in names if not set(re.split(r"[./]", name)) <= words | {"bot"}}
    assert {name for name in missing if name.replace(".", "/") not in modules} == set()
