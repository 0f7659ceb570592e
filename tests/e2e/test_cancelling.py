"""`/appointments` and `/cancel`: what the office knows now, a question before anything is done, and honest answers."""

import pytest

from bot.moncreneau.cache import Ages
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "Aucun de vos rendez-vous ne porte ce numéro."


async def _status(bot: RunningBot, number: int, status: str) -> None:
    answer = await bot.services.moncreneau.post(f"/__sandbox/appointments/{number}/status", json={"status": status})
    answer.raise_for_status()


async def _statuses(citizen: Citizen) -> list[str]:
    return [str(each["status"]) for each in await citizen.appointments()]


async def test_without_appointments_the_list_offers_to_book(aissatou: Citizen) -> None:
    for command in ("/appointments", "/cancel"):
        screen = await aissatou.says(command)
        assert "Vous n’avez aucun rendez-vous à venir." in screen.text
        assert screen.labels == ["📅 Nouveau rendez-vous", "⬅️ Retour"]
    assert "Pour quel service" in (await aissatou.taps_on("Nouveau rendez-vous")).text


async def test_the_list_has_what_is_upcoming_with_a_ticket_each(aissatou: Citizen) -> None:
    await aissatou.books("Aïssatou Bah")
    await aissatou.books("N'Diaye", "ID Card")
    screen = await aissatou.says("/appointments")
    assert "pour N'Diaye" in screen.text
    assert screen.labels[:2] == ["🎫 08:00 · Aïssatou Bah", "🎫 08:00 · N'Diaye"]
    ticket = await aissatou.taps_on(screen.labels[1])
    assert "🎫 Votre rendez-vous" in ticket.text
    assert "N'Diaye" in ticket.text


