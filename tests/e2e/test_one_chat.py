"""One chat cannot use up the hour of all, nor the calendar: loops and floods end politely, and others are served."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.core.health import ChatLimit
from bot.moncreneau.availability import READINGS
from bot.sandbox.moncreneau import Department, Organization
from tests.e2e.citizen import Citizen
from tests.e2e.phone import Shown
from tests.e2e.running_bot import RunningBot, stopped_bot
from tests.e2e.words import Words

FRENCH = Words("fr")
CITY = Organization(1, "Ville de Conakry")
OFFICES = tuple(Department(number, f"Guichet {number}", CITY) for number in range(101, 105 + READINGS))
LIMIT = 1000


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[RunningBot]:
    async with stopped_bot(tmp_path, departments=OFFICES, capacity=1, rate_limit=LIMIT) as found:
        yield found


async def requests(bot: RunningBot) -> dict[str, int]:
    found: dict[str, int] = (await bot.services.ledger())["requests"]
    return found


async def limits_reached(bot: RunningBot) -> dict[ChatLimit, int]:
    return dict((await bot.app.health.report()).limits_reached)


async def looks_at(citizen: Citizen, number: int) -> Shown:
    """To the list of days of a department, by its name."""
    await citizen.says("/book")
    return await citizen.taps_on(f"Guichet {number}", await citizen.says(f"Guichet {number}"))


async def cancels(citizen: Citizen, number: int) -> None:
    await citizen.says(f"/cancel {number}")
    await citizen.taps_on("Oui, annuler")


async def test_a_loop_that_books_and_cancels_ends_after_five_bookings(bot: RunningBot) -> None:
    await bot.start(max_open=5, max_bookings_per_day=5)
    looping, other = await bot.citizen(), await bot.citizen()
    for _ in range(5):
        await cancels(looping, await looping.books(department="Guichet 101"))
    for _ in range(20):
        told = await looping.reaches_days("Guichet 101")
        assert FRENCH.says(told.text, "problem.too_many_today"), told.text
    made = await requests(bot)
    assert (made["POST /appointments"], made["DELETE /appointments/{id}"]) == (5, 5)
    assert sum(made.values()) < 40
    assert await limits_reached(bot) == {ChatLimit.PER_DAY: 20}
    assert await other.books(department="Guichet 101")


async def test_one_chat_takes_no_more_than_five_slots(bot: RunningBot) -> None:
    await bot.start(max_open=5, max_bookings_per_day=0)
    taking, other = await bot.citizen(), await bot.citizen()
    numbers = [await taking.books(department="Guichet 101") for _ in range(5)]
    told = await taking.reaches_days("Guichet 102")
    assert FRENCH.says(told.text, "problem.too_many_open"), "before the form, in any department"
    assert await other.books(department="Guichet 101")
    await cancels(taking, numbers[0])
    assert await taking.books(department="Guichet 102"), "cancelling is never limited"


async def test_a_flood_of_updates_uses_up_nothing_and_is_told_once(bot: RunningBot) -> None:
    await bot.start()
    flooding, other = await bot.citizen(), await bot.citizen()
    await flooding.says("/book")
    updates = [
        {"message": {
            "message_id": 10_000 + number, "date": 1_772_000_000, "text": f"Guichet {101 + number % 30}",
            "chat": {"id": flooding.id, "type": "private", "first_name": "A"},
            "from": {"id": flooding.id, "is_bot": False, "first_name": "A", "language_code": "fr"},
        }}
        for number in range(1000)
    ]  # fmt: skip
    await bot.services.inject_updates(*updates)
    assert await other.books(department="Guichet 102")
    await bot.wait_until_idle()
    assert sum((await requests(bot)).values()) <= 60
    assert (await limits_reached(bot))[ChatLimit.UPDATES] > 900
    texts = [each.text for each in await flooding.messages()]
    assert sum(FRENCH.says(text, "notice.too_fast") for text in texts) == 1
    assert await flooding.books(department="Guichet 103"), "who waits for the answers goes on at once"


async def test_a_tour_of_all_departments_ends_before_it_uses_up_the_hour(bot: RunningBot) -> None:
    await bot.start()
    touring, other = await bot.citizen(), await bot.citizen()
    for number in range(101, 101 + READINGS):
        assert not FRENCH.says((await looks_at(touring, number)).text, "problem.busy")
    told = await looks_at(touring, 101 + READINGS)
    assert FRENCH.says(told.text, "problem.busy")
    assert "08:" in told.text, "from when on"
    assert (await limits_reached(bot)) == {ChatLimit.READINGS: 1}
    assert sum((await requests(bot)).values()) <= READINGS + 10
    assert not FRENCH.says((await looks_at(other, 101 + READINGS)).text, "problem.busy")


async def test_looking_at_slots_over_and_over_costs_next_to_nothing(bot: RunningBot) -> None:
    await bot.start()
    looking = await bot.citizen()
    for _ in range(40):
        await looks_at(looking, 101)
    assert sum((await requests(bot)).values()) <= 10
    assert await limits_reached(bot) == {}
