"""Without webhooks the citizen hears within the hour what the office did, in the same words."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.running_bot import RunningBot, running_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")
STRANGER = "Fatoumata Camara"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    async with running_bot(tmp_path_factory.mktemp("bot"), capacity=1000, rate_limit=1000) as started:
        yield started


async def office(bot: RunningBot, number: int, what: str, **how: Any) -> None:
    answer = await bot.services.moncreneau.post(f"/__sandbox/appointments/{number}/{what}", json=how)
    assert answer.is_success, answer.text


async def an_hour_passes(bot: RunningBot) -> None:
    bot.clock.pass_(timedelta(hours=1, minutes=1))
    await bot.app.reconciler.read_due()
    await bot.wait_until_idle()


async def test_each_change_is_told_once_and_what_strangers_do_is_not(bot: RunningBot) -> None:
    aissatou, sarah = await bot.citizen(), await bot.citizen("en", "Sarah", "Cole")
    hers = await aissatou.books()
    await sarah.books()
    body = {"externalUserId": "citizen 9", "departmentId": 5, "dateTime": "2026-03-02T10:00:00", "name": STRANGER}
    stranger = (await bot.services.moncreneau.post("/__sandbox/appointments", json=body)).json()["id"]
    before = [await each.messages() for each in (aissatou, sarah)]

    await office(bot, hers, "move", dateTime="2026-03-12T15:45:00")
    await office(bot, stranger, "cancel")
    assert [await each.messages() for each in (aissatou, sarah)] == before, "nobody reported it"
    await an_hour_passes(bot)
    moved = await aissatou.waits_for("Maintenant")
    assert "15:45" in moved.text

    await office(bot, hers, "cancel", reason="Grève")
    for _ in range(2):
        await an_hour_passes(bot)
    cancelled = await aissatou.waits_for("a été annulé")
    seen = await aissatou.messages()
    assert [each.text for each in seen].count(cancelled.text) == 1
    (ticket,) = [each for each in seen if each.number == moved.number]
    assert "annulé" in ticket.text, "the ticket tells it too"
    assert await sarah.messages() == before[1]
    assert STRANGER not in str(seen)


async def test_a_day_costs_one_request_an_hour_however_many_appointments_it_has(bot: RunningBot) -> None:
    for _ in range(5):
        await (await bot.citizen()).books()
    await an_hour_passes(bot)
    spent = bot.app.gateway.stats().requests["background"]
    await an_hour_passes(bot)
    days = await bot.app.store.department_days(bot.clock().date())
    assert len(days) == 1
    assert bot.app.gateway.stats().requests["background"] - spent == 1
