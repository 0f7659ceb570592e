"""A test that CI cannot run fails; nobody takes a skipped test of a browser or a database for one that passed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import chromium_path
from tests.http_client.peers import make_certificates
from tests.storage.cluster import binaries

NEEDS = {
    "a browser": chromium_path,
    "PostgreSQL": binaries,
    "openssl": lambda: make_certificates(Path("nowhere")),
}


@pytest.fixture(params=NEEDS)
def search(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], object]:
    """Look for what a test needs, on a machine that has nothing."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(Path, "glob", lambda _path, _pattern: iter(()))
    found: Callable[[], object] = NEEDS[request.param]
    return found


def test_in_ci_what_a_test_needs_must_be_there(search: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"^no .+: install"):
        search()


def test_elsewhere_a_test_is_skipped_that_says_what_to_install(
    search: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^no .+: install"):
        search()
