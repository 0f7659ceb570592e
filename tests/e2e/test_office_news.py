"""The citizen is told once of each change by the office, with who made it and the next step."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pydantic import SecretStr

from bot.check import Level, check_webhooks
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot, stopped_bot
from tests.e2e.test_my_data import erases
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "whsec_newest"
CANCELLED, MOVED = "a annulé votre rendez-vous", "a changé votre rendez-vous"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningBot]:
    """A bot that receives webhooks, with an older secret that is still accepted."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/hooks/moncreneau"
    sandbox: dict[str, Any] = {
        "webhook_url": url,
        "webhook_secret": SECRET,
        "webhook_time_factor": 0.01,
        "capacity": 1000,
    }
    async with stopped_bot(tmp_path_factory.mktemp("news"), **sandbox) as stopped:
        stopped.settings = stopped.settings.model_copy(
            update={"http_port": port, "moncreneau_webhook_secret": SecretStr(f"{SECRET}, whsec_older")}
        )
        await stopped.start()
        yield stopped


@pytest_asyncio.fixture(loop_scope="module")
async def aissatou(bot: RunningBot) -> AsyncIterator[Citizen]:
    yield await bot.citizen()
    await bot.services.moncreneau.delete("/__sandbox/webhooks/faults")
    await bot.recover()


async def office(bot: RunningBot, number: int, what: str, **how: Any) -> None:
    answer = await bot.services.moncreneau.post(f"/__sandbox/appointments/{number}/{what}", json=how)
    assert answer.is_success, answer.text


async def delivered(bot: RunningBot) -> None:
    """Every webhook was delivered, and all that follows is done."""

    async def look() -> bool:
        told = (await bot.services.moncreneau.get("/__sandbox/webhooks")).json()["deliveries"]
        return all(each["state"] in {"delivered", "dropped"} for each in told)

    await eventually("all webhooks are delivered", look)
    await eventually("all webhooks are worked", lambda: is_worked(bot))
    await bot.wait_until_idle()


async def is_worked(bot: RunningBot) -> bool:
    webhooks = bot.app.webhook_worker
    assert webhooks
    return await webhooks._webhooks.next_due() is None


async def copies(citizen: Citizen, words: str) -> int:
    return len([each for each in await citizen.messages() if words in each.text])


async def test_a_cancelling_by_the_office_is_told_with_its_reason_and_the_old_ticket_tells_it_too(
    bot: RunningBot, aissatou: Citizen
) -> None:
    number = await aissatou.books()
    (ticket,) = [each for each in await aissatou.messages() if str(number) in each.text and not each.has_picture]
    await office(bot, number, "cancel", reason="Grève <b>générale</b>")
    news = await aissatou.waits_for(CANCELLED)
    assert "Grève <b>générale</b>" in news.text, "the office's words, and no markup of theirs"
    assert str(number) in news.text
    await delivered(bot)
    (now,) = [each for each in await aissatou.messages() if each.number == ticket.number]
    assert "annulé" in now.text
    assert await copies(aissatou, CANCELLED) == 1


