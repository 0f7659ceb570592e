"""Updates that Telegram sends are stored, then answered; the webhook is set where it is not, and only there."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app.records import StoredUpdate
from bot.sandbox.telegram.config import TOKEN
from bot.sandbox.telegram.phone import say
from bot.sandbox.telegram.world import World
from bot.storage.store import Store
from bot.telegram import webhook
from bot.telegram.transport import RawBot
from bot.telegram.update_parser import ALLOWED
from bot.telegram.webhook import HEADER, UpdateReceiver, Wanted, WebhookKeeper, is_from_telegram, secret_token
from tests.e2e.waiting import eventually
from tests.moncreneau.support import ScriptedServer, answer
from tests.telegram.test_polling import ID

SECRET = secret_token(TOKEN)
URL = "http://127.0.0.1:1/hooks/telegram"
WANTED = Wanted(URL, SECRET)
PRESS = {"update_id": 5, "callback_query": {"id": "77", "message": {"chat": {"id": ID}}, "data": "1:book"}}


# --- receiving --------------------------------------------------------------------------------------------------------


def test_the_secret_is_of_this_bot_and_of_a_form_that_telegram_accepts() -> None:
    assert secret_token(TOKEN) == SECRET != secret_token(TOKEN + "x")
    assert len(SECRET) == 64
    assert SECRET.isalnum()
    assert TOKEN.partition(":")[2] not in SECRET


@pytest.mark.parametrize("given", ["", SECRET[:-1], SECRET.upper(), f"{SECRET} ", "é"])
def test_a_wrong_secret_is_refused(given: str) -> None:
    assert is_from_telegram({HEADER: SECRET}, SECRET)
    assert not is_from_telegram({HEADER: given}, SECRET)
    assert not is_from_telegram({}, SECRET)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield opened
    await opened.close()


async def test_a_press_is_stored_and_answered_with_the_call_that_ends_its_spinning(store: Store) -> None:
    receiver = UpdateReceiver(store.receive)
    for _ in range(2):
        reply = await receiver.receive(json.dumps(PRESS).encode())
        assert reply == {"method": "answerCallbackQuery", "callback_query_id": "77"}
    assert [(each.update_id, each.chat_id) for each in await store.open_updates()] == [(5, ID)]


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 5, "message": {"chat": {"id": ID}, "text": "é"}},
        {"update_id": 5, "callback_query": None},
        {"update_id": 5, "callback_query": {"id": 7}},
        {"update_id": 5, "something": {"new": []}},
    ],
)
async def test_everything_with_an_id_is_stored(store: Store, update: dict[str, Any]) -> None:
    assert await UpdateReceiver(store.receive).receive(json.dumps(update).encode()) == {}
    assert [each.update_id for each in await store.open_updates()] == [5]


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"{", b'"x"', b"{}", b'{"update_id": "5"}', b'{"update_id": -1}', b"[" * 100_000]
)
async def test_what_is_no_update_is_taken_so_that_it_is_not_repeated_for_ever(
    store: Store, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await UpdateReceiver(store.receive).receive(body) == {}
    assert await store.open_updates() == ()
    assert "no update" in caplog.text


async def test_an_update_that_cannot_be_stored_is_stored_without_its_content() -> None:
    stored: list[StoredUpdate] = []

    async def store(updates: tuple[StoredUpdate, ...]) -> None:
        if updates[0].body:
            raise ValueError("a value that the database refuses")
        stored.extend(updates)

    await UpdateReceiver(store).receive(json.dumps(PRESS).encode())
    assert stored == [StoredUpdate(5, 0, "")]


# --- setting the webhook ----------------------------------------------------------------------------------------------


@dataclass
class Kept:
    """A keeper that runs, what it saved, and when the last update came (Unix seconds)."""

    keeper: WebhookKeeper
    saved: list[str]
    received: float | None = None


@asynccontextmanager
async def keeping(bot: RawBot, mark: str = "", wanted: Wanted = WANTED) -> AsyncIterator[Kept]:
    async def last_received() -> float | None:
        return kept.received

    saved = list[str]()
    kept = Kept(WebhookKeeper(bot, wanted, mark, saved.append, last_received), saved)
    task = asyncio.create_task(kept.keeper.run())
    try:
        yield kept
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(webhook, "LOOK_EVERY", 0.02)


async def until_looked(world: World, times: int = 2) -> None:
    """Wait until the keeper has asked so many times more, so that everything before is over."""
    asked = world.calls["getWebhookInfo", 200]
    await eventually("looks", lambda: world.calls["getWebhookInfo", 200] >= asked + times, pause=0.005)


async def test_the_webhook_is_set_once_and_keeps_what_waits(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    say(world, world.chats[ID], "one")
    async with keeping(bot) as kept:
        await eventually("it is set", lambda: kept.saved, pause=0.005)
        await until_looked(world)
    assert (world.webhook.url, world.webhook.secret_token, world.webhook.max_connections) == (URL, SECRET, 40)
    assert world.updates.allowed == frozenset(ALLOWED)
    assert len(world.updates.pending()) == 1
    assert (kept.saved, world.calls["setWebhook", 200]) == ([WANTED.mark], 1)


async def test_a_webhook_that_is_as_it_should_be_is_left_alone(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    async with keeping(bot) as kept:
        await eventually("it is set", lambda: kept.saved, pause=0.005)
    async with keeping(bot, mark=kept.saved[-1]) as kept:
        await until_looked(world)
    assert (kept.saved, world.calls["setWebhook", 200]) == ([], 1)


@pytest.mark.parametrize(
    "other",
    [
        Wanted(URL, "another-secret"),
        Wanted(f"{URL}/x", SECRET),
        Wanted(URL, SECRET, ("message",)),
        Wanted(URL, SECRET, max_connections=7),
    ],
)
async def test_any_other_setting_is_replaced(telegram: tuple[World, RawBot], other: Wanted) -> None:
    world, bot = telegram
    async with keeping(bot, wanted=other) as kept:
        await eventually("another one is set", lambda: kept.saved, pause=0.005)
    async with keeping(bot, mark=other.mark) as kept:
        await eventually("ours is set", lambda: kept.saved, pause=0.005)
    assert (kept.saved, world.webhook.url, world.webhook.secret_token) == ([WANTED.mark], URL, SECRET)


async def test_a_webhook_of_another_deployment_is_named_and_replaced(
    telegram: tuple[World, RawBot], caplog: pytest.LogCaptureFixture
) -> None:
    world, bot = telegram
    await bot.call("setWebhook", {"url": "http://127.0.0.2/hooks/secret-path"})
    async with keeping(bot) as kept:
        await eventually("it is set", lambda: kept.saved, pause=0.005)
    assert world.webhook.url == URL
    assert "127.0.0.2, set by another deployment" in caplog.text
    assert "secret-path" not in caplog.text


async def test_a_deleted_webhook_is_set_again(telegram: tuple[World, RawBot]) -> None:
    world, bot = telegram
    async with keeping(bot) as kept:
        await eventually("it is set", lambda: kept.saved, pause=0.005)
        await bot.call("deleteWebhook", {})
        await eventually("it is set again", lambda: world.webhook.url == URL, pause=0.005)


INFO = {"url": URL, "max_connections": 40, "allowed_updates": list(ALLOWED), "pending_update_count": 0}
OK = {"ok": True, "result": INFO}


@pytest.mark.parametrize(
    "failure",
    [
        answer({"ok": False, "error_code": 500, "description": "Internal Server Error"}, 500),
        answer({"ok": False, "error_code": 429, "description": "Slow", "parameters": {"retry_after": 0}}, 429),
        answer({"ok": False, "error_code": 401, "description": "Unauthorized"}, 401),
        answer({"ok": True, "result": "nonsense"}),
    ],
)
async def test_the_keeper_goes_on_after_every_error(server: ScriptedServer, bot: RawBot, failure: Any) -> None:
    server.respond_with(failure, answer(OK | {"result": INFO | {"url": ""}}), answer({"ok": True, "result": True}))
    server.respond_with(*[answer(OK)] * 500)
    async with keeping(bot) as kept:
        await eventually("it is set", lambda: kept.saved, pause=0.005)
        await eventually("Telegram is reachable", lambda: kept.keeper.is_reachable, pause=0.005)


async def test_updates_that_cannot_be_delivered_show_as_an_outage_until_one_comes(
    server: ScriptedServer, bot: RawBot, caplog: pytest.LogCaptureFixture
) -> None:
    failing = INFO | {"pending_update_count": 3, "last_error_date": 1000, "last_error_message": "Wrong\nresponse: 502"}
    server.respond_with(*[answer({"ok": True, "result": failing})] * 500)
    async with keeping(bot, mark=WANTED.mark) as kept:
        kept.received = 900.0
        words = "Telegram cannot deliver updates: Wrong response: 502"
        await eventually("it shows", lambda: words in caplog.text, pause=0.005)
        assert not kept.keeper.can_deliver
        assert kept.keeper.is_reachable, "or a web server would forward nothing, for ever"
        kept.received = 1001.0
        await eventually("it is over", lambda: kept.keeper.can_deliver, pause=0.005)
    assert "Telegram delivers again" in caplog.text


async def test_without_answers_telegram_counts_as_unreachable(
    server: ScriptedServer, bot: RawBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "RECENT", 0.3)
    server.respond_with(*[answer({"ok": False, "error_code": 502, "description": "Bad Gateway"}, 502)] * 500)
    async with keeping(bot) as kept:
        await eventually("it was just reached", lambda: kept.keeper.is_reachable, pause=0.001)
        await eventually("it shows", lambda: not kept.keeper.is_reachable, pause=0.005)
