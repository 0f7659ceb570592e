"""The stand-in with its default settings. Tests that need other settings use `open_sandbox`."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.moncreneau.client import ApiClient, open_sandbox


@pytest.fixture
async def api() -> AsyncIterator[ApiClient]:
    async with open_sandbox() as opened:
        yield opened
