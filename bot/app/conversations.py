"""Runs all conversations: chats in parallel, each strictly in order, one transaction per turn.

Updates are stored before they come here. A turn results in one `Change` (update done, session, replies, attempts).
After its commit the replies go to the outbox and the attempts to the worker. A slow chat (its API call hangs) delays no
other; an idle chat costs nothing. An update on which our own code fails is tried three times, then set aside with an
apology. Knows nothing of Telegram's formats, SQL or screens.

In a group the bot only sends a hint now and then to use the private chat. A group has no session.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot.app.attempt_worker import AttemptWorker
from bot.app.failpoints import reach
from bot.app.outbox import Outbox
from bot.app.ports import Store
from bot.app.records import (
    Change,
    Delivery,
    DeliveryIds,
    Erasure,
    Kind,
    Replaced,
    SetAside,
    Settled,
    Step,
    StoredUpdate,
    Urgency,
)
from bot.app.sessions import Sessions
from bot.app.turn import Outcome, Turns
from bot.app.update_limiter import UpdateLimiter
from bot.app.updates import AdminRouter, FromCitizen, FromGroup, Inbound, Presence, UpdateParser
from bot.core import callback_data
from bot.core.events import CitizenEvent, Commanded, Event, Pressed, WorkFailed
from bot.logs import scrubbed
from bot.views.message import Message

QUIET = 60.0
"""Seconds between two hints in one group, because many people read it."""
MANY = 1000


class GroupHints:
    """Decides when a group or a topic gets a hint, and makes the hint."""

    def __init__(self, render: Callable[[str], Message], ids: DeliveryIds) -> None:
        self._render = render
        self._last: dict[tuple[int, int | None], float] = {}
        self._ids = ids

    def hint(self, chat_id: int, locale: str, topic: int | None = None) -> Delivery | None:
        """The hint for this group, or None if it got one recently."""
        now = time.monotonic()
        if now - self._last.get((chat_id, topic), -QUIET) < QUIET:
            return None
        if len(self._last) > MANY:
            self._last.clear()
        self._last[chat_id, topic] = now
        message = self._render(locale)
        return Delivery(self._ids.next(), chat_id, Kind.SEND, message, urgency=Urgency.NOTICE, topic=topic)


log = logging.getLogger(__name__)
TRIES = 3
MOST_OF_ONE = 20
RETRY_PAUSE = 0.2
TYPING_AFTER = 1.0


def _nothing() -> None:
    """The default of `then`."""


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of an attempt, for its chat; `then` is called when the turn has ended."""

    event: Event
    step: Step | None
    then: Callable[[], None]


ChatTurn = Callable[[], Awaitable[Change]]
"""A turn that no citizen's action began, such as that of a webhook: returns its change. May raise."""


Following = Callable[[Change], Awaitable[tuple[Delivery, ...]]]
"""Returns what else is sent because of a change."""


async def nothing_follows(_change: Change) -> tuple[Delivery, ...]:
    """The default."""
    return ()


@dataclass(frozen=True, slots=True)
class _OtherTurn:
    """A turn that no citizen's action began; `then` is called when it has ended, also after a failure."""

    take: ChatTurn
    then: Callable[[], None]


_Item = StoredUpdate | _Result | _OtherTurn


