"""Updates are stored, then confirmed; polling continues after every error."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from bot.app.records import StoredUpdate
from bot.sandbox.telegram.config import PEOPLE, TelegramSandbox
from bot.sandbox.telegram.phone import press, say
from bot.sandbox.telegram.world import World
from bot.storage.store import Store
from bot.telegram import polling
from bot.telegram.messenger import TelegramMessenger
from bot.telegram.polling import Poller
from bot.telegram.transport import RawBot
from tests.e2e.waiting import eventually
from tests.moncreneau.support import ScriptedServer, answer

if TYPE_CHECKING:
    from bot.app.conversations import Conversations

ID = PEOPLE[0].id


@dataclass
class FakeConversations:
    """Records the updates that are passed to the conversations; `waiting` is how many they report as waiting.

    `resumed` are those that they had before; none is ever done.
    """

    updates: list[StoredUpdate] = field(default_factory=list)
    waiting: int = 0
    resumed: tuple[StoredUpdate, ...] = ()

    def has(self, update_id: int) -> bool:
        return any(each.update_id == update_id for each in (*self.resumed, *self.updates))

    def accept(self, updates: Iterable[StoredUpdate]) -> None:
        self.updates.extend(updates)


@dataclass
class Receiver:
    """A poller, and what it works with."""

    world: World
    bot: RawBot
    store: Store
    heard: FakeConversations
    poller: Poller

    def say(self, text: str) -> None:
        say(self.world, self.world.chats[ID], text)

    async def receives(self, count: int) -> list[StoredUpdate]:
        await eventually(f"{count} updates", lambda: len(self.heard.updates) >= count, pause=0.005)
        return self.heard.updates


@asynccontextmanager
async def receiver(
    world: World, bot: RawBot, folder: Path, late: tuple[StoredUpdate, ...] = ()
) -> AsyncIterator[Receiver]:
    """`late` is stored after the conversations have taken what is open."""
    store = await Store(f"sqlite+aiosqlite:///{folder / 'bot.db'}").open()
    heard = FakeConversations(resumed=await store.open_updates())
    await store.receive(late)
    poller = Poller(bot, store, cast("Conversations", heard), TelegramMessenger(bot).answer_press)
    task = asyncio.create_task(poller.run())
    try:
        yield Receiver(world, bot, store, heard, poller)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await store.close()


@pytest.fixture
async def here(telegram: tuple[World, RawBot], tmp_path: Path) -> AsyncIterator[Receiver]:
    async with receiver(*telegram, tmp_path) as opened:
        yield opened


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.01)


async def test_updates_are_stored_before_they_are_confirmed(here: Receiver) -> None:
    here.say("one")
    here.say("two")
    updates = await here.receives(2)
    assert [each.chat_id for each in updates] == [ID, ID]
    await eventually("the confirmation", lambda: not here.world.updates.pending(), pause=0.005)
    assert [each.update_id for each in await here.store.open_updates()] == [each.update_id for each in updates]


def locked_store(here: Receiver, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The store takes nothing in until the event is set."""
    locked = asyncio.Event()
    receive = here.store.receive

    async def slow(updates: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        await locked.wait()
        return await receive(updates)

    monkeypatch.setattr(here.store, "receive", slow)
    return locked


async def test_updates_that_are_not_stored_are_not_confirmed(here: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    free = locked_store(here, monkeypatch)
    here.say("one")
    await eventually("the update on its way", lambda: ("getUpdates", 200) in here.world.calls, pause=0.005)
    assert len(here.world.updates.pending()) == 1
    free.set()
    await here.receives(1)


async def test_a_new_update_is_processed_while_it_is_stored(here: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    free = locked_store(here, monkeypatch)
    here.say("one")
    (update,) = await here.receives(1)
    assert not free.is_set()
    assert await here.store.open_updates() == ()
    free.set()
    await eventually("the confirmation", lambda: not here.world.updates.pending(), pause=0.005)
    assert await here.store.open_updates() == (update,)


async def test_an_update_delivered_twice_is_processed_once(here: Receiver) -> None:
    here.say("one")
    (update,) = await here.receives(1)
    here.world.updates.put({"update_id": update.update_id, "message": {"chat": {"id": ID}}}, 60)
    here.say("two")
    await here.receives(2)
    assert len({each.update_id for each in here.heard.updates}) == 2


def batch(*numbers: int) -> dict[str, Any]:
    """An answer to `getUpdates`."""
    return {"ok": True, "result": [{"update_id": each, "message": {"chat": {"id": ID}}} for each in numbers]}


async def test_an_update_twice_in_one_batch_is_processed_once(
    server: ScriptedServer, bot: RawBot, tmp_path: Path
) -> None:
    server.respond_with(answer(batch(5, 6, 5)), answer(batch(7)))
    async with receiver(World(TelegramSandbox()), bot, tmp_path) as here:
        assert [each.update_id for each in await here.receives(3)] == [5, 6, 7]


async def test_a_batch_with_a_known_update_is_checked_before_it_is_processed(
    server: ScriptedServer, bot: RawBot, tmp_path: Path
) -> None:
    server.respond_with(answer(batch(5, 6)), answer(batch(4, 6, 7)), answer(batch(1)))
    async with receiver(World(TelegramSandbox()), bot, tmp_path) as here:
        assert [each.update_id for each in await here.receives(5)] == [5, 6, 4, 7, 1]


async def test_an_update_that_an_earlier_process_stored_is_not_processed_again(
    server: ScriptedServer, bot: RawBot, tmp_path: Path
) -> None:
    server.respond_with(answer(batch(5, 6)))
    async with receiver(World(TelegramSandbox()), bot, tmp_path) as here:
        await here.receives(2)
        await eventually("both stored", here.store.open_updates)
    server.respond_with(answer(batch(5, 6, 7)))
    async with receiver(World(TelegramSandbox()), bot, tmp_path) as here:
        assert [each.update_id for each in await here.receives(1)] == [7]


async def test_an_update_that_another_process_stored_too_late_for_the_start_is_processed_when_it_comes_again(
    server: ScriptedServer, bot: RawBot, tmp_path: Path
) -> None:
    late = tuple(StoredUpdate(each, ID, "{}") for each in (5, 6))
    server.respond_with(answer(batch(5)), answer(batch(6, 7)), answer(batch(5, 8)))
    async with receiver(World(TelegramSandbox()), bot, tmp_path, late) as here:
        assert [each.update_id for each in await here.receives(4)] == [5, 7, 6, 8]


async def test_a_press_is_answered_at_once(here: Receiver) -> None:
    here.say("/start")
    await here.receives(1)
    sent = await here.bot.call(
        "sendMessage",
        {"chat_id": ID, "text": "x", "reply_markup": '{"inline_keyboard":[[{"text":"a","callback_data":"1.a"}]]}'},
    )
    press(here.world, here.world.chats[ID], sent["message_id"], {"data": "1.a"})
    await here.receives(2)
    await eventually("the answer", lambda: not here.world.presses, pause=0.005)


FAULTS: list[dict[str, Any]] = [
    {"kind": "html"},
    {"kind": "status", "status": 500},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "flood", "retry_after": 0},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: str(each["kind"]))
async def test_polling_continues_after_any_error(here: Receiver, fault: dict[str, Any]) -> None:
    here.world.faults.add({"method": "getUpdates", "times": 3, **fault})
    here.say("one")
    await here.receives(1)
    assert here.poller.is_reachable


async def test_a_webhook_of_another_deployment_is_logged_and_deleted_and_its_updates_are_kept(
    here: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    here.world.webhook.url = "https://user:word@another.example/secret-path"
    here.say("one")
    await here.receives(1)
    assert here.world.webhook.url == ""
    (said,) = [each.getMessage() for each in caplog.records if "webhook" in each.getMessage()]
    assert "receives this bot's updates by a webhook at another.example; deleting the webhook" in said
    assert "secret" not in said
    assert "another process" not in caplog.text


async def test_a_webhook_is_not_deleted_before_the_log_names_it(here: Receiver) -> None:
    here.world.faults.add({"kind": "html", "method": "getWebhookInfo", "times": 3})
    here.world.webhook.url = "https://another.example"
    here.say("one")
    await eventually("three questions", lambda: not _open_faults(here.world), pause=0.005)
    assert not [call for call in here.world.calls if call[0] == "deleteWebhook"]
    await here.receives(1)


def _open_faults(world: World) -> list[Any]:
    return [each for each in world.faults.rules if each.hits < (each.times or 0)]


async def test_a_second_poller_is_logged_once(here: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    await eventually("the first poller", lambda: here.world.updates.is_polled, pause=0.005)
    for _ in range(4):
        await eventually("a poll", lambda: here.world.updates.is_polled, pause=0.005)
        await here.world.updates.get(0, 1, 0)
    said = [each.getMessage() for each in caplog.records if "another process" in each.getMessage()]
    assert len(said) <= 1
    here.say("one")
    await here.receives(1)


async def test_an_update_that_cannot_be_stored_does_not_stop_the_others(here: Receiver) -> None:
    here.world.updates.put({"message": {"chat": {"id": 2**80}, "text": "x"}}, 60)
    here.world.updates.put({"message": {"chat": {"id": True}, "text": "x"}}, 60)
    here.say("one")
    updates = await here.receives(3)
    assert [each.chat_id for each in updates] == [0, 0, ID]


async def test_polling_pauses_while_too_many_updates_wait(here: Receiver) -> None:
    await eventually("it polls", lambda: here.world.updates.is_polled, pause=0.005)
    here.heard.waiting = polling.FULL + 1
    here.say("one")
    await here.receives(1)
    here.say("two")
    await eventually("nobody polls", lambda: not here.world.updates.is_polled, pause=0.005)
    assert len(here.heard.updates) == 1
    here.heard.waiting = 0
    await here.receives(2)


async def test_a_response_that_is_not_a_list_of_updates_is_ignored(
    server: ScriptedServer, bot: RawBot, tmp_path: Path
) -> None:
    good = {"update_id": 5, "message": {"chat": {"id": 7}}}
    nonsense = [answer({"ok": True, "result": each}) for each in ({"a": 1}, "x", [7, {"no": "number"}], 3)]
    server.respond_with(*nonsense, answer({"ok": True, "result": [{"update_id": "x"}, good]}))
    async with receiver(World(TelegramSandbox()), bot, tmp_path) as opened:
        assert (await opened.receives(1))[0].update_id == 5


async def test_a_429_with_an_invalid_wait_does_not_stop_polling(
    server: ScriptedServer, bot: RawBot, tmp_path: Path
) -> None:
    refused = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
    for asked in ("0.01", 10**30):
        server.respond_with(answer(refused | {"parameters": {"retry_after": asked}}, 429), answer(batch(5)))
        folder = tmp_path / str(asked)
        folder.mkdir()
        async with receiver(World(TelegramSandbox()), bot, folder) as here:
            assert (await here.receives(1))[0].update_id == 5


async def test_telegram_is_unreachable_after_a_minute_without_an_answer(
    here: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.say("/start")
    await here.receives(1)
    assert here.poller.is_reachable
    monkeypatch.setattr(polling, "RECENT", 0.0)
    assert not here.poller.is_reachable