async def test_another_time_is_two_taps_away_with_the_name_kept(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books("Mamadou Diallo")
    await aissatou.books("Aïssatou Bah")
    await office(bot, number, "cancel")
    news = await aissatou.waits_for(CANCELLED)
    await delivered(bot)
    await aissatou.taps_on("Un autre horaire", news)
    summary = await aissatou.taps_on("⏱")
    assert "Mamadou Diallo" in summary.text
    await aissatou.taps_on("✅ Confirm")
    assert [each["name"] for each in await aissatou.appointments() if each["status"] == "SCHEDULED"] == [
        "Aïssatou Bah",
        "Mamadou Diallo",
    ]


async def test_a_move_by_the_office_is_told_with_the_time_before_and_now(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    await office(bot, number, "move", dateTime="2026-03-12T15:45:00")
    news = await aissatou.waits_for(MOVED)
    assert "15:45" in news.text
    assert "Avant" in news.text
    await delivered(bot)
    assert await copies(aissatou, "15:45") == 3, "the news, and the old ticket and its picture as they are now"


async def test_the_citizens_own_actions_are_not_told_as_news(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.books()
    await aissatou.says("/cancel")
    await aissatou.taps_on("Oui, annuler")
    before = await aissatou.messages()
    await delivered(bot)
    assert await aissatou.messages() == before


async def test_an_appointment_that_the_office_makes_comes_as_a_ticket(bot: RunningBot, aissatou: Citizen) -> None:
    await aissatou.says("/start")
    body = {"chat": aissatou.id, "departmentId": 5, "dateTime": "2026-03-05T10:00:00", "name": "Aïssatou Bah"}
    answer = await bot.services.moncreneau.post("/__sandbox/appointments", json=body)
    news = await aissatou.waits_for("a pris un rendez-vous pour vous")
    assert str(answer.json()["id"]) in news.text
    await delivered(bot)


async def test_webhooks_twice_and_in_any_order_tell_each_change_once(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    await delivered(bot)
    faults = [{"kind": "duplicate", "count": 3}, {"kind": "reorder", "count": 6}]
    await bot.services.moncreneau.post("/__sandbox/webhooks/faults", json=faults)
    await office(bot, number, "move", dateTime="2026-03-12T15:45:00")
    await office(bot, number, "cancel")
    await aissatou.waits_for("annulé")
    with bot.clock.put_forward(minutes=2):  # the second look at an appointment waits a minute
        await delivered(bot)
    assert await copies(aissatou, "votre rendez-vous") <= 2
    assert await copies(aissatou, "annulé votre rendez-vous") == 1


async def test_a_lost_webhook_is_made_up_for_when_the_citizen_looks(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    await delivered(bot)
    await bot.services.moncreneau.post("/__sandbox/webhooks/faults", json=[{"kind": "drop"}])
    await office(bot, number, "cancel")
    with bot.clock.put_forward(minutes=2):  # a list that is some seconds old says nothing of what is younger
        await aissatou.says("/appointments")
        await aissatou.waits_for("a été annulé")


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"X-Moncreneau-Signature": "sha256=00"}, 401), ({"X-Webhook-Signature": "é"}, 401)],
)
async def test_an_unsigned_webhook_is_refused_and_not_stored(
    bot: RunningBot, headers: dict[str, str], status: int
) -> None:
    async with httpx.AsyncClient() as http:
        encoded = {name: value.encode("latin-1") for name, value in headers.items()}
        url = f"http://127.0.0.1:{bot.settings.http_port}/hooks/moncreneau"
        answer = await http.post(url, content=b'{"id": "evt_1"}', headers=encoded)  # type: ignore[arg-type]
        assert (answer.status_code, answer.content) == (status, b"")
        assert (await http.get(url)).status_code == 405


async def test_check_finds_out_whether_webhooks_arrive_without_sending_a_good_one(bot: RunningBot) -> None:
    url = f"http://127.0.0.1:{bot.settings.http_port}"
    assert bot.app.webhook_worker
    before = bot.app.webhook_worker.last_received
    (answers, is_open) = await check_webhooks(bot.settings.model_copy(update={"public_url": url}))
    assert (answers.level, answers.words) == (Level.WARN, "the bot answers them at PUBLIC_URL, which is plain http")
    assert "the world can read /metrics" in is_open.words, "no web server is in between here"
    assert bot.app.webhook_worker.last_received == before


async def test_changes_made_while_the_bot_was_stopped_are_told_after_the_start(
    bot: RunningBot, aissatou: Citizen
) -> None:
    number = await aissatou.books()
    await delivered(bot)
    await bot.stop()
    await office(bot, number, "cancel")
    await bot.start()
    await aissatou.waits_for(CANCELLED)
    await delivered(bot)
    assert await copies(aissatou, CANCELLED) == 1


@pytest.mark.parametrize("what", ["cancel", "validate"])
async def test_what_the_office_does_for_an_erased_chat_is_ignored(
    bot: RunningBot, aissatou: Citizen, what: str
) -> None:
    number = await aissatou.books()
    await erases(aissatou)
    before = [each.text for each in await aissatou.messages()]
    await office(bot, number, what)
    await delivered(bot)
    assert [each.text for each in await aissatou.messages()] == before
    for table in ("chats", "appointments", "timers", "rating_questions"):
        found = bot.database.execute(f"SELECT * FROM {table} WHERE chat_id = ?", aissatou.id)  # noqa: S608 — our own names
        assert found == [], table


async def test_old_buttons_of_an_erased_chat_change_nothing(bot: RunningBot, aissatou: Citizen) -> None:
    number = await aissatou.books()
    ticket = await aissatou.screen()
    await erases(aissatou)
    writes = await made_writes(bot)
    of_appointment = ("x", "mv", "ics", "again", "noted")
    named = [f"{kind}:{number}" for kind in of_appointment]
    for action in (*named, f"come:{number}.0", f"rate:{number}.5", f"rate:{number}.0", "setrate:off", "data:see"):
        await aissatou.presses(ticket, f"*.{action}")
        await erases(aissatou)
    assert await made_writes(bot) == writes
    assert [each["status"] for each in await aissatou.appointments()] == ["SCHEDULED"]
    assert bot.database.rows("SELECT * FROM ratings") == []
    assert bot.app.conversations.set_aside == 0


async def made_writes(bot: RunningBot) -> dict[str, int]:
    """The requests that change something at the API."""
    made: dict[str, int] = (await bot.services.ledger())["requests"]
    return {what: number for what, number in made.items() if not what.startswith("GET")}
