"""Carries out confirmed bookings, cancellations and moves at the API, each with exactly one outcome.

The API has no idempotency key, and a request whose response was lost may have been carried out. So the worker looks up
its result before it sends the request again. An attempt is stored before its first request and closed in the
transaction that queues the message about its outcome. One that is found open at start is treated like one whose
response was lost. Before it acts again on an attempt the worker reads it. Knows nothing of screens, HTTP or SQL.

A move books the new appointment first. The old one is cancelled only after the new one is stored, so that the citizen
has at least one of them whenever the process ends.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from bot.app.attempt import (
    DELAYS,
    MOVES,
    AttemptState,
    Ending,
    LookupDelays,
    UnclearError,
    booked,
    cancelled,
    find_made,
    moved,
    not_cancelled,
    old_stands,
    refused,
    replacement_booked,
    with_worker,
    withdrawn,
)
from bot.app.backoff import wait_event
from bot.app.failpoints import reach
from bot.app.ports import ApiError, Moncreneau, Store, WriteOutcome
from bot.app.records import AttemptKind, Change, Settled, Step, StoredAttempt
from bot.core.appointments import COMING
from bot.core.events import AttemptDelayed, BookingRefused, Event
from bot.core.model import Appointment, AppointmentStatus, Draft, Failure, FailureCode, Order
from bot.logs import scrubbed

log = logging.getLogger(__name__)
DELAY_NOTICE = 1.0
"""Seconds after which the citizen is told that they need not wait."""
AT_ONCE = 32
T = TypeVar("T")


class Tell(Protocol):
    """Passes an event to the conversation of the chat, with what became of the attempt."""

    def __call__(
        self, chat_id: int, event: Event, step: Step | None, /, then: Callable[[], None] = lambda: None
    ) -> None:
        """`then` is called when the turn has ended, stored or not."""


class _StoppedError(Exception):
    """The worker stops; the attempt stays open in the store."""


class _NotStoredError(Exception):
    """The turn that tells of a new appointment failed, so the next phase is not stored."""


class _SettledElsewhereError(Exception):
    """Another process has closed the attempt and told the citizen."""


class AttemptWorker:
    """Carries out all open attempts. `outcomes` counts the closed bookings and cancellations by outcome."""

    def __init__(
        self,
        store: Store,
        api: Moncreneau,
        office_time: Callable[[], datetime],
        delays: LookupDelays = DELAYS,
        outcomes: Counter[str] | None = None,
    ) -> None:
        self._store = store
        self._delays = delays
        self._api = api
        self._now = office_time
        self._outcomes = Counter[str]() if outcomes is None else outcomes
        self.moves = Counter[str]()
        """The number of moves closed since the start, by outcome."""
        self._states: dict[tuple[int, int], AttemptState] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._semaphore = asyncio.Semaphore(AT_ONCE)
        self._stopping = False

    @property
    def open(self) -> int:
        """How many attempts have no outcome yet."""
        return len(self._states)

    def begin(self, attempt: StoredAttempt, tell: Tell, *, resumed: bool = False) -> None:
        """Start an attempt and pass its outcome to `tell`. A resumed one may already have been sent."""
        state = AttemptState.of(attempt, self._delays, resumed=resumed)
        if state.key in self._states or self._stopping:
            return
        self._states[state.key] = state
        task = asyncio.create_task(self._carry(state, tell))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def withdraw(self, chat_id: int, number: int) -> None:
        """Withdraw an attempt: it ends as soon as lookups show that it was not carried out."""
        if state := self._states.get((chat_id, number)):
            state.withdrawn = True
            # The citizen waits, so look up now; but not fewer times than needed.
            state.lookup_delays = state.first_lookup_delays
            state.wake.set()

    async def stop(self, grace: float) -> None:
        """Let running requests end within `grace` seconds; open attempts stay stored."""
        self._stopping = True
        for state in self._states.values():
            state.wake.set()
        if tasks := set(self._tasks):
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    async def _carry(self, state: AttemptState, tell: Tell) -> None:
        """Carry out one attempt to its end; tell the citizen if it takes longer than a second."""
        self._schedule_notice(state, tell)
        try:
            while True:
                try:
                    event, settled = await self._work(state, tell)
                except ApiError as error:
                    state.failure = error.failure
                    await self._wait(state, tell, error.retry_after)
                except (_StoppedError, _SettledElsewhereError):
                    raise
                except Exception as error:  # whatever the error: a confirmed attempt is never dropped
                    if state.record_failure():
                        name, trace = type(error).__name__, scrubbed(error)
                        log.error("an attempt failed and is tried again: %s", name, exc_info=trace)  # noqa: TRY400
                    await self._wait(state, tell, None)
                else:
                    if state.stored.kind is AttemptKind.STRAY:
                        await self._store_silently(settled)
                        return
                    counter = self.moves if state.stored.kind is AttemptKind.MOVE else self._outcomes
                    counter[settled.outcome] += 1
                    tell(state.stored.chat_id, event, settled)
                    return
        except (_StoppedError, _SettledElsewhereError):
            return
        finally:
            self._cancel_notice(state)
            del self._states[state.key]

    async def _work(self, state: AttemptState, tell: Tell) -> Ending:
        match state.stored.kind:
            case AttemptKind.BOOK:
                booking = state.booking()
                made = await self._book(state, booking.draft, booking.placed)
                return booked(state, self._now(), made) if isinstance(made, Appointment) else made
            case AttemptKind.CANCEL | AttemptKind.STRAY:
                return await self._cancel(state)
            case AttemptKind.MOVE:
                return await self._move(state, tell)

    # --- booking -------------------------------------------------------------------------------------------------

    async def _book(self, state: AttemptState, draft: Draft, placed: datetime) -> Appointment | Ending:
        """Try until it is booked, refused or withdrawn. Raises `ApiError` if it may be tried again."""
        order = state.order(draft)
        old = draft.replaces.appointment if draft.replaces else None
        found = await self._look_up(state, order, placed, old) if state.uncertain else None
        await self._read_again(state)
        if found:
            return with_worker(found, order)
        if state.must_not_repeat:
            return refused(state, self._now(), Failure(FailureCode.NO_TICKET))
        state.uncertain = False
        if state.withdrawn:
            return withdrawn(state, self._now())
        if state.presumed_refusal:
            return refused(state, self._now(), Failure(state.presumed_refusal))
        if min(order.at, old.at if old else order.at) <= self._now():
            return refused(state, self._now(), Failure(FailureCode.TOO_LATE if state.failure else FailureCode.BAD_DATE))
        try:
            return with_worker(await self._ask(state, self._api.book(order)), order)
        except ApiError as error:
            if error.outcome is not WriteOutcome.REFUSED:
                raise
            if state.retried and error.failure.code in {FailureCode.SLOT_TAKEN, FailureCode.ALREADY_BOOKED}:
                # The slot may have been taken by an earlier request of this attempt.
                state.uncertain, state.lookup_delays, state.presumed_refusal = (
                    True,
                    state.delays.lost,
                    error.failure.code,
                )
                return await self._book(state, draft, placed)
            return refused(state, self._now(), error.failure)

    async def _look_up(
        self, state: AttemptState, order: Order, placed: datetime, old: Appointment | None
    ) -> Appointment | None:
        """Look up several times, because a request may still be being carried out. Failed lookups do not count."""
        while state.lookup_delays:
            undisturbed = await self._rest(state, state.lookup_delays[0])
            try:
                if found := await self._find(state, order, placed, old):
                    return found
            except ApiError as error:
                # An unreadable entry may be the very appointment, so the request must not be sent again.
                wanted = not (state.must_not_repeat or state.withdrawn or order.at <= self._now())
                if wanted or error.failure.code is not FailureCode.NO_TICKET:
                    raise
                state.must_not_repeat = True
            if undisturbed:  # after a withdrawal one lookup is made at once, and the usual number after it
                state.lookup_delays = state.lookup_delays[1:]
        return None

    async def _find(
        self, state: AttemptState, order: Order, placed: datetime, old: Appointment | None
    ) -> Appointment | None:
        async def made_by_others(found: Collection[int]) -> frozenset[int]:
            others = await self._store.made_by_others(found, *state.key)
            # One that we knew before, for instance because the office had just made it, is not the result either.
            entries = await self._store.entries_of(state.stored.chat_id)
            known = {each.appointment_id for each in entries if each.as_of is None or each.as_of < placed}
            return others | known | ({old.id} if old else frozenset())

        try:
            async with self._semaphore:
                return await find_made(order, placed, self._api, made_by_others, state.next_need())
        except UnclearError:
            if not state.must_not_repeat:
                await self._forbid(state, "an appointment may be the one that was booked, but the API tells no owner")
            return None

    # --- cancelling ----------------------------------------------------------------------------------------------

    async def _cancel(self, state: AttemptState) -> Ending:
        """Try until it is cancelled or refused. Raises `ApiError` if it may be tried again."""
        appointment = state.appointment()
        is_done = state.uncertain and await self._is_cancelled(state, appointment)
        while not is_done and state.presumed_refusal and state.lookup_delays:
            await self._rest(state, state.lookup_delays[0])  # the API may still be carrying it out
            is_done = await self._is_cancelled(state, appointment)
            state.lookup_delays = state.lookup_delays[1:]
        await self._read_again(state)
        if is_done:
            return cancelled(state, self._now(), appointment)
        state.uncertain = False
        if state.presumed_refusal:
            return not_cancelled(state, self._now(), Failure(state.presumed_refusal))
        try:
            await self._ask(state, self._api.cancel(appointment.id))
        except ApiError as error:
            if error.outcome is not WriteOutcome.REFUSED:
                raise
            gone = error.failure.code is FailureCode.APPOINTMENT_GONE
            if (gone and state.retried) or await self._is_cancelled(state, appointment):
                return cancelled(state, self._now(), appointment)  # cancelled by an earlier request or by somebody else
            return not_cancelled(state, self._now(), error.failure)
        return cancelled(state, self._now(), appointment)

    async def _is_cancelled(self, state: AttemptState, appointment: Appointment) -> bool:
        async with self._semaphore:
            found = await self._api.appointment(appointment.id, state.next_need())
        if found is None:
            return state.retried  # after a request of ours: some APIs delete what they cancel
        return found.status is AppointmentStatus.CANCELLED

    async def _store_silently(self, settled: Settled) -> None:
        """Close the cancelling of a stray appointment, which the citizen never saw and did not ask for."""
        log.warning("an appointment that was made twice: %s", settled.outcome)
        await self._store.commit(Change(settled=replace(settled, counts=())))

    # --- moving --------------------------------------------------------------------------------------------------

    async def _move(self, state: AttemptState, tell: Tell) -> Ending:
        """Book the new appointment, have that stored, then cancel the old one. Raises `ApiError` to try again."""
        move = state.move()
        if move.made is None:
            made = await self._book(state, move.draft, move.placed)
            if not isinstance(made, Appointment):
                event, settled = made
                if isinstance(event, BookingRefused):
                    event = replace(event, old=await self._old_now(state, move.old.appointment))
                return event, settled
            await self._store_replacement(state, made, tell)
            move = state.move()
            self._schedule_notice(state, tell)
        assert move.made  # noqa: S101 — for the type checker: `_store_replacement` raises otherwise
        return await self._cancel_old(state, move.made, move.old.appointment)

    async def _store_replacement(self, state: AttemptState, made: Appointment, tell: Tell) -> None:
        """Tell the citizen of the new appointment; returns when that, and the phase, is on the disk.

        Raises `_NotStoredError` where the turn failed: then the new appointment is looked up and told again.
        """
        self._cancel_notice(state)
        event, step = replacement_booked(state, self._now(), made)
        told = asyncio.Event()
        tell(state.stored.chat_id, event, step, told.set)
        await told.wait()
        stored = await self._store.attempt(*state.key)
        if stored is None:
            raise _SettledElsewhereError
        if MOVES.read(stored.body).made is None:
            state.uncertain = True
            raise _NotStoredError
        state.begin_cancelling_old(stored)

    async def _cancel_old(self, state: AttemptState, made: Appointment, old: Appointment) -> Ending:
        """Try until the old appointment is cancelled, or surely not to be. Raises `ApiError` to try again."""
        found: Appointment | None = old
        if state.uncertain or old.at <= self._now():
            found = await self._read_old(state, old)
            while found and found.status in COMING and state.presumed_refusal and state.lookup_delays:
                await self._rest(state, state.lookup_delays[0])  # the API may still be carrying it out
                found = await self._read_old(state, old)
                state.lookup_delays = state.lookup_delays[1:]
        await self._read_again(state)
        made = await self._as_known(made)
        if found is None or found.status is AppointmentStatus.CANCELLED:
            return moved(state, self._now(), made, old)
        state.uncertain = False
        is_over = found.status not in COMING or old.at <= self._now()
        if state.presumed_refusal or is_over or made.status is AppointmentStatus.CANCELLED:
            return old_stands(state, self._now(), made, old, found.status)
        try:
            await self._ask(state, self._api.cancel(old.id))
        except ApiError as error:
            if error.outcome is not WriteOutcome.REFUSED:
                raise
            gone = error.failure.code is FailureCode.APPOINTMENT_GONE
            found = None if gone else await self._read_old(state, old)
            if found and found.status is not AppointmentStatus.CANCELLED:
                return old_stands(state, self._now(), made, old, found.status)
        return moved(state, self._now(), made, old)

    async def _as_known(self, made: Appointment) -> Appointment:
        """The new appointment as the appointment book has it: the office may have changed it meanwhile."""
        entry = await self._store.entry(made.id)
        return replace(made, at=entry.at, status=entry.status, worker_id=entry.worker_id) if entry else made

    async def _old_now(self, state: AttemptState, old: Appointment) -> Appointment | None:
        """The old appointment as it is now, so that nothing untrue is told of it; None if the API does not answer."""
        try:
            found = await self._read_old(state, old)
        except ApiError:
            return None
        at, status = (found.at, found.status) if found else (old.at, AppointmentStatus.CANCELLED)
        return replace(old, at=at, status=status)

    async def _read_old(self, state: AttemptState, old: Appointment) -> Appointment | None:
        async with self._semaphore:
            return await self._api.appointment(old.id, state.next_need())

    # --- both ----------------------------------------------------------------------------------------------------

    async def _ask(self, state: AttemptState, request: Awaitable[T]) -> T:
        """Send one write. Until a response arrives, it counts as possibly carried out."""
        began = asyncio.get_running_loop().time()
        state.uncertain = True
        try:
            async with self._semaphore:
                reach("before request")
                answer = await request
                reach("after answer")
        except ApiError as error:
            state.uncertain = error.outcome in {WriteOutcome.UNKNOWN, WriteOutcome.ACCEPTED}
            state.retried = state.retried or state.uncertain
            state.presumed_refusal = error.presumed_refusal if state.uncertain else None
            if state.uncertain:
                state.response_lost(asyncio.get_running_loop().time() - began)
            if error.outcome is WriteOutcome.ACCEPTED:
                await self._forbid(state, "the API accepted a booking and gave no ticket that can be read")
            raise
        state.uncertain = False
        return answer

    async def _forbid(self, state: AttemptState, why: str) -> None:
        """Store that the request must not be sent again, also by the next process."""
        state.must_not_repeat = True
        log.error("%s; it is looked up, not asked again", why)
        await self._store.commit(Change(accepted=state.key))

    async def _read_again(self, state: AttemptState) -> None:
        """Read the attempt again, unless it is new: another process may have closed it. Raises if it is closed."""
        if state.is_new:
            state.is_new = False
            return
        stored = await self._store.attempt(*state.key)
        if stored is None:
            raise _SettledElsewhereError
        state.withdrawn |= stored.withdrawn
        state.must_not_repeat |= stored.accepted

    async def _wait(self, state: AttemptState, tell: Tell, retry_after: float | None) -> None:
        """Wait before the next try: as long as the API asks for, else a growing pause."""
        pause = max(retry_after or 0.0, state.next_pause())
        if pause > DELAY_NOTICE:
            self._delayed(state, tell)
        await self._rest(state, pause)

    async def _rest(self, state: AttemptState, seconds: float) -> bool:
        """Sleep unless the citizen gives up or the worker stops; returns whether the whole time passed."""
        if self._stopping:
            raise _StoppedError
        state.wake.clear()
        if state.withdrawn and not state.withdrawal_seen:
            state.withdrawal_seen = True
            return False
        await wait_event(state.wake, seconds)
        if not state.wake.is_set():
            return True
        state.withdrawal_seen = state.withdrawn
        if self._stopping:
            raise _StoppedError
        return False

    def _schedule_notice(self, state: AttemptState, tell: Tell) -> None:
        state.delay_notice = asyncio.get_running_loop().call_later(DELAY_NOTICE, self._delayed, state, tell)

    @staticmethod
    def _cancel_notice(state: AttemptState) -> None:
        if state.delay_notice:
            state.delay_notice.cancel()

    def _delayed(self, state: AttemptState, tell: Tell) -> None:
        if state.stored.kind is not AttemptKind.STRAY and state.record_cause():
            event = AttemptDelayed(at=self._now(), number=state.stored.number, failure=state.failure)
            tell(state.stored.chat_id, event, None)