class Conversations:
    """Holds the chats that have something to do, and no others."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        *,
        store: Store,
        sessions: Sessions,
        turns: Turns,
        outbox: Outbox,
        read: UpdateParser,
        office_time: Callable[[], datetime],
        groups: GroupHints,
        attempt_worker: AttemptWorker,
        admins: AdminRouter,
        at_once: int,
        limiter: UpdateLimiter | None = None,
        following: Following = nothing_follows,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._turns = turns
        self._outbox = outbox
        self._read = read
        self._now = office_time
        self._groups = groups
        self._attempt_worker = attempt_worker
        self._admins = admins
        self._limiter = limiter
        self._following = following
        self._limit = asyncio.Semaphore(at_once)
        self._queues: dict[int, deque[_Item]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.set_aside = 0

    @property
    def waiting(self) -> int:
        """The number of updates and outcomes that wait or are being processed. One chat counts for `MOST_OF_ONE`.

        Receiving pauses if the number is too high, and a single chat must not stop it for all.
        """
        return sum(min(len(queue), MOST_OF_ONE) for queue in self._queues.values())

    def accept(self, updates: Iterable[StoredUpdate]) -> None:
        """Accept updates that were just stored, in any order."""
        for update in sorted(updates, key=lambda each: each.update_id):
            if not self._is_dropped(update):
                self._put(update.chat_id, update)

    def has(self, update_id: int) -> bool:
        """Whether the update waits or is being worked on. It looks through all that wait."""
        waiting = (each for queue in self._queues.values() for each in queue)
        return any(isinstance(each, StoredUpdate) and each.update_id == update_id for each in waiting)

    def settle(self, chat_id: int, event: Event, step: Step | None, /, then: Callable[[], None] = _nothing) -> None:
        """Accept what became of an attempt; `then` is called when the turn has ended, also after a failure."""
        self._put(chat_id, _Result(event, step, then))

    def play(self, chat_id: int, turn: ChatTurn, then: Callable[[], None] = _nothing) -> None:
        """Queue a turn that no citizen's action began, behind the chat's others; `then` is called when it has ended."""
        self._put(chat_id, _OtherTurn(turn, then))

    async def stop(self, grace: float) -> None:
        """Finish the running turns within `grace` seconds; the other updates stay in the inbox."""
        self._stopping = True
        if tasks := set(self._tasks):
            _, pending = await asyncio.wait(tasks, timeout=grace)
            for task in pending:
                task.cancel()
            await asyncio.wait(tasks)

    def _put(self, chat_id: int, item: _Item) -> None:
        queue = self._queues.get(chat_id)
        if queue is None:
            queue = self._queues[chat_id] = deque((item,))
            if not self._stopping:
                task = asyncio.create_task(self._work_off(chat_id, queue))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            return
        queue.append(item)
        _sort_last(queue)

    async def _work_off(self, chat_id: int, queue: deque[_Item]) -> None:
        try:
            while queue and not self._stopping:
                async with self._limit:
                    item = queue[0]
                    await (self._work_other(item) if isinstance(item, _OtherTurn) else self._work(chat_id, item))
                if isinstance(item, _Result):
                    item.then()
                queue.popleft()
        finally:
            if not queue:  # the rest stays in the inbox for the next start, and counts as waiting until then
                del self._queues[chat_id]

    def _is_dropped(self, update: StoredUpdate) -> bool:
        """Mark an update as done without a turn that repeats the one before it, or whose chat floods the bot."""
        queue = self._queues.get(update.chat_id)
        if not queue or not any(isinstance(each, StoredUpdate) for each in queue):
            return False
        inbound = self._parsed(update)
        action = _action_in(inbound)
        if action and isinstance(queue[-1], StoredUpdate) and action == _action_in(self._parsed(queue[-1])):
            self._store.commit_soon(Change(done=(update.update_id,)))
            return True
        if self._limiter is None or _always_passes(inbound) or self._limiter.admits(update.chat_id):
            return False
        self._store.commit_soon(Change(done=(update.update_id,)))
        if self._limiter.is_notice_due(update.chat_id):
            self.play(update.chat_id, partial(self._slow_down, self._limiter, update.chat_id))
        return True

    async def _slow_down(self, limiter: UpdateLimiter, chat_id: int) -> Change:
        session = await self._sessions.get(chat_id, self._now(), "")
        return Change(queued=(limiter.notice(chat_id, session.locale),))

    def _parsed(self, update: StoredUpdate) -> Inbound | None:
        try:
            return self._read(update, self._now())
        except Exception:  # noqa: BLE001 — it is set aside when it comes up
            return None

    async def _work_other(self, item: _OtherTurn) -> None:
        """Take a turn that no citizen's action began. If it fails, its caller queues it again."""
        try:
            change = await item.take()
            await self._finish(change, change.queued)
            for attempt in change.opened:
                self._attempt_worker.begin(attempt, self.settle)
        except Exception as error:
            log.exception("a turn failed: %s", type(error).__name__, exc_info=scrubbed(error))
        finally:
            item.then()

    async def _work(self, chat_id: int, item: StoredUpdate | _Result) -> None:
        error: Exception | None = None
        for tried in range(TRIES + 1):
            if tried:
                await asyncio.sleep(RETRY_PAUSE * tried)
            try:
                # The last try uses a new session: if it succeeds, the stored one is broken and must not block the chat.
                await self._work_once(chat_id, item, new_session=tried == TRIES)
            except Exception as caught:  # noqa: BLE001 — whatever our own code raises, the chat must continue
                error = caught
            else:
                return
        name = type(error).__name__
        log.error("an update was set aside after %d tries: %s", TRIES, name, exc_info=scrubbed(error))
        self.set_aside += 1
        try:
            await self._apologise(chat_id, item, name)
        except Exception as failure:
            trace = scrubbed(failure)
            log.exception("it could not even be set aside; it stays open until the next start", exc_info=trace)

    async def _work_once(self, chat_id: int, item: StoredUpdate | _Result, *, new_session: bool) -> None:
        if isinstance(item, _Result):
            await self._take_turn(chat_id, item.event, _change_of(item.step), new_session=new_session)
            return
        inbound = self._read(item, self._now())
        done = Change(done=(item.update_id,))
        match inbound:
            case FromCitizen() if (answer := await self._admins.handle(chat_id, inbound)) is not None:
                await self._finish(replace(answer, done=done.done), answer.queued)
            case FromCitizen(event=event):
                await self._take_turn(chat_id, event, done, new_session=new_session)
            case _:
                await self._without_turn(chat_id, inbound, item.update_id)

    async def _without_turn(self, chat_id: int, inbound: Inbound, update_id: int) -> None:
        """Handle updates that need no conversation: a citizen who left or returned, a group, and others."""
        match inbound:
            case Presence(left=True):
                self._outbox.forget(chat_id)
                await self._store.commit(Change(done=(update_id,), left=chat_id))
            case Presence():
                await self._store.commit(Change(done=(update_id,), returned=chat_id))
            case FromGroup() if hint := self._groups.hint(chat_id, inbound.locale, inbound.topic):
                await self._finish(Change(done=(update_id,), queued=(hint,)), (hint,))
            case _:
                await self._store.commit(Change(done=(update_id,)))

    async def _take_turn(self, chat_id: int, event: Event, base: Change, *, new_session: bool) -> None:
        """Take one turn on the chat's session, or on a `new_session` that replaces it."""
        locale = event.language if isinstance(event, CitizenEvent) else ""
        session = await (self._sessions.new_session if new_session else self._sessions.get)(chat_id, event.at, locale)
        typing = asyncio.get_running_loop().call_later(TYPING_AFTER, self._outbox.typing, chat_id)
        try:
            outcome = await self._turns.take(chat_id, session, event)
        finally:
            typing.cancel()
        change = _joined(base, outcome, chat_id)
        if outcome.erases:
            change = _erasing(change, Erasure(chat_id, self._now()))
        await self._finish(change, change.queued)
        if outcome.erases:
            self._sessions.forget(chat_id)
            return
        self._sessions.keep(chat_id, outcome.session)
        if new_session:
            log.error("a session was dropped, because turns on it failed and on a new one did not")
        for attempt in outcome.opened:
            self._attempt_worker.begin(attempt, self.settle)
        if outcome.withdrawn is not None:
            self._attempt_worker.withdraw(chat_id, outcome.withdrawn)

    async def _finish(self, change: Change, deliveries: tuple[Delivery, ...]) -> None:
        reach("turn taken")
        following = () if change.erased is not None else await self._following(change)
        if following:
            change, deliveries = replace(change, queued=(*change.queued, *following)), (*deliveries, *following)
        await self._store.commit(change)
        reach("outcome committed" if change.settled or change.replaced else "turn committed")
        if change.erased is not None:
            self._outbox.forget(change.erased.chat_id)
        self._outbox.accept(deliveries)

    async def _apologise(self, chat_id: int, item: StoredUpdate | _Result, error: str) -> None:
        """Set the item aside with an apology, on a new session if necessary; if that fails too, without one.

        An attempt whose outcome cannot be told stays open, so the next start, perhaps with a fix, looks it up again.
        """
        base = Change() if isinstance(item, _Result) else Change(failed=(SetAside(item.update_id, error),))
        if chat_id <= 0:
            await self._store.commit(base)  # there is no chat, or it is a group, which gets no apology
            return
        for new_session in (False, True):
            try:
                await self._take_turn(chat_id, WorkFailed(at=self._now()), base, new_session=new_session)
            except Exception as failure:
                name, trace = type(failure).__name__, scrubbed(failure)
                log.error("the apology failed too: %s", name, exc_info=trace)  # noqa: TRY400
            else:
                return
        await self._store.commit(base)


