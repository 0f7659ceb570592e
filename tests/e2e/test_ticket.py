"""The ticket and its picture: complete without it, and never the worse for its failing."""

import json
from pathlib import Path

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.pictures import download, file_ids, read_qr
from tests.e2e.running_bot import RunningBot, running_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")
LINK = "https://moncreneau.gn/qr/{}"


async def test_the_ticket_says_everything_that_must_be_known(aissatou: Citizen) -> None:
    number = await aissatou.books()
    ticket = (await aissatou.screen()).text.replace("\xa0", " ")
    assert ticket == (
        "✅ Votre rendez-vous est confirmé.\n\n"
        "🏢 Service : Passport Service\n"
        "🏛 Administration : Ministry of Interior\n"
        "📅 lundi 2 mars à 08:00 (heure de Conakry)\n"
        "👤 Nom : Aïssatou Bah\n"
        f"🎫 Numéro : {number}\n\n"
        "ℹ️ Passport issuance\n\n"
        f"🔗 QR code à présenter :\n{LINK.format(number)}"
    )


async def test_the_picture_is_the_link_as_a_qr_code(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    (picture,) = [each for each in await aissatou.messages() if each.has_picture]
    assert f"Numéro\xa0: {number}" in picture.text
    (file_id,) = await file_ids(aissatou)
    assert read_qr(await download(bot, file_id)).text == LINK.format(number)


async def test_the_same_picture_is_not_uploaded_twice(aissatou: Citizen) -> None:
    await aissatou.books()
    await aissatou.says("/appointments")
    await aissatou.taps_on("🎫")
    first, second = await file_ids(aissatou)
    assert first == second


async def test_a_picture_that_is_refused_never_harms_the_booking(bot: RunningBot, aissatou: Citizen) -> None:
    await bot.services.inject_faults(telegram=[{"kind": "status", "method": "sendPhoto", "status": 400}])
    await aissatou.books()
    assert "Votre rendez-vous est confirmé" in (await aissatou.screen()).text
    assert not [each for each in await aissatou.messages() if each.has_picture]
    assert "Mes rendez-vous" in str((await aissatou.says("/start")).labels), "and the chat goes on"


async def test_a_picture_that_failed_in_passing_comes_later(bot: RunningBot, aissatou: Citizen) -> None:
    await bot.services.inject_faults(telegram=[{"kind": "html", "method": "sendPhoto", "times": 1}])
    await aissatou.books()
    assert len([each for each in await aissatou.messages() if each.has_picture]) == 1


async def test_a_link_too_long_for_any_picture_harms_nothing(tmp_path: Path) -> None:
    async with running_bot(tmp_path, public_url=f"https://moncreneau.gn/{'x' * 3000}") as bot:
        citizen = await bot.citizen()
        await citizen.books()
        assert "confirmé" in (await citizen.screen()).text
        assert "Auprès de quelle administration" in (await citizen.says("/start")).text, "the chat goes on"
        await bot.restart()
        assert "Auprès de quelle administration" in (await citizen.says("/start")).text, "after a restart too"


@pytest.mark.parametrize(
    ("status", "said"),
    [("PENDING_PAYMENT", "Il reste à payer"), ("ON_HOLD", "à vérifier auprès du service"), (7, "à vérifier")],
)
async def test_other_statuses_and_unknown_fields_are_survived(
    bot: RunningBot, aissatou: Citizen, status: object, said: str
) -> None:
    answer = {
        "id": 777,
        "departmentId": 5,
        "dateTime": "2026-03-02T08:00:00",
        "status": status,
        "name": "Aïssatou Bah",
        "mood": {"new": ["field"]},
    }
    await aissatou.reaches_summary()
    await bot.inject_api_fault("garbage", "POST", "/appointments", body=json.dumps(answer), status=201)
    ticket = await aissatou.taps_on("Confirmer")
    assert said in ticket.text
    assert "Numéro\xa0: 777" in ticket.text
    assert "Pas de QR code" in ticket.text
    assert not [each for each in await aissatou.messages() if each.has_picture]
