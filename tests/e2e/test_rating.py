"""After a visit the citizen is asked once how it went; the answer counts once, and without them."""

from datetime import date

import pytest

from bot.core.rating import RatingCount, Score
from bot.storage.statistics import SqlStatistics
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot
from tests.e2e.test_reminders import books, jump_to

pytestmark = pytest.mark.asyncio(loop_scope="module")
QUESTION = "Comment s’est passée votre visite"
WEEK = date(2026, 3, 9)
PASSPORT = 5


async def comes(bot: RunningBot, citizen: Citizen, number: int) -> None:
    """The office notes it; the bot finds it out from a list that the citizen reads."""
    answer = await bot.services.moncreneau.post(f"/__sandbox/appointments/{number}/validate", json={})
    answer.raise_for_status()
    await citizen.says("/appointments")


async def questions(citizen: Citizen) -> int:
    return len([each for each in await citizen.messages() if QUESTION in each.text])


async def requests(bot: RunningBot) -> dict[str, int]:
    """The requests that the API had, but for the names of the offices, which are read after each start."""
    made: dict[str, int] = (await bot.services.ledger())["requests"]
    return {what: number for what, number in made.items() if "departments" not in what}


async def given(bot: RunningBot) -> tuple[RatingCount, ...]:
    return await SqlStatistics(bot.app.store).ratings(WEEK)


async def test_a_visit_is_rated_once_without_a_request_and_the_chat_is_not_asked_again_soon(
    bot: RunningBot, aissatou: Citizen
) -> None:
    number = await books(aissatou, "12/03/2026 14:30")
    async with jump_to(bot, "12T14:40"):
        await comes(bot, aissatou, number)
    async with jump_to(bot, "12T16:29"):
        assert await questions(aissatou) == 0
    before = await requests(bot)
    async with jump_to(bot, "12T16:30"):
        question = await aissatou.waits_for(QUESTION)
        assert [question.labels[:3], question.labels[3:5]] == [
            ["Très bien", "Bien", "Moyen"],
            ["Mauvais", "Très mauvais"],
        ]
        thanks = await aissatou.taps_on("Bien", question)
        assert thanks.number == question.number
        assert "Merci" in thanks.text
        assert thanks.labels == []
        await aissatou.presses(question, question.data("Très mauvais"))
        assert await given(bot) == (RatingCount(PASSPORT, WEEK, Score.GOOD, 1),)
        assert await requests(bot) == before
    again = await books(aissatou, "13/03/2026 10:00")
    async with jump_to(bot, "13T10:05"):
        await comes(bot, aissatou, again)
    async with jump_to(bot, "13T12:05"):
        assert await questions(aissatou) == 0
