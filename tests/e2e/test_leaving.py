"""Going back, leaving, getting lost: a way out of every screen, and an answer to whatever comes in between."""

from typing import Any

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")
STOPPED = "Vous avez quitté la réservation. Rien n’a été réservé."
DROPPED = "Vous avez quitté la réservation. Rien n’a été réservé."
KEPT = "Votre réservation commencée est gardée. Touchez « Retour » pour la reprendre."
STALE = "Ce bouton n’est plus valable. Voici où vous en êtes."


async def test_back_leads_back_screen_by_screen(aissatou: Citizen) -> None:
    await aissatou.says("/start")
    await aissatou.taps_on("Ministry")
    await aissatou.taps_on("Titres de séjour")
    await aissatou.taps_on("Mme Hawa Camara")
    await aissatou.taps_on("Demain")
    await aissatou.taps_on("09:00")
    await aissatou.taps_on("Aïssatou Bah")
    for question in ("Choisissez une heure", "Choisissez un jour", "Qui voulez-vous voir"):
        assert question in (await aissatou.taps_on("Retour")).text
    assert "Pour quel service" in (await aissatou.taps_on("Retour")).text
    assert "Auprès de quelle administration" in (await aissatou.taps_on("Retour au menu")).text


async def test_going_back_for_another_time_keeps_the_name(aissatou: Citizen) -> None:
    await aissatou.reaches_summary("N'Diaye Sow")
    await aissatou.taps_on("Changer l’horaire")
    await aissatou.taps_on("jeu. 5 mars")
    summary = await aissatou.taps_on("14:00")
    assert "Vérifiez" in summary.text
    assert "N'Diaye Sow" in summary.text


async def test_the_name_can_be_put_right_on_the_summary_by_typing_it_again(aissatou: Citizen) -> None:
    await aissatou.reaches_summary("Aïssatou Bha")
    assert "Aïssatou Bah" in (await aissatou.says("Aïssatou Bah")).text
    assert "chiffres" in (await aissatou.says("Bah 2")).text


async def test_every_screen_of_a_booking_has_a_way_out_and_takes_it(aissatou: Citizen) -> None:
    steps = ("Titres de séjour", "Mme Hawa", "Demain", "09:00", "Aïssatou Bah")
    for reached in range(1, len(steps) + 1):
        await aissatou.says("/book")
        for step in steps[:reached]:
            await aissatou.taps_on(step)
        screen = await aissatou.taps_on("Quitter")
        assert STOPPED in screen.text
        assert "Auprès de quelle administration" in screen.text
    assert await aissatou.appointments() == []


