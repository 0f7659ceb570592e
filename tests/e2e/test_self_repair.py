"""A broken session, text or view of our own silences no chat and hides no ticket."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot, running_bot


def rewrite_session(bot: RunningBot, chat_id: int, rewritten: Callable[[str], str]) -> None:
    """Change what is stored of a conversation, as a faulty release might have."""
    ((text,),) = bot.database.execute("SELECT session FROM chats WHERE chat_id = ?", chat_id)
    assert rewritten(text) != text
    bot.database.execute("UPDATE chats SET session = ? WHERE chat_id = ?", rewritten(text), chat_id)


async def lost_confirmation(bot: RunningBot, citizen: Citizen) -> None:
    """The answer to a booking is lost, and the bot is stopped before it knows the outcome."""
    summary = await citizen.reaches_summary()
    await bot.inject_api_fault("drop_after", "POST", "/appointments")
    await bot.inject_api_fault("status", "GET", "/appointments", status=503)
    await citizen.phone.do("press", message_id=summary.number, data=summary.data("Confirmer"))
    await citizen.waits_for("en cours de confirmation")
    await bot.stop()
    await bot.services.clear_faults()


@pytest.mark.parametrize("broken", ["", "garbage", "99:{}"])
async def test_a_session_that_cannot_be_read_while_a_booking_is_pending_still_gets_its_ticket(
    tmp_path: Path, broken: str
) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await lost_confirmation(bot, citizen)
        rewrite_session(bot, citizen.id, lambda _text: broken)
        await bot.start()
        await bot.wait_until_idle()
        assert "Votre rendez-vous est confirmé" in (await citizen.screen()).text
        assert len(await citizen.appointments()) == 1


async def test_messages_during_a_pending_booking_show_that_it_is_pending(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await lost_confirmation(bot, citizen)
        rewrite_session(bot, citizen.id, lambda _text: "garbage")
        before = len(await citizen.messages())
        await bot.inject_api_fault("status", "GET", "/appointments", status=503, times=3)
        await citizen.phone.say("/book")
        await bot.start()
        await bot.wait_until_idle()
        pending, *_, ticket = (await citizen.messages())[before:]
        assert "Une demande est en cours" in pending.text
        assert "Votre rendez-vous est confirmé" in ticket.text or ticket.has_picture
        assert len(await citizen.appointments()) == 1


async def test_a_session_on_which_our_code_fails_does_not_silence_its_chat(tmp_path: Path) -> None:
    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await citizen.reaches_summary()
        await bot.stop()
        rewrite_session(
            bot, citizen.id, lambda text: text.replace('"touched":"', '"touched":"2026-03-02T08:00Z","x":"')
        )
        await bot.start()
        assert "Auprès de quelle administration" in (await citizen.says("/start")).text
        assert await citizen.books()


async def test_a_ticket_whose_view_fails_is_told_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise KeyError("ticket.booked")

    async with running_bot(tmp_path) as bot:
        citizen = await bot.citizen()
        await citizen.reaches_summary()
        monkeypatch.setattr("bot.views.appointments.ticket_shown", broken)
        await citizen.taps_on("Confirmer")
        (made,) = await citizen.appointments()
        told = (await citizen.screen()).text
        assert told.startswith("✅ Rendez-vous confirmé / Appointment confirmed\nN° ")
        for fact in (str(made["id"]), "02/03/2026", "Passport", "Aïssatou Bah", made["qrCode"]):
            assert fact in told
