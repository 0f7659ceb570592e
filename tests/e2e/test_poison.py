"""Updates that cannot be read, or on which our own code fails, are set aside after three tries; all chats go on."""

import logging
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.waiting import eventually

Json = dict[str, Any]
SORRY = "quelque chose n’a pas marché chez nous"
WITHOUT_A_CHAT: tuple[Json, ...] = (
    {"message": {"text": "hi"}},
    {"message": {"text": "hi", "chat": {"id": 2**70, "type": "private"}, "from": {"id": 1}}},
    {"message": {"text": "hi", "chat": {"id": True, "type": 5}, "from": "me"}},
    {"message": "words"},
    {"callback_query": {"id": "1", "message": "words"}},
    {"callback_query": ["garbage"]},
    {"my_chat_member": 7},
)


def broken_ones(chat_id: int) -> tuple[Json, ...]:
    """Updates of this chat on which our code raises."""
    chat = {"id": chat_id, "type": "private"}
    return (
        {"message": {"message_id": 1, "chat": chat, "from": "nobody", "text": "hi"}},
        {"callback_query": {"id": "5", "from": {}, "message": {"message_id": 1, "chat": {"id": chat_id}}}},
        {"callback_query": {"id": "6", "from": {"id": chat_id}, "data": "1.ok", "message": {"chat": chat}}},
        {"my_chat_member": {"chat": chat, "new_chat_member": None}},
    )


@pytest.mark.parametrize("which", range(4))
async def test_a_poisonous_update_gets_an_apology_and_the_chat_goes_on(
    which: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await citizen.reaches_summary()
        await bot.services.inject_updates(broken_ones(citizen.id)[which])
        await bot.wait_until_idle()
        screen = await citizen.screen()
        assert SORRY in screen.text
        assert "Vérifiez, puis confirmez" in screen.text, "the next step stands below the apology"
        await citizen.taps_on("✅ Confirm", screen)
        assert len(await citizen.appointments()) == 1, "and it can be taken"
        assert bot.app.conversations.set_aside == 1
        await bot.stop()
        (found,) = bot.database.rows("SELECT count(*) FROM inbox WHERE error IS NOT NULL")
        assert found == (1,), "the operator finds it in the inbox"
    assert "an update was set aside after 3 tries" in caplog.text


async def test_updates_of_no_chat_are_set_aside_without_a_word_to_anybody(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await bot.services.inject_updates(*WITHOUT_A_CHAT)
        await citizen.says("/start")
        await eventually("all are done with", lambda: not bot.app.conversations.waiting)
        assert await bot.services.pending() == 0, "none is delivered again and again"
        assert (await bot.services.calls())["sendMessage"] == {"200": 1}, "nobody but the citizen is written to"
        assert await citizen.books()
        await bot.stop()
        assert bot.database.rows("SELECT chat_id FROM chats") == [(citizen.id,)]


async def test_an_update_that_was_set_aside_is_not_retried_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await bot.services.inject_updates(*broken_ones(citizen.id))
        await bot.wait_until_idle()
        caplog.clear()
        await bot.restart()
        await bot.wait_until_idle()
        assert bot.app.conversations.set_aside == 0
        assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_a_message_on_which_our_code_fails_does_not_hold_up_the_chat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        deliver_as_ever = bot.app.outbox._messenger.deliver
        await break_help(bot, monkeypatch)
        await citizen.phone.say("/help")
        assert "Bonjour" in (await citizen.says("/start")).text
        assert bot.app.outbox.failed == 1
        monkeypatch.setattr(bot.app.outbox._messenger, "deliver", deliver_as_ever)
        assert "Aide" in (await citizen.says("/help")).text
    assert "is given up, our own code fails on it: ZeroDivisionError" in caplog.text


async def break_help(bot: RunningBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant a mistake of ours into the sending of one message."""
    messenger = bot.app.outbox._messenger
    deliver = messenger.deliver

    async def mistaken(delivery: Any, file_id: str | None) -> Any:
        return 1 / 0 if "/help" in delivery.message.text else await deliver(delivery, file_id)

    monkeypatch.setattr(messenger, "deliver", mistaken)