async def test_stop_drops_the_draft_and_says_so(aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    assert STOPPED in (await aissatou.says("/stop")).text
    assert "Il n’y a rien à quitter." in (await aissatou.says("/stop")).text


@pytest.mark.parametrize("command", ["/start", "/book"])
async def test_starting_anew_drops_the_draft_and_says_so(aissatou: Citizen, command: str) -> None:
    await aissatou.reaches_name()
    assert DROPPED in (await aissatou.says(command)).text
    assert DROPPED not in (await aissatou.says("/start")).text or command == "/book"


@pytest.mark.parametrize("command", ["/appointments", "/cancel", "/cancel 5"])
async def test_looking_at_appointments_keeps_the_draft(aissatou: Citizen, command: str) -> None:
    await aissatou.reaches_summary()
    screen = await aissatou.says(command)
    assert KEPT in screen.text.replace("\xa0", " ") or "Aucun de vos" in screen.text
    summary = await aissatou.taps_on("Retour", screen)
    assert "Vérifiez" in summary.text
    await aissatou.taps_on("Confirmer")
    assert len(await aissatou.appointments()) == 1


@pytest.mark.parametrize(("command", "shows"), [("/help", "❓ Aide"), ("/language", "Choisissez votre langue")])
async def test_help_and_languages_leave_the_draft_where_it_is(aissatou: Citizen, command: str, shows: str) -> None:
    summary = await aissatou.reaches_summary()
    assert shows in (await aissatou.says(command)).text
    assert "est confirmé" in (await aissatou.taps_on("Confirmer", summary)).text


async def test_cancelling_in_the_middle_of_a_booking_leads_back_to_it(aissatou: Citizen) -> None:
    number = await aissatou.books()
    await aissatou.reaches_summary("Aïssatou Bah", "ID Card")
    question = await aissatou.says(f"/cancel {number}")
    assert "gardée" in question.text
    done = await aissatou.taps_on("Oui, annuler")
    assert "Votre réservation commencée vous attend." in done.text
    assert "Vérifiez" in (await aissatou.taps_on("Reprendre ma demande")).text
    await aissatou.taps_on("Confirmer")
    assert [each["status"] for each in await aissatou.appointments()] == ["CANCELLED", "SCHEDULED"]


async def test_unknown_text_is_answered_with_the_present_screen(aissatou: Citizen) -> None:
    await aissatou.says("/start")
    assert "Auprès de quelle administration" in (await aissatou.says("Que dites-vous ?")).text
    days = await aissatou.reaches_days()
    lost = await aissatou.says("bientôt")
    assert "Je n’ai pas compris." in lost.text
    assert lost.labels == days.labels


async def test_an_unknown_command_points_to_help(aissatou: Citizen) -> None:
    await aissatou.reaches_days()
    for command in ("/reserver", "/", "/START_NOW", "/broadcast", "/status"):
        screen = await aissatou.says(command)
        assert "Je ne connais pas cette commande. Écrivez /help pour les voir." in screen.text, command
        assert "Choisissez un jour" in screen.text


async def test_commands_are_read_in_any_case_and_with_the_bots_name(aissatou: Citizen) -> None:
    assert "Bonjour" in (await aissatou.says("/START@Moncreneau_Sandbox_Bot")).text
    assert "Pour quel service" in (await aissatou.says("/Book please")).text


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("photo", {"caption": "/cancel"}),
        ("sticker", {}),
        ("voice", {}),
        ("location", {}),
        ("document", {}),
        ("poll", {}),
    ],
)
async def test_photos_and_stickers_are_answered_with_the_present_screen(
    aissatou: Citizen, what: str, how: dict[str, Any]
) -> None:
    await aissatou.reaches_name()
    screen = await aissatou.does(what, **how)
    assert "Je ne peux ni écouter ni voir." in screen.text
    assert "Pour qui est le rendez-vous" in screen.text
    assert "Vérifiez" in (await aissatou.says("Aïssatou Bah")).text


async def test_old_buttons_show_where_the_citizen_is_and_nothing_else(aissatou: Citizen) -> None:
    old_summary = await aissatou.reaches_summary()
    await aissatou.says("/stop")
    await aissatou.reaches_days("ID Card")
    screen = await aissatou.taps_on("Confirmer", old_summary)
    assert STALE in screen.text
    assert "ID Card Service" in screen.text
    assert await aissatou.appointments() == []


async def test_a_name_corrected_in_its_message_counts_and_any_other_edit_does_not(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await aissatou.reaches_summary("Aisatou Bah")
    before = await aissatou.messages()
    mine = [each["message"]["message_id"] for each in await aissatou.phone.transcript() if not each["by_bot"]]
    await aissatou.does("edit", message_id=mine[-2], text="Quelqu’un d’autre")
    assert await aissatou.messages() == before
    assert "Aïssatou Bah" in (await aissatou.does("edit", message_id=mine[-1], text="Aïssatou Bah")).text
    await aissatou.taps_on("Confirmer")
    await aissatou.does("edit", message_id=mine[-1], text="Quelqu’un d’autre")
    assert [each["name"] for each in await aissatou.appointments()] == ["Aïssatou Bah"]
    assert bot.app.conversations.set_aside == 0


async def test_a_citizen_continues_after_blocking_and_unblocking_the_bot(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary()
    await aissatou.phone.do("block")
    await bot.wait_until_idle()
    assert "Bonjour" in (await aissatou.says("/start")).text
    await aissatou.reaches_summary()
    await aissatou.phone.do("block")
    await aissatou.phone.do("unblock")
    await bot.wait_until_idle()
    assert "est confirmé" in (await aissatou.taps_on("Confirmer")).text
