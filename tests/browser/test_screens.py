"""Every screen of the bot on the chat page, on a phone of 360 by 640: the question and the first button are in sight.

With SCREENSHOTS=folder in the environment a picture of each screen in each language is kept there.
"""

import json
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from bot.core.model import Department
from bot.core.screens import Menu, Screen
from bot.core.states import ChoosingDepartment, Notice
from bot.i18n import Translator
from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.telegram.messenger import keyboard
from bot.views.message import Message, Office
from bot.views.render import render
from tests.browser.conftest import OpenPage
from tests.core.examples import DEPARTMENTS, NOW, PASSPORTS
from tests.views.pages import EN, FR, SCREENS

AISSATOU = 1_000_101
FOLDER = os.environ.get("SCREENSHOTS")
LONG = tuple(
    Department(10 + n, f"Direction nationale des affaires {name} et du contentieux", "Ministère de la Justice")
    for n, name in enumerate(("civiles", "pénales", "sociales", "foncières"))
)
OFFICE = Office(today=NOW.date(), departments=DEPARTMENTS, contact="620 00 00 00, de 8 h à 16 h")
BUSY: dict[str, tuple[Screen, Office]] = {
    "menu of organisations": (
        Menu(greeting=True, name="Aïssatou"),
        replace(OFFICE, departments=tuple(Department(n, f"Service {n}", f"Ministère {n % 4}") for n in range(12))),
    ),
    "long names": (ChoosingDepartment(LONG), OFFICE),
    "today": (SCREENS["choosing a day"], replace(OFFICE, today=date(2026, 1, 25))),
    "one department": (ChoosingDepartment((PASSPORTS,)), OFFICE),
}
ALL = {**{name: (screen, OFFICE) for name, screen in SCREENS.items()}, **BUSY}
IN_SIGHT = """message => {
    const log = document.querySelector('[data-testid=chat]').getBoundingClientRect();
    const seen = box => box.top >= log.top - 1 && box.bottom <= log.bottom + 1;
    const bold = [...message.querySelectorAll('b, strong')].at(-1);
    const button = message.querySelector('.keyboard .key');
    return {
        question: !bold || seen(bold.getBoundingClientRect()),
        button: !button || seen(button.getBoundingClientRect()),
        cut: [...message.querySelectorAll('.keyboard .label')]
            .filter(each => each.scrollWidth > each.clientWidth)
            .map(each => each.textContent),
    };
}"""


async def show(http: httpx.AsyncClient, token: str, message: Message) -> None:
    body = {"chat_id": AISSATOU, "text": message.text, "parse_mode": "HTML"}
    if message.rows:
        body["reply_markup"] = json.loads(keyboard(message, 7))
    answer = await http.post(f"/bot{token}/sendMessage", json=body)
    assert answer.is_success, answer.text


@pytest.mark.parametrize("t", [FR, EN], ids=["fr", "en"])
async def test_the_question_and_the_first_button_of_every_screen_are_in_sight(
    t: Translator, open_page: OpenPage
) -> None:
    config = TelegramSandbox(limits=None)
    async with serving(create_app(config)) as url, httpx.AsyncClient(base_url=url) as http:
        await http.post(f"/__sandbox/chats/{AISSATOU}/say", json={"text": "/start"})
        page = await open_page(f"{url}/?who={AISSATOU}", width=360, height=640)
        await expect(page.get_by_test_id("message")).to_have_count(1)  # what the citizen said
        await page.emulate_media(reduced_motion="reduce")  # measure where things are, not where they pass by
        failures: list[str] = []
        for name, (screen, office) in ALL.items():
            for notice in (None, Notice.NAME_SIGNS):
                message = render(screen, t, notice, office=office)
                shown = await page.get_by_test_id("message").count()
                await show(http, config.token, replace(message, qr_link=None))
                await expect(page.get_by_test_id("message")).to_have_count(shown + 1)
                failures += await faults(page, f"{t.locale} {name}{' under a remark' if notice else ''}")
        await page.close()  # before the server: a page whose stream of updates breaks off reports an error
    assert failures == []


async def faults(page: Page, name: str) -> list[str]:
    message = page.get_by_test_id("message").last
    # A citizen who answers stands at the end of the chat; the page stops following once it is a little above it.
    await page.locator("#scroll").evaluate("each => each.scrollTo({ top: each.scrollHeight, behavior: 'instant' })")
    if FOLDER and "remark" not in name:
        await page.screenshot(path=str(Path(FOLDER) / f"{name}.png"), animations="disabled")
    found = await message.evaluate(IN_SIGHT)
    return [
        *([] if found["question"] else [f"{name}: the question is out of sight"]),
        *([] if found["button"] else [f"{name}: the first button is out of sight"]),
        *(f"{name}: {label!r} is cut" for label in found["cut"]),
    ]
