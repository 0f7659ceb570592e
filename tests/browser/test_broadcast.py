"""An admin composes a broadcast on the chat page, and a citizen reads it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from bot.sandbox.telegram.config import ADMIN_ID
from tests.browser.conftest import OpenPage
from tests.e2e.admin import citizens
from tests.e2e.running_bot import RunningBot, running_bot

FRENCH = "🏛 Lundi 9 mars, tous les bureaux ouvrent à 10 h.\nLes rendez-vous d’avant 10 h sont reportés à 10 h."
ENGLISH = "🏛 On Monday 9 March all offices open at 10:00.\nAppointments before 10:00 are moved to 10:00."
PROGRESS = re.compile(r"▓+░+.*Temps restant", re.DOTALL)
PEOPLE = 40


@pytest_asyncio.fixture(loop_scope="package")
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path) as here:
        await citizens(here, PEOPLE, "fr")
        await here.stop()
        await here.start(broadcast_rate=8.0)
        yield here


def address(bot: RunningBot, who: int) -> str:
    return f"{bot.services.settings['TELEGRAM_API_URL']}/?who={who}"


def messages(page: Page, words: str = "") -> Locator:
    return page.get_by_test_id("message").filter(has_text=words)


async def write(page: Page, text: str) -> None:
    await page.get_by_test_id("composer").fill(text)
    await page.get_by_test_id("send").click()


async def tap(page: Page, label: str) -> None:
    await page.get_by_test_id("button").filter(has_text=label).last.click()


async def compose(page: Page) -> None:
    """From the start to the review, in two languages, to everybody."""
    last = messages(page).last
    await page.get_by_test_id("start").click()
    await expect(last).to_contain_text("Prenez rendez-vous")
    await write(page, "/broadcast")
    await expect(last).to_contain_text("Nouvelle annonce")
    await write(page, FRENCH)
    await expect(last).to_contain_text("un par langue")
    await tap(page, "Français")
    await expect(last).to_contain_text("English")
    await write(page, ENGLISH)
    await expect(last).to_contain_text("À qui l’envoyer")
    await tap(page, "À tous")
    await expect(last).to_contain_text("telle que chacun la verra")


async def test_an_admin_composes_previews_confirms_and_steers_a_broadcast(bot: RunningBot, open_page: OpenPage) -> None:
    page = await open_page(address(bot, ADMIN_ID))
    last = messages(page).last
    await compose(page)
    recipients = f"{PEOPLE + 1} destinataires"
    await expect(last).to_contain_text(recipients)
    for words in ("Les rendez-vous d’avant", "Appointments before"):
        await expect(messages(page, words)).to_have_count(2)  # what the admin sent, and the preview

    await tap(page, "Choisir l’heure")
    await expect(last).to_contain_text("à quelle heure")
    await write(page, "hier")
    await expect(last).to_contain_text("Je n’ai pas compris")
    await tap(page, "Retour")
    await tap(page, "Envoyer maintenant")
    await expect(last).to_contain_text("Envoyer cette annonce")
    await expect(last).to_contain_text(recipients)

    await tap(page, f"Envoyer aux {PEOPLE + 1}")
    await expect(messages(page, "Annonce 1 · en cours")).to_contain_text(PROGRESS)
    await tap(page, "Pause")
    await expect(messages(page, "Annonce 1 · en pause")).to_contain_text("Mise en pause par Ibrahima")
    await tap(page, "Reprendre")
    await expect(messages(page, "Annonce 1 · terminée").first).to_contain_text("100 %", timeout=30_000)
    await expect(page.get_by_test_id("document")).to_contain_text("broadcast-1.csv")
    await write(page, "/broadcasts")
    await expect(last).to_contain_text("Les annonces")


async def test_a_citizen_reads_a_broadcast_in_their_language_and_opts_out(bot: RunningBot, open_page: OpenPage) -> None:
    sarah = await bot.citizen("en", "Sarah", "Cole")
    await sarah.says("/start")
    page = await open_page(address(bot, ADMIN_ID))
    await compose(page)
    await tap(page, "Envoyer maintenant")
    await tap(page, "✅")
    await expect(page.get_by_test_id("document")).to_contain_text("broadcast-1.csv", timeout=30_000)

    phone = await open_page(address(bot, sarah.id), width=420, height=860)
    last = messages(phone).last
    await expect(last).to_contain_text("all offices open at 10:00")
    await tap(phone, "Stop announcements")
    await expect(last).to_contain_text("you no longer get announcements")
    await tap(phone, "Get announcements")
    await expect(last).to_contain_text("you get announcements")
