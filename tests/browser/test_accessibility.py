"""axe-core finds no fault on the chat page: contrast, names, roles and focus, in light and dark, wide and narrow."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # has no annotations
from playwright.async_api import Page, expect

from bot.sandbox.moncreneau import MoncreneauSandbox
from bot.sandbox.moncreneau import create_app as moncreneau_app
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.sandbox.telegram.samples import SAMPLE_PHOTO
from tests.browser.conftest import OpenPage

AISSATOU = 1_000_101
TEXT = (
    "🎉 <b>gras</b> <i>italique</i> <u>souligné</u> <s>barré</s> <code>code</code> <tg-spoiler>masqué</tg-spoiler> "
    '<a href="https://moncreneau.gn/">lien</a> /cancel #tag @somebody <blockquote>citation</blockquote>'
    "<blockquote expandable>1\n2\n3\n4\n5\n6\n7</blockquote><pre>bloc</pre>"
)
KEYBOARD = {
    "inline_keyboard": [
        [{"text": "Prendre rendez-vous", "callback_data": "a"}],
        [{"text": style, "callback_data": style, "style": style} for style in ("danger", "success", "primary")],
        [{"text": "Site", "url": "https://moncreneau.gn/"}, {"text": "Copier", "copy_text": {"text": "MC-1"}}],
    ]
}
Call = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture(loop_scope="package")
async def chat() -> AsyncIterator[tuple[str, Call]]:
    """A chat with one message of every kind; the address of its page, and a way to call the Bot API."""
    async with serving(moncreneau_app(MoncreneauSandbox())) as moncreneau_url:
        config = TelegramSandbox(limits=None, moncreneau_url=moncreneau_url)
        async with serving(create_app(config)) as url, httpx.AsyncClient(base_url=url) as http:

            async def call(method: str, **form: Any) -> Any:
                answer = await http.post(f"/bot{config.token}/{method}", **form)
                assert answer.is_success, answer.text
                return answer.json()["result"]

            async def act(action: str, **body: Any) -> None:
                answer = await http.post(f"/__sandbox/chats/{AISSATOU}/{action}", json=body)
                assert answer.is_success, answer.text

            await act("say", text="/start")
            await call("setMyCommands", json={"commands": [{"command": "book", "description": "Réserver"}]})
            rich = {"chat_id": AISSATOU, "text": TEXT, "parse_mode": "HTML", "reply_markup": KEYBOARD}
            first = await call("sendMessage", json=rich)
            await call("editMessageText", json=rich | {"message_id": first["message_id"], "text": f"{TEXT} bis"})
            reply = {"message_id": first["message_id"]}
            silent = {
                "chat_id": AISSATOU,
                "text": "Sans bruit",
                "disable_notification": True,
                "reply_parameters": reply,
            }
            await call("sendMessage", json=silent)
            to = {"chat_id": str(AISSATOU)}
            await call("sendPhoto", data=to, files={"photo": ("qr.png", SAMPLE_PHOTO)})
            await call("sendDocument", data=to, files={"document": ("rdv.ics", b"BEGIN:VCALENDAR\r\n")})
            place = {"latitude": 9.5, "longitude": -13.7, "title": "Passeports", "address": "Kaloum"}
            await call("sendVenue", json={"chat_id": AISSATOU, **place})
            keys = {"keyboard": [["Aïssatou Bah"]]}
            await call("sendMessage", json={"chat_id": AISSATOU, "text": "Qui ?", "reply_markup": keys})
            for kind in ("photo", "document", "sticker", "voice", "location", "poll"):
                await act(kind)
            yield f"{url}/?who={AISSATOU}", call


async def check(page: Page) -> None:
    """Fail on every violation, and on every text whose contrast axe could not tell."""
    found = (await Axe().run(page)).response
    undecided = [
        each
        for each in found["incomplete"]
        if each["id"] == "color-contrast"
        for node in each["nodes"]
        if "non-text characters" not in str(node["any"]) and "too short" not in str(node["any"])
    ]
    faults = [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['failureSummary']}"
        for rule in [*found["violations"], *undecided]
        for node in rule["nodes"]
    ]
    assert faults == [], "\n".join(faults)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1100, 360])
async def test_axe_finds_nothing_on_a_chat_with_every_kind_of_message(
    chat: tuple[str, Call], open_page: OpenPage, width: int, *, dark: bool
) -> None:
    url, _ = chat
    # As tall as the whole chat: axe does not judge what is scrolled out of sight.
    page = await open_page(f"{url}&panel=off", width=width, height=3000, dark=dark)
    await expect(page.get_by_test_id("message")).to_have_count(13)
    await page.get_by_test_id("message").first.hover()
    await check(page)
    await page.get_by_test_id("menu-button").click()
    await check(page)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
async def test_axe_finds_nothing_on_the_panel_nor_on_toasts_and_alerts(
    chat: tuple[str, Call], open_page: OpenPage, language: str, *, dark: bool
) -> None:
    url, call = chat
    page = await open_page(url, height=1400, dark=dark)
    await page.get_by_test_id("language").select_option(language)
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await page.get_by_test_id("switch-down").click()
    await expect(page.get_by_test_id("switch-down")).to_be_checked()
    (update,) = await call("getUpdates", json={"offset": -1})  # all before it is confirmed
    for show_alert in (False, True):
        await page.get_by_test_id("button").filter(has_text="danger").click()
        (update,) = await call("getUpdates", json={"offset": update["update_id"] + 1, "timeout": 20})
        answer = {"callback_query_id": update["callback_query"]["id"], "text": "C'est noté", "show_alert": show_alert}
        await call("answerCallbackQuery", json=answer)
        await expect(page.get_by_test_id("alert" if show_alert else "toast")).to_be_visible()
        await check(page)


async def test_axe_finds_nothing_on_an_empty_chat(chat: tuple[str, Call], open_page: OpenPage) -> None:
    url, call = chat
    await call("setMyDescription", json={"description": "Prendre rendez-vous."})
    page = await open_page(url.replace(str(AISSATOU), "1000104"), height=1400)
    await expect(page.get_by_test_id("start")).to_be_visible()
    await check(page)
