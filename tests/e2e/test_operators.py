"""Operators have `/status`, and get one alert per issue, however many citizens meet it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.i18n import Translators
from bot.sandbox.serving import serving
from bot.sandbox.telegram.config import ADMIN_ID
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.phone import Phone
from tests.e2e.running_bot import RunningBot, running_bot, stopped_bot
from tests.e2e.waiting import eventually

FRENCH = Translators.load().get("fr")
NOBODY = 424_242
USED_UP, CREDITS_BACK = "Les crédits moncreneau sont épuisés", "Les réservations marchent de nouveau"
REFUSES, ACCEPTS = "L’API moncreneau refuse notre clé", "L’API moncreneau accepte de nouveau notre clé."
DENIED, GRANTED = "refuse à notre clé l’accès à un service", "accepte de nouveau notre clé pour ce service"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path, capacity=1000) as started:
        yield started


@pytest.fixture
async def admin(bot: RunningBot) -> Citizen:
    """The admin of the settings, who has met the bot."""
    admin = Citizen(Phone(bot.services.telegram, ADMIN_ID), bot.wait_until_idle, bot.services)
    await admin.says("/start")
    return admin


async def credit(bot: RunningBot, balance: int) -> None:
    (await bot.services.moncreneau.post("/__sandbox/credits", json={"credits": balance})).raise_for_status()


async def heard(admin: Citizen, words: str) -> int:
    """How often the admin was told that."""
    return sum(words in each.text for each in await admin.messages())


async def hears(admin: Citizen, words: str, times: int = 1) -> None:
    async def look() -> bool:
        return await heard(admin, words) >= times

    await eventually(f"the admin hears {words!r}", look)
    assert await heard(admin, words) == times


async def confirmed_at(citizen: Citizen, department: str) -> str:
    await citizen.reaches_summary(department=department)
    return (await citizen.taps_on(CONFIRM)).text


async def confirmed(citizen: Citizen) -> str:
    await citizen.reaches_summary()
    return (await citizen.taps_on(CONFIRM)).text


async def test_status_shows_an_admin_the_state_of_the_bot_and_its_services(bot: RunningBot, admin: Citizen) -> None:
    citizen = await bot.citizen()
    await citizen.books()
    text = (await admin.says("/status")).text
    for words in (
        "État du bot",
        "✅ L’API moncreneau répond.",
        "renouvelées à 08:30 (heure de Conakry)",
        "Requêtes par réservation aujourd’hui",
        "(requêtes : 3, réservations : 1)",
        "Messages mis de côté après une erreur de notre part",
        "✅ Telegram répond.",
        "✅ La base de données accepte les écritures.",
        "aucune depuis le démarrage",
    ):
        assert words in text.replace("\u00a0", " ")


async def test_statistics_come_in_words_and_as_a_file_and_survive_a_restart(bot: RunningBot, admin: Citizen) -> None:
    citizen = await bot.citizen()
    await citizen.books()
    await bot.restart()
    await admin.says("/stats")
    words, file = (await admin.messages())[-2:]
    assert "Rendez-vous pris : 1" in words.text.replace("\u00a0", " ")
    assert "service par service" in file.text
    kept = [each["message"] for each in await admin.phone.transcript() if each["by_bot"]]
    (document,) = [each["document"] for each in kept if "document" in each]
    answer = await bot.services.telegram.get(f"/__sandbox/page/files/{document['file_id']}")
    header, row = answer.content.decode("utf-8-sig").splitlines()
    assert dict(zip(header.split(","), row.split(","), strict=True))["booked"] == "1"
    assert str(citizen.id) not in answer.text


async def test_a_blocked_citizen_books_nothing_further_and_is_told_what_is_left(
    bot: RunningBot, admin: Citizen
) -> None:
    citizen, other = await bot.citizen(), await bot.citizen()
    number = await citizen.books()
    await citizen.reaches_summary()
    assert "ne peut plus" in (await admin.says(f"/block telegram:{citizen.id}")).text
    refused = await citizen.taps_on(CONFIRM)
    assert "ne vous permet plus de prendre de nouveaux rendez-vous" in refused.text
    assert "adressez-vous au service" in refused.text
    await bot.restart()
    refused = await citizen.reaches_days()
    assert "ne vous permet plus" in refused.text, "told on choosing the department"
    await citizen.says("/appointments")
    await citizen.taps_on("Déplacer")
    await citizen.taps_on("⏱")
    await citizen.taps_on("✅")
    assert [each["status"] for each in await citizen.appointments()] == ["CANCELLED", "SCHEDULED"]
    await other.books()
    listed = (await admin.says("/blocked")).text
    assert str(citizen.id) in listed
    assert str(other.id) not in listed
    assert "de nouveau" in (await admin.says(f"/unblock {citizen.id}")).text
    assert await citizen.books(name="Mamadou Bah") > number
    assert "/blocked" not in (await citizen.says("/help")).text


async def test_the_figures_of_the_day_survive_a_restart(bot: RunningBot, admin: Citizen) -> None:
    await (await bot.citizen()).books()
    await bot.restart()
    text = (await admin.says("/status")).text.replace("\u00a0", " ")
    assert "(requêtes : 4, réservations : 1)" in text


async def test_the_last_error_is_named_by_its_code_alone(bot: RunningBot, admin: Citizen) -> None:
    await bot.inject_api_fault("error_code", "POST", "/appointments", code="INVALID_FIELD_VALUE", times=1)
    await confirmed(await bot.citizen())
    assert "400 INVALID_FIELD_VALUE" in (await admin.says("/status")).text


async def test_to_others_the_status_command_is_an_unknown_command(bot: RunningBot) -> None:
    citizen = await bot.citizen()
    unknown = (await citizen.says("/nonsense")).text
    assert (await citizen.says("/status")).text == unknown
    assert not [each for each in await commands(bot, citizen.id) if each["command"] == "status"]


async def test_the_menu_of_admins_has_the_status_command(bot: RunningBot, admin: Citizen) -> None:
    async def listed() -> bool:
        return any(each["command"] == "status" for each in await commands(bot, admin.id))

    await eventually("the admin's menu has it", listed)


async def commands(bot: RunningBot, chat_id: int) -> list[dict[str, Any]]:
    answer = await bot.services.telegram.post(
        f"/bot{bot.settings.telegram_bot_token.get_secret_value()}/getMyCommands",
        json={"scope": {"type": "chat", "chat_id": chat_id}},
    )
    found: list[dict[str, Any]] = answer.json()["result"]
    return found


async def test_used_up_credits_are_one_notice_and_their_return_another(bot: RunningBot, admin: Citizen) -> None:
    await credit(bot, 0)
    citizens = [await bot.citizen() for _ in range(3)]
    for citizen in citizens:
        refusal = await confirmed(citizen)
        assert FRENCH.label("problem.out_of_credits") in refusal
        assert "Aïssatou Bah" in refusal, "the draft is kept"
    await hears(admin, USED_UP)
    await bot.restart()
    assert FRENCH.label("problem.out_of_credits") in (await citizens[0].taps_on("Réessayer")).text
    await credit(bot, 100)
    for citizen in citizens:
        assert "Votre rendez-vous est confirmé" in (await citizen.taps_on("Réessayer")).text
    await hears(admin, CREDITS_BACK)
    assert await heard(admin, USED_UP) == 1, "neither a restart nor another citizen tells it twice"


async def test_used_up_credits_refuse_a_move_with_one_notice(bot: RunningBot, admin: Citizen) -> None:
    """The API wants a credit for the new appointment, although the old one would give one back."""
    citizens = [await bot.citizen() for _ in range(2)]
    for citizen in citizens:
        await citizen.books()
        await citizen.taps_on("🔁 Déplacer")
        await citizen.taps_on("⏱")
    await credit(bot, 0)
    for citizen in citizens:
        refusal = (await citizen.taps_on(CONFIRM)).text
        assert FRENCH.label("problem.out_of_credits") in refusal
        assert refusal.endswith("reste valable.")
        assert [each["status"] for each in await citizen.appointments()] == ["SCHEDULED"]
    await hears(admin, USED_UP)
    await credit(bot, 100)
    await citizens[0].taps_on("Réessayer")
    await hears(admin, CREDITS_BACK)
    assert await heard(admin, USED_UP) == 1
    assert sorted(each["status"] for each in await citizens[0].appointments()) == ["CANCELLED", "SCHEDULED"]


async def test_an_issue_that_began_before_a_restart_ends_after_it(bot: RunningBot, admin: Citizen) -> None:
    await credit(bot, 0)
    citizen = await bot.citizen()
    await confirmed(citizen)
    await hears(admin, USED_UP)
    await credit(bot, 100)
    await bot.restart()
    assert await heard(admin, CREDITS_BACK) == 0, "nobody has tried yet"
    await citizen.taps_on("Réessayer")
    await hears(admin, CREDITS_BACK)


@pytest.mark.parametrize("code", ["EXPIRED_API_KEY", "INSUFFICIENT_SCOPE"])
async def test_a_key_that_is_refused_is_one_notice_and_its_return_another(
    bot: RunningBot, admin: Citizen, code: str
) -> None:
    await bot.inject_api_fault("error_code", "POST", "/appointments", code=code)
    citizens = [await bot.citizen() for _ in range(2)]
    for citizen in citizens:
        refusal = await confirmed(citizen)
        assert FRENCH.label("problem.no_access") in refusal
        assert "Aïssatou Bah" in refusal, "the draft is kept"
    await hears(admin, REFUSES)
    await bot.services.clear_faults()
    assert "Votre rendez-vous est confirmé" in (await citizens[0].taps_on("Réessayer")).text
    await hears(admin, ACCEPTS)
    assert await heard(admin, REFUSES) == 1


async def test_a_department_that_is_denied_is_one_notice_that_names_it_and_one_when_it_works_again(
    bot: RunningBot, admin: Citizen
) -> None:
    await bot.inject_api_fault("error_code", "GET", "/departments/5/availability", code="DEPARTMENT_ACCESS_DENIED")
    citizens = [await bot.citizen() for _ in range(2)]
    for citizen in citizens:
        assert FRENCH.label("problem.department_gone") in (await citizen.reaches_days()).text
    await hears(admin, DENIED)
    (notice,) = [each.text for each in await admin.messages() if DENIED in each.text]
    assert "(5)" in notice
    assert "Passport" in notice
    assert DENIED in (await admin.says("/status")).text
    await bot.restart()
    assert "Votre rendez-vous est confirmé" in await confirmed_at(citizens[0], "ID Card"), "the others can be booked"
    await bot.services.clear_faults()
    await citizens[1].reaches_days()
    await hears(admin, GRANTED)
    assert DENIED not in (await admin.says("/status")).text
    assert await heard(admin, REFUSES) == 0


async def test_status_probes_the_api_if_the_last_request_was_long_ago(bot: RunningBot, admin: Citizen) -> None:
    with bot.clock.put_forward(minutes=10):
        text = (await admin.says("/status")).text.replace("\u00a0", " ")
        assert "✅ L’API moncreneau répond." in text
        assert "Dernière réponse : lun. 2 mars à 07:4" in text
    with bot.clock.put_forward(minutes=20):
        await bot.inject_api_fault("html", "GET", "/departments")
        text = (await admin.says("/status")).text.replace("\u00a0", " ")
        assert "⚠️ L’API moncreneau ne répond pas." in text
        assert "Dernière réponse : lun. 2 mars à 07:4" in text
        await bot.services.clear_faults()
        assert "✅ L’API moncreneau répond." in (await admin.says("/status")).text


async def test_a_429_that_says_nothing_but_how_long_to_wait_is_obeyed_by_the_next_process(tmp_path: Path) -> None:
    def bare(_request: Request) -> Response:
        return Response(status_code=429, headers={"Retry-After": "7200"})

    async with stopped_bot(tmp_path) as bot, serving(Starlette(routes=[Route("/{path:path}", bare)])) as url:
        for _ in range(2):
            await bot.stop()
            await bot.start(moncreneau_api_url=f"{url}/api/v1")
        admin = Citizen(Phone(bot.services.telegram, ADMIN_ID), bot.wait_until_idle, bot.services)
        assert "rien n’est envoyé avant le lun. 2 mars à 09:3" in (await admin.says("/status")).text
        citizen = await bot.citizen()
        assert "09:3" in (await citizen.says("/book")).text
        assert (await bot.services.ledger())["requests"] == {}


async def test_an_english_admin_reads_english(bot: RunningBot, admin: Citizen) -> None:
    await admin.says("/language")
    await admin.taps_on("English")
    await credit(bot, 0)
    await confirmed(await bot.citizen())
    await hears(admin, "The moncreneau credits are used up")
    assert "Bot status" in (await admin.says("/status")).text


async def test_an_admin_who_never_started_the_bot_does_not_delay_alerts_to_others(tmp_path: Path) -> None:
    async with running_bot(tmp_path, capacity=1000) as bot:
        await bot.stop()
        await bot.start(admin_ids=frozenset({NOBODY, ADMIN_ID}))
        admin = Citizen(Phone(bot.services.telegram, ADMIN_ID), bot.wait_until_idle, bot.services)
        await admin.says("/start")
        await credit(bot, 0)
        citizen = await bot.citizen()
        await confirmed(citizen)
        await hears(admin, USED_UP)
        await credit(bot, 100)
        assert "Votre rendez-vous est confirmé" in (await citizen.taps_on("Réessayer")).text
        await hears(admin, CREDITS_BACK)
        await bot.wait_until_idle()
