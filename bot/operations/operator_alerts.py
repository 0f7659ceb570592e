"""Tells admins of issues that only they can solve: once when one begins, once when it is over.

The state is stored in the same transaction as the messages, so that neither a restart nor a kill repeats an alert. An
admin whom the bot cannot write to (who never started it, or blocked it) gets the alert after their next message, if the
issue is still open. One booking may succeed in the middle of an issue, for example after a refund: if an issue came
back within the hour, its next end counts only after a while. Knows neither words nor languages nor the API.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.app.ports import Store
from bot.app.records import Change, Delivery, DeliveryIds, Kind, Urgency
from bot.app.updates import FromCitizen
from bot.core.health import OperatorIssue
from bot.views.message import Message

log = logging.getLogger(__name__)
SAVED_AS = "troubles"
RESTLESS, CALM = 3600.0, 900.0
"""Seconds. If an issue came back within this time after its end, it must be gone for as long to count as over."""
RETRY_PAUSE = 5.0
Draw = Callable[[OperatorIssue, bool, str], Message]
"""The message that an issue begins (True) or is over, in a language."""


@dataclass(frozen=True, slots=True)
class _Told:
    """An issue that admins know of: the operations that met it, and the admins."""

    operations: tuple[str, ...]
    admins: frozenset[int]


@dataclass(frozen=True, slots=True)
class _News:
    """The begin or end of an issue, for all admins or only for `admin`."""

    issue: OperatorIssue
    present: bool
    admin: int | None = None


class OperatorAlerts:
    """Sends alerts and remembers which admins got them.

    `operations_of` tells which operations met an open issue; `locale_of` tells an admin's language.
    """

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        store: Store,
        admins: Collection[int],
        draw: Draw,
        locale_of: Callable[[int], Awaitable[str]],
        operations_of: Callable[[OperatorIssue], Collection[str]],
        *,
        ids: DeliveryIds,
    ) -> None:
        self._store = store
        self._admins = admins
        self._draw = draw
        self._locale_of = locale_of
        self._operations_of = operations_of
        self._ids = ids
        self._news: asyncio.Queue[_News] = asyncio.Queue()
        self._told: dict[OperatorIssue, _Told] = {}
        self._ended: dict[OperatorIssue, float] = {}
        self._calm: dict[OperatorIssue, asyncio.TimerHandle] = {}

    def restore(self, stored: str | None) -> dict[OperatorIssue, list[str]]:
        """Continue with the alerts of an earlier process that have had no end; returns them with their operations."""
        self._told = _decoded(stored, self._admins)
        return {issue: list(told.operations) for issue, told in self._told.items()}

    def changed(self, issue: OperatorIssue, present: bool) -> None:  # noqa: FBT001 — the gateway's callback
        """Record that an issue began or is over."""
        loop = asyncio.get_running_loop()
        if timer := self._calm.pop(issue, None):
            timer.cancel()
        restless = loop.time() - self._ended.get(issue, -RESTLESS) < RESTLESS
        if not present:
            self._ended[issue] = loop.time()
        if present or not restless:
            self._news.put_nowait(_News(issue, present))
        else:
            self._calm[issue] = loop.call_later(CALM, self._news.put_nowait, _News(issue, present))

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`: an admin who writes gets the open alerts that could not be sent before."""
        del chat_id
        for issue, told in self._told.items():
            if inbound.user_id not in told.admins:
                self._news.put_nowait(_News(issue, present=True, admin=inbound.user_id))
        return None

    async def run(self, accept: Callable[[tuple[Delivery, ...]], None]) -> None:
        """Store the alerts, then pass them to `accept`. Runs until it is cancelled."""
        while True:
            news = await self._news.get()
            try:
                accept(await (self._tell(news) if news.admin is None else self._tell_one(news.issue, news.admin)))
            except Exception:
                log.exception("admins could not be told of %s; trying again", news.issue.key)
                await asyncio.sleep(RETRY_PAUSE)
                self._news.put_nowait(news)

    async def _tell(self, news: _News) -> tuple[Delivery, ...]:
        """Send an alert to all admins, and the end of an issue to those who got its alert."""
        known = self._told.get(news.issue)
        if news.present == (known is not None):
            return ()
        state = "begins" if news.present else "is over"
        if not self._admins:  # no admin can be reached, so the admins of the next start still have to be told
            log.warning("%s %s; ADMIN_IDS is empty: nobody is told", news.issue.key, state)
            return ()
        if known is None:
            reached = frozenset([each for each in self._admins if await self._can_be_reached(each)])
        else:
            reached = known.admins & frozenset(self._admins)
        told = {issue: each for issue, each in self._told.items() if issue != news.issue}
        if news.present:
            told[news.issue] = _Told(tuple(sorted(self._operations_of(news.issue))), reached)
        deliveries = await self._commit(news, reached, told)
        log.warning("%s %s; admins told: %d", news.issue.key, state, len(reached))
        if news.present and len(reached) < len(self._admins):
            missed = len(self._admins) - len(reached)
            log.warning(
                "admins who never started the bot or blocked it: %d; each is told when they write to it", missed
            )
        return deliveries

    async def _tell_one(self, issue: OperatorIssue, admin: int) -> tuple[Delivery, ...]:
        """Send an alert to an admin who could not be reached before, unless the issue is over."""
        known = self._told.get(issue)
        if known is None or admin in known.admins:
            return ()
        told = {**self._told, issue: replace(known, admins=known.admins | {admin})}
        deliveries = await self._commit(_News(issue, present=True), frozenset({admin}), told)
        log.warning("%s is still open; one more admin told", issue.key)
        return deliveries

    async def _commit(
        self, news: _News, admins: frozenset[int], told: dict[OperatorIssue, _Told]
    ) -> tuple[Delivery, ...]:
        deliveries = tuple([await self._delivery(each, news) for each in sorted(admins)])
        await self._store.commit(Change(queued=deliveries, saved_values=((SAVED_AS, _encoded(told)),)))
        self._told = told
        return deliveries

    async def _delivery(self, admin: int, news: _News) -> Delivery:
        message = self._draw(news.issue, news.present, await self._locale_of(admin))
        return Delivery(self._ids.next(), admin, Kind.SEND, message, urgency=Urgency.NOTICE)

    async def _can_be_reached(self, admin: int) -> bool:
        """Whether the bot may write to this admin: only if they started it and have not blocked it since."""
        chat = await self._store.chat(admin)
        return chat is not None and not chat.left


def _encoded(told: Mapping[OperatorIssue, _Told]) -> str:
    return json.dumps(
        {issue.key: {"operations": each.operations, "admins": sorted(each.admins)} for issue, each in told.items()}
    )


def _decoded(stored: str | None, admins: Collection[int]) -> dict[OperatorIssue, _Told]:
    """Read the stored state. Up to release 0.1 it had the operations only, and all admins counted as told."""
    told: dict[OperatorIssue, _Told] = {}
    try:
        entries: dict[str, Any] = json.loads(stored or "{}")
        for key, entry in entries.items():
            is_old = isinstance(entry, list)
            operations, knowing = (entry, admins) if is_old else (entry["operations"], entry["admins"])
            told[OperatorIssue.of(key)] = _Told(tuple(operations), frozenset(knowing))
    except (AttributeError, KeyError, TypeError, ValueError):
        log.error("the stored alerts cannot be read; admins may be told again")  # noqa: TRY400 — no traceback helps
    return told
