"""The stand-in with its default settings; tests that need others open a `desk` of their own."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.moncreneau.client import Desk, desk


@pytest.fixture
async def office() -> AsyncIterator[Desk]:
    async with desk() as opened:
        yield opened
