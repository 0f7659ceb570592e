"""Broadcasts end to end over HTTP: composing, preview, confirmation, delivery, report."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.admin import Admin, citizens, heard_by, tally
from tests.e2e.running_bot import RunningBot, running_bot
from tests.e2e.waiting import eventually

TEXT = "Les bureaux ferment *demain* à <b>12 h</b> & rouvrent lundi."


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path) as each:
        yield each


@pytest.fixture
async def admin(bot: RunningBot) -> Admin:
    return Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)


async def test_everyone_who_started_the_bot_gets_it_and_the_admin_gets_a_report(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 5)
    await admin.broadcasts(TEXT)
    report = await admin.report()
    assert {int(each["chat_id"]) for each in report} == {each.chat_id for each in people}
    assert tally(report) == {"sent": 5}
    assert set(report[0]) == {"chat_id", "status", "reason"}
    for each in people:
        assert len(await heard_by(each, TEXT)) == 1


async def test_characters_that_look_like_formatting_arrive_as_typed(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.broadcasts(TEXT)
    await admin.report()
    (message,) = await heard_by(citizen, "bureaux")
    assert message["text"] == TEXT
    assert "entities" not in message


async def test_formatting_arrives_as_the_admin_made_it(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    entities = [{"type": "bold", "offset": 0, "length": 7}]
    await admin.says("/broadcast")
    await admin.sends_raw(text="Bonjour tous", entities=entities)
    await admin.presses_button("one")
    await admin.presses_button("all")
    (preview,) = await heard_by(admin.phone, "Bonjour tous")
    await admin.presses_button("now")
    await admin.presses_button("go")
    await admin.report()
    (message,) = await heard_by(citizen, "Bonjour tous")
    assert message["entities"] == entities
    assert (preview["text"], preview["entities"]) == (message["text"], message["entities"])
    assert preview["reply_markup"] == message["reply_markup"]


async def test_formatting_of_every_kind_arrives_unchanged(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    text = "👨‍👩‍👧 gras italique 🇬🇳 code bloc cité caché lien @ici Mme Bah 👍 fin"

    def part(kind: str, words: str, **more: object) -> dict[str, object]:
        offset, length = (len(each.encode("utf-16-le")) // 2 for each in (text[: text.index(words)], words))
        return {"type": kind, "offset": offset, "length": length, **more}

    somebody = {"id": citizen.chat_id, "is_bot": False, "first_name": "Mme Bah"}
    entities = [
        part("bold", "gras italique"),
        part("italic", "italique"),
        part("underline", "🇬🇳"),
        part("code", "code"),
        part("pre", "bloc", language="python"),
        part("expandable_blockquote", "cité caché"),
        part("spoiler", "caché"),
        part("text_link", "lien", url="https://moncreneau.gn/?a=1&b=2"),
        part("mention", "@ici"),
        part("text_mention", "Mme Bah", user=somebody),
        part("custom_emoji", "👍", custom_emoji_id="5368324170671202286"),
        part("strikethrough", "fin"),
    ]
    await admin.says("/broadcast")
    await admin.sends_raw(text=text, entities=entities, link_preview_options={"is_disabled": True})
    await admin.presses_button("one")
    await admin.presses_button("all")
    (preview,) = await heard_by(admin.phone, "gras italique")
    await admin.presses_button("now")
    await admin.presses_button("go")
    await admin.report()
    (message,) = await heard_by(citizen, "gras italique")
    for each in (preview, message):
        assert each["text"] == text
        assert each["entities"] == entities
    assert preview["reply_markup"] == message["reply_markup"]


@pytest.mark.parametrize("what", ["photo", "document"])
async def test_a_photo_or_document_goes_out_with_its_caption(bot: RunningBot, admin: Admin, what: str) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.says("/broadcast")
    await admin.sends(what, caption="Nouvelle adresse")
    await admin.presses_button("one")
    await admin.presses_button("all")
    await admin.presses_button("now")
    await admin.presses_button("go")
    await admin.report()
    (message,) = await heard_by(citizen, "Nouvelle adresse")
    assert message[what]


async def test_each_citizen_gets_their_language(bot: RunningBot, admin: Admin) -> None:
    (french,) = await citizens(bot, 1, "fr")
    (english,) = await citizens(bot, 1, "en")
    await admin.says("/broadcast")
    await admin.says("Fermé demain")
    await admin.presses_button("is")
    await admin.says("Closed tomorrow")
    review = await admin.presses_button("all")
    assert "2" in review.text
    assert await heard_by(admin.phone, "Fermé demain")
    assert await heard_by(admin.phone, "Closed tomorrow")
    await admin.presses_button("now")
    await admin.presses_button("go")
    await admin.report()
    assert len(await heard_by(french, "Fermé demain")) == 1
    assert len(await heard_by(english, "Closed tomorrow")) == 1
    assert not await heard_by(french, "Closed tomorrow")


async def test_only_citizens_with_an_upcoming_appointment_in_the_department_get_it(
    bot: RunningBot, admin: Admin
) -> None:
    visitor = await bot.citizen()
    await visitor.books()
    cancelled = await bot.citizen()
    number = await cancelled.books()
    await cancelled.says(f"/cancel {number}")
    await cancelled.taps_on("Oui, annuler")
    await citizens(bot, 2)
    await admin.says("/broadcast")
    await admin.says("Apportez votre dossier")
    await admin.presses_button("one")
    await admin.presses_button("office")
    shown, data = await admin.button("office")
    passports = next(each for each in shown.buttons if "Passport" in each.label)
    before = await admin.phone.look(everything=True)
    await admin.presses_blindly(shown, passports.data)
    await eventually("the review is there", lambda: _grew(admin, len(before)))
    await admin.presses_button("now")
    await admin.presses_button("go")
    assert [int(each["chat_id"]) for each in await admin.report()] == [visitor.id]
    assert data


async def test_an_appointment_cancelled_by_the_office_no_longer_counts(bot: RunningBot, admin: Admin) -> None:
    visitor, other = await bot.citizen(), await bot.citizen()
    number = await visitor.books()
    kept = await other.books()
    (booked,) = [each for each in await other.appointments() if each["id"] == kept]
    cancelled = {"status": "CANCELLED"}
    (await bot.services.moncreneau.post(f"/__sandbox/appointments/{number}/status", json=cancelled)).raise_for_status()
    with bot.clock.put_forward(minutes=1):  # a list may be ten seconds old: it says nothing of a younger booking
        await visitor.says("/appointments")
    await admin.says("/broadcast")
    await admin.says("Le bureau déménage")
    await admin.presses_button("one")
    await admin.presses_button("days")
    assert "1 destinataire" in (await admin.says(booked["dateTime"][:10])).text


async def _grew(admin: Admin, before: int) -> bool:
    return len(await admin.phone.look(everything=True)) > before + 1


async def test_only_citizens_with_an_appointment_on_these_days_get_it(bot: RunningBot, admin: Admin) -> None:
    visitor = await bot.citizen()
    number = await visitor.books()
    (booked,) = [each for each in await visitor.appointments() if each["id"] == number]
    await citizens(bot, 2)
    await admin.says("/broadcast")
    await admin.says("Le bureau déménage")
    await admin.presses_button("one")
    await admin.presses_button("days")
    await admin.says(booked["dateTime"][:10])
    await admin.presses_button("now")
    await admin.presses_button("go")
    assert [int(each["chat_id"]) for each in await admin.report()] == [visitor.id]


async def test_the_confirmation_states_the_number_and_pressed_twice_sends_once(bot: RunningBot, admin: Admin) -> None:
    people = await citizens(bot, 3)
    await admin.composes()
    question = await admin.presses_button("now")
    assert "3" in question.text
    shown, data = await admin.button("go")
    await admin.presses_blindly(shown, data)
    await admin.presses_blindly(shown, data)
    await admin.phone.resend()
    await admin.report()
    await bot.wait_until_idle()
    for each in people:
        assert len(await heard_by(each, "Bonjour à tous")) == 1


async def test_nobody_else_can_tell_that_the_command_exists(bot: RunningBot) -> None:
    stranger = await bot.citizen()
    await stranger.says("/start")
    unknown = await stranger.says("/nonsense")
    for command in ("/broadcast", "/broadcasts"):
        assert (await stranger.says(command)).text == unknown.text
    forged = await stranger.screen()
    await stranger.presses(forged, "*.bc:1:stop")
    await stranger.presses(forged, "*.bc:1.0:go:")
    assert "annonce" not in (await stranger.screen()).text.lower()


async def test_an_announcement_at_a_chosen_time_waits_for_it_over_a_restart(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.composes()
    await admin.presses_button("later")
    await admin.says("02/03/2026 09:00")
    await admin.presses_button("go")
    await admin.sees("programmée", "09:00")
    await bot.restart()
    assert not await heard_by(citizen, "Bonjour à tous")
    with bot.clock.put_forward(hours=3):
        await bot.restart()
        assert tally(await admin.report()) == {"sent": 1}
    assert len(await heard_by(citizen, "Bonjour à tous")) == 1


async def test_composing_survives_a_restart(bot: RunningBot, admin: Admin) -> None:
    (citizen,) = await citizens(bot, 1)
    await admin.composes()
    await bot.restart()
    await admin.presses_button("now")
    await admin.presses_button("go")
    await admin.report()
    assert len(await heard_by(citizen, "Bonjour à tous")) == 1


async def test_an_admin_who_composes_can_book_meanwhile(admin: Admin) -> None:
    await admin.says("/broadcast")
    await admin.says("/book")
    answer = await admin.says("Passport")
    assert "Passport" in answer.text
    resumed = await admin.says("/broadcast")
    assert "commencé" in resumed.text
