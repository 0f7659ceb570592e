"""Moving an appointment over HTTP: three taps, the new appointment first, and honest words whatever is refused."""

import socket
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.i18n import Translators
from bot.views.text import moment
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.running_bot import RunningBot, stopped_bot
from tests.e2e.test_office_news import delivered
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "whsec_moves"
FRENCH = Translators.load().get("fr")
MOVE = "🔁 Déplacer"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    """A bot that hears of every change by a webhook, twice, and often before the API's answer."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/hooks/moncreneau"
    sandbox: dict[str, Any] = {"webhook_url": url, "webhook_secret": SECRET, "webhook_time_factor": 0.01}
    async with stopped_bot(tmp_path_factory.mktemp("moving"), capacity=1000, **sandbox) as stopped:
        stopped.settings = stopped.settings.model_copy(
            update={"http_port": port, "moncreneau_webhook_secret": SecretStr(SECRET), "max_moves": 2}
        )
        await stopped.start()
        yield stopped


@pytest_asyncio.fixture(loop_scope="module")
async def aissatou(bot: RunningBot) -> AsyncIterator[Citizen]:
    yield await bot.citizen()
    await bot.recover()


async def statuses(citizen: Citizen) -> dict[int, str]:
    return {each["id"]: each["status"] for each in await citizen.appointments()}


async def when(citizen: Citizen, number: int) -> str:
    """When an appointment is, as the bot writes it: others book too, so it is not always the first free time."""
    (found,) = [each["dateTime"] for each in await citizen.appointments() if each["id"] == number]
    return moment(FRENCH, datetime.fromisoformat(found))


async def stands(citizen: Citizen, number: int) -> str:
    return f"Votre rendez-vous du {await when(citizen, number)} reste valable."


async def requests(bot: RunningBot) -> dict[str, int]:
    found: dict[str, int] = (await bot.services.ledger())["requests"]
    return found


async def reaches_summary(citizen: Citizen) -> int:
    """Book, and go to the summary of the move to the earliest free time; the old appointment's number."""
    number = await citizen.books()
    await citizen.taps_on(MOVE)
    await citizen.taps_on("⏱")
    return number


async def test_three_taps_move_an_appointment_with_two_requests(bot: RunningBot, aissatou: Citizen) -> None:
    old = await aissatou.books()
    (ticket,) = [each for each in await aissatou.messages() if str(old) in each.text and not each.has_picture]
    before, taps, typed = await requests(bot), aissatou.taps, aissatou.typed
    await aissatou.taps_on(MOVE, ticket)
    summary = await aissatou.taps_on("⏱")
    was = await when(aissatou, old)
    assert f"Avant\u00a0: {was}" in summary.text
    assert "Aïssatou Bah" in summary.text
    done = await aissatou.taps_on(CONFIRM)
    assert (aissatou.taps - taps, aissatou.typed - typed) == (3, 0)
    found = await statuses(aissatou)
    assert sorted(found.values()) == ["CANCELLED", "SCHEDULED"]
    assert found[old] == "CANCELLED"
    (new,) = [number for number, status in found.items() if status == "SCHEDULED"]
    shown = {each.number: each.text for each in await aissatou.messages()}
    assert shown[ticket.number].startswith("🔁 Rendez-vous déplacé au")
    (ticket_text,) = [text for text in shown.values() if f"Numéro\u00a0: {new}" in text and "est confirmé" in text]
    assert f"Il remplace votre rendez-vous du {was}, qui est annulé." in ticket_text
    assert done
    after = await requests(bot)
    spent = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert {name: count for name, count in spent.items() if not name.startswith("GET")} == {
        "POST /appointments": 1,
        "DELETE /appointments/{id}": 1,
    }
    assert sum(count for name, count in spent.items() if name.startswith("GET")) <= 1


