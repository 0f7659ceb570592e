"""The house that the tests of a module share, and a new citizen for each test."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import House, inhabited


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A bot at work; room enough in every slot for all tests."""
    async with inhabited(tmp_path_factory.mktemp("house"), capacity=1000) as here:
        yield here


@pytest_asyncio.fixture(loop_scope="module")
async def aissatou(house: House) -> AsyncIterator[Citizen]:
    """A citizen whose phone speaks French; whatever misbehaved during the test behaves after it."""
    yield await house.citizen()
    await house.calms_down()


@pytest_asyncio.fixture(loop_scope="module")
async def sarah(house: House) -> AsyncIterator[Citizen]:
    """A citizen whose phone speaks English."""
    yield await house.citizen("en", "Sarah", "Cole")
    await house.calms_down()
