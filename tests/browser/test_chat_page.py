"""The chat page behaves like a phone. The test plays the bot."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from playwright.async_api import Page, expect

from bot.sandbox.moncreneau import DEMO_KEY, MoncreneauSandbox
from bot.sandbox.moncreneau import create_app as moncreneau_app
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.sandbox.telegram.samples import SAMPLE_PHOTO
from tests.browser.conftest import OpenPage
from tests.browser.screens import cut_labels

AISSATOU = 1_000_101
SARAH = 1_000_104
ADMIN = 900_001


class Bot:
    """A bot that the test controls: the test reads each update and sends each reply."""

    def __init__(self, url: str, token: str, http: httpx.AsyncClient) -> None:
        self.url = url
        self._http = http
        self._calls = f"{url}/bot{token}/"
        self._offset = 0

    async def call(self, method: str, **parameters: Any) -> Any:
        """Call a method that must succeed."""
        answer = (await self._http.post(self._calls + method, json=parameters)).json()
        assert answer["ok"], answer
        return answer["result"]

    async def upload(self, method: str, name: str, content: bytes, **parameters: str) -> Any:
        """Send a file."""
        kind = "photo" if method == "sendPhoto" else "document"
        answer = await self._http.post(self._calls + method, data=parameters, files={kind: (name, content)})
        assert answer.json()["ok"], answer.text
        return answer.json()["result"]

    async def next(self, kind: str = "message") -> dict[str, Any]:
        """Wait for the next update of this kind and return its content."""
        while True:
            for update in await self.call("getUpdates", offset=self._offset, limit=1, timeout=50):
                self._offset = update["update_id"] + 1
                if kind in update:
                    return dict(update[kind])

    async def say(self, text: str, chat: int = AISSATOU, **parameters: Any) -> int:
        """Send HTML and return the message's number."""
        sent = await self.call("sendMessage", chat_id=chat, text=text, parse_mode="HTML", **parameters)
        return int(sent["message_id"])


@pytest_asyncio.fixture(loop_scope="package")
async def bot() -> AsyncIterator[Bot]:
    config = TelegramSandbox(limits=None)
    async with serving(create_app(config)) as url, httpx.AsyncClient(timeout=60) as http:
        yield Bot(url, config.token, http)


@pytest_asyncio.fixture(loop_scope="package")
async def demo() -> AsyncIterator[tuple[Bot, httpx.AsyncClient]]:
    """The chat page as in the demo, and a client of the stand-in for moncreneau that its switches control."""
    async with serving(moncreneau_app(MoncreneauSandbox())) as moncreneau_url:
        config = TelegramSandbox(limits=None, moncreneau_url=moncreneau_url)
        async with (
            serving(create_app(config)) as url,
            httpx.AsyncClient(timeout=60) as http,
            httpx.AsyncClient(base_url=moncreneau_url) as moncreneau,
        ):
            yield Bot(url, config.token, http), moncreneau


async def start(bot: Bot, open_page: OpenPage, who: int = AISSATOU, **look: Any) -> Page:
    page = await open_page(f"{bot.url}/?who={who}", **look)
    await page.get_by_test_id("start").click()
    assert (await bot.next())["text"] == "/start"
    return page


def buttons(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"inline_keyboard": list(rows)}


