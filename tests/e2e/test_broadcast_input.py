"""Input that cannot be broadcast gets a clear answer in the admin's language."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.admin import Admin, citizens, heard_by
from tests.e2e.running_bot import RunningBot, running_bot


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path) as each:
        yield each


@pytest.fixture
async def admin(bot: RunningBot) -> Admin:
    return Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)


async def test_a_too_long_text_is_told_the_limit(admin: Admin) -> None:
    await admin.says("/broadcast")
    assert "4096" in (await admin.sends_raw(text="x" * 4097)).text


async def test_a_too_long_caption_is_told_the_limit(admin: Admin) -> None:
    await admin.says("/broadcast")
    assert "1024" in (await admin.sends("photo", caption="x" * 1025)).text


@pytest.mark.parametrize("what", ["poll", "sticker", "voice", "location"])
async def test_an_unsupported_message_is_told_what_works(admin: Admin, what: str) -> None:
    await admin.says("/broadcast")
    answer = await admin.sends(what)
    assert "texte" in answer.text
    assert "photo" in answer.text
    assert "document" in answer.text


async def test_a_text_that_begins_with_a_slash_is_told_what_to_do(admin: Admin) -> None:
    await admin.says("/broadcast")
    assert "Mettez quelque chose devant" in (await admin.says("/demain le service est fermé")).text
    assert "langue" in (await admin.says("📣 /demain le service est fermé")).text


async def test_an_album_is_refused(admin: Admin) -> None:
    await admin.says("/broadcast")
    photo = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
    assert "album" in (await admin.sends_raw(photo=photo, media_group_id="1")).text


async def test_an_empty_audience_is_explained(bot: RunningBot, admin: Admin) -> None:
    await citizens(bot, 1, "fr")
    await admin.says("/broadcast")
    await admin.says("Hello")
    await admin.presses_button("one")
    await admin.presses_button("days")
    assert "personne" in (await admin.says("01/01/2031")).text


async def test_a_time_in_the_past_is_explained(bot: RunningBot, admin: Admin) -> None:
    await citizens(bot, 1)
    await admin.composes()
    await admin.presses_button("later")
    assert "passé" in (await admin.says("01/03/2026 09:00")).text
    assert "compris" in (await admin.says("bientôt")).text


async def test_a_file_unknown_to_telegram_is_refused_with_its_reason(bot: RunningBot, admin: Admin) -> None:
    await citizens(bot, 1)
    await admin.says("/broadcast")
    photo = [{"file_id": "nonsense", "file_unique_id": "y", "width": 1, "height": 1}]
    await admin.sends_raw(photo=photo, caption="Voir la photo")
    await admin.presses_button("one")
    await admin.presses_button("all")
    await admin.sees("refuse ce message", "file identifier")


async def test_stop_deletes_the_draft(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.composes()
    assert "abandonnée" in (await admin.says("/stop")).text
    await admin.says("/broadcasts")
    assert not await heard_by(citizen, "Bonjour à tous")


async def test_an_english_admin_is_answered_in_english(admin: Admin) -> None:
    await admin.says("/language")
    await admin.presses_button("l:en")
    assert "announcement" in (await admin.says("/broadcast")).text
