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

from bot.app.attempt import LOOKS, Case, Ending, booked, cancelled, made_for, not_cancelled, refused, withdrawn
from bot.app.failpoints import reach
from bot.app.ports import ApiError, Fate, Moncreneau, Store
from bot.app.records import AttemptKind, Change, Settled, StoredAttempt
from bot.core.events import AttemptDelayed, Event
from bot.core.model import Appointment, Order, Problem, Status, Trouble
from bot.logs import without_values

log = logging.getLogger(__name__)
PATIENCE = 1.0
"""Seconds after which the citizen is told that they need not wait here."""
AT_ONCE = 32
T = TypeVar("T")
Tell = Callable[[int, Event, Settled | None], None]


class _ClosedError(Exception):
    """The clerk goes home; the case stays open in the store."""


class Clerk:
    """All attempts without an outcome. `tell` hands an event (and what it settles) to the chat's conversation."""

    def __init__(self, store: Store, api: Moncreneau, tell: Tell, office_time: Callable[[], datetime]) -> None:
        self._store = store
        self._api = api
        self._tell = tell
        self._now = office_time
        self._cases: dict[tuple[int, int], Case] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._desk = asyncio.Semaphore(AT_ONCE)
        self._stopping = False

    @property
    def open(self) -> int:
        """How many attempts have no outcome yet."""
        return len(self._cases)

    def begin(self, attempt: StoredAttempt, *, resumed: bool = False) -> None:
        """Take an attempt on. A resumed one may have been sent before the process ended."""
        key = (attempt.chat_id, attempt.number)
        if key in self._cases or self._stopping:
            return
        case = self._cases[key] = Case.of(attempt, resumed=resumed)
        task = asyncio.create_task(self._carry(key, case))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def withdraw(self, chat_id: int, number: int) -> None:
        """The citizen gave the attempt up; it ends as soon as it is sure that it was not carried out."""
        if case := self._cases.get((chat_id, number)):
            case.withdrawn = True
            case.looks = case.first_looks  # somebody waits; but no less is looked than makes it sure
            case.nudge.set()

    async def stop(self, grace: float) -> None:
        """Let requests on the wire end within `grace` seconds; what is open stays stored."""
        self._stopping = True
        for case in self._cases.values():
            case.nudge.set()
        if tasks := set(self._tasks):
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    async def _carry(self, key: tuple[int, int], case: Case) -> None:
        """One case to its end; the citizen hears of it when that takes longer than they will watch."""
        patience = asyncio.get_running_loop().call_later(PATIENCE, self._delayed, case)
        try:
            while True:
                try:
                    event, settled = await (
                        self._book(case) if case.stored.kind is AttemptKind.BOOK else self._cancel(case)
                    )
                except ApiError as error:
                    case.trouble = error.trouble
                    await self._wait(case, error.retry_after)
                except _ClosedError:
                    raise
                except Exception as error:  # whatever it is, what was confirmed is never dropped
                    if case.stumbles():
                        name, trace = type(error).__name__, without_values(error)
                        log.error("an attempt fails and is tried again: %s", name, exc_info=trace)  # noqa: TRY400
                    await self._wait(case, None)
                else:
                    self._tell(case.stored.chat_id, event, settled)
                    return
        except _ClosedError:
            return
        finally:
            patience.cancel()
            del self._cases[key]

    # --- booking -------------------------------------------------------------------------------------------------

    async def _book(self, case: Case) -> Ending:
        """Until it is booked, refused or withdrawn. Raises `ApiError` for what may be tried again."""
        order = case.order()
        if case.uncertain and (found := await self._look_for(case, order)):
            return booked(case, self._now(), found)
        if case.never_again:
            return refused(case, self._now(), Trouble(Problem.NO_TICKET))
        case.uncertain = False
        if case.withdrawn:
            return withdrawn(case, self._now())
        if case.verdict:
            return refused(case, self._now(), Trouble(case.verdict))
        if order.at <= self._now():
            return refused(case, self._now(), Trouble(Problem.TOO_LATE if case.trouble else Problem.BAD_DATE))
        try:
            return booked(case, self._now(), await self._ask(case, self._api.book(order)))
        except ApiError as error:
            if error.fate is not Fate.REFUSED:
                raise
            if case.retried and error.trouble.problem in {Problem.SLOT_TAKEN, Problem.ALREADY_BOOKED}:
                # Taken, perhaps, by an earlier request of this very attempt. Should looking fail, look again.
                case.uncertain, case.looks = True, LOOKS[:1]
                if found := await self._find(case, order):
                    return booked(case, self._now(), found)
            return refused(case, self._now(), error.trouble)

    async def _look_for(self, case: Case, order: Order) -> Appointment | None:
        """Look several times: a request that lost its answer may still be under way. A look that fails is none."""
        while case.looks:
            whole = await self._rest(case, case.looks[0])
            try:
                if found := await self._find(case, order):
                    return found
            except ApiError as error:
                # What cannot be read may be the very appointment: nobody can tell, but it need not be asked again.
                wanted = not (case.never_again or case.withdrawn or order.at <= self._now())
                if wanted or error.trouble.problem is not Problem.NO_TICKET:
                    raise
                case.never_again = True
            if whole:  # who gives up is looked for at once, and once more: it may still be carried out as late as ever
                case.looks = case.looks[1:]
        return None

    async def _find(self, case: Case, order: Order) -> Appointment | None:
        earlier = await self._store.made_by(case.stored.chat_id)
        async with self._desk:
            return await made_for(order, self._api, earlier, case.need())

    # --- cancelling ----------------------------------------------------------------------------------------------

    async def _cancel(self, case: Case) -> Ending:
        """Until it is cancelled or refused. Raises `ApiError` for what may be tried again."""
        appointment = case.appointment()
        if case.uncertain and await self._is_cancelled(case, appointment):
            return self._freed(case, appointment)
        case.uncertain = False
        if case.verdict:
            return not_cancelled(case, self._now(), Trouble(case.verdict))
        try:
            await self._ask(case, self._api.cancel(appointment.id))
        except ApiError as error:
            if error.fate is not Fate.REFUSED:
                raise
            gone = error.trouble.problem is Problem.APPOINTMENT_GONE
            if (gone and case.retried) or await self._is_cancelled(case, appointment):
                return self._freed(case, appointment)  # by an earlier request of this attempt, or by somebody else
            return not_cancelled(case, self._now(), error.trouble)
        return self._freed(case, appointment)

    async def _is_cancelled(self, case: Case, appointment: Appointment) -> bool:
        async with self._desk:
            found = await self._api.appointment(appointment.id, case.need())
        return found is not None and found.status is Status.CANCELLED

    def _freed(self, case: Case, appointment: Appointment) -> Ending:
        self._api.freed(appointment.department_id, appointment.at)
        return cancelled(case, self._now(), appointment)

    # --- both ----------------------------------------------------------------------------------------------------

    async def _ask(self, case: Case, request: Awaitable[T]) -> T:
        """One write. From here until an answer came, it may have been carried out."""
        began = asyncio.get_running_loop().time()
        case.uncertain = True
        try:
            async with self._desk:
                reach("before request")
                answer = await request
                reach("after answer")
        except ApiError as error:
            case.uncertain = error.fate in {Fate.UNKNOWN, Fate.ACCEPTED}
            case.retried = case.retried or case.uncertain
            case.verdict = error.verdict if case.uncertain else None
            if case.uncertain:
                case.answer_lost(asyncio.get_running_loop().time() - began)
            if error.fate is Fate.ACCEPTED:
                await self._accepted(case)
            raise
        case.uncertain = False
        return answer

    async def _accepted(self, case: Case) -> None:
        """It is said to be done; the next process must know that, too."""
        case.never_again = True
        log.error("the API accepted a booking and gave no ticket that can be read; it is not asked again")
        await self._store.commit(Change(accepted=(case.stored.chat_id, case.stored.number)))

    async def _wait(self, case: Case, retry_after: float | None) -> None:
        """Before the next try: as long as the service asks, else a little longer each time."""
        pause = max(retry_after or 0.0, case.next_pause())
        if pause > PATIENCE:
            self._delayed(case)
        await self._rest(case, pause)

    async def _rest(self, case: Case, seconds: float) -> bool:
        """Sleep, unless the citizen gives up or the clerk goes home; whether it was for as long as was meant."""
        if self._stopping:
            raise _ClosedError
        case.nudge.clear()
        if case.withdrawn and not case.heeded:
            case.heeded = True
            return False
        try:
            async with asyncio.timeout(seconds):
                await case.nudge.wait()
                case.heeded = case.withdrawn
        except TimeoutError:
            return True
        if self._stopping:
            raise _ClosedError
        return False

    def _delayed(self, case: Case) -> None:
        if case.has_news():
            event = AttemptDelayed(at=self._now(), number=case.stored.number, trouble=case.trouble)
            self._tell(case.stored.chat_id, event, None)