async def test_webhooks_of_a_move_are_silent_also_before_the_answer_and_out_of_order(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await reaches_summary(aissatou)
    await delivered(bot)
    faults = [{"kind": "duplicate", "count": 2}, {"kind": "reorder", "count": 4}]
    await bot.services.moncreneau.post("/__sandbox/webhooks/faults", json=faults)
    await bot.inject_api_fault("delay", "POST", "/appointments", seconds=0.5, when="after")
    await bot.inject_api_fault("delay", "DELETE", "/appointments", seconds=0.5, when="after")
    await aissatou.taps_on(CONFIRM)
    before = [each.text for each in await aissatou.messages()]
    with bot.clock.put_forward(minutes=2):
        await delivered(bot)
    assert [each.text for each in await aissatou.messages()] == before
    assert not [text for text in before if "a annulé" in text or "a été annulé" in text]
    await bot.services.moncreneau.delete("/__sandbox/webhooks/faults")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_lost_request_or_answer_moves_it_all_the_same(
    bot: RunningBot, aissatou: Citizen, method: str, kind: str
) -> None:
    old = await reaches_summary(aissatou)
    await bot.inject_api_fault(kind, method, "/appointments", times=1)
    await aissatou.taps_on(CONFIRM)
    found = await statuses(aissatou)
    assert found[old] == "CANCELLED"
    assert sorted(found.values()) == ["CANCELLED", "SCHEDULED"]
    last = await aissatou.screen()
    assert await when(aissatou, old) in last.text, "it names the time before"


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("DUPLICATE_APPOINTMENT", 409, "un seul rendez-vous à la fois"),
        ("INSUFFICIENT_CREDITS", 402, "suspendues"),
        ("INSUFFICIENT_SCOPE", 403, "ne marchent pas"),
        ("INVALID_DATE_TIME", 422, "n’accepte pas cet horaire"),
    ],
)
async def test_every_refusal_ends_with_the_old_appointment(
    bot: RunningBot, aissatou: Citizen, code: str, status: int, words: str
) -> None:
    old = await reaches_summary(aissatou)
    await bot.inject_api_fault("error_code", "POST", "/appointments", code=code, status=status, times=1)
    screen = await aissatou.taps_on(CONFIRM)
    assert words in screen.text
    assert screen.text.endswith(await stands(aissatou, old))
    assert await statuses(aissatou) == {old: "SCHEDULED"}


async def test_after_a_taken_slot_the_nearest_ones_are_offered_for_the_same_move(
    bot: RunningBot, aissatou: Citizen
) -> None:
    old = await reaches_summary(aissatou)
    await bot.inject_api_fault("error_code", "POST", "/appointments", code="SLOT_NOT_AVAILABLE", status=409, times=1)
    screen = await aissatou.taps_on(CONFIRM)
    assert screen.text.endswith(await stands(aissatou, old))
    await aissatou.taps_on(screen.labels[0])
    await aissatou.taps_on(CONFIRM)
    assert (await statuses(aissatou))[old] == "CANCELLED"


async def test_if_the_old_one_cannot_be_cancelled_both_are_told(bot: RunningBot, aissatou: Citizen) -> None:
    old = await reaches_summary(aissatou)
    await bot.inject_api_fault("error_code", "DELETE", "/appointments", code="INSUFFICIENT_SCOPE", status=403)
    screen = await aissatou.taps_on(CONFIRM)
    assert "Vous avez maintenant deux rendez-vous" in screen.text
    assert f"n° {old}" in screen.text
    assert list((await statuses(aissatou)).values()) == ["SCHEDULED", "SCHEDULED"]
    assert len((await aissatou.says("/appointments")).labels) >= 2


async def test_an_office_that_cancels_the_old_one_meanwhile_makes_no_difference(
    bot: RunningBot, aissatou: Citizen
) -> None:
    old = await reaches_summary(aissatou)
    await bot.services.moncreneau.post(f"/__sandbox/appointments/{old}/cancel", json={})
    await aissatou.waits_for("a annulé votre rendez-vous")
    await delivered(bot)
    await aissatou.taps_on(CONFIRM)
    assert sorted((await statuses(aissatou)).values()) == ["CANCELLED", "SCHEDULED"]


async def test_a_refusal_does_not_say_that_an_appointment_stands_which_the_office_has_cancelled(
    bot: RunningBot, aissatou: Citizen
) -> None:
    old = await reaches_summary(aissatou)
    before = await when(aissatou, old)
    await bot.services.moncreneau.post(f"/__sandbox/appointments/{old}/cancel", json={})
    await aissatou.waits_for("a annulé votre rendez-vous")
    await bot.inject_api_fault("error_code", "POST", "/appointments", code="SLOT_NOT_AVAILABLE", status=409, times=1)
    screen = await aissatou.taps_on(CONFIRM)
    assert f"Votre rendez-vous du {before} a été annulé entre-temps" in screen.text
    assert "reste valable" not in screen.text
    assert await statuses(aissatou) == {old: "CANCELLED"}


