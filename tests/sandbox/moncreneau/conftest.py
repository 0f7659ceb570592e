"""The stand-in with its default settings. Tests that need other settings use `open_sandbox`."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.moncreneau.client import ApiClient, open_sandbox
from tests.sandbox.moncreneau.receiver import Receiver, receiving


@pytest.fixture
async def api() -> AsyncIterator[ApiClient]:
    async with open_sandbox() as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest.fixture
async def webhook_api(receiver: Receiver) -> AsyncIterator[ApiClient]:
    """A stand-in that sends webhooks to `receiver` and tries again without a pause."""
    async with open_sandbox(webhook_url=receiver.url, webhook_secret="s3cret", webhook_time_factor=0) as opened:
        yield opened
