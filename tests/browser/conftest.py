"""Chromium, driven by Playwright and limited to addresses of this machine.

Without Chromium the tests are skipped; in CI they fail. Knows nothing of a bot.
"""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Playwright, async_playwright

from tests.needs import lacks

FOLDER = Path(__file__).parent
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
# Chromium resolves no other host, whatever a page asks for.
LOOPBACK_ONLY = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder in one event loop, which Chromium's connection belongs to."""
    for item in items:
        if item.path.parent == FOLDER:
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


def chromium_path() -> str:
    """Return the path of Chromium; without one, skip the test, or fail it in CI."""
    named = os.environ.get("CHROMIUM")
    path = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        lacks(f"no Chromium: install one of {', '.join(CHROMIUM_NAMES)} or set CHROMIUM to its path")
    return path


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def chromium(playwright: Playwright) -> AsyncIterator[Browser]:
    """One Chromium for all tests of this folder: starting it takes longer than most of them."""
    browser = await playwright.chromium.launch(executable_path=chromium_path(), args=[*ARGUMENTS, LOOPBACK_ONLY])
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="package")
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """Chromium without a page, a cookie or anything else of the test before."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="package")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Open pages with the language and time zone of Conakry; an error in a console fails the test."""
    errors: list[str] = []

    async def open_one(address: str, *, width: int = 1100, height: int = 860, dark: bool = False) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="fr-FR",
            timezone_id="Africa/Conakry",
        )
        await context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        await page.goto(address)
        return page

    yield open_one
    assert errors == []
