"""Programs that tests need: without them a test is skipped, except in CI, which installs all; there it fails."""

import os
from typing import NoReturn

import pytest


def lacks(what: str) -> NoReturn:
    """Skip this test, or fail it where CI=true. `what` is missing and how to get it, as a person reads it."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)
