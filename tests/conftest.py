"""A PostgreSQL server for the tests of several folders: one per pytest process, started when first needed."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import logs
from tests.storage.cluster import Cluster
from tests.storage.databases import shared_cluster, stop_shared_cluster

TESTS = Path(__file__).parent
LONG = ("e2e", "browser", "test_installation.py", "test_check.py", "upgrade")
"""The folder with the longest files. A worker that got them last would keep all others waiting."""


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many workers as cores (`-n auto`): many tests mostly wait, for servers and for time limits."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the long files first."""
    items.sort(key=lambda item: item.path.relative_to(TESTS).parts[0] not in LONG)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return shared_cluster()


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """For a test that sets logging up as a process of the bot does: leave it as other tests know it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs.CHATTY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def pytest_unconfigure() -> None:
    """Stop the server at the very end."""
    stop_shared_cluster()