def _action_in(inbound: Inbound | None) -> tuple[object, ...] | None:
    """What a press or a command asks for; None for everything else. Asked for twice in a row, it is done once."""
    match inbound:
        case FromCitizen(event=Pressed(message=message, screen=screen, action=action)):
            return message, screen, action
        case FromCitizen(event=Commanded(name=name, argument=argument)):
            return name, argument
        case _:
            return None


def _always_passes(inbound: Inbound | None) -> bool:
    """Whether it ends, withdraws or begins anew, which no limit may prevent, or is no citizen's."""
    match inbound:
        case FromCitizen(event=Commanded(name="start" | "stop") | Pressed(action=callback_data.GIVE_UP)):
            return True
        case _:
            return not isinstance(inbound, FromCitizen)


def _change_of(step: Step | None) -> Change:
    return Change(
        settled=step if isinstance(step, Settled) else None, replaced=step if isinstance(step, Replaced) else None
    )


def _joined(base: Change, outcome: Outcome, chat_id: int) -> Change:
    """The turn's whole change."""
    return Change(
        done=base.done,
        failed=base.failed,
        settled=base.settled,
        replaced=base.replaced,
        chat=Sessions.stored(chat_id, outcome.session),
        queued=outcome.deliveries,
        opened=outcome.opened,
        withdrawn=None if outcome.withdrawn is None else (chat_id, outcome.withdrawn),
        coming=outcome.coming,
        rated=outcome.rated,
        works=outcome.works,
    )


def _erasing(change: Change, erasure: Erasure) -> Change:
    """The same change, which leaves nothing of the chat but its last messages, and these record nothing when sent."""
    queued = tuple(replace(each, ticket=None, calendar=None) for each in change.queued)
    return replace(change, chat=None, queued=queued, erased=erasure)


def _sort_last(queue: deque[_Item]) -> None:
    """Insert an update by its id. The first of the queue stays: it is being processed."""
    at = len(queue) - 1
    while at > 1 and _is_later(queue[at - 1], queue[at]):
        queue[at - 1], queue[at] = queue[at], queue[at - 1]
        at -= 1


def _is_later(one: _Item, other: _Item) -> bool:
    return isinstance(one, StoredUpdate) and isinstance(other, StoredUpdate) and one.update_id > other.update_id
