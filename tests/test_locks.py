"""The lock files: what pyproject.toml asks for, read as pip reads them."""

import re
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-sandbox.lock", "tests/requirements.lock")


def pins(lock: str) -> dict[str, str]:
    """The packages of a lock: names as the index writes them, and versions."""
    return dict(
        re.findall(r"^([a-z0-9][a-z0-9.-]*)(?:\[[a-z0-9,-]+\])?==([^ ;]+)", (ROOT / lock).read_text(), re.MULTILINE)
    )


def declared(*extras: str) -> dict[str, str]:
    """The dependencies in pyproject.toml, each with one exact version."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(each for extra in extras for each in project["optional-dependencies"][extra])]
    found = [re.fullmatch(r"([A-Za-z0-9.-]+)(?:\[[a-z]+\])?==([0-9.]+)(?:;.*)?", each) for each in wanted]
    assert all(found), "every dependency has an exact version"
    return {match[1].lower(): match[2] for match in found if match}


def test_the_locks_are_what_pyproject_asks_for_each_on_top_of_the_one_before() -> None:
    production, sandbox, tests = map(pins, LOCKS)
    assert declared("postgresql").items() <= production.items()
    assert production.items() | declared("sandbox").items() <= sandbox.items()
    assert sandbox.items() | declared("dev").items() <= tests.items()


def test_the_production_lock_has_nothing_that_only_the_stand_ins_or_the_tests_need() -> None:
    bot = declared("postgresql")
    others = (declared("sandbox").keys() | declared("dev").keys()) - bot.keys()
    assert not others & pins("requirements.lock").keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)


def test_no_lock_names_an_address() -> None:
    assert not [lock for lock in LOCKS if "://" in (ROOT / lock).read_text()]


def with_extras(lock: str) -> dict[str, str]:
    """Project name to what stands before its ==, extras and all."""
    lines = re.findall(r"^([\w.-]+)((?:\[[\w,.-]+\])?)==", (ROOT / lock).read_text(), re.MULTILINE)
    return {name.lower(): name.lower() + extras for name, extras in lines}


@pytest.mark.parametrize("lock", LOCKS)
def test_the_packages_of_a_wanted_extra_are_locked(lock: str) -> None:
    # pip (seen: 23.2, which comes with Python 3.11) else takes the newest release for a second project, not the locked
    # one, and refuses it for want of a hash: from the day on which a newer release appears nothing can be installed.
    locked = with_extras(lock)
    for distribution in distributions():
        if distribution.name.lower() not in locked:
            continue
        for requirement in distribution.requires or ():
            if asked := re.match(r"([\w.-]+)\[([\w,.-]+)\]", requirement.partition(";")[0]):
                name, extra = asked.group(1).lower(), asked.group(2)
                if "extra ==" not in requirement and name in locked:
                    assert f"[{extra}]" in locked[name], f"{distribution.name} asks for {name}[{extra}]"
