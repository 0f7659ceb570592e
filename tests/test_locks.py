"""The lock files, read as pip reads them. (That they are what pyproject.toml asks for: `test_architecture`.)"""

import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

LOCKS = [Path("requirements.lock"), Path("tests/requirements.lock")]


def _locked(lock: Path) -> dict[str, str]:
    """Project name to what stands before its ==, extras and all."""
    lines = re.findall(r"^([\w.-]+)((?:\[[\w,.-]+\])?)==", lock.read_text(), re.MULTILINE)
    return {name.lower(): name.lower() + extras for name, extras in lines}


@pytest.mark.parametrize("lock", LOCKS, ids=str)
def test_what_somebody_asks_for_with_an_extra_is_locked_with_it(lock: Path) -> None:
    # pip (seen: 23.2, which comes with Python 3.11) else takes the newest release for a second project, not the locked
    # one, and refuses it for want of a hash: from the day on which a newer release appears nothing can be installed.
    locked = _locked(lock)
    for distribution in distributions():
        if distribution.name.lower() not in locked:
            continue
        for requirement in distribution.requires or ():
            if asked := re.match(r"([\w.-]+)\[([\w,.-]+)\]", requirement.partition(";")[0]):
                name, extra = asked.group(1).lower(), asked.group(2)
                if "extra ==" not in requirement and name in locked:
                    assert f"[{extra}]" in locked[name], f"{distribution.name} asks for {name}[{extra}]"
