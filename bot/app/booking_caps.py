"""Limits how many appointments one chat may have, book and move, so that no chat uses up the calendar or the quota.

They are counted from the store when the citizen chooses a department and again in the turn that opens the attempt. The
turns of a chat are strictly in order, so the count is exact. Cancelling is never capped. A move is no further
appointment and has a cap of its own. A chat that an admin has blocked may book nothing further; it still moves and
cancels. Must not know SQL or screens.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from bot.app.ports import ApiError
from bot.app.records import BookingCounts
from bot.core.appointments import COMING
from bot.core.health import ChatLimit
from bot.core.model import Appointment, Failure, FailureCode


@dataclass(frozen=True, slots=True)
class BookingCaps:
    """Coming appointments of a chat, its bookings in a day, and moves of one appointment in a week; 0: no cap.

    `trusted` chats have their own caps, and none on moves.
    """

    open: int = 0
    per_day: int = 0
    trusted: Mapping[int, int] = field(default_factory=dict)
    moves: int = 0

    def of(self, chat_id: int) -> tuple[int, int]:
        """The two caps of a chat: coming appointments, and bookings per day."""
        trusted = self.trusted.get(chat_id)
        return (self.open, self.per_day) if trusted is None else (trusted, trusted)


CountBookings = Callable[[int, datetime], Awaitable[BookingCounts]]
"""The counts of a chat at an office time; see `storage.reader.ReadRepository.count_bookings`."""
CountMoves = Callable[[int, int], Awaitable[int]]
"""How often a chat's appointment was moved in the last week; see `storage.reader.ReadRepository.count_moves`."""


async def never_moved(_chat_id: int, _appointment_id: int) -> int:
    """The default without a store."""
    return 0


IsBlocked = Callable[[int], Awaitable[bool]]
"""Whether an admin has blocked a chat; see `storage.blocks.SqlBlockRepository.is_blocked`."""


async def not_blocked(_chat_id: int) -> bool:
    """The default without a store."""
    return False


Appointments = Callable[[], Awaitable[tuple[Appointment, ...]]]


class CapCheck:
    """Checks the caps; `count` counts the stored appointments and bookings, `reached` counts the refusals."""

    def __init__(
        self,
        caps: BookingCaps,
        count: CountBookings,
        count_moves: CountMoves = never_moved,
        reached: Counter[ChatLimit] | None = None,
        is_blocked: IsBlocked = not_blocked,
    ) -> None:
        self._caps = caps
        self._is_blocked = is_blocked
        self._count = count
        self._count_moves = count_moves
        self._reached = Counter() if reached is None else reached

    async def move_refusal(self, chat_id: int, appointment_id: int) -> Failure | None:
        """Why this chat may not move this appointment once more; None if it may."""
        if await self._can_move(chat_id, appointment_id):
            return None
        self._reached[ChatLimit.MOVES] += 1
        return Failure(FailureCode.TOO_MANY_MOVES)

    async def _can_move(self, chat_id: int, appointment_id: int) -> bool:
        most = self._caps.moves
        return not most or chat_id in self._caps.trusted or await self._count_moves(chat_id, appointment_id) < most

    async def can_take(self, chat_id: int, appointment_id: int | None, now: datetime) -> bool:
        """Whether this chat could move its appointment now, or (None) book one, as far as is known without a request.

        Nothing is refused by that, so nothing is counted.
        """
        if appointment_id is not None:
            return await self._can_move(chat_id, appointment_id)
        most_open, most_a_day = self._caps.of(chat_id)
        counts = await self._count(chat_id, now)
        has_too_many = most_open and counts.coming + counts.pending >= most_open
        is_day_used = most_a_day and counts.booked + counts.pending >= most_a_day
        return not has_too_many and not is_day_used and not await self._is_blocked(chat_id)

    async def refusal(self, chat_id: int, now: datetime, appointments: Appointments) -> Failure | None:
        """Why this chat may not book at the office time `now`; None if it may.

        Before the chat is refused, its `appointments` are read, because the office may have cancelled some.
        """
        if await self._is_blocked(chat_id):
            self._reached[ChatLimit.BLOCKED] += 1
            return Failure(FailureCode.BOOKING_BLOCKED)
        most_open, most_a_day = self._caps.of(chat_id)
        if not most_open and not most_a_day:
            return None
        counts = await self._count(chat_id, now)
        if most_a_day and counts.booked + counts.pending >= most_a_day:
            self._reached[ChatLimit.PER_DAY] += 1
            tomorrow = datetime.combine(now.date() + timedelta(days=1), time())
            return Failure(FailureCode.TOO_MANY_TODAY, tomorrow, another_day=True)
        if not most_open or counts.coming + counts.pending < most_open:
            return None
        try:
            coming = sum(each.status in COMING and each.at > now for each in await appointments())
        except ApiError:
            coming = counts.coming
        if coming + counts.pending < most_open:
            return None
        self._reached[ChatLimit.OPEN] += 1
        return Failure(FailureCode.TOO_MANY_OPEN)
