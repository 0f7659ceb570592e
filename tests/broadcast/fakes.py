"""Fakes that obey the protocols of `bot.broadcast.ports`, and a send loop that works on them."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.app.ports import SendError
from bot.app.rate_limits import ChatRateLimiter, EvenPacer, FloodControl, GlobalRateLimiter
from bot.app.records import Work
from bot.broadcast.lifecycle import ENDED, ListCursor, cursor_of
from bot.broadcast.model import (
    AdminAction,
    Audience,
    Broadcast,
    BroadcastStatus,
    Content,
    Everyone,
    HistoryEntry,
    Media,
    Plan,
    RecipientCounts,
    RecipientStatus,
    Version,
)
from bot.broadcast.ports import NOWHERE, Admin, OwnBroadcasts, PreparedMessage, ProgressMessage, Recipient, StatusUpdate
from bot.broadcast.run import BroadcastRun
from bot.broadcast.sender import SendLoop
from bot.broadcast.throttle import MAX_IN_FLIGHT, BroadcastThrottle, SendBreaker

DAY = datetime.fromisoformat("2026-03-02T09:00")
PLAN = Plan(1, (Version("", Content(Media.TEXT, "Bonjour")),), Everyone())
WRITE_TIME = 0.001
"""Seconds that a write takes."""


@dataclass
class FakeRecipients:
    """Recipients in memory; `log` has every update in order."""

    people: dict[int, Recipient] = field(default_factory=dict)
    statuses: dict[int, StatusUpdate] = field(default_factory=dict)
    log: list[StatusUpdate] = field(default_factory=list)
    to_prepare: int = 0
    broken: bool = False
    unreadable: int = 0
    refreshed: int = 0
    counted: list[tuple[Audience, int | None]] = field(default_factory=list)
    booked: dict[date, dict[int, int]] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, *chats: int, status: RecipientStatus = RecipientStatus.PENDING) -> "FakeRecipients":
        """These chats, all of one status."""
        people = {each: Recipient(each, "fr", message_id=each * 10, at=time.time()) for each in chats}
        return cls(people, {each: StatusUpdate(each, status, each * 10) for each in chats})

    async def booked_on(self, day: date) -> dict[int, int]:
        return self.booked.get(day, {})

    async def count(self, audience: Audience, _now: datetime, staff_of: int | None = None) -> int:
        self.counted.append((audience, staff_of))
        return len(self.people)

    async def prepare(self, _number: int, _now: datetime) -> bool:
        self.to_prepare -= 1
        return self.to_prepare > 0

    async def count_by_status(self, _number: int) -> RecipientCounts:
        return RecipientCounts(tuple(Counter(each.status for each in self.statuses.values()).items()))

    async def page(
        self, _number: int, statuses: frozenset[RecipientStatus], after: int, size: int
    ) -> tuple[Recipient, ...]:
        if self.unreadable:
            self.unreadable -= 1
            raise ValueError("nonsense")
        found = [each for each in sorted(self.people) if each > after and self.statuses[each].status in statuses]
        return tuple(replace(self.people[each], status=self.statuses[each].status) for each in found[:size])

    async def refresh(self, recipient: Recipient) -> Recipient:
        self.refreshed += 1
        return replace(self.people[recipient.chat_id], status=recipient.status)

    async def is_booked(self, _plan: Plan, chat_id: int, _listed: datetime) -> bool:
        return chat_id not in self.cancelled

    async def record(self, _number: int, updates: tuple[StatusUpdate, ...]) -> None:
        await asyncio.sleep(WRITE_TIME)
        if self.broken:
            raise OSError("no disk")
        self.log.extend(updates)
        self.statuses |= {each.chat_id: each for each in updates}

    async def change_statuses(
        self, _number: int, before: RecipientStatus, after: RecipientStatus, why: str | None = None
    ) -> int:
        found = [each for each in self.statuses.values() if each.status is before]
        self.statuses |= {each.chat_id: replace(each, status=after, error=why) for each in found}
        return len(found)

    async def read_statuses(self, _number: int, skip: int, most: int) -> AsyncIterator[tuple[StatusUpdate, ...]]:
        for each in sorted(self.statuses)[skip : skip + most]:
            yield (self.statuses[each],)

    def tally(self) -> dict[str, int]:
        """How many have which status."""
        return dict(Counter(each.status.value for each in self.statuses.values()))


@dataclass
class FakeSender:
    """Keeps what was sent; `failures` are those of the next calls to a chat (None: success)."""

    sent: list[tuple[int, str]] = field(default_factory=list)
    failures: dict[int, deque[SendError | None]] = field(default_factory=dict)
    recalled: list[int] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    at: list[float] = field(default_factory=list)
    away: SendError | None = None
    probes: int = 0
    in_flight: int = 0
    most_on_wire: int = 0
    paid: int = 0
    lag: float = 0.02

    def prepared(self, content: Content, locale: str) -> PreparedMessage:
        return "sendMessage", {"text": content.text, "locale": locale}

    async def reach(self) -> None:
        self.probes += 1
        if self.away:
            raise self.away

    async def send(self, prepared: PreparedMessage, chat_id: int, *, paid: bool = False) -> int:
        self.at.append(asyncio.get_running_loop().time())
        self.in_flight += 1
        self.most_on_wire = max(self.most_on_wire, self.in_flight)
        await asyncio.sleep(self.lag)
        self.in_flight -= 1
        self._fail(chat_id)
        self.paid += paid
        self.sent.append((chat_id, prepared[1]["locale"]))
        return chat_id * 10

    async def recall(self, chat_id: int, message_id: int) -> bool:
        self._fail(chat_id)
        assert message_id == chat_id * 10
        self.recalled.append(chat_id)
        return chat_id not in self.gone

    def _fail(self, chat_id: int) -> None:
        waiting = self.failures.get(chat_id)
        if waiting and (error := waiting.popleft()):
            raise error

    def fails(self, chat_id: int, *errors: SendError | None) -> None:
        """The next calls to this chat fail like this."""
        self.failures[chat_id] = deque(errors)

    def chats(self) -> list[int]:
        """The chats that got it, in order."""
        return sorted(chat for chat, _ in self.sent)


@dataclass
class FakeBroadcasts:
    """Broadcasts in memory."""

    broadcasts: dict[int, Broadcast] = field(default_factory=dict)
    shown: dict[tuple[int, int], ProgressMessage] = field(default_factory=dict)
    recipients: FakeRecipients = field(default_factory=FakeRecipients)
    reported_numbers: set[int] = field(default_factory=set)
    drafts: dict[int, str] = field(default_factory=dict)
    numbers_given: int = 0
    authors: dict[int, int] = field(default_factory=dict)

    async def next_number(self) -> int:
        self.numbers_given += 1
        return self.numbers_given

    async def draft(self, chat_id: int) -> str | None:
        return self.drafts.get(chat_id)

    def keep_draft(self, chat_id: int, body: str | None) -> Work:
        def work(_connection: object) -> None:
            self.drafts.pop(chat_id, None)
            if body is not None:
                self.drafts[chat_id] = body

        return work

    async def write(self, work: Work) -> None:
        work(None)

    async def confirm(self, plan: Plan, admin: Admin, entry: HistoryEntry, progress: ProgressMessage) -> bool:
        self.drafts.pop(progress.chat_id, None)
        if plan.number in self.broadcasts:
            return False
        self.broadcasts[plan.number] = Broadcast(plan, BroadcastStatus.PREPARING, history=(entry,))
        self.shown[progress.number, progress.chat_id] = progress
        self.authors[plan.number] = admin.user_id
        return True

    async def move(
        self,
        number: int,
        before: BroadcastStatus,
        after: BroadcastStatus,
        by: tuple[Admin, HistoryEntry] | None = None,
        *,
        again: bool = False,
    ) -> bool:
        await asyncio.sleep(0)
        found = self.broadcasts[number]
        if found.status is not before:
            return False
        history = (*found.history, by[1]) if by else found.history
        self.broadcasts[number] = replace(found, status=after, history=history)
        if again:
            await self.recipients.change_statuses(number, RecipientStatus.UNKNOWN, RecipientStatus.AGAIN)
        if after not in ENDED:
            self.reported_numbers.discard(number)
        return True

    async def broadcast(self, number: int) -> Broadcast | None:
        return self.broadcasts.get(number)

    async def recent(self, most: int) -> tuple[Broadcast, ...]:
        return tuple(self.broadcasts[each] for each in sorted(self.broadcasts, reverse=True)[:most])

    async def is_own(self, number: int, own: OwnBroadcasts) -> bool:
        found = self.broadcasts.get(number)
        is_theirs = found is not None and found.plan.department_id in own.departments
        return is_theirs and self.authors.get(number) == own.user_id

    async def listed(
        self, most: int, after: ListCursor | None = None, own: OwnBroadcasts | None = None
    ) -> tuple[Broadcast, ...]:
        every = [each for number, each in self.broadcasts.items() if own is None or await self.is_own(number, own)]
        found = sorted(every, key=lambda each: cursor_of(each).key)
        return tuple([each for each in found if after is None or cursor_of(each).key > after.key][:most])

    async def numbers(self, statuses: frozenset[BroadcastStatus]) -> tuple[int, ...]:
        waiting = self.broadcasts.keys() - self.reported_numbers
        return tuple(n for n, each in self.broadcasts.items() if each.status in statuses or n in waiting)

    def reported(self, broadcast: Broadcast) -> Work:
        def work(_connection: object) -> None:
            found = self.broadcasts[broadcast.plan.number]
            if (found.status, found.history) == (broadcast.status, broadcast.history):
                self.reported_numbers.add(broadcast.plan.number)

        return work

    async def is_reported(self, number: int) -> bool:
        return number in self.reported_numbers

    async def put_progress_message(self, progress: ProgressMessage) -> None:
        await self.clear_progress_message(progress.chat_id, progress.message_id)
        self.shown[progress.number, progress.chat_id] = progress

    async def clear_progress_message(self, chat_id: int, message_id: int) -> None:
        for place, progress in self.shown.items():
            if (progress.chat_id, progress.message_id) == (chat_id, message_id):
                self.shown[place] = replace(progress, message_id=NOWHERE)

    async def progress_messages(self, number: int) -> tuple[ProgressMessage, ...]:
        return tuple(progress for (each, _), progress in self.shown.items() if each == number)

    def has(self, status: BroadcastStatus, counts: RecipientCounts | None = None, number: int = 1) -> None:
        """There is a broadcast of this status and with these counts."""
        done = HistoryEntry("Ibrahima", AdminAction.CONFIRMED, DAY)
        self.broadcasts[number] = Broadcast(replace(PLAN, number=number), status, counts or RecipientCounts(), (done,))


@dataclass
class Clock:
    """Office time, put forward by hand."""

    now: datetime = DAY

    def __call__(self) -> datetime:
        return self.now


class SharedLimits:
    """The limits that broadcasts share with each other and with citizens' messages."""

    def __init__(
        self,
        sender: FakeSender,
        *,
        rate: float | None = None,
        global_limiter: GlobalRateLimiter | None = None,
        chat_limiter: ChatRateLimiter | None = None,
    ) -> None:
        self.global_limiter = global_limiter or GlobalRateLimiter(None)
        self.chat_limiter = chat_limiter or ChatRateLimiter(None)
        self.floods = FloodControl(self.global_limiter, self.chat_limiter)
        self._pace, self._breaker = EvenPacer(rate), SendBreaker("Telegram", sender.reach)

    def throttle(self, width: int = MAX_IN_FLIGHT) -> BroadcastThrottle:
        """A throttle with these limits."""
        return BroadcastThrottle(self._pace, self.global_limiter, self.floods, self._breaker, width=width)


