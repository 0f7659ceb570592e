"""Fixtures of the tests of the client."""

from collections.abc import AsyncIterator

import pytest

from tests.moncreneau.support import ScriptedServer, StillClock, scripted_server


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as found:
        yield found
