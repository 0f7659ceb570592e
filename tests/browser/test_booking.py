"""A citizen uses the chat page with the real bot: books in French and in English, and cancels."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.e2e.running_bot import RunningBot, running_bot

AISSATOU, SARAH = 1_000_101, 1_000_104


@pytest_asyncio.fixture(loop_scope="package")
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path, public_url="https://moncreneau.gn") as here:
        yield here


def address(bot: RunningBot, who: int) -> str:
    return f"{bot.services.settings['TELEGRAM_API_URL']}/?who={who}"


def chat(page: Page) -> Locator:
    return page.get_by_test_id("chat")


async def tap(page: Page, label: str) -> None:
    await chat(page).get_by_role("button", name=label).last.click()


async def write(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("composer").press("Enter")


async def book_in_french(page: Page, department: str = "Passport Service") -> AsyncIterator[str]:
    """Book from the start to the ticket; yields the name of each screen once it is shown."""
    await page.get_by_test_id("start").click()
    await expect(chat(page)).to_contain_text("Bonjour Aïssatou")
    yield "menu"
    await tap(page, "Minist")
    await expect(chat(page)).to_contain_text(department)
    yield "departments"
    await tap(page, department)
    await expect(chat(page)).to_contain_text("Choisissez un jour")
    yield "days"
    await tap(page, "Demain")
    await expect(chat(page)).to_contain_text("10:30")
    yield "times"
    await tap(page, "10:30")
    await expect(chat(page)).to_contain_text("Pour qui est le rendez-vous")
    yield "name"
    await write(page, "Aïssatou Bah")
    await expect(chat(page)).to_contain_text("Vérifiez, puis confirmez")
    yield "summary"
    await tap(page, "Confirmer")
    await expect(chat(page)).to_contain_text("Votre rendez-vous est confirmé.")
    await expect(chat(page).locator("img")).to_have_count(1)
    yield "ticket"


async def test_a_whole_booking_in_french_and_its_cancellation(bot: RunningBot, open_page: OpenPage) -> None:
    page = await open_page(address(bot, AISSATOU))
    screens = [screen async for screen in book_in_french(page)]
    assert screens[-1] == "ticket"
    await expect(chat(page)).to_contain_text("mardi 3 mars à 10:30")
    await expect(chat(page)).to_contain_text("heure de Conakry")
    assert await chat(page).locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    (made,) = await bot.services.appointments(AISSATOU)
    assert (made["dateTime"], made["status"]) == ("2026-03-03T10:30:00", "SCHEDULED")

    await write(page, "/cancel")
    await expect(chat(page)).to_contain_text("Annuler ce rendez-vous ?")
    await tap(page, "Oui, annuler")
    await expect(chat(page)).to_contain_text("Ce rendez-vous est annulé.")
    (made,) = await bot.services.appointments(AISSATOU)
    assert made["status"] == "CANCELLED"


async def test_a_whole_booking_in_english(bot: RunningBot, open_page: OpenPage) -> None:
    page = await open_page(address(bot, SARAH))
    await page.get_by_test_id("start").click()
    await expect(chat(page)).to_contain_text("Hello Sarah!")
    for label in ("Ministry", "ID Card Service", "⏱", "Sarah Cole", "Confirm"):
        await tap(page, label)
    await expect(chat(page)).to_contain_text("Your appointment is confirmed.")
    await expect(chat(page)).to_contain_text("(Conakry time)")
    await expect(chat(page).locator("img")).to_have_count(1)
    assert len(await bot.services.appointments(SARAH)) == 1


async def test_a_reminder_arrives_and_is_answered(bot: RunningBot, open_page: OpenPage) -> None:
    page = await open_page(address(bot, AISSATOU))
    async for _ in book_in_french(page):
        pass
    await bot.stop()
    with bot.clock.put_forward(hours=24, minutes=1):  # Tuesday, 07:31
        await bot.start()
        await expect(chat(page)).to_contain_text("Aujourd’hui à 10:30 : votre rendez-vous")
        await expect(chat(page).locator("img")).to_have_count(2)
        await tap(page, "Je viens")
        await expect(chat(page)).to_contain_text("C’est noté.")
        await expect(chat(page)).not_to_contain_text("Viendrez-vous")


async def test_a_booked_appointment_is_moved_with_three_taps(bot: RunningBot, open_page: OpenPage) -> None:
    page = await open_page(address(bot, AISSATOU))
    async for _ in book_in_french(page):
        pass
    await tap(page, "🔁 Déplacer")
    await expect(chat(page)).to_contain_text("Vous déplacez votre rendez-vous du mar. 3 mars à 10:30.")
    await tap(page, "⏱")
    await expect(chat(page)).to_contain_text("Rien n’est encore changé.")
    await tap(page, "Confirmer")
    await expect(chat(page)).to_contain_text("Il remplace votre rendez-vous du mar. 3 mars à 10:30, qui est annulé.")
    await expect(chat(page)).to_contain_text("Rendez-vous déplacé au")
    old, new = await bot.services.appointments(AISSATOU)
    assert (old["status"], new["status"], new["name"]) == ("CANCELLED", "SCHEDULED", old["name"])
