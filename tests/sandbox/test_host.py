"""The demo serves both stand-ins, which know each other; the departments have French names unless asked otherwise."""

from pathlib import Path
from typing import Literal

import httpx
import pytest

from bot.sandbox.host import Options, serving_stand_ins
from bot.sandbox.moncreneau import DEMO_KEY
from bot.sandbox.telegram.config import ADMIN_ID


@pytest.mark.parametrize(("language", "expected"), [("fr", "Service des passeports"), ("en", "Passport Service")])
async def test_the_names_of_departments_are_in_the_chosen_language(
    tmp_path: Path, language: Literal["fr", "en"], expected: str
) -> None:
    options = Options("127.0.0.1", 0, 0, str(tmp_path), language)
    async with serving_stand_ins(options) as (_, moncreneau_url), httpx.AsyncClient() as http:
        answer = await http.get(f"{moncreneau_url}/api/v1/departments", headers={"X-API-Key": DEMO_KEY})
    names = [each["name"] for each in answer.json()]
    assert names[0] == expected
    assert len(names) == 11


async def test_french_names_are_the_default() -> None:
    assert Options("127.0.0.1", 0, 0, ".").departments == "fr"


async def test_the_chat_page_knows_the_stand_in_for_moncreneau(tmp_path: Path) -> None:
    options = Options("127.0.0.1", 0, 0, str(tmp_path))
    async with serving_stand_ins(options) as (telegram_url, moncreneau_url), httpx.AsyncClient() as http:
        page = (await http.get(f"{telegram_url}/__sandbox/page/{ADMIN_ID}")).json()
        switches = (await http.get(f"{telegram_url}/__sandbox/switches")).json()
    assert page["moncreneau_url"] == moncreneau_url
    assert not any(switches.values())
