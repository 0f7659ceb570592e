"""Pictures of phones: one screen at the size of a phone, and several side by side in one PNG for the documents."""

import base64

from playwright.async_api import Browser, Page, ViewportSize

SMALL = (360, 640)
"""Width and height of a cheap phone, in CSS pixels."""

COMMON = (390, 844)
"""Width and height of a common phone."""

_SIDE_BY_SIDE = """<style>
  body {{ display: inline-flex; gap: 14px; margin: 0; padding: 10px; background: #fff }}
  img {{ box-sizing: content-box; width: {width}px; border: 6px solid #10171b; border-radius: 26px }}
</style>{images}"""


async def open_phone(browser: Browser, address: str, size: tuple[int, int] = SMALL, scale: float = 1.5) -> Page:
    """Open the chat page without its panel, as a phone of this size in Conakry; `scale` is in pixels a CSS pixel."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=scale,
        locale="fr-FR",
        timezone_id="Africa/Conakry",
        contrast="more",  # a plain wall: a quarter of the bytes
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(f"{address}&panel=off")
    return page


async def take_screen(page: Page) -> bytes:
    """Return a PNG of what the phone shows now, once its pictures are drawn."""
    await page.evaluate("() => Promise.all([...document.images].filter(each => each.src).map(each => each.decode()))")
    await page.locator("#scroll").evaluate("each => { each.scrollTop = each.scrollHeight }")
    await page.mouse.move(0, 0)  # a phone has no hover
    return await page.screenshot(animations="disabled", caret="hide")


async def side_by_side(
    browser: Browser, screens: list[bytes], size: tuple[int, int] = SMALL, scale: float = 1.5
) -> bytes:
    """Return one PNG with the screens in a row; `scale` is theirs, so that no pixel is scaled."""
    width = size[0]
    viewport: ViewportSize = {"width": (width + 40) * len(screens), "height": 400}
    page = await browser.new_page(viewport=viewport, device_scale_factor=scale)
    images = "".join(f'<img src="data:image/png;base64,{base64.b64encode(each).decode()}">' for each in screens)
    await page.set_content(_SIDE_BY_SIDE.format(width=width, images=images))
    await page.evaluate("() => Promise.all([...document.images].map(each => each.decode()))")
    picture = await page.locator("body").screenshot()
    await page.close()
    return picture


async def cut_labels(page: Page) -> list[str]:
    """Return the labels of buttons that the phone cuts, in the order of the chat."""
    script = "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.textContent)"
    found: list[str] = await page.locator(".key .label").evaluate_all(script)
    return found
