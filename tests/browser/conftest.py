"""Real Chromium, driven through Playwright, that may talk to this machine alone.

Where there is none the tests are skipped and say so; in CI that is a failure. It must not know any bot.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page, Playwright, async_playwright

OpenPage = Callable[..., Awaitable[Page]]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Chromium itself keeps every page on this machine, whatever a page may ask for.
LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


def chromium_path() -> str:
    """Return where Chromium is; skip the test where it is not, or fail when CI promises it."""
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is not None:
        return path
    missing = f"no Chromium: install one of {', '.join(CHROMIUM_NAMES)} or set CHROMIUM to its path"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest.fixture
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[*ARGUMENTS, LOOPBACK_ONLY])
    yield browser
    await browser.close()


@pytest.fixture
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open pages as a citizen in Conakry would; a complaint in the console of any of them fails the test."""
    complaints: list[str] = []

    async def open_one(address: str, *, width: int = 1100, height: int = 860, dark: bool = False) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="fr-FR",
            timezone_id="Africa/Conakry",
        )
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        await page.goto(address)
        return page

    yield open_one
    assert complaints == []
