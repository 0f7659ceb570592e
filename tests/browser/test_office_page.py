"""The office page in a real browser: the staff give, move and cancel appointments, and see what was told by webhook."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.sandbox.moncreneau.client import ApiClient, open_sandbox
from tests.sandbox.moncreneau.receiver import Receiver, receiving


@pytest_asyncio.fixture(loop_scope="package")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="package")
async def api(receiver: Receiver) -> AsyncIterator[ApiClient]:
    async with open_sandbox(webhook_url=receiver.url, capacity=1) as opened:
        yield opened


def address(api: ApiClient) -> str:
    return str(api.http.base_url.join("/office"))


def appointment(page: Page, name: str) -> Locator:
    return page.get_by_test_id("appointment").filter(has_text=name)


async def has_no_sideways_scrolling(page: Page) -> bool:
    fits: bool = await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return fits


@pytest.mark.parametrize("width", [360, 1100])
async def test_the_office_gives_moves_and_cancels_an_appointment(
    api: ApiClient, receiver: Receiver, open_page: OpenPage, width: int
) -> None:
    page = await open_page(address(api), width=width)
    await expect(page.get_by_test_id("connection")).to_have_text("à jour")
    await expect(page.get_by_test_id("empty")).to_be_visible()

    form = page.get_by_test_id("book")
    await form.get_by_label("Numéro du chat Telegram").fill("77")
    await form.get_by_label("Service").select_option(label="Titres de séjour · Ministry of Interior")
    await form.get_by_label("Agent").select_option(label="Mme Hawa Camara")
    await form.get_by_label("Jour et heure").select_option("2026-03-03T10:00:00")
    await form.get_by_label("Nom").fill("Aïssatou <b>Bah</b>")
    await form.get_by_role("button").click()
    card = appointment(page, "Aïssatou <b>Bah</b>")
    await expect(card).to_contain_text("mardi 3 mars 2026 à 10:00")
    await expect(card).to_contain_text("telegram:77")
    assert (await receiver.next()).object["externalUserId"] == "telegram:77"

    await card.get_by_test_id("move").click()
    await card.get_by_label("Jour et heure").select_option("2026-03-04T08:30:00")
    await card.get_by_test_id("confirm").click()
    await expect(card).to_contain_text("mercredi 4 mars 2026 à 08:30")
    assert (await receiver.next()).object["changes"]["dateTime"]["to"] == "2026-03-04T08:30:00"

    await card.get_by_test_id("cancel").click()
    await card.get_by_label("Motif (facultatif)").fill("Jour férié")
    await card.get_by_label("Annulé par").fill("Mme Diallo")
    await card.get_by_test_id("confirm").click()
    await expect(card).to_contain_text("annulé")
    await expect(card).to_contain_text("Mme Diallo : Jour férié")
    await expect(card.get_by_role("button")).to_have_count(0)
    cancelled = (await receiver.next()).object
    assert (cancelled["cancelledBy"], cancelled["cancelReason"]) == ("Mme Diallo", "Jour férié")
    assert await has_no_sideways_scrolling(page)


async def test_the_office_records_attendance_and_sees_new_bookings(api: ApiClient, open_page: OpenPage) -> None:
    page = await open_page(address(api))
    await api.book(name="Hawa Camara")
    await api.book(name="Ibrahima Sow", dateTime="2026-03-03T11:00:00", departmentId=9)
    await appointment(page, "Hawa").get_by_test_id("validate").click()
    await expect(appointment(page, "Hawa")).to_contain_text("présent")
    await appointment(page, "Ibrahima").get_by_test_id("noShow").click()
    await expect(appointment(page, "Ibrahima")).to_contain_text("absent")
    await page.get_by_test_id("department").select_option("9")
    await expect(page.get_by_test_id("appointment")).to_have_count(1)


async def test_a_form_under_way_survives_the_next_refresh(api: ApiClient, open_page: OpenPage) -> None:
    await api.book(name="Hawa Camara", dateTime="2026-03-05T10:00:00")
    page = await open_page(address(api))
    card = appointment(page, "Hawa")
    await card.get_by_test_id("cancel").click()
    await card.get_by_label("Motif (facultatif)").fill("Jour")
    await api.book(name="Mamadou Bah", dateTime="2026-03-04T10:00:00")
    await expect(page.get_by_test_id("appointment").first).to_contain_text("Mamadou Bah")
    await expect(card.get_by_label("Motif (facultatif)")).to_have_value("Jour")
    await expect(card.get_by_label("Motif (facultatif)")).to_be_focused()


async def test_webhooks_can_be_aimed_made_to_fail_and_sent_again(
    api: ApiClient, receiver: Receiver, open_page: OpenPage
) -> None:
    page = await open_page(address(api))
    endpoint = page.get_by_test_id("endpoint")
    await expect(endpoint.get_by_label("Adresse")).to_have_value(receiver.url)
    await endpoint.get_by_label("En-têtes").select_option("sdk")
    await endpoint.get_by_label("Secret").fill("another")
    await endpoint.get_by_role("button").click()
    await expect(endpoint.get_by_label("Secret")).to_have_value("")
    await page.get_by_test_id("fault").get_by_label("Incident").select_option(label="jamais envoyé")
    await page.get_by_test_id("fault").get_by_role("button", name="Préparer").click()
    await expect(page.get_by_test_id("armed")).to_have_text("jamais envoyé : en attente")
    await api.book()
    delivery = page.get_by_test_id("delivery")
    await expect(delivery).to_contain_text("perdu")
    await expect(page.get_by_test_id("armed")).to_have_count(0)
    assert receiver.is_empty
    await delivery.get_by_test_id("replay").click()
    await expect(delivery.first).to_contain_text("reçu")
    assert "x-webhook-signature" in (await receiver.next()).headers


@pytest.mark.parametrize("width", [360, 1100])
async def test_the_clock_is_moved_forward(api: ApiClient, open_page: OpenPage, width: int) -> None:
    page = await open_page(address(api), width=width)
    await expect(page.get_by_test_id("now")).to_have_text("lundi 2 mars 2026 à 09:10")
    clock = page.get_by_test_id("clock")
    await clock.get_by_label("Avancer l’heure").select_option(label="d’un jour")
    await clock.get_by_role("button", name="Avancer l’heure").click()
    await expect(page.get_by_test_id("now")).to_have_text("mardi 3 mars 2026 à 09:10")
    assert await has_no_sideways_scrolling(page)


async def test_a_refusal_is_shown_in_the_words_of_the_service(api: ApiClient, browser: Browser) -> None:
    # Not by `open_page`: Chromium itself writes every refused request into the console.
    page = await browser.new_page(locale="en-GB")
    await page.goto(address(api))
    await api.control("POST", "/credits", {"credits": 0})
    form = page.get_by_test_id("book")
    await form.get_by_label("Number of the Telegram chat").fill("77")
    await form.get_by_label("Name").fill("Aïssatou")
    await expect(form.get_by_label("Day and time")).to_have_value("2026-03-02T09:30:00")
    await form.get_by_role("button").click()
    await expect(page.get_by_test_id("message")).to_have_text("Your organization has 0 credits remaining")
