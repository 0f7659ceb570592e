"""Shared by the broadcast benches: a database of chats, a confirmed broadcast, and how many have received it."""

import time
from datetime import datetime

from sqlalchemy import func, insert, select, text

from bench.telegram_sandbox import FIRST_CHAT
from bot.broadcast.model import AdminAction, Content, Everyone, HistoryEntry, Media, Plan, Version
from bot.broadcast.ports import Admin, ProgressMessage
from bot.storage.broadcasts import SqlBroadcastRepository
from bot.storage.store import Store, execute
from bot.storage.tables import chats, recipients

NOW = datetime.now().replace(microsecond=0)  # noqa: DTZ005 — office time; an old announcement is deleted once sent
SESSION = '1:{"locale":"fr","touched":"2026-03-02T09:00:00","screen":195000000,"flow":{"kind":"idle"}}'
ROWS_AT_ONCE = 20_000


async def add_chats(store: Store, count: int) -> None:
    """Add so many known chats, two thirds of them French; their ids begin at `FIRST_CHAT`."""
    for start in range(0, count, ROWS_AT_ONCE):
        rows = [
            {
                "chat_id": FIRST_CHAT + each,
                "session": SESSION,
                "locale": "fr" if each % 3 else "en",
                "is_left": False,
                "seen_at": time.time(),  # the bot erases chats that have been silent for a year
                "announcements": True,
            }
            for each in range(start, min(start + ROWS_AT_ONCE, count))
        ]
        await execute(store, insert(chats), rows)
    await execute(store, text("ANALYZE"))


async def confirm_broadcast(store: Store) -> None:
    """Confirm broadcast 1, a text to everyone, so that a bot that starts sends it."""
    plan = Plan(1, (Version("", Content(Media.TEXT, "Demain, les bureaux sont fermés.")),), Everyone())
    entry = HistoryEntry("Admin", AdminAction.CONFIRMED, NOW)
    await SqlBroadcastRepository(store).confirm(plan, Admin(1, "Admin"), entry, ProgressMessage(1, 1, 1, "fr"))


async def count_sent(store: Store) -> int:
    """How many recipients have it."""
    query = select(func.count()).select_from(recipients).where(recipients.c.status == "sent")
    return int(await store.reader.scalar(query))


def daytime_zone() -> str:
    """A time zone in which it is noon now: broadcasts rest at night."""
    hour = time.gmtime().tm_hour
    return f"Etc/GMT{hour - 12:+d}" if hour != 12 else "Etc/GMT"


def p99_ms(latencies: list[float]) -> float:
    """Of latencies in seconds, the milliseconds within which 99 % were."""
    return sorted(latencies)[int(0.99 * len(latencies))] * 1000
