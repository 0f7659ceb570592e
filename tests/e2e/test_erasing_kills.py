"""A bot that is killed while it erases a chat: all of it is there, or nothing is."""

from functools import partial
from pathlib import Path

import pytest

from bot.storage.personal_data import CHAT_OF, KEPT
from tests.e2e.log_check import find_private
from tests.e2e.phone import Phone, Shown, new_phone
from tests.e2e.services import separate_bot
from tests.e2e.waiting import eventually
from tests.storage.databases import Database

POINTS = (
    "turn taken:1",
    *(f"batch written:{count}" for count in (4, 5)),
    *(f"batch committed:{count}" for count in (4, 5)),
    "turn committed:1",
)
"""The bot starts with three batches or four, one of which has the last press; the next one erases."""
MEMORY = {table.name: column.name for table, column in CHAT_OF.items() if table not in KEPT}
LAST = "Oui, tout effacer"
pytestmark = pytest.mark.timeout(240)


async def offering(phone: Phone, words: str) -> list[tuple[Shown, str]]:
    """The messages with such a button, and its label."""
    shown = await phone.look(everything=True)
    return [(each, label) for each in shown for label in each.labels if words in label]


async def presses(phone: Phone, words: str) -> None:
    found: list[tuple[Shown, str]] = await eventually(words, partial(offering, phone, words))
    await phone.press(*found[-1])


async def reads(phone: Phone, words: str) -> bool:
    return any(words in each.text for each in await phone.look(everything=True))


def remembers(database: Database, chat_id: int) -> set[str]:
    """The tables with a row of this chat. Updates and messages that wait are no memory of it."""
    return {
        table
        for table, column in MEMORY.items()
        if table not in {"inbox", "outbox"} and database.execute(f"SELECT 1 FROM {table} WHERE {column} = ?", chat_id)  # noqa: S608 — our own names
    }


async def reaches_the_last_question(phone: Phone) -> None:
    await phone.say("/book")
    await presses(phone, "Passeports")
    await presses(phone, "⏱")
    await eventually("the question", partial(reads, phone, "Pour qui est le rendez-vous"))
    await phone.say("Aïssatou Bah")
    await presses(phone, "Confirmer")
    await eventually("the ticket", partial(offering, phone, "❌ Annuler"))
    await phone.say("/data")
    await presses(phone, "Tout effacer")
    await presses(phone, "Effacer quand même")
    await eventually("the last question", partial(offering, phone, LAST))


async def test_a_chat_is_erased_whole_or_not_at_all_wherever_the_bot_is_killed(tmp_path: Path) -> None:
    async with separate_bot(tmp_path) as (services, bot):
        await bot.start()
        phones = [await new_phone(services.telegram, "Aïssatou", "fr") for _ in POINTS]
        for phone in phones:
            await reaches_the_last_question(phone)
        assert await bot.stop() == 0
        for point, phone in zip(POINTS, phones, strict=True):
            everything = remembers(bot.database, phone.chat_id)
            assert everything >= {"chats", "appointments", "attempts", "ticket_messages"}
            await presses(phone, LAST)
            await bot.start(crash_at=point, ready=False)
            await eventually(f"it dies at {point}", lambda: not bot.running)
            left = remembers(bot.database, phone.chat_id)
            assert left in (everything, set()), f"a part was erased at {point}"
            await bot.start()
            await eventually("it is told", partial(reads, phone, "Tout est effacé"))
            assert await bot.stop() == 0
            assert remembers(bot.database, phone.chat_id) == set(), point
        assert find_private(bot.log, (each.chat_id for each in phones), ["Aïssatou Bah"]) == []
