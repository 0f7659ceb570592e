"""The signatures of the stand-in are accepted by OpenSSL and by the vendor's SDK.

The SDK accepts the raw body as a string. Given the parsed object it serialises it again, with other spaces and escapes,
and refuses a valid signature: a receiver must check the bytes that arrived.
"""

import shutil
import subprocess
from collections.abc import AsyncIterator

import pytest
from moncreneau import Moncreneau  # type: ignore[import-untyped]

from tests.needs import lacks
from tests.sandbox.moncreneau.client import open_sandbox
from tests.sandbox.moncreneau.receiver import Receiver, Webhook, receiving

SECRET = "whsec_a secret with spaces and é"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


async def cancelled(receiver: Receiver, style: str) -> Webhook:
    """A cancellation with accents, as the stand-in sends it."""
    async with open_sandbox(webhook_url=receiver.url, webhook_secret=SECRET, webhook_style=style) as api:
        await api.book(name="Aïssatou N'Diaye", externalUserId="telegram:7")
        await receiver.next()
        await api.office(12345, "cancel", reason="L’agent est empêché")
        return await receiver.next()


async def test_openssl_computes_the_same_signature(receiver: Receiver) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        lacks("no openssl: install it (Debian: openssl)")
    got = await cancelled(receiver, "moncreneau")
    command = [openssl, "dgst", "-sha256", "-hmac", SECRET]
    printed = subprocess.run(command, input=got.body, capture_output=True, check=True).stdout  # noqa: ASYNC221, S603
    assert got.headers["x-moncreneau-signature"] == f"sha256={printed.decode().split()[-1]}"


async def test_the_sdk_accepts_the_raw_body(receiver: Receiver) -> None:
    got = await cancelled(receiver, "sdk")
    signature = got.headers["x-webhook-signature"]
    assert Moncreneau.verify_webhook_signature(got.body.decode(), signature, SECRET)
    assert not Moncreneau.verify_webhook_signature(got.body.decode(), signature, "another secret")
    assert not Moncreneau.verify_webhook_signature(got.body.decode() + " ", signature, SECRET)


async def test_the_sdk_refuses_the_parsed_object(receiver: Receiver) -> None:
    got = await cancelled(receiver, "sdk")
    assert not Moncreneau.verify_webhook_signature(got.event, got.headers["x-webhook-signature"], SECRET)
