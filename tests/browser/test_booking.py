"""A citizen uses the chat page with the real bot: books in French and in English, and cancels.

With DOCS=1 in the environment the finished booking is kept as `docs/booking.png`, which README.md shows.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.e2e.running_bot import House, inhabited

AISSATOU, SARAH = 1_000_101, 1_000_104
PICTURE = Path(__file__).resolve().parents[2] / "docs" / "booking.png"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with inhabited(tmp_path, public_url="https://moncreneau.gn") as here:
        yield here


def address(house: House, who: int) -> str:
    return f"{house.town.settings['TELEGRAM_API_URL']}/?who={who}"


def chat(page: Page) -> Locator:
    return page.get_by_test_id("chat")


async def tap(page: Page, label: str) -> None:
    await chat(page).get_by_role("button", name=label).last.click()


async def write(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def book_in_french(page: Page) -> None:
    await page.get_by_test_id("start").click()
    await expect(chat(page)).to_contain_text("Bonjour Aïssatou Bah")
    for label in ("Prendre rendez-vous", "Passport Service", "mar. 3 mars", "10:30"):
        await tap(page, label)
    await expect(chat(page)).to_contain_text("À quel nom")
    await write(page, "Aïssatou Bah")
    await expect(chat(page)).to_contain_text("Vérifiez, puis confirmez")
    await tap(page, "Confirmer")
    await expect(chat(page)).to_contain_text("Votre rendez-vous est confirmé.")


async def test_a_whole_booking_in_french_and_its_cancellation(house: House, open_page: OpenPage) -> None:
    page = await open_page(address(house, AISSATOU))
    await book_in_french(page)
    await expect(chat(page)).to_contain_text("mardi 3 mars 2026")
    await expect(chat(page)).to_contain_text("heure de Conakry")
    await expect(chat(page).locator("img")).to_have_count(1)
    assert await chat(page).locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    (made,) = await house.town.appointments(AISSATOU)
    assert (made["dateTime"], made["status"]) == ("2026-03-03T10:30:00", "SCHEDULED")

    await write(page, "/cancel")
    await expect(chat(page)).to_contain_text("Annuler ce rendez-vous ?")
    await tap(page, "Oui, annuler")
    await expect(chat(page)).to_contain_text("Ce rendez-vous est annulé.")
    (made,) = await house.town.appointments(AISSATOU)
    assert made["status"] == "CANCELLED"


async def test_a_whole_booking_in_english(house: House, open_page: OpenPage) -> None:
    page = await open_page(address(house, SARAH))
    await page.get_by_test_id("start").click()
    await expect(chat(page)).to_contain_text("Hello Sarah Cole!")
    for label in ("Book an appointment", "ID Card Service", "Earliest available", "Sarah Cole", "Confirm"):
        await tap(page, label)
    await expect(chat(page)).to_contain_text("Your appointment is confirmed.")
    await expect(chat(page)).to_contain_text("(Conakry time)")
    await expect(chat(page).locator("img")).to_have_count(1)
    assert len(await house.town.appointments(SARAH)) == 1


async def test_the_picture_of_a_finished_booking(house: House, browser: Browser) -> None:
    context = await browser.new_context(
        viewport={"width": 412, "height": 1090}, device_scale_factor=2, locale="fr-FR", timezone_id="Africa/Conakry"
    )
    page = await context.new_page()
    await page.goto(address(house, AISSATOU))
    await book_in_french(page)
    await expect(chat(page).locator("img")).to_be_visible()
    await page.mouse.move(0, 0)
    picture = await page.get_by_test_id("phone").screenshot(animations="disabled")
    assert picture.startswith(b"\x89PNG")
    if os.environ.get("DOCS") == "1":
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(picture)
