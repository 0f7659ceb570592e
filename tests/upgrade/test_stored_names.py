"""A stored name never changes without an upgrade: databases hold it, and the buttons on phones."""

import re
from copy import deepcopy

import pytest

from tests.documents import ROOT
from tests.upgrade.stored_names import CODECS, Names, dropped, present, recorded


def test_every_stored_name_is_still_read() -> None:
    assert dropped(recorded(), present()) == [], "raise the version and add an upgrade, or keep reading it"


def test_every_codec_is_recorded() -> None:
    code = "".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    assert len(re.findall(r"= JsonCodec\(", code)) == len(CODECS)


def test_every_new_stored_name_is_recorded() -> None:
    assert recorded() == present(), "python -m tests.upgrade.stored_names"


@pytest.mark.parametrize("what", present())
def test_a_renamed_name_is_found(what: str) -> None:
    names = present()
    for position, old in enumerate(names[what]):
        renamed = deepcopy(names)
        renamed[what][position] = [*old[:-1], "renamed"]
        assert dropped(names, renamed) == [f"{what}: {old[-1]}"]


def test_names_of_an_earlier_version_may_go_because_they_are_upgraded() -> None:
    before: Names = {"session, version 2": [["announcements", "kind=idle"]]}
    assert dropped(before, {"session, version 3": [["kind=idle", "wants_announcements"]]}) == []
