"""The second connection pool opens with the first call and closes when idle."""

import asyncio

import pytest
from telegram.error import NetworkError

from bot.telegram.lazy_bot import LazyBot
from tests.moncreneau.support import RESET, ScriptedServer, answer
from tests.telegram.conftest import bot_at

OK = answer({"ok": True, "result": {"message_id": 5}})


async def test_the_lazy_bot_opens_with_the_first_call_and_closes_when_idle(server: ScriptedServer) -> None:
    server.respond_with(OK)
    standby = LazyBot(lambda: bot_at(server.url), idle=0.01)
    assert await standby.call("sendMessage", {"chat_id": 7}) == {"message_id": 5}
    async with asyncio.timeout(5):
        while standby.is_open:  # noqa: ASYNC110 — the loop's timer does it
            await asyncio.sleep(0.005)
    assert await standby.call("sendMessage", {"chat_id": 7}) == {"message_id": 5}, "and opens again"
    await standby.shutdown()


def test_no_connection_is_open_before_the_first_call() -> None:
    assert not LazyBot(lambda: bot_at("http://127.0.0.1:1")).is_open


async def test_concurrent_calls_share_the_pool_and_a_failure_keeps_it_usable(server: ScriptedServer) -> None:
    server.respond_with(OK)
    made = []
    standby = LazyBot(lambda: made.append(bot_at(server.url)) or made[-1])  # type: ignore[func-returns-value]
    await asyncio.gather(*(standby.call("sendMessage", {"chat_id": each}) for each in range(20)))
    server.respond_with(RESET)
    with pytest.raises(NetworkError):
        await standby.call("sendMessage", {"chat_id": 7})
    server.respond_with(OK)
    await standby.call("sendMessage", {"chat_id": 7})
    assert len(made) == 1
    await standby.shutdown()
