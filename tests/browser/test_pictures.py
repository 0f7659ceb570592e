"""The pictures of the documents, taken from the running bot: `make pictures` keeps them in docs/.

Without PICTURES in the environment they go to a temporary folder, so that the tests always show that they can be made.
"""

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.sandbox.moncreneau import french_departments
from bot.sandbox.telegram.config import ADMIN_ID
from tests.browser import test_booking, test_broadcast
from tests.browser.screens import SMALL, open_phone, side_by_side, take_screen
from tests.browser.test_booking import AISSATOU, book_in_french
from tests.browser.test_broadcast import PEOPLE, PROGRESS, compose, messages, tap
from tests.e2e.admin import citizens
from tests.e2e.running_bot import RunningBot, running_bot

BOOKING = ("departments", "days", "summary", "ticket")
MOST_BYTES = 400_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chosen = Path(os.environ["PICTURES"]) if "PICTURES" in os.environ else tmp_path / "pictures"
    chosen.mkdir(exist_ok=True)
    return chosen


@pytest_asyncio.fixture(loop_scope="package")
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    data = tmp_path / "data"
    data.mkdir()
    async with running_bot(data, public_url="https://moncreneau.gn", departments=french_departments()) as here:
        yield here


async def keep(browser: Browser, screens: list[bytes], path: Path) -> None:
    """Write one picture of the screens and check that it is whole and small."""
    picture = await side_by_side(browser, screens)
    await asyncio.to_thread(path.write_bytes, picture)
    width, height = struct.unpack(">II", picture[16:24])
    assert (width > SMALL[0] * 1.5 * len(screens), height > SMALL[1] * 1.5) == (True, True)
    assert len(picture) < MOST_BYTES


async def test_the_picture_of_a_booking(bot: RunningBot, browser: Browser, folder: Path) -> None:
    page = await open_phone(browser, test_booking.address(bot, AISSATOU))
    steps = book_in_french(page, "Service des passeports")
    screens = [await take_screen(page) async for step in steps if step in BOOKING]
    await keep(browser, screens, folder / "booking.png")


async def test_the_picture_of_a_broadcast(bot: RunningBot, browser: Browser, folder: Path) -> None:
    await citizens(bot, PEOPLE, "fr")
    aissatou = await bot.citizen()
    await aissatou.says("/start")
    await bot.stop()
    await bot.start(broadcast_rate=8.0)

    page = await open_phone(browser, test_broadcast.address(bot, ADMIN_ID))
    await compose(page)
    await tap(page, "Envoyer maintenant")
    await expect(messages(page).last).to_contain_text("Envoyer cette annonce")
    question = await take_screen(page)
    await tap(page, "✅")
    await expect(messages(page, "Annonce 1 · en cours")).to_contain_text(PROGRESS)
    progress = await take_screen(page)
    phone = await open_phone(browser, test_broadcast.address(bot, aissatou.id))
    await expect(messages(phone).last).to_contain_text("Les rendez-vous d’avant")
    await keep(browser, [question, progress, await take_screen(phone)], folder / "broadcast.png")
