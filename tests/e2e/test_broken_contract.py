"""A service that does other things than its contract says: one wish, one appointment, and no untrue word."""

from typing import Any

import pytest

from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAME = "Jean-Marie N'Diaye"
NO_OWNER = {"externalUserId": None}


async def posts(bot: RunningBot) -> int:
    requests = (await bot.services.ledger())["requests"]
    return int(requests.get("POST /appointments", 0))


async def tickets(citizen: Citizen) -> int:
    return len([each for each in await citizen.messages() if "Votre rendez-vous est confirmé" in each.text])


@pytest.mark.parametrize("form", ["escaped", "null", "upper", "ascii"])
async def test_a_booking_whose_name_the_service_rewrites_is_recognised_when_its_answer_is_lost(
    bot: RunningBot, aissatou: Citizen, form: str
) -> None:
    await aissatou.reaches_summary(NAME)
    before = await posts(bot)
    await bot.inject_api_fault("store", "POST", "/appointments", name=form)
    await bot.inject_api_fault("drop_after", "POST", "/appointments", times=1)
    await aissatou.taps_on("Confirmer")
    assert await tickets(aissatou) == 1
    assert (await posts(bot) - before, len(await aissatou.appointments())) == (1, 1)


@pytest.mark.parametrize("is_lost", [False, True], ids=["answered", "answer lost"])
async def test_a_booking_whose_time_the_service_moves_is_told_as_moved_and_made_once(
    bot: RunningBot,
    aissatou: Citizen,
    is_lost: bool,  # noqa: FBT001 — a parameter of the test
) -> None:
    await aissatou.reaches_summary(NAME)
    before = await posts(bot)
    await bot.inject_api_fault("store", "POST", "/appointments", minutes=30)
    if is_lost:
        await bot.inject_api_fault("drop_after", "POST", "/appointments", times=1)
    ticket = await aissatou.taps_on("Confirmer")
    assert "Le service a fixé une autre heure" in ticket.text
    (made,) = await aissatou.appointments()
    assert made["dateTime"][11:16] in ticket.text
    assert (await tickets(aissatou), await posts(bot) - before) == (1, 1)


async def test_without_owners_a_booking_is_found_by_its_exact_name(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.reaches_summary(NAME)
    before = await posts(bot)
    await bot.inject_api_fault("rewrite", "GET", "/appointments", rename=NO_OWNER)
    await bot.inject_api_fault("drop_after", "POST", "/appointments", times=1)
    await aissatou.taps_on("Confirmer")
    assert await tickets(aissatou) == 1
    assert (await posts(bot) - before, len(await aissatou.appointments())) == (1, 1)


async def test_without_owners_and_with_a_rewritten_name_the_outcome_is_told_as_unknown(
    bot: RunningBot, aissatou: Citizen
) -> None:
    await aissatou.reaches_summary(NAME)
    before = await posts(bot)
    await bot.inject_api_fault("store", "POST", "/appointments", name="escaped")
    await bot.inject_api_fault("rewrite", "GET", "/appointments", rename=NO_OWNER)
    await bot.inject_api_fault("drop_after", "POST", "/appointments", times=1)
    screen = await aissatou.taps_on("Confirmer")
    assert "il a peut-être été pris" in screen.text
    assert (await posts(bot) - before, await tickets(aissatou)) == (1, 0)


async def test_the_ticket_of_a_namesake_in_the_same_slot_is_neither_shown_nor_can_it_be_cancelled(
    bot: RunningBot, aissatou: Citizen
) -> None:
    stranger = await bot.citizen()
    await aissatou.reaches_summary(NAME)
    number = await stranger.books(NAME)
    await bot.reset()  # so that the bot does not know that this appointment is somebody's
    await aissatou.reaches_summary(NAME)
    before = await posts(bot)
    await bot.inject_api_fault("ignore_filters", "GET", "/appointments")
    await bot.inject_api_fault("rewrite", "GET", "/appointments", rename=NO_OWNER)
    await bot.inject_api_fault("drop_before", "POST", "/appointments", times=1)
    screen = await aissatou.taps_on("Confirmer")
    assert "il a peut-être été pris" in screen.text
    assert (await posts(bot) - before, await tickets(aissatou)) == (1, 0)
    await aissatou.says(f"/cancel {number}")
    assert str(number) not in (await aissatou.says("/appointments")).text
    assert [each["status"] for each in await stranger.appointments()] == ["SCHEDULED"]


@pytest.mark.parametrize(("status", "body"), [(201, ""), (200, ""), (201, "<html></html>"), (200, "[]"), (202, "{}")])
async def test_a_2xx_without_a_readable_object_is_looked_up_and_not_asked_for_again(
    bot: RunningBot, aissatou: Citizen, status: int, body: str
) -> None:
    await aissatou.reaches_summary(NAME)
    before = await posts(bot)
    await bot.inject_api_fault("stale", "GET", "/appointments", seconds=1)
    await bot.inject_api_fault("garbage", "POST", "/appointments", status=status, body=body, when="after")
    await aissatou.taps_on("Confirmer")
    assert await tickets(aissatou) == 1
    assert (await posts(bot) - before, len(await aissatou.appointments())) == (1, 1)


REFUSED = {"success": False, "message": "too late"}


@pytest.mark.parametrize(("when", "status"), [("before", "SCHEDULED"), ("after", "CANCELLED")])
async def test_a_2xx_to_a_cancelling_that_contradicts_itself_is_not_believed(
    bot: RunningBot, aissatou: Citizen, when: str, status: str
) -> None:
    await aissatou.books()
    await aissatou.says("/cancel")
    await bot.inject_api_fault("garbage", "DELETE", "/appointments", body=REFUSED, when=when)
    screen = await aissatou.taps_on("Oui, annuler")
    words = {"SCHEDULED": "Rien n’a été annulé.", "CANCELLED": "Ce rendez-vous est annulé."}[status]
    assert words in screen.text
    assert [each["status"] for each in await aissatou.appointments()] == [status]


@pytest.mark.parametrize("answer", [{"status": "CANCELLED"}, {"data": {"status": "CANCELLED"}}, ""], ids=str)
async def test_a_200_to_a_cancelling_counts_if_it_says_cancelled_or_the_appointment_turns_out_so(
    bot: RunningBot, aissatou: Citizen, answer: Any
) -> None:
    await aissatou.books()
    await aissatou.says("/cancel")
    await bot.inject_api_fault("garbage", "DELETE", "/appointments", body=answer, when="after")
    assert "Ce rendez-vous est annulé." in (await aissatou.taps_on("Oui, annuler")).text
    assert await bot.services.clear_faults() == 1, "asked once"
