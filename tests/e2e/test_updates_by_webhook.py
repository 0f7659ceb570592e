"""The bot takes Telegram's updates by webhook, and changes to polling and back; nothing is lost or done twice."""

import socket
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.e2e.phone import new_phone
from tests.e2e.running_bot import RunningBot, stopped_bot
from tests.e2e.services import Services, separate_bot
from tests.e2e.waiting import eventually


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    port = free_port()
    async with stopped_bot(tmp_path_factory.mktemp("webhook"), capacity=1000) as stopped:
        address = {"http_port": port, "public_url": f"http://127.0.0.1:{port}"}
        stopped.settings = stopped.settings.model_copy(update=address | {"telegram_webhook": True})
        await stopped.start()
        yield stopped


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_citizen_books_and_presses_are_answered_without_a_call_of_the_bot(bot: RunningBot) -> None:
    citizen = await bot.citizen("en", "Sarah", "Cole")
    before = bot.world.calls["getUpdates", 200]
    await citizen.books("Sarah Cole")
    assert [each["name"] for each in await citizen.appointments()] == ["Sarah Cole"]
    log = (await bot.services.telegram.get("/__sandbox/calls/log", params={"after": 0})).json()
    answers = [each["client"] for each in log if each["method"] == "answerCallbackQuery"]
    assert len(answers) == citizen.taps
    assert set(answers) == {"webhook"}, "each came in the response to its press"
    assert bot.world.calls["getUpdates", 200] == before


async def test_what_arrives_while_the_bot_is_stopped_comes_when_it_runs_again(bot: RunningBot) -> None:
    citizen = await bot.citizen("en", "Sarah", "Cole")
    await bot.stop()
    await citizen.phone.say("/help")
    await citizen.phone.say("/book")
    await bot.start()
    await citizen.waits_for("Which department")
    assert len([each for each in await citizen.messages() if "/appointments" in each.text]) == 1


async def test_changing_between_webhook_and_polling_loses_nothing(bot: RunningBot) -> None:
    citizen = await bot.citizen("en", "Sarah", "Cole")
    for by_webhook in (False, True, False, True):
        await bot.stop()
        await citizen.phone.say("/help")  # delivered in vain, or waiting to be polled
        await bot.start(telegram_webhook=by_webhook)
        await eventually("it is fetched or delivered", lambda: not bot.world.updates.pending())
        await bot.wait_until_idle()
        assert bool(bot.world.webhook.url) is by_webhook
    helps = [each for each in await citizen.messages() if "/appointments" in each.text]
    assert len(helps) == 4


async def test_deliveries_that_are_repeated_and_shuffled_book_once(bot: RunningBot) -> None:
    citizen = await bot.citizen("en", "Sarah", "Cole")
    twice = {"kind": "drop_after", "match": {"method": "webhook"}, "probability": 0.5, "times": 6}
    late = {"kind": "delay", "match": {"method": "webhook"}, "seconds": 0.1, "probability": 0.5, "times": 6}
    await bot.services.inject_faults(telegram=[twice, late])
    try:
        await citizen.books("Sarah Cole")
    finally:
        await bot.services.clear_faults()
    assert len(await citizen.appointments()) == 1


async def test_only_telegram_can_send_updates(bot: RunningBot) -> None:
    url = f"{bot.settings.public_url}/hooks/telegram"
    forged = {"update_id": 10**9, "message": {"chat": {"id": 1, "type": "private"}, "text": "/start"}}
    async with httpx.AsyncClient() as stranger:
        answer = await stranger.post(url, json=forged, headers={"X-Telegram-Bot-Api-Secret-Token": "guessed"})
    assert (answer.status_code, answer.content) == (401, b"")
    assert await bot.app.store.open_updates() == ()
    report = await bot.app.health.report()
    assert report.telegram


@pytest.mark.parametrize("point", ["update received", "update stored", "turn committed"])
async def test_a_kill_at_any_point_loses_and_doubles_nothing(point: str, tmp_path: Path) -> None:
    port = free_port()
    by_webhook = {"TELEGRAM_WEBHOOK": "1", "HTTP_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with separate_bot(tmp_path) as (services, process):
        process.settings |= by_webhook
        phone = await new_phone(services.telegram, "Sarah", "en", "Cole")
        await process.start(crash_at=point)
        await phone.say("/help")
        await eventually("it died", lambda: not process.running)
        await process.start()

        async def helps() -> int:
            return len([each for each in await phone.look(everything=True) if "/appointments" in each.text])

        await eventually("help", helps)
        await phone.say("/book")
        await eventually("the list", lambda: phone.look(everything=True))
        await eventually("all is delivered", partial(nothing_waits, services))
        assert await helps() == 1


async def nothing_waits(services: Services) -> bool:
    return not await services.pending()
