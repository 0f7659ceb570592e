"""Unexpected or hostile input gets an answer with the next step, and does no harm."""

import random
from pathlib import Path

import pytest

from bot.sandbox.moncreneau import Department, Organization, Worker
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot, running_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")
REFUSED_NAMES = {
    "A": "trop court",
    "É.": "trop court",
    "A" * 200: "trop long : 100 caractères au plus",
    "Fatoumata Binta 2": "chiffres",
    "Ⅻ Camara": "chiffres",
    "٣ Camara": "chiffres",
    "Aïssatou 😀": "lettres, des espaces, des traits d’union, des apostrophes et des points",
    "<b>Aïssatou</b>": "lettres, des espaces",
    "Bah; DROP TABLE chats": "lettres, des espaces",
    "Bah_Aïssatou*": "lettres, des espaces",
    "{name} %s": "lettres, des espaces",
    "\u200f\u200f": "vide",
    "\u200b\u2060\ufeff": "vide",
    "\u3164\u3164": "vide",
    "---": "trop court",
}
GOOD_NAMES = {
    "Aïssatou Bah": "Aïssatou Bah",
    "N'Diaye": "N'Diaye",
    "N’Diaye": "N’Diaye",
    "Mamadou-Saliou": "Mamadou-Saliou",
    "Aïssatou\nBah": "Aïssatou Bah",
    "  Aïssatou \t  Bah ": "Aïssatou Bah",
    "\u202eAïssatou\u202c Bah\u200f": "Aïssatou Bah",
    "Ai\u0308ssatou Bah": "Aïssatou Bah",
    "ߡߊߡߊߘߎ ߞߎߙߎߡߊ": "ߡߊߡߊߘߎ ߞߎߙߎߡߊ",
    "𞤀𞤢𞤥𞤢𞤣𞤵": "𞤀𞤢𞤥𞤢𞤣𞤵",
}


async def test_a_name_that_cannot_be_one_is_refused_with_its_reason_and_asked_again(aissatou: Citizen) -> None:
    await aissatou.reaches_name()
    for name, reason in REFUSED_NAMES.items():
        screen = await aissatou.says(name)
        assert reason in screen.text.replace("\xa0", " "), f"{name!r}: {screen.text}"
        assert "Pour qui est le rendez-vous" in screen.text, "the question stands there again"
        assert "lundi 2 mars à" in screen.text, "nothing that was chosen is lost"
    assert "Vérifiez" in (await aissatou.says("Aïssatou Bah")).text


async def test_names_as_they_are_written_in_guinea_pass(aissatou: Citizen) -> None:
    for name, written in GOOD_NAMES.items():
        summary = await aissatou.reaches_summary(name)
        assert f"👤 Nom : {written}\n" in summary.text.replace("\xa0", " ") + "\n", name
        await aissatou.says("/stop")


