"""Finds the changes that no webhook reported: reads the days on which citizens have appointments, in the background.

Without webhooks each department's day is read once an hour, as far as the API's background share allows; with webhooks
twice: two days before and on the morning, when reminders begin. Differences become turns of the citizens' chats, like
webhooks. A day's list has strangers' appointments too: they are dropped here, neither logged nor stored.

Knows no HTTP, no SQL, no words.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import partial

from bot.app.appointment_news import AppointmentNews, is_changed
from bot.app.attempt import chat_of
from bot.app.conversations import ChatTurn
from bot.app.ports import ApiError, Moncreneau, Store, WriteOutcome
from bot.app.records import DepartmentDay
from bot.core.appointment_book import BookEntry, Fact, Source, absorb
from bot.core.model import Appointment
from bot.logs import scrubbed

log = logging.getLogger(__name__)
EVERY = timedelta(hours=1)
"""How often a day is read if no webhooks come."""
MORNING = time(6)
"""When a day is read if they come: at this hour two days before, and on the day itself."""
DAYS_BEFORE = (2, 0)
DayKey = tuple[int, date]
"""A department and a day."""
LOOK_EVERY, LONGEST_PAUSE = 60.0, 600.0
"""Seconds between two looks at what is due, and the longest pause after the API could not be asked."""


class Reconciler:
    """Compares the appointment book with the API.

    `play` takes a turn of a chat. `gets_webhooks` is whether they came within the last day.
    """

    def __init__(  # noqa: PLR0913, PLR0917 — the parts, joined in one place
        self,
        store: Store,
        api: Moncreneau,
        news: AppointmentNews,
        play: Callable[[int, ChatTurn], None],
        office_time: Callable[[], datetime],
        gets_webhooks: Callable[[], bool],
    ) -> None:
        self._store = store
        self._api = api
        self._news = news
        self._play = play
        self._now = office_time
        self._gets_webhooks = gets_webhooks
        self._read_at: dict[DayKey, datetime] = {}

    async def run(self) -> None:
        """Read what is due, as long as the bot runs."""
        pause = LOOK_EVERY
        while True:
            await asyncio.sleep(pause)
            try:
                pause = await self.read_due()
            except Exception as error:  # whatever the error: the other days must be read
                log.exception("reading appointments again failed: %s", type(error).__name__, exc_info=scrubbed(error))
                pause = LOOK_EVERY

    async def read_due(self) -> float:
        """Read the days that are due, until the API cannot be asked any more; returns the pause after it in seconds."""
        days = await self._store.department_days(self._now().date())
        self._read_at = {key: at for each in days if (at := self._read_at.get(key := each.key))}
        for each in due(days, self._read_at, self._now(), gets_webhooks=self._gets_webhooks()):
            began = self._now()
            try:
                await self._read(each)
            except ApiError as error:
                if error.outcome is WriteOutcome.NOT_SENT:
                    return min(max(error.retry_after or 0.0, LOOK_EVERY), LONGEST_PAUSE)
            self._read_at[each.key] = began
        return LOOK_EVERY

    async def _read(self, which: DepartmentDay) -> None:
        """Read one day, and queue a turn of each chat that it tells something new. Raises `ApiError`."""
        # A second for the API's clock, which tells whole seconds: what happens while it is read is newer.
        as_of = self._news.service_time() - timedelta(seconds=1)
        is_complete = True
        try:
            found = await self._api.day(which.department_id, which.day)
        except ApiError as error:
            if not error.seen:
                raise
            found, is_complete = error.seen, False
        facts = defaultdict[int, list[Fact]](list)
        for entry, fact in await self._compared(which, found, as_of, is_complete=is_complete):
            after, effects = absorb(entry, fact)
            if effects or (after and is_changed(entry, after)):
                facts[fact.chat_id].append(fact)
        for chat_id, told in facts.items():
            self._play(chat_id, partial(self._news.of_day, chat_id, tuple(told)))

    async def _compared(
        self, which: DepartmentDay, found: tuple[Appointment, ...], as_of: datetime, *, is_complete: bool
    ) -> list[tuple[BookEntry | None, Fact]]:
        """The citizens' appointments: as the book has them, and as the list tells them."""
        known = {each.appointment_id: each for each in await self._store.entries_on(*which.key)}
        listed = {each.id: each for each in found if each.id in known or chat_of(each.owner or "") is not None}
        compared: list[tuple[BookEntry | None, Fact]] = []
        for number in dict.fromkeys((*listed, *(known if is_complete else ()))):
            said = listed.get(number)
            entry = known.get(number) or await self._store.entry(number)
            owner = chat_of(said.owner) if said and said.owner else None
            chat_id = entry.chat_id if entry else owner
            if chat_id is None or owner not in {None, chat_id}:
                continue
            if entry is None and await self._store.chat(chat_id) is None:
                continue
            compared.append((entry, Fact(number, chat_id, as_of, Source.DAY, said)))
        return compared


def due(
    days: tuple[DepartmentDay, ...], read_at: Mapping[DayKey, datetime], now: datetime, *, gets_webhooks: bool
) -> list[DepartmentDay]:
    """The days to read now; first those whose last reading is old for how near they are.

    So the nearest come first, and if the background share is too small for all, those far off are read more rarely.
    """

    def age(each: DepartmentDay) -> timedelta:
        last = read_at.get(each.key) or each.as_of
        return now - last if last and last <= now else timedelta.max  # later than now: a clock was set back

    def is_due(each: DepartmentDay) -> bool:
        if not gets_webhooks:
            return age(each) >= EVERY
        begun = (datetime.combine(each.day, MORNING) - timedelta(days=days) for days in DAYS_BEFORE)
        return any(timedelta() <= now - at < age(each) for at in begun)

    def urgency(each: DepartmentDay) -> float:
        return age(each) / timedelta(days=1 + max(0, (each.day - now.date()).days))

    return sorted(filter(is_due, days), key=lambda each: (-urgency(each), each.day, each.department_id))
