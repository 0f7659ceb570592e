"""The staff of a department: their agenda, and announcements to those booked with it; nothing of other departments."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.admin import Admin, heard_by
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.running_bot import RunningBot, stopped_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASSPORTS, ID_CARDS = 5, 8


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    async with stopped_bot(tmp_path_factory.mktemp("staff"), capacity=1000) as stopped:
        await stopped.start()
        yield stopped


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fatou(bot: RunningBot) -> Citizen:
    """The staff of the passport service, who has met the bot."""
    fatou = await bot.citizen(first_name="Fatou")
    await fatou.says("/start")
    await bot.stop()
    bot.settings = bot.settings.model_copy(update={"staff": frozenset({(PASSPORTS, fatou.id)})})
    await bot.start()
    return fatou


async def test_staff_see_their_day_without_names_and_citizens_do_not(bot: RunningBot, fatou: Citizen) -> None:
    aissatou, mamadou = await bot.citizen(), await bot.citizen(first_name="Mamadou")
    mine, others = await aissatou.books(), await mamadou.books(department="ID Card")
    bot.clock.pass_(timedelta(minutes=2))  # the list was read at the start
    agenda = await fatou.says("/agenda")
    assert "Passport Service" in agenda.text
    assert str(mine) in agenda.text
    assert str(others) not in agenda.text
    assert "Aïssatou" not in agenda.text
    requests = (await bot.services.ledger())["requests"]["GET /appointments"]
    await fatou.says("/agenda aujourd'hui")
    assert (await bot.services.ledger())["requests"]["GET /appointments"] == requests, "a minute old serves again"
    assert "Aucun rendez-vous ce jour-là." in (await fatou.says("/agenda dimanche")).text
    assert "/agenda" in (await fatou.says("/help")).text
    unknown = (await mamadou.says("/nonsense")).text
    assert (await mamadou.says("/agenda")).text == unknown
    assert (await fatou.says("/status")).text == unknown


async def test_the_list_comes_in_the_morning_once_and_with_names_if_the_operator_wants_them(
    bot: RunningBot, fatou: Citizen
) -> None:
    kadiatou = await bot.citizen(first_name="Kadiatou")
    await kadiatou.reaches_days()
    await kadiatou.taps_on("Demain")
    await kadiatou.taps_on("10:")
    await kadiatou.says("Kadiatou Camara")
    await kadiatou.taps_on(CONFIRM)
    await bot.stop()
    bot.settings = bot.settings.model_copy(update={"staff_names": True})
    bot.clock.pass_(timedelta(days=1))
    await bot.start()
    await fatou.waits_for("Kadiatou Camara")
    await bot.restart()
    await bot.app.morning_agenda.look()
    await bot.wait_until_idle()
    assert sum("Kadiatou Camara" in each.text for each in await fatou.messages()) == 1, "once, also over restarts"


@pytest_asyncio.fixture(loop_scope="module")
async def staff(bot: RunningBot, fatou: Citizen) -> Admin:
    """Fatou, as she announces."""
    return Admin(bot.services.telegram, fatou.id, bot.wait_until_idle)


async def hears(citizen: Citizen, words: str) -> bool:
    return bool(await heard_by(citizen.phone, words))


async def test_staff_announce_to_those_booked_with_them_and_to_nobody_else(bot: RunningBot, staff: Admin) -> None:
    booked, elsewhere, nowhere = await bot.citizen(), await bot.citizen(), await bot.citizen()
    await booked.books()
    await elsewhere.books(department="ID Card")
    await nowhere.says("/start")
    review = await staff.composes("La climatisation est réparée")
    assert "Rendez-vous à venir : Passport Service" in review.text.replace("\u00a0", " ")
    confirm = await staff.presses_button("now")
    assert "Passport Service" in confirm.text, "the last question names the audience"
    await staff.presses_button("go")
    await staff.sees("terminée")
    assert await hears(booked, "climatisation")
    assert not await hears(elsewhere, "climatisation")
    assert not await hears(nowhere, "climatisation")
    await staff.presses_button("recall")
    await staff.presses_button("recalling")
    await staff.sees("retirée")
    assert not await hears(booked, "climatisation")
    admin = Admin(bot.services.telegram, wait_until_idle=bot.wait_until_idle)
    assert "climatisation" in (await admin.says("/broadcasts")).text
    await admin.says("/broadcast")
    await admin.says("Pour tout le monde")
    await admin.presses_button("one")
    await admin.presses_button("all")
    await admin.presses_button("now")
    await admin.presses_button("go")
    await admin.sees("terminée")
    assert await hears(nowhere, "tout le monde")
    assert "tout le monde" not in (await staff.says("/broadcasts")).text, "staff see what they sent"


async def test_one_tap_tells_those_who_are_booked_on_a_closed_day(
    bot: RunningBot, staff: Admin, tmp_path: Path
) -> None:
    tomorrow, later = await bot.citizen(), await bot.citizen()
    for citizen, day in ((tomorrow, "Demain"), (later, "ven.")):
        await citizen.reaches_days()
        await citizen.taps_on(day)
        await citizen.taps_on("11:")
        await citizen.says("Aïssatou Bah")
        await citizen.taps_on(CONFIRM)
    closed = (bot.clock() + timedelta(days=1)).date()
    file = tmp_path / "departments.toml"
    file.write_text(f'[{PASSPORTS}]\nclosed = ["{closed}"]\n[{ID_CARDS}]\nclosed = ["{closed}"]\n')
    await bot.stop()
    bot.settings = bot.settings.model_copy(update={"departments_file": file})
    await bot.start()
    listed = await staff.says("/closed")
    assert "Passport Service : 1 personne" in listed.text.replace("\u00a0", " ")
    assert "ID Card" not in listed.text
    opened = await staff.presses_button("closed")
    assert "Passport Service" in opened.text
    await staff.says("Fermé demain, choisissez un autre jour")
    await staff.presses_button("one")
    await staff.presses_button("now")
    await staff.presses_button("go")
    await staff.sees("terminée", "Fermé demain")
    assert await hears(tomorrow, "Fermé demain")
    assert not await hears(later, "Fermé demain")


async def test_who_is_staff_no_more_can_no_longer_confirm(bot: RunningBot, staff: Admin) -> None:
    citizen = await bot.citizen()
    await citizen.books()
    await staff.composes("Adieu à tous")
    confirm = await staff.presses_button("now")
    _, go = await staff.button("go")
    await bot.stop()
    bot.settings = bot.settings.model_copy(update={"staff": frozenset()})
    await bot.start()
    await staff.presses_blindly(confirm, go)
    await bot.wait_until_idle()
    assert not await hears(citizen, "Adieu")
