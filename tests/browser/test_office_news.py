"""An office cancels in one window, and the citizen reads it and books again in another; then the office moves it."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import expect
from pydantic import SecretStr

from tests.browser.conftest import OpenPage
from tests.browser.test_booking import AISSATOU, address, book_in_french, chat, tap
from tests.browser.test_office_page import appointment
from tests.e2e.running_bot import RunningBot, stopped_bot

SECRET = "whsec_browser"


@pytest_asyncio.fixture(loop_scope="package")
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    """A bot that receives the office's webhooks."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/hooks/moncreneau"
    async with stopped_bot(tmp_path, webhook_url=url, webhook_secret=SECRET, capacity=1000) as here:
        await here.start(http_port=port, moncreneau_webhook_secret=SecretStr(SECRET))
        yield here


async def test_what_the_office_does_in_its_window_reaches_the_phone_in_the_other(
    bot: RunningBot, open_page: OpenPage
) -> None:
    phone = await open_page(address(bot, AISSATOU), width=500)
    async for _ in book_in_french(phone):
        pass
    await tap(phone, "🗓 Mon agenda")
    await expect(chat(phone).get_by_test_id("document")).to_have_count(1)

    office = await open_page(str(bot.services.moncreneau.base_url.join("/office")))
    card = appointment(office, "Aïssatou Bah")
    await card.get_by_test_id("cancel").click()
    await card.get_by_label("Motif (facultatif)").fill("Coupure d’électricité")
    await card.get_by_test_id("confirm").click()
    await expect(card).to_contain_text("annulé")

    await expect(chat(phone)).to_contain_text("Le service a annulé votre rendez-vous.")
    await expect(chat(phone)).to_contain_text("Coupure d’électricité")
    await expect(chat(phone).get_by_test_id("document")).to_have_count(2)
    await tap(phone, "Un autre horaire")
    await tap(phone, "⏱")
    await expect(chat(phone)).to_contain_text("Vérifiez, puis confirmez")
    await tap(phone, "Confirmer")
    await expect(chat(phone)).to_contain_text("Votre rendez-vous est confirmé.")

    again = appointment(office, "Aïssatou Bah").filter(has=office.get_by_test_id("move"))
    await expect(again).to_have_count(1)
    await again.get_by_test_id("move").click()
    await again.get_by_label("Jour et heure").select_option("2026-03-04T11:30:00")
    await again.get_by_test_id("confirm").click()
    await expect(chat(phone)).to_contain_text("Le service a changé votre rendez-vous.")
    await expect(chat(phone)).to_contain_text("mercredi 4 mars à 11:30")
    standing = [each for each in await bot.services.appointments(AISSATOU) if each["status"] == "SCHEDULED"]
    assert [each["dateTime"] for each in standing] == ["2026-03-04T11:30:00"]
