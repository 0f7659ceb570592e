"""A bot that is killed while it reminds: the timer is there or the message is, never both, never neither."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app.records import Change
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment
from bot.storage.store import Store
from tests.e2e.phone import Phone, new_phone
from tests.e2e.services import OFFICES, separate_bot
from tests.e2e.waiting import eventually
from tests.storage.databases import sqlite_database

POINTS = (
    "turn taken:1",
    *(f"batch written:{count}" for count in (1, 2)),
    *(f"batch committed:{count}" for count in (1, 2)),
    "turn committed:1",
    "delivery sent:1",
)
pytestmark = pytest.mark.timeout(240)


def seconds_to_noon() -> float:
    """By how much the bot's clock must be ahead for it to be noon in Conakry (UTC)."""
    now = datetime.now(UTC)
    noon = now.replace(hour=12, minute=0, second=0)
    return ((noon if noon > now else noon + timedelta(days=1)) - now).total_seconds()


async def learn(store: Store, number: int, chat: int, now: datetime) -> None:
    """An appointment made a week ago, whose first reminder is due since half an hour."""
    start = (now + timedelta(hours=47, minutes=30)).replace(tzinfo=None, second=0, microsecond=0)
    made = Appointment(number, OFFICES[0].id, start, "Aïssatou Bah", owner=f"telegram:{chat}")
    fact = Fact(number, chat, start - timedelta(days=9), Source.ATTEMPT, made)
    await store.commit(Change(facts=(fact,)))


async def reminded(phone: Phone) -> int:
    return len([each for each in await phone.look(everything=True) if each.text.startswith("🔔")])


async def test_a_reminder_is_queued_exactly_once_wherever_the_bot_is_killed(tmp_path: Path) -> None:
    database = sqlite_database(tmp_path)
    async with separate_bot(tmp_path) as (services, bot):
        await bot.start(BOT_CLOCK_AHEAD=str(seconds_to_noon()))
        phones = [await new_phone(services.telegram, "Aïssatou", "fr") for _ in POINTS]
        for phone in phones:
            await phone.say("/start")
            await eventually("it is greeted", lambda phone=phone: phone.look())  # type: ignore[misc]
        await bot.stop()
        for number, (point, phone) in enumerate(zip(POINTS, phones, strict=True), 1):
            ahead = seconds_to_noon()
            store = await Store(database.url).open()
            await learn(store, number, phone.chat_id, datetime.now(UTC) + timedelta(seconds=ahead))
            await store.close()
            await bot.start(crash_at=point, BOT_CLOCK_AHEAD=str(ahead))
            await eventually(f"it dies at {point}", lambda: not bot.running)
            ((waiting,),) = database.rows("SELECT count(*) FROM timers WHERE kind = 'r48'")
            ((messages,),) = database.rows("SELECT count(*) FROM outbox")
            assert waiting + messages + bool(await reminded(phone)) >= 1, f"lost at {point}"
            assert waiting + messages <= 1, f"twice at {point}"
            await bot.start(BOT_CLOCK_AHEAD=str(seconds_to_noon()))
            await eventually("the reminder", lambda phone=phone: reminded(phone))  # type: ignore[misc]
            await bot.stop()
            sent_before_the_kill = point.startswith(("delivery sent", "batch written"))
            assert await reminded(phone) <= 1 + sent_before_the_kill, f"sent twice at {point}"
