"""What to bring and where reaches the phone: before booking, on the ticket, as a pin, in the reminder; no request."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.settings import SettingsError
from tests.e2e.bot_process import BotProcess
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.running_bot import RunningBot, stopped_bot
from tests.e2e.services import separate_bot
from tests.e2e.test_reminders import books, jump_to
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILE = """
[5]
address = "Almamya, Kaloum"
pin = [9.5092, -13.7122]
closed = ["2026-03-03"]

[5.fr]
before = "Le timbre fiscal se paie avant le rendez-vous."
bring = ["Ancien passeport", "Extrait de naissance"]
landmark = "En face de la poste"
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "departments.toml"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(tmp_path_factory: pytest.TempPathFactory, file: Path) -> AsyncIterator[RunningBot]:
    write(file, FILE)
    async with stopped_bot(tmp_path_factory.mktemp("bot"), capacity=1000) as prepared:
        prepared.settings = prepared.settings.model_copy(update={"departments_file": file})
        await prepared.start()
        yield prepared


@pytest_asyncio.fixture(loop_scope="module")
async def aissatou(bot: RunningBot, file: Path) -> Citizen:
    write(file, FILE)
    bot.app.reload_details()
    return await bot.citizen()


async def test_a_citizen_reads_what_to_bring_before_and_after_booking_and_taps_no_more(
    bot: RunningBot, aissatou: Citizen
) -> None:
    days = await aissatou.reaches_days()
    assert "Ancien passeport" not in days.text
    assert any("fermé" in label for label in days.labels)
    before = (await bot.services.ledger())["requests"]
    page = await aissatou.taps_on("Ce qu’il faut apporter", days)
    assert page.number == days.number, "in the same message"
    for words in ("Le timbre fiscal", "• Ancien passeport", "Almamya, Kaloum", "En face de la poste"):
        assert words in page.text
    again = await aissatou.taps_on("Retour", page)
    assert (again.number, again.labels) == (days.number, days.labels)
    assert (await bot.services.ledger())["requests"] == before, "it costs no request"
    taps = aissatou.taps
    await aissatou.taps_on("⏱")
    summary = await aissatou.says("Aïssatou Bah")
    assert "Le timbre fiscal se paie avant le rendez-vous." in summary.text
    ticket = await aissatou.taps_on(CONFIRM)
    assert aissatou.taps == taps + 2
    assert "• Extrait de naissance" in ticket.text
    before = (await bot.services.ledger())["requests"]
    await aissatou.taps_on("📍 Où", ticket)
    *_, venue = (each["message"]["venue"] for each in await aissatou.phone.transcript() if "venue" in each["message"])
    assert (venue["title"], venue["address"]) == ("Passport Service", "Almamya, Kaloum, En face de la poste")
    assert venue["location"]["latitude"] == pytest.approx(9.5092)
    assert (await bot.services.ledger())["requests"] == before


async def test_a_reminder_says_what_changed_since_the_ticket(bot: RunningBot, aissatou: Citizen, file: Path) -> None:
    await books(aissatou, "12/03/2026 14:30")
    same = await bot.citizen()
    async with jump_to(bot, "05T10:00"):
        write(file, FILE.replace("Almamya, Kaloum", "Kipé, Ratoma"))
        bot.app.reload_details()
        bot.clock.pass_(timedelta(minutes=1))  # a ticket is as old as its minute
        await books(same, "12/03/2026 14:00")
    async with jump_to(bot, "10T14:30"):
        reminder = await aissatou.waits_for("votre rendez-vous")
        assert reminder.text.startswith("⚠️ Changé depuis votre ticket\u00a0: l’adresse\n")
        assert "Kipé, Ratoma" in reminder.text
        unchanged = await same.waits_for("🔔")
        assert unchanged.text.startswith("🔔"), "that ticket had the new address already"
        assert "• Ancien passeport" in unchanged.text


async def test_a_wrong_file_refuses_the_start(bot: RunningBot, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    write(wrong, "[5.fr]\nbring = 'Passeport'\n")
    await bot.stop()
    with pytest.raises(SettingsError, match=r"5\.fr\.bring: must be a list"):
        await bot.start(departments_file=wrong)
    await bot.stop()
    await bot.start()


async def test_the_process_ends_with_2_for_a_wrong_file_and_reads_it_again_on_sighup(tmp_path: Path) -> None:
    file = tmp_path / "departments.toml"
    write(file, "[5]\nadress = 'Kaloum'\n")
    async with separate_bot(tmp_path) as (_, process):
        await process.start(ready=False, DEPARTMENTS_FILE=str(file))
        assert await process.ended(20) == 2
        assert "5.adress: is no key here" in process.log
        write(file, "[5]\naddress = 'Kaloum'\n[99]\n")
        await process.start(DEPARTMENTS_FILE=str(file))
        await hears(process, "names departments that the API does not list: 99")
        write(file, "[5")
        process.hang_up()
        await hears(process, "is not TOML", "the details from before stay")
        write(file, "[5]\naddress = 'Ratoma'\n")
        process.hang_up()
        await hears(process, "DEPARTMENTS_FILE is read again; departments in it: 1")
        assert process.running
        process.terminate()
        assert await process.ended(15) == 0


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


async def hears(process: BotProcess, *words: str) -> None:
    await eventually(
        f"the log says {words}", lambda: any(all(each in line for each in words) for line in process.log_messages)
    )
