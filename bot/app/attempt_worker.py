"""The clerk carries confirmed bookings and cancellings to the API, each to exactly one outcome.

The API has no idempotency key. So before anything is asked a second time, the clerk asks what became of the first:
a request whose answer was lost may have been carried out. An attempt is stored before the first request and closed
in the same transaction as the words that tell its outcome; one that is found open at start is treated as lost on the
way. Knows nothing of screens, HTTP or SQL.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from bot.app.attempt import (
    LOOKUP_DELAYS,
    AttemptState,
    Ending,
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
PATIENCE = 1.0
"""Seconds after which the citizen is told that they need not wait here."""
AT_ONCE = 32
T = TypeVar("T")
Tell = Callable[[int, Event, Settled | None], None]


class _ClosedError(Exception):
    """The clerk goes home; the state stays open in the store."""


class AttemptWorker:
    """All attempts without an outcome. `tell` hands an event (and what it settles) to the chat's conversation."""

    def __init__(self, store: Store, api: Moncreneau, tell: Tell, office_time: Callable[[], datetime]) -> None:
        self._store = store
        self._api = api
        self._tell = tell
        self._now = office_time
        self._states: dict[tuple[int, int], AttemptState] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._desk = asyncio.Semaphore(AT_ONCE)
        self._stopping = False

    @property
    def open(self) -> int:
        """How many attempts have no outcome yet."""
        return len(self._states)

    def begin(self, attempt: StoredAttempt, *, resumed: bool = False) -> None:
        """Take an attempt on. A resumed one may have been sent before the process ended."""
        key = (attempt.chat_id, attempt.number)
        if key in self._states or self._stopping:
            return
        state = self._states[key] = AttemptState.of(attempt, resumed=resumed)
        task = asyncio.create_task(self._carry(key, state))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def withdraw(self, chat_id: int, number: int) -> None:
        """The citizen gave the attempt up; it ends as soon as it is sure that it was not carried out."""
        if state := self._states.get((chat_id, number)):
            state.withdrawn = True
            state.looks = state.first_lookup_delays  # somebody waits; but no less is looked than makes it sure
            state.wake.set()

    async def stop(self, grace: float) -> None:
        """Let requests on the wire end within `grace` seconds; what is open stays stored."""
        self._stopping = True
        for state in self._states.values():
            state.wake.set()
        if tasks := set(self._tasks):
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    async def _carry(self, key: tuple[int, int], state: AttemptState) -> None:
        """One state to its end; the citizen hears of it when that takes longer than they will watch."""
        patience = asyncio.get_running_loop().call_later(PATIENCE, self._delayed, state)
        try:
            while True:
                try:
                    event, settled = await (
                        self._book(state) if state.stored.kind is AttemptKind.BOOK else self._cancel(state)
                    )
                except ApiError as error:
                    state.failure = error.failure
                    await self._wait(state, error.retry_after)
                except _ClosedError:
                    raise
                except Exception as error:  # whatever it is, what was confirmed is never dropped
                    if state.is_first_failure():
                        name, trace = type(error).__name__, scrubbed(error)
                        log.error("an attempt fails and is tried again: %s", name, exc_info=trace)  # noqa: TRY400
                    await self._wait(state, None)
                else:
                    self._tell(state.stored.chat_id, event, settled)
                    return
        except _ClosedError:
            return
        finally:
            patience.cancel()
            del self._states[key]

    # --- booking -------------------------------------------------------------------------------------------------

    async def _book(self, state: AttemptState) -> Ending:
        """Until it is booked, refused or withdrawn. Raises `ApiError` for what may be tried again."""
        order = state.order()
        if state.uncertain and (found := await self._look_for(state, order)):
            return booked(state, self._now(), found)
        if state.accepted_unreadable:
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
                # Taken, perhaps, by an earlier request of this very attempt. Should looking fail, look again.
                state.uncertain, state.looks = True, LOOKUP_DELAYS[:1]
                if found := await self._find(state, order):
                    return booked(state, self._now(), found)
            return refused(state, self._now(), error.failure)

    async def _look_for(self, state: AttemptState, order: Order) -> Appointment | None:
        """Look several times: a request that lost its answer may still be under way. A look that fails is none."""
        while state.looks:
            whole = await self._rest(state, state.looks[0])
            try:
                if found := await self._find(state, order):
                    return found
            except ApiError as error:
                # What cannot be read may be the very appointment: nobody can tell, but it need not be asked again.
                wanted = not (state.accepted_unreadable or state.withdrawn or order.at <= self._now())
                if wanted or error.failure.code is not FailureCode.NO_TICKET:
                    raise
                state.accepted_unreadable = True
            if whole:  # who gives up is looked for at once, and once more: it may still be carried out as late as ever
                state.looks = state.looks[1:]
        return None

    async def _find(self, state: AttemptState, order: Order) -> Appointment | None:
        earlier = await self._store.made_by(state.stored.chat_id)
        async with self._desk:
            return await find_made(order, self._api, earlier, state.need())

    # --- cancelling ----------------------------------------------------------------------------------------------

    async def _cancel(self, state: AttemptState) -> Ending:
        """Until it is cancelled or refused. Raises `ApiError` for what may be tried again."""
        appointment = state.appointment()
        if state.uncertain and await self._is_cancelled(state, appointment):
            return self._freed(state, appointment)
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
                return self._freed(state, appointment)  # by an earlier request of this attempt, or by somebody else
            return not_cancelled(state, self._now(), error.failure)
        return self._freed(state, appointment)

    async def _is_cancelled(self, state: AttemptState, appointment: Appointment) -> bool:
        async with self._desk:
            found = await self._api.appointment(appointment.id, state.need())
        return found is not None and found.status is AppointmentStatus.CANCELLED

    def _freed(self, state: AttemptState, appointment: Appointment) -> Ending:
        self._api.freed(appointment.department_id, appointment.at)
        return cancelled(state, self._now(), appointment)

    # --- both ----------------------------------------------------------------------------------------------------

    async def _ask(self, state: AttemptState, request: Awaitable[T]) -> T:
        """One write. From here until an answer came, it may have been carried out."""
        began = asyncio.get_running_loop().time()
        state.uncertain = True
        try:
            async with self._desk:
                reach("before request")
                answer = await request
                reach("after answer")
        except ApiError as error:
            state.uncertain = error.outcome in {WriteOutcome.UNKNOWN, WriteOutcome.ACCEPTED}
            state.retried = state.retried or state.uncertain
            state.presumed_refusal = error.presumed_refusal if state.uncertain else None
            if state.uncertain:
                state.answer_lost(asyncio.get_running_loop().time() - began)
            if error.outcome is WriteOutcome.ACCEPTED:
                await self._accepted(state)
            raise
        state.uncertain = False
        return answer

    async def _accepted(self, state: AttemptState) -> None:
        """It is said to be done; the next process must know that, too."""
        state.accepted_unreadable = True
        log.error("the API accepted a booking and gave no ticket that can be read; it is not asked again")
        await self._store.commit(Change(accepted=(state.stored.chat_id, state.stored.number)))

    async def _wait(self, state: AttemptState, retry_after: float | None) -> None:
        """Before the next try: as long as the service asks, else a little longer each time."""
        pause = max(retry_after or 0.0, state.next_pause())
        if pause > PATIENCE:
            self._delayed(state)
        await self._rest(state, pause)

    async def _rest(self, state: AttemptState, seconds: float) -> bool:
        """Sleep, unless the citizen gives up or the clerk goes home; whether it was for as long as was meant."""
        if self._stopping:
            raise _ClosedError
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
            raise _ClosedError
        return False

    def _delayed(self, state: AttemptState) -> None:
        if state.has_news():
            event = AttemptDelayed(at=self._now(), number=state.stored.number, failure=state.failure)
            self._tell(state.stored.chat_id, event, None)