async def test_during_an_outage_the_citizen_is_told_once_and_the_move_ends_after_it(
    bot: RunningBot, aissatou: Citizen
) -> None:
    old = await reaches_summary(aissatou)
    await bot.inject_api_fault("drop_before", "DELETE", "/appointments")
    await aissatou.phone.press(await aissatou.screen(), (await aissatou.screen()).labels[0])
    await aissatou.waits_for("L’ancien n’est pas encore annulé")
    statuses_now = await statuses(aissatou)
    assert list(statuses_now.values()) == ["SCHEDULED", "SCHEDULED"], "the new one first"
    await bot.recover()
    done = await aissatou.waits_for("C’est fait")
    assert await when(aissatou, old) in done.text
    await bot.wait_until_idle()
    assert (await statuses(aissatou))[old] == "CANCELLED"
    told = [each for each in await aissatou.messages() if "pas encore annulé" in each.text]
    assert len(told) == 1


async def test_the_old_one_is_kept_if_the_office_cancels_the_new_one_first(bot: RunningBot, aissatou: Citizen) -> None:
    old = await reaches_summary(aissatou)
    await bot.inject_api_fault("drop_before", "DELETE", "/appointments")
    await aissatou.phone.press(await aissatou.screen(), (await aissatou.screen()).labels[0])
    await aissatou.waits_for("L’ancien n’est pas encore annulé")
    new = max(await statuses(aissatou))
    await bot.services.moncreneau.post(f"/__sandbox/appointments/{new}/cancel", json={"reason": "Fermé"})
    await aissatou.waits_for("Le service a annulé votre rendez-vous")
    await bot.recover()
    kept = await aissatou.waits_for("L’ancien n’a donc pas été annulé")
    assert kept.text.endswith(await stands(aissatou, old))
    await bot.wait_until_idle()
    assert await statuses(aissatou) == {old: "SCHEDULED", new: "CANCELLED"}
    shown = [each.text for each in await aissatou.messages() if str(new) in each.text]
    assert all("annulé" in each for each in shown), "no ticket that says that the new one is valid"


async def test_the_third_move_within_a_week_is_refused_with_the_next_step(aissatou: Citizen) -> None:
    await reaches_summary(aissatou)
    await aissatou.taps_on(CONFIRM)
    await aissatou.taps_on(MOVE)
    await aissatou.taps_on("⏱")
    await aissatou.taps_on(CONFIRM)
    assert sorted((await statuses(aissatou)).values()) == ["CANCELLED", "CANCELLED", "SCHEDULED"]
    screen = await aissatou.taps_on(MOVE)
    assert "déjà été déplacé plusieurs fois" in screen.text
    assert "reste valable" in screen.text
    question = await aissatou.taps_on("❌ Annuler", screen)
    assert "Annuler ce rendez-vous" in question.text


async def test_a_move_can_begin_in_the_list_and_be_left(aissatou: Citizen) -> None:
    old = await aissatou.books()
    await aissatou.says("/appointments")
    screen = await aissatou.taps_on("🔁 Déplacer")
    assert f"Vous déplacez votre rendez-vous du {await when(aissatou, old)}." in screen.text
    screen = await aissatou.taps_on("Garder mon rendez-vous")
    assert "Nous n’avons rien déplacé ni annulé" in screen.text
    assert await statuses(aissatou) == {old: "SCHEDULED"}


async def test_a_move_is_not_possible_for_an_appointment_of_somebody_else(bot: RunningBot, aissatou: Citizen) -> None:
    stranger = await bot.citizen()
    number = await stranger.books()
    await aissatou.says("/start")
    await aissatou.presses(await aissatou.screen(), f"*.mv:{number}")
    assert "Aucun de vos rendez-vous ne porte ce numéro." in (await aissatou.screen()).text
    assert await statuses(stranger) == {number: "SCHEDULED"}


async def test_the_office_s_move_can_be_accepted_moved_on_or_cancelled(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    body = {"dateTime": "2026-03-12T15:45:00"}
    await bot.services.moncreneau.post(f"/__sandbox/appointments/{number}/move", json=body)
    news = await aissatou.waits_for("a changé votre rendez-vous")
    await delivered(bot)
    assert "C’est noté" in (await aissatou.taps_on("C’est bon", news)).text
    await aissatou.taps_on("🔁 Déplacer", news)
    summary = await aissatou.taps_on("⏱")
    assert "Avant\u00a0: jeu. 12 mars à 15:45" in summary.text
    await aissatou.taps_on(CONFIRM)
    assert (await statuses(aissatou))[number] == "CANCELLED"


async def test_the_moves_are_counted_by_outcome(bot: RunningBot) -> None:
    async def counted() -> bool:
        return bot.app.attempt_worker.moves["moved"] > 0

    await eventually("moves are counted", counted)
    report = await bot.app.health.report()
    assert report.moves["moved"] >= 5
    assert report.moves["both"] == 1