async def test_a_change_by_the_office_is_in_the_list_within_seconds(
    bot: RunningBot, aissatou: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.moncreneau.appointments.SERVES", -1)  # the seconds are over
    monkeypatch.setattr("bot.moncreneau.appointments._AGES", Ages(-1, -1))
    number = await aissatou.books()
    await _status(bot, number, "PENDING_PAYMENT")
    assert "à payer" in (await aissatou.says("/appointments")).text
    await _status(bot, number, "SUSPENDED_FOR_AUDIT")
    assert "à vérifier auprès du service" in (await aissatou.says("/appointments")).text
    await _status(bot, number, "CANCELLED")
    assert "aucun rendez-vous à venir" in (await aissatou.says("/appointments")).text


async def test_with_one_appointment_the_question_comes_at_once_and_yes_cancels_it(aissatou: Citizen) -> None:
    number = await aissatou.books()
    question = await aissatou.says("/cancel")
    assert "Annuler ce rendez-vous ?" in question.text.replace("\xa0", " ")
    assert str(number) in question.text
    assert await _statuses(aissatou) == ["SCHEDULED"], "asked, not done"
    done = await aissatou.taps_on("Oui, annuler")
    assert "Ce rendez-vous est annulé." in done.text
    for fact in ("Passport Service", "lundi 2 mars à", "heure de Conakry", "Aïssatou Bah", str(number)):
        assert fact in done.text, "it says what was cancelled"
    assert await _statuses(aissatou) == ["CANCELLED"]
    old = [each for each in await aissatou.messages() if "Rendez-vous annulé" in each.text]
    (ticket,) = [each for each in old if not each.has_picture]
    assert ticket.labels == [], "the old ticket is none any more"
    assert not [each for each in await aissatou.messages() if "est confirmé" in each.text]


async def test_every_message_that_showed_the_ticket_or_its_picture_says_that_it_is_cancelled(aissatou: Citizen) -> None:
    await aissatou.books()
    for _ in range(2):
        await aissatou.says("/appointments")
        await aissatou.taps_on("🎫")
    await aissatou.taps_on("❌ Annuler")
    await aissatou.taps_on("Oui, annuler")
    seen = await aissatou.messages()
    assert not [each.text for each in seen if "confirmé" in each.text or "à présenter" in each.text]
    changed = [each for each in seen if each.text.startswith("❌ Rendez-vous annulé")]
    assert [(each.has_picture, each.buttons) for each in sorted(changed, key=lambda each: each.number)] == [
        (False, ()),
        (True, ()),
    ] * 3


async def test_answering_no_keeps_the_appointment(aissatou: Citizen) -> None:
    await aissatou.books()
    await aissatou.says("/cancel")
    screen = await aissatou.taps_on("Non, le garder")
    assert "Rien n’a été annulé : votre rendez-vous est gardé." in screen.text.replace("\xa0", " ")
    assert await _statuses(aissatou) == ["SCHEDULED"]


async def test_with_several_one_chooses(aissatou: Citizen) -> None:
    keep, drop = await aissatou.books(), await aissatou.books("Aïssatou Bah", "ID Card")
    assert "Quel rendez-vous voulez-vous annuler" in (await aissatou.says("/cancel")).text
    assert str(drop) in (await aissatou.taps_on("❌ Aujourd’hui, 08:")).text
    await aissatou.taps_on("Oui, annuler")
    assert {each["id"]: each["status"] for each in await aissatou.appointments()} == {
        keep: "SCHEDULED",
        drop: "CANCELLED",
    }


async def test_cancel_with_a_number_asks_about_that_appointment(aissatou: Citizen) -> None:
    keep, drop = await aissatou.books(), await aissatou.books("Aïssatou Bah", "ID Card")
    assert f"Numéro\xa0: {drop}" in (await aissatou.says(f"/cancel {drop}")).text
    await aissatou.taps_on("Oui, annuler")
    assert f"Numéro\xa0: {keep}" in (await aissatou.says(f"/cancel #{keep}")).text


async def test_the_button_on_an_old_ticket_asks_before_it_acts(aissatou: Citizen) -> None:
    await aissatou.books()
    ticket = await aissatou.screen()
    await aissatou.says("/start")
    question = await aissatou.taps_on("❌ Annuler", ticket)
    assert "Annuler ce rendez-vous" in question.text
    assert question.number != ticket.number, "the ticket stays as it is"
    assert await _statuses(aissatou) == ["SCHEDULED"]


async def test_a_foreign_and_an_unknown_appointment_number_get_the_same_answer(
    aissatou: Citizen, sarah: Citizen
) -> None:
    theirs = await sarah.books("Sarah Cole")
    answers = {(await aissatou.says(f"/cancel {number}")).text for number in (theirs, 99_999_999)}
    assert len(answers) == 1
    assert UNKNOWN in answers.pop()
    ticket = await sarah.screen()
    forged = next(each.data for each in ticket.buttons if "Cancel" in each.label)
    await aissatou.presses(await aissatou.screen(), forged)
    assert UNKNOWN in (await aissatou.screen()).text
    assert [each["status"] for each in await sarah.appointments()] == ["SCHEDULED"]


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("CANCELLED", "Ce rendez-vous est déjà annulé."),
        ("COMPLETED", "Ce rendez-vous est terminé : il ne peut plus être annulé."),
        ("NO_SHOW", "Ce rendez-vous est terminé : il ne peut plus être annulé."),
    ],
)
async def test_cancelling_an_appointment_that_is_over_says_so(
    bot: RunningBot, aissatou: Citizen, status: str, answer: str
) -> None:
    number = await aissatou.books()
    await _status(bot, number, status)
    assert answer in (await aissatou.says(f"/cancel {number}")).text.replace("\xa0", " ")


async def test_cancelling_a_past_appointment_says_that_it_is_past(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    with bot.clock.put_forward(days=1):
        screen = await aissatou.says(f"/cancel {number}")
        assert "Ce rendez-vous est passé : il ne peut plus être annulé." in screen.text.replace("\xa0", " ")
        assert "aucun rendez-vous à venir" in (await aissatou.says("/appointments")).text


async def test_an_appointment_cancelled_meanwhile_is_shown_as_cancelled(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    await aissatou.says("/cancel")
    await _status(bot, number, "CANCELLED")
    await aissatou.taps_on("Oui, annuler")
    assert "annulé" in (await aissatou.screen()).text
    assert await _statuses(aissatou) == ["CANCELLED"]


async def test_pressing_yes_twice_cancels_once(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.books()
    question = await aissatou.says("/cancel")
    yes = next(each.data for each in question.buttons if "Oui" in each.label)
    for _ in range(3):
        await aissatou.phone.do("press", message_id=question.number, data=yes, forged=True)
    await aissatou.phone.resend()
    await bot.wait_until_idle()
    assert await _statuses(aissatou) == ["CANCELLED"]
    assert [each.text for each in await aissatou.messages()].count((await aissatou.screen()).text) == 1
