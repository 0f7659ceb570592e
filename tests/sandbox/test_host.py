"""Both stand-ins served together, and the commands `sandbox` and `demo` as processes that a signal ends."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import httpx
import pytest

from bot.sandbox import host
from bot.sandbox.host import Options, serving_stand_ins
from bot.sandbox.moncreneau import DEMO_KEY
from bot.sandbox.telegram.config import ADMIN_ID
from tests.e2e.waiting import eventually
from tests.sandbox.moncreneau.client import ApiClient, Clock
from tests.sandbox.moncreneau.receiver import receiving

PORTS = ("--telegram-port", "0", "--moncreneau-port", "0")


@asynccontextmanager
async def command(name: str, data: Path, **environment: str) -> AsyncIterator[Process]:
    """Run a command of `python -m bot`; it is killed if it still runs at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", name, *PORTS, "--data", str(data), env=os.environ | environment, stdout=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def printed(process: Process, words: str) -> str:
    """Read what a process prints until a line has these words; return the line's address."""
    assert process.stdout is not None
    async for line in process.stdout:
        if words in line.decode():
            return next(word for word in line.decode().split() if word.startswith("http"))
    raise AssertionError(f"the process ended without printing {words}")


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


async def test_the_demo_prints_the_address_of_the_office_and_ends_on_a_signal(tmp_path: Path) -> None:
    async with command("demo", tmp_path) as demo, httpx.AsyncClient() as http:
        office = await printed(demo, "The office")
        assert (await http.get(office)).status_code == 200
        demo.send_signal(signal.SIGTERM)
        assert await demo.wait() == 0


async def test_the_demo_starts_the_bot_again_when_the_clock_is_moved(tmp_path: Path) -> None:
    async with command("demo", tmp_path) as demo, httpx.AsyncClient() as http:
        address = (await printed(demo, "in a browser")).removesuffix("/")
        office = (await printed(demo, "The office")).removesuffix("/office")
        chat = f"{address}/__sandbox/chats/{ADMIN_ID}"
        for days in (0, 40):
            if days:
                await http.post(f"{office}/__sandbox/clock", json={"advance": days * 86_400})
            today = datetime.now(UTC).date() + timedelta(days=days)
            await http.post(f"{chat}/say", json={"text": "/start"})
            await eventually("the bot answers", partial(answered, http, chat, 1 + bool(days)))
            assert (await http.get(f"{office}/__sandbox/office")).json()["now"].startswith(today.isoformat())
        demo.send_signal(signal.SIGTERM)
        assert await demo.wait() == 0


async def answered(http: httpx.AsyncClient, chat: str, times: int) -> bool:
    messages = (await http.get(chat)).json()["messages"]
    return len([each for each in messages if each["by_bot"]]) >= times


async def test_the_sandbox_sends_webhooks_where_the_environment_says(tmp_path: Path) -> None:
    settings = {"WEBHOOK_SECRET": "s3cret", "WEBHOOK_STYLE": "sdk"}
    async with receiving() as receiver, command("sandbox", tmp_path, WEBHOOK_URL=receiver.url, **settings) as sandbox:
        url = (await printed(sandbox, "The office")).removesuffix("/office")
        async with httpx.AsyncClient(base_url=url) as http:
            api = ApiClient(http, Clock())
            (slot, *_) = (await api.control("GET", "/departments/5/slots")).json()["slots"]
            ticket = (await api.book(dateTime=slot)).json()
            assert ticket["qrCode"].startswith(f"{url}/qr/")
            assert (await receiver.next()).headers["x-webhook-signature"]
        sandbox.send_signal(signal.SIGINT)
        assert await sandbox.wait() == 0


async def test_an_unknown_webhook_style_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    environment = os.environ | {"WEBHOOK_STYLE": "stripe"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sandbox", *PORTS, "--data", str(tmp_path), env=environment, stderr=PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode() == "WEBHOOK_STYLE must be one of moncreneau, sdk\n"


def test_the_demos_two_sides_agree_on_the_port_and_the_secret() -> None:
    stand_in, bot = host._webhooks_to_the_bot()
    assert httpx.URL(stand_in["webhook_url"]).port == int(bot["HTTP_PORT"])
    assert stand_in["webhook_secret"] == bot["MONCRENEAU_WEBHOOK_SECRET"]
