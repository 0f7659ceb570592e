"""Carries out confirmed bookings and cancellations at the API, each with exactly one outcome.

The API has no idempotency key, and a request whose response was lost may have been carried out. So the worker looks up
its result before it sends the request again. An attempt is stored before its first request and closed in the
transaction that queues the message about its outcome. One that is found open at start is treated like one whose
response was lost. Before it acts again on an attempt the worker reads it. Knows nothing of screens, HTTP or SQL.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import TypeVar

from bot.app.attempt import (
    DELAYS,
    AttemptState,
    Ending,
    LookupDelays,
    UnclearError,
    booked,
    cancelled,
    find_made,
    not_cancelled,
    refused,
    withdrawn,
)
from bot.app.failpoints import reach
from bot.app.ports import ApiError, Moncreneau, Store, WriteOutcome
from bot.app.records import AttemptKind, Change, Settled, StoredAttempt
from bot.core.events import AttemptDelayed, Event
from bot.core.model import Appointment, AppointmentStatus, Failure, FailureCode, Order
from bot.logs import scrubbed

log = logging.getLogger(__name__)
DELAY_NOTICE = 1.0
"""Seconds after which the citizen is told that they need not wait."""
AT_ONCE = 32
T = TypeVar("T")
Tell = Callable[[int, Event, Settled | None], None]
"""Passes an event and its outcome to the conversation of the chat."""


class _StoppedError(Exception):
    """The worker stops; the attempt stays open in the store."""


class _SettledElsewhereError(Exception):
    """Another process has closed the attempt and told the citizen."""


class AttemptWorker:
    """Carries out all open attempts. `outcomes` counts the closed ones by outcome."""

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
        delay_notice = asyncio.get_running_loop().call_later(DELAY_NOTICE, self._delayed, state, tell)
        work = self._book if state.stored.kind is AttemptKind.BOOK else self._cancel
        try:
            while True:
                try:
                    event, settled = await work(state)
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
                    self._outcomes[settled.outcome] += 1
                    tell(state.stored.chat_id, event, settled)
                    return
        except (_StoppedError, _SettledElsewhereError):
            return
        finally:
            delay_notice.cancel()
            del self._states[state.key]

    # --- booking -------------------------------------------------------------------------------------------------

    async def _book(self, state: AttemptState) -> Ending:
        """Try until it is booked, refused or withdrawn. Raises `ApiError` if it may be tried again."""
        order = state.order()
        found = await self._look_up(state, order) if state.uncertain else None
        await self._read_again(state)
        if found:
            return booked(state, self._now(), found)
        if state.must_not_repeat:
            return refused(state, self._now(), Failure(FailureCode.NO_TICKET))
        state.uncertain = False
        if state.withdrawn:
            return withdrawn(state, self._now())
        if state.presumed_refusal:
            return refused(state, self._now(), Failure(state.presumed_refusal))
        if order.at <= self._now():
            return refused(state, self._now(), Failure(FailureCode.TOO_LATE if state.failure else FailureCode.BAD_DATE))
        try:
            return booked(state, self._now(), await self._ask(state, self._api.book(order)))
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
                return await self._book(state)
            return refused(state, self._now(), error.failure)

    async def _look_up(self, state: AttemptState, order: Order) -> Appointment | None:
        """Look up several times, because a request may still be being carried out. Failed lookups do not count."""
        while state.lookup_delays:
            undisturbed = await self._rest(state, state.lookup_delays[0])
            try:
                if found := await self._find(state, order):
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

    async def _find(self, state: AttemptState, order: Order) -> Appointment | None:
        async def made_by_others(found: Collection[int]) -> frozenset[int]:
            return await self._store.made_by_others(found, *state.key)

        try:
            async with self._semaphore:
                return await find_made(order, state.booking().placed, self._api, made_by_others, state.next_need())
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
        try:
            async with asyncio.timeout(seconds):
                await state.wake.wait()
                state.withdrawal_seen = state.withdrawn
        except TimeoutError:
            return True
        if self._stopping:
            raise _StoppedError
        return False

    def _delayed(self, state: AttemptState, tell: Tell) -> None:
        if state.record_cause():
            event = AttemptDelayed(at=self._now(), number=state.stored.number, failure=state.failure)
            tell(state.stored.chat_id, event, None)
