"""Random histories of citizens, the office, Telegram and the clock: no reminder is untrue, none that is due is lost.

The store, the turns and the outbox are the real ones; what is true is kept beside them in a plain dictionary.
"""

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app.outbox import Outbox
from bot.app.rate_limits import ChatRateLimiter, GlobalRateLimiter
from bot.app.records import Change, Delivery, Kind, StoredChat
from bot.core.appointment_book import Fact, Source
from bot.core.dates import is_night
from bot.core.model import Appointment, AppointmentStatus
from bot.core.reminders import REMINDERS, Timer
from bot.storage.store import Store
from tests.app.fakes import FakeMessenger
from tests.app.test_reminders import PASSPORTS, RemindersSetup

BEGIN = datetime.fromisoformat("2026-03-02T09:00")
COMING = {AppointmentStatus.SCHEDULED, AppointmentStatus.PENDING_PAYMENT}
MOST = 4
"""Appointments of one history."""
quarters = st.integers(1, 6 * 24 * 4).map(lambda count: timedelta(minutes=15 * count))
which = st.integers(0, MOST - 1)
CHANGE = (
    st.tuples(st.just("move"), which, quarters)
    | st.tuples(st.just("cancel"), which)
    | st.tuples(st.just("office"), which, st.sampled_from(AppointmentStatus))
)
ALWAYS_OR_NOT = st.tuples(st.sampled_from(["block", "wanted"]), st.booleans())
PASSING = st.just(("due",)) | st.tuples(st.just("clock"), st.integers(1, 12).map(lambda hours: timedelta(hours=hours)))
AWAY = st.tuples(st.just(("telegram", False)), st.just(("due",)), CHANGE, PASSING, st.just(("telegram", True)))
"""A reminder that is due while Telegram is away, and what happens until it is back."""
BOOK = st.tuples(st.just("book"), quarters)
STEPS = st.builds(
    lambda first, parts: (first, *(step for part in parts for step in part)),
    BOOK,
    st.lists(st.tuples(BOOK | CHANGE | PASSING | ALWAYS_OR_NOT) | AWAY | st.tuples(st.just(("due",))), max_size=12),
)


@dataclass
class World:
    """What is true, what was sent, and the bot's parts."""

    office: RemindersSetup
    store: Store
    truth: dict[int, tuple[Appointment, int]] = field(default_factory=dict)
    waiting: list[Delivery] = field(default_factory=list)
    sent: Counter[tuple[int, int]] = field(default_factory=Counter)
    reachable: bool = True
    chat: StoredChat = field(default_factory=lambda: StoredChat(7, "session", "fr"))

    async def says(self, appointment: Appointment, source: Source) -> None:
        """The appointment is now like this; the version counts what really changed."""
        before = self.truth.get(appointment.id)
        version = 0 if before is None else before[1] + (before[0] != appointment)
        self.truth[appointment.id] = (appointment, version)
        await self.store.commit(Change(facts=(Fact(appointment.id, 7, self.office.now, source, appointment),)))

    async def take(self, step: tuple[Any, ...]) -> None:  # noqa: C901 — a table
        match step:
            case ("book", ahead) if len(self.truth) < MOST:
                at = self.office.now.replace(minute=0) + ahead
                await self.says(Appointment(len(self.truth), PASSPORTS.id, at, "Aïssatou"), Source.ATTEMPT)
            case ("move", index, ahead) if known := self.known(index):
                await self.says(replace(known, at=self.office.now.replace(minute=0) + ahead), Source.READING)
            case ("cancel", index) if known := self.known(index):
                await self.says(replace(known, status=AppointmentStatus.CANCELLED), Source.ATTEMPT)
            case ("office", index, status) if (known := self.known(index)) and status is not AppointmentStatus.UNKNOWN:
                await self.says(replace(known, status=status), Source.READING)
            case ("telegram", reachable):
                self.reachable = reachable
                if reachable:
                    await self.send()
            case ("block", left):
                await self.store.commit(Change(left=7) if left else Change(returned=7))
                self.waiting = [] if left else self.waiting
            case ("wanted", wanted):
                chat = await self.store.chat(7)
                assert chat
                await self.store.commit(Change(chat=replace(chat, reminders=wanted)))
            case ("clock", span):
                await self.pass_time(span)
            case ("due",):
                await self.pass_time_to_next()

    def known(self, index: int) -> Appointment | None:
        """One of the appointments; those whose reminder waits for Telegram before all others."""
        waiting = [number for delivery in self.waiting for number, _ in delivery.about]
        numbers = waiting or list(self.truth)
        return self.truth[numbers[index % len(numbers)]][0] if numbers else None

    async def pass_time(self, span: timedelta) -> None:
        """The scheduler looks whenever something is due, and every hour while something is late."""
        end = self.office.now + span
        while self.office.now < end:
            due = [each.due_at for each in await self.office.timers.of_chat(7)]
            points = [each for each in due if each > self.office.now]
            if self.waiting or len(points) < len(due):
                points.append(self.office.now + timedelta(hours=1))
            self.waiting += await self.office.looks(min((*points, end)))
            if self.reachable:
                await self.send()

    async def pass_time_to_next(self) -> None:
        """Until the next timer is due."""
        if points := [each.due_at for each in await self.armed() if each.due_at > self.office.now]:
            await self.pass_time(min(points) - self.office.now)

    async def send(self) -> None:
        """Everything that waits goes through an outbox."""
        messenger = FakeMessenger()
        outbox = Outbox(
            self.store, messenger, GlobalRateLimiter(None), ChatRateLimiter(None), office_time=lambda: self.office.now
        )
        outbox.accept(self.waiting)
        self.waiting = []
        while tasks := set(outbox._tasks.values()):
            await asyncio.wait(tasks)
        for _, delivery, _ in messenger.heard:
            self.check(delivery)

    def check(self, delivery: Delivery) -> None:
        assert delivery.kind is Kind.SEND
        assert not is_night(self.office.now) or delivery.not_after == self.office.now
        for number, version in delivery.about:
            appointment, present = self.truth[number]
            assert version == present, "never of an older version"
            if "reminder" in delivery.message.text:
                assert appointment.status in COMING
                assert appointment.at > self.office.now, "never after it began"
                assert self.truth[delivery.about[0][0]][0].at - self.office.now <= timedelta(hours=48)
                self.sent[number, version] += 1

    async def armed(self) -> list[Timer]:
        return [each for each in await self.office.timers.of_chat(7) if each.kind in REMINDERS]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_no_reminder_is_untrue_and_none_that_is_due_is_lost(steps: tuple[tuple[Any, ...], ...]) -> None:
    asyncio.run(_history(steps))


async def _history(steps: tuple[tuple[Any, ...], ...]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await Store(f"sqlite+aiosqlite:///{Path(folder) / 'bot.db'}").open()
        try:
            world = World(RemindersSetup(store, now=BEGIN), store)
            await store.commit(Change(chat=world.chat))
            for step in steps:
                await world.take(step)
            # From now on everything works and nothing changes: whatever is armed must be told of.
            for step in (("telegram", True), ("block", False), ("wanted", True)):
                await world.take(step)
            armed = {each.appointment_id for each in await world.armed() if each.due_at > world.office.now}
            before = world.sent.copy()
            await world.pass_time(timedelta(days=8))
            assert await world.armed() == []
            told = {number for number, version in world.sent - before}
            assert armed <= told
            assert all(count <= 2 * MOST for count in world.sent.values())
        finally:
            await store.close()