class SendRun:
    """A send loop and one run."""

    def __init__(  # noqa: PLR0913 — what a run depends on
        self,
        recipients: FakeRecipients,
        sender: FakeSender,
        *,
        rate: float | None = None,
        global_limiter: GlobalRateLimiter | None = None,
        limits: SharedLimits | None = None,
        clock: Clock | None = None,
        paid: bool = False,
        nights: frozenset[datetime] = frozenset(),
    ) -> None:
        self.left: list[int] = []
        self.clock = clock or Clock()
        self.limits = limits or SharedLimits(sender, rate=rate, global_limiter=global_limiter)
        self.send_loop = SendLoop(
            recipients,
            sender,
            self.limits.throttle(),
            self.limits.chat_limiter,
            on_left=self.left.append,
            office_time=self.clock,
            paid=paid,
        )
        prepared = {each: sender.prepared(PLAN.versions[0].content, each) for each in ("fr", "en")}
        counts = Counter(each.status for each in recipients.statuses.values())
        statuses = frozenset({RecipientStatus.PENDING, RecipientStatus.AGAIN})
        self.run = BroadcastRun(PLAN, prepared, statuses, counts, nights=nights)

    async def to_end(self) -> bool:
        """Send to everybody."""
        return await self.send_loop.send_all(self.run)