async def test_an_update_with_an_empty_text_is_answered_too(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_name()
    for text in ("", "   ", "\n"):
        person = {"id": aissatou.id, "is_bot": False, "first_name": "A", "language_code": "fr"}
        chat = {"id": aissatou.id, "type": "private"}
        await bot.services.inject_updates(
            {"message": {"message_id": 9, "date": 0, "chat": chat, "from": person, "text": text}}
        )
        await bot.wait_until_idle()
        assert "Ce nom est vide" in (await aissatou.screen()).text


@pytest.mark.parametrize(
    "number", ["-5", "abc", "12 34", "1e5", "9" * 400, "１２３", "0", "<b>5</b>", "../../etc", "5; DELETE"]
)
async def test_an_invalid_appointment_number_leads_to_the_list(aissatou: Citizen, number: str) -> None:
    await aissatou.says("/start")
    screen = await aissatou.says(f"/cancel {number}")
    assert "Ce n’est pas un numéro de rendez-vous." in screen.text
    assert any("Nouveau rendez-vous" in each for each in screen.labels)


@pytest.mark.parametrize("number", ["999999999999999", "1", "#77", "00012"])
async def test_a_number_that_nobody_has_gets_one_and_the_same_answer(aissatou: Citizen, number: str) -> None:
    await aissatou.says("/start")
    assert "Aucun de vos rendez-vous ne porte ce numéro." in (await aissatou.says(f"/cancel {number}")).text


async def test_forged_callback_data_of_any_bytes_changes_nothing(aissatou: Citizen) -> None:
    summary = await aissatou.reaches_summary()
    screen = summary.buttons[0].data.partition(".")[0]
    chance = random.Random(7)  # noqa: S311 — the same forgeries in every run
    forged = [bytes(chance.randrange(256) for _ in range(chance.randrange(1, 65))).decode("latin-1") for _ in range(25)]
    forged += [
        f"{screen}.{each}" for each in ("", "d:5", "day:20260303", "t:20260303T0800", "n:99", "w:42", "p:-1", "yes")
    ]
    forged += ["*.x:99999999999999", "*.ticket:1", "*.l:../../../etc", "*.l:xx", "*.", ".", "..", "0.ok", "-1.ok"]
    forged += [f"{int(screen) + 1}.ok", f"{'9' * 60}.ok", "ok", "\x00", "💥" * 16, "\u202e" * 20]
    for data in forged:
        await aissatou.presses(summary, data)
    assert await aissatou.appointments() == []
    await aissatou.says("/stop")
    assert await aissatou.books(), "and the chat is as well as ever"


async def test_buttons_of_another_flow_do_not_act_here(aissatou: Citizen) -> None:
    days = await aissatou.reaches_days()
    screen = days.buttons[0].data.partition(".")[0]
    for action in ("ok", "yes", "x:1", "n:0", "giveup", "pm", "w:42", "p:999999999999999"):
        await aissatou.presses(days, f"{screen}.{action}")
        assert "Choisissez un jour" in (await aissatou.screen()).text, action
        screen = (await aissatou.screen()).buttons[0].data.partition(".")[0]
    assert await aissatou.appointments() == []


async def test_everything_shown_is_escaped(tmp_path: Path) -> None:
    evil = '<b>x</b> & <a href="tg://user?id=1">y</a> {n} %s'
    offices = tuple(
        Department(
            number,
            f"{number} {evil}",
            Organization(number, f"O{number} {evil}"),
            shows_admins=number == 1,
            workers=(Worker(1, f"W {evil}"), Worker(2, "Z")),
        )
        for number in (1, 2)
    )
    async with running_bot(tmp_path, departments=offices, public_url="https://x.gn/?a=1&b=<i>2</i>") as bot:
        citizen = await bot.citizen("fr", "<i>Fatou</i>", "& Co {name}")
        assert "Bonjour <i>Fatou</i>" in (await citizen.says("/start")).text
        listed = await citizen.says("/book")
        assert f"1 {evil}"[:12] in listed.labels[0]
        assert "Aucun service" in (await citizen.says("<u>&amp;")).text
        assert "Recherche" in (await citizen.says("<i>href")).text
        workers = await citizen.taps_on("1 <b>x</b>")
        assert f"1 {evil}" in workers.text
        await citizen.taps_on("W <b>")
        await citizen.taps_on("⏱")
        assert f"W {evil}" in (await citizen.says("Aïssatou Bah")).text
        ticket = await citizen.taps_on("Confirmer")
        assert f"1 {evil}" in ticket.text
        assert "https://x.gn/?a=1&b=<i>2</i>/qr/" in ticket.text
        assert f"1 {evil}"[:30] in (await citizen.says("/appointments")).text
        assert f"O1 {evil}" in (await citizen.says("/cancel")).text
        assert f"1 {evil}" in (await citizen.taps_on("Oui, annuler")).text
        assert bot.app.outbox.failed == 0, "Telegram took every message"