async def test_a_new_chat_shows_the_description_and_a_start_button(bot: Bot, open_page: OpenPage) -> None:
    await bot.call("setMyDescription", description="Prendre rendez-vous.")
    page = await open_page(bot.url)
    await expect(page.get_by_test_id("empty")).to_contain_text("Que peut faire ce bot ?")
    await expect(page.get_by_test_id("description")).to_have_text("Prendre rendez-vous.")
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.get_by_role("button", name="DÉMARRER").click()
    await expect(page.get_by_test_id("message")).to_contain_text("/start")
    await expect(page.get_by_test_id("empty")).to_be_hidden()
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_typed_text_reaches_the_bot_and_its_reply_is_formatted(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await page.get_by_test_id("composer").fill("Aïssatou <b>Bah</b>")
    await page.keyboard.press("Enter")
    assert (await bot.next())["text"] == "Aïssatou <b>Bah</b>"
    await bot.say(
        '🎉 <b>Merci</b> <a href="https://moncreneau.gn/">lien</a> &lt;img src=x onerror=alert(1)&gt; /cancel'
    )
    answer = page.get_by_test_id("message").last
    await expect(answer.locator("strong")).to_have_text("Merci")
    await expect(answer.get_by_role("link")).to_have_attribute("href", "https://moncreneau.gn/")
    await expect(answer).to_contain_text("<img src=x onerror=alert(1)>")
    await answer.get_by_test_id("inline-command").click()
    assert (await bot.next())["text"] == "/cancel"


async def test_a_button_spins_until_the_bot_answers_and_its_message_changes_in_place(
    bot: Bot, open_page: OpenPage
) -> None:
    page = await start(bot, open_page)
    number = await bot.say("one", reply_markup=buttons([{"text": "Go", "callback_data": "go", "style": "primary"}]))
    await page.get_by_role("button", name="Go").click()
    await expect(page.get_by_role("button", name="Go")).to_have_attribute("aria-busy", "true")
    press = await bot.next("callback_query")
    assert (press["data"], press["message"]["message_id"]) == ("go", number)
    await bot.call("answerCallbackQuery", callback_query_id=press["id"], text="C'est noté")
    await expect(page.get_by_test_id("toast")).to_have_text("C'est noté")
    await expect(page.get_by_role("button", name="Go")).not_to_have_attribute("aria-busy", "true")
    await bot.call("editMessageText", chat_id=AISSATOU, message_id=number, text="two")
    message = page.get_by_test_id("message").last
    await expect(message).to_contain_text("two")
    await expect(message.get_by_test_id("edited")).to_be_visible()
    await expect(page.get_by_test_id("button")).to_have_count(0)
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await bot.call("deleteMessage", chat_id=AISSATOU, message_id=number)
    await expect(page.get_by_test_id("message")).to_have_count(1)


async def test_an_alert_must_be_confirmed(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await bot.say("one", reply_markup=buttons([{"text": "Go", "callback_data": "go"}]))
    await page.get_by_role("button", name="Go").click()
    press = await bot.next("callback_query")
    await bot.call("answerCallbackQuery", callback_query_id=press["id"], text="Complet", show_alert=True)
    await expect(page.get_by_test_id("alert")).to_contain_text("Complet")
    await page.get_by_test_id("alert-ok").click()
    await expect(page.get_by_test_id("alert")).to_be_hidden()


async def test_a_link_button_opens_and_a_copy_button_copies(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    row: list[dict[str, Any]] = [
        {"text": "Ticket", "url": "https://moncreneau.gn/t"},
        {"text": "Copy", "copy_text": {"text": "MC-1"}},
    ]
    await bot.say("one", reply_markup=buttons(row))
    await expect(page.get_by_role("link", name="Ticket")).to_have_attribute("href", "https://moncreneau.gn/t")
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_test_id("toast")).to_have_text("Copié")
    assert await page.evaluate("navigator.clipboard.readText()") == "MC-1"


async def test_photos_can_be_enlarged_and_documents_downloaded(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await bot.upload("sendPhoto", "qr.png", SAMPLE_PHOTO, chat_id=str(AISSATOU), caption="Le code QR")
    await bot.upload("sendDocument", "report.csv", b"a,b\n", chat_id=str(AISSATOU))
    await expect(page.get_by_role("img", name="Le code QR")).to_be_visible()
    await page.get_by_test_id("photo").click()
    await expect(page.get_by_test_id("picture")).to_be_visible()
    await page.keyboard.press("Escape")
    async with page.expect_download() as download:
        await page.get_by_test_id("document").click()
    assert (await download.value).suggested_filename == "report.csv"


async def test_a_venue_shows_its_title_and_address_and_a_calendar_file_can_be_downloaded(
    bot: Bot, open_page: OpenPage
) -> None:
    page = await start(bot, open_page, width=360, height=640)
    place = {"latitude": 9.5092, "longitude": -13.7122, "title": "Service des passeports", "address": "Almamya, Kaloum"}
    await bot.call("sendVenue", chat_id=AISSATOU, **place)
    for words in ("Service des passeports", "Almamya, Kaloum", "9.5092, -13.7122"):
        await expect(page.get_by_test_id("venue")).to_contain_text(words)
    await bot.upload("sendDocument", "rendez-vous.ics", b"BEGIN:VCALENDAR\r\n", chat_id=str(AISSATOU))
    async with page.expect_download() as download:
        await page.get_by_test_id("document").click()
    assert (await (await download.value).path()).read_bytes() == b"BEGIN:VCALENDAR\r\n"


async def test_the_menu_shows_the_commands_of_this_language_and_this_person(bot: Bot, open_page: OpenPage) -> None:
    await bot.call("setMyCommands", commands=[{"command": "book", "description": "Book"}])
    french = [{"command": "book", "description": "Prendre rendez-vous"}]
    await bot.call("setMyCommands", commands=french, language_code="fr")
    page = await start(bot, open_page)
    await page.get_by_test_id("menu-button").click()
    await expect(page.get_by_test_id("command")).to_contain_text("Prendre rendez-vous")
    await page.get_by_test_id("language").select_option("en")
    await expect(page.get_by_test_id("composer")).to_have_attribute("aria-label", "Message")
    await expect(page.get_by_test_id("send")).to_have_attribute("aria-label", "Send")
    await page.get_by_test_id("menu-button").click()
    await expect(page.get_by_test_id("command")).to_contain_text("/bookBook")
    await page.get_by_test_id("command").click()
    assert (await bot.next())["from"]["language_code"] == "en"


async def test_an_admin_sees_the_commands_of_their_chat(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page, ADMIN)
    scope = {"type": "chat", "chat_id": ADMIN}
    await bot.call("setMyCommands", commands=[{"command": "broadcast", "description": "Annoncer"}], scope=scope)
    await page.get_by_test_id("composer").fill("/bro")
    await page.get_by_test_id("composer").press("d")
    await expect(page.get_by_test_id("menu")).to_be_hidden()
    await page.get_by_test_id("composer").fill("/bro")
    await expect(page.get_by_test_id("command")).to_contain_text("/broadcast")


async def test_another_person_has_another_chat_and_another_language(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await page.get_by_test_id("who").select_option(str(SARAH))
    await expect(page.get_by_test_id("message")).to_have_count(0)
    await page.get_by_role("button", name="START").click()
    said = await bot.next()
    assert (said["from"]["first_name"], said["from"]["language_code"]) == ("Sarah", "en")
    await bot.say("only for Aïssatou")
    await bot.say("for Sarah", SARAH)
    await expect(page.get_by_test_id("message").last).to_contain_text("for Sarah")
    await page.get_by_test_id("who").select_option(str(AISSATOU))
    await expect(page.get_by_test_id("message").last).to_contain_text("only for Aïssatou")


async def test_typing_is_shown_until_the_message_comes(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await bot.call("sendChatAction", chat_id=AISSATOU, action="typing")
    await expect(page.get_by_test_id("bot-state")).to_have_text("écrit")
    await bot.say("done")
    await expect(page.get_by_test_id("bot-state")).to_have_text("bot")


async def test_the_bot_can_be_blocked_and_restarted(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await page.get_by_test_id("block").click()
    assert (await bot.next("my_chat_member"))["new_chat_member"]["status"] == "kicked"
    await expect(page.get_by_test_id("composer")).to_be_hidden()
    await page.get_by_role("button", name="REDÉMARRER LE BOT").click()
    assert (await bot.next("my_chat_member"))["new_chat_member"]["status"] == "member"
    assert (await bot.next())["text"] == "/start"
    await expect(page.get_by_test_id("composer")).to_be_visible()


async def test_photos_stickers_and_other_content_can_be_sent(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    for count, kind in enumerate(("photo", "sticker", "voice", "document", "location", "poll"), start=2):
        await page.get_by_test_id("attach").click()
        await page.get_by_test_id(f"attach-{kind}").click()
        assert kind in await bot.next()
        await expect(page.get_by_test_id("message")).to_have_count(count)


async def test_a_file_from_the_disk_is_sent_with_the_typed_text_as_its_caption(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await page.get_by_test_id("composer").fill("Annonce")
    picture: Any = {"name": "poster.png", "mimeType": "image/png", "buffer": SAMPLE_PHOTO}
    await page.get_by_test_id("file").set_input_files(picture)
    sent = await bot.next()
    assert (sent["caption"], sent["photo"][0]["width"]) == ("Annonce", 240)


async def test_a_person_can_edit_a_message_of_theirs(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await page.get_by_test_id("message").hover()
    await page.get_by_role("button", name="Modifier").click()
    await page.get_by_test_id("composer").fill("/help")
    await page.get_by_test_id("send").click()
    assert (await bot.next("edited_message"))["text"] == "/help"


async def test_a_reply_keyboard_sends_the_text_of_its_keys(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await bot.say("Who?", reply_markup={"keyboard": [["Aïssatou Bah"]]})
    await page.get_by_test_id("reply-key").click()
    assert (await bot.next())["text"] == "Aïssatou Bah"
    await bot.say("Thanks", reply_markup={"remove_keyboard": True})
    await expect(page.get_by_test_id("reply-key")).to_have_count(0)


async def test_a_label_is_cut_to_one_line_as_on_a_phone(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page, width=360, height=640)
    short, long = "26 caractères, ni plus ni.", "Prendre rendez-vous à l’état civil de Kaloum"
    rows = [[{"text": short, "callback_data": "a"}], [{"text": long, "callback_data": "b"}]]
    await bot.say(
        "Une question assez longue pour que le message prenne toute la largeur ?", reply_markup=buttons(*rows)
    )
    labels = page.get_by_test_id("button").locator(".label")
    await expect(labels).to_have_count(2)
    assert await cut_labels(page) == [long]
    heights = [await label.evaluate("each => each.offsetHeight") for label in await labels.all()]
    assert heights[0] == heights[1]
    # The whole label is still there for screen readers and for the mouse.
    await expect(page.get_by_role("button", name=long, exact=True)).to_have_attribute("title", long)


async def test_the_style_of_a_button_shows_in_its_colour(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    styles = ("danger", "success", "primary")
    row: list[dict[str, Any]] = [{"text": style, "callback_data": style, "style": style} for style in styles]
    await bot.say("one", reply_markup=buttons([{"text": "plain", "callback_data": "plain"}], row))
    await expect(page.get_by_test_id("button")).to_have_count(4)
    keys = await page.get_by_test_id("button").all()
    colours = {await key.evaluate("each => getComputedStyle(each).backgroundColor") for key in keys}
    assert len(colours) == 4
    assert [await key.get_attribute("data-style") for key in keys] == [None, *styles]


async def test_captions_and_keyboards_change_in_place_on_older_messages_too(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    markup = buttons([{"text": "Annuler", "callback_data": "c"}])
    sent = await bot.upload(
        "sendPhoto",
        "qr.png",
        SAMPLE_PHOTO,
        chat_id=str(AISSATOU),
        caption="Confirmé",
        reply_markup=json.dumps(markup),
    )
    await bot.say("Une autre chose")
    ticket = page.get_by_test_id("message").nth(1)
    await expect(ticket.get_by_test_id("button")).to_have_count(1)
    to = {"chat_id": AISSATOU, "message_id": sent["message_id"]}
    await bot.call("editMessageCaption", **to, caption="Annulé", reply_markup=markup)
    await expect(ticket).to_contain_text("Annulé")
    await bot.call("editMessageReplyMarkup", **to)
    await expect(ticket.get_by_test_id("button")).to_have_count(0)
    await expect(page.get_by_test_id("message")).to_have_count(3)


async def test_a_message_without_a_sound_is_marked(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await bot.say("aloud")
    await bot.say("silent", disable_notification=True)
    await expect(page.get_by_test_id("message")).to_have_count(3)
    await expect(page.get_by_test_id("message").nth(1).get_by_test_id("silent")).to_have_count(0)
    await expect(page.get_by_test_id("message").last.get_by_role("img", name="envoyé sans sonnerie")).to_be_visible()


async def test_the_switches_of_the_panel_make_the_service_fail_and_explain_themselves(
    demo: tuple[Bot, httpx.AsyncClient], open_page: OpenPage
) -> None:
    bot, moncreneau = demo
    page = await start(bot, open_page)
    await expect(page.get_by_test_id("ledger")).to_have_attribute(
        "href", str(moncreneau.base_url.join("/__sandbox/ledger"))
    )
    await expect(page.get_by_test_id("office-page")).to_have_attribute("href", str(moncreneau.base_url.join("/office")))
    down = page.get_by_role("switch", name="Service en panne")
    await expect(down).to_have_accessible_description("Chaque demande à moncreneau échoue (503).")
    await down.focus()
    await page.keyboard.press("Space")
    await expect(down).to_be_checked()
    await wait_for_fault(moncreneau, "SERVICE_UNAVAILABLE")
    await page.get_by_test_id("language").select_option("en")
    await expect(page.get_by_role("switch", name="Service down")).to_be_checked()
    await page.get_by_role("switch", name="Service down").click()
    await page.get_by_role("switch", name="Slot taken").click()
    await wait_for_fault(moncreneau, "SLOT_NOT_AVAILABLE")
    body = {"departmentId": 5, "dateTime": "2099-01-01T08:00:00", "name": "Aïssatou Bah"}
    refused = await moncreneau.post("/api/v1/appointments", json=body, headers={"X-API-Key": DEMO_KEY})
    assert refused.status_code == 409
    await bot.say("This time was just taken.")
    await expect(page.get_by_role("switch", name="Slot taken")).not_to_be_checked()


async def wait_for_fault(moncreneau: httpx.AsyncClient, code: str) -> None:
    while code not in [each["code"] for each in (await moncreneau.get("/__sandbox/faults")).json()["faults"]]:
        pass


async def test_the_message_field_is_two_keys_away(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    for number in range(3):
        await bot.say(str(number), reply_markup=buttons([{"text": "Go", "callback_data": "go"}]))
    await expect(page.get_by_test_id("message")).to_have_count(4)
    await page.reload()
    await expect(page.get_by_test_id("message")).to_have_count(4)
    await page.keyboard.press("Tab")
    await expect(page.get_by_test_id("to-composer")).to_be_focused()
    await expect(page.get_by_test_id("to-composer")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await page.keyboard.type("Bonjour")
    await page.keyboard.press("Enter")
    assert (await bot.next())["text"] == "Bonjour"


async def test_after_the_start_button_a_keyboard_user_goes_on_in_the_message_field(
    bot: Bot, open_page: OpenPage
) -> None:
    page = await open_page(f"{bot.url}/?who={AISSATOU}")
    await page.get_by_test_id("start").press("Enter")
    assert (await bot.next())["text"] == "/start"
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await page.keyboard.type("passeport")
    await page.keyboard.press("Enter")
    assert (await bot.next())["text"] == "passeport"


async def test_panel_off_leaves_the_phone_alone_on_the_page(bot: Bot, open_page: OpenPage) -> None:
    page = await open_page(f"{bot.url}/?who={AISSATOU}&panel=off", width=360, height=640)
    await expect(page.get_by_test_id("start")).to_be_visible()
    await expect(page.get_by_test_id("who")).to_be_hidden()
    assert await page.get_by_test_id("phone").bounding_box() == {"x": 0, "y": 0, "width": 360, "height": 640}


async def test_the_page_fits_a_phone_and_works_by_keyboard_alone(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page, width=360, height=640, dark=True)
    await bot.say(f"https://moncreneau.gn/{'x' * 200}", reply_markup=buttons([{"text": "Go", "callback_data": "go"}]))
    await expect(page.get_by_role("button", name="Go")).to_be_visible()
    # A message cuts what is too wide for it, and the chat scrolls by itself: neither makes the page wider.
    for each in ("html", "#scroll", ".in .bubble"):
        assert await page.locator(each).evaluate("each => each.scrollWidth - each.clientWidth") == 0
    await page.get_by_role("button", name="Go").focus()
    await page.keyboard.press("Enter")
    assert (await bot.next("callback_query"))["data"] == "go"


async def test_a_reloaded_page_shows_the_chat_as_it_was(bot: Bot, open_page: OpenPage) -> None:
    page = await start(bot, open_page)
    await bot.say("one", reply_markup=buttons([{"text": "Go", "callback_data": "go"}]))
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await page.reload()
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await expect(page.get_by_role("button", name="Go")).to_be_visible()
