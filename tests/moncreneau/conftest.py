"""What the tests of the client share."""

from collections.abc import AsyncIterator

import pytest

from tests.moncreneau.support import StillClock, Wire, wired


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with wired() as found:
        yield found
