"""Tells admins of what only they can mend: once when it begins, once when it works again.

That it was told is stored in the same transaction as the notices, so that neither a restart nor a kill tells it twice.
A refund can make one booking work in the middle of it all: where a trouble came back within the hour, its next end
is believed only after a while. Knows neither words nor languages nor the API.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping

from bot.app.ports import Store
from bot.app.records import Change, Delivery, Kind, Urgency
from bot.app.turn import DeliveryIds
from bot.core.health import OperatorIssue
from bot.views.message import Message

log = logging.getLogger(__name__)
FACT = "troubles"
RESTLESS, CALM = 3600.0, 900.0
"""Seconds: what ended so short a time ago and came back must have worked for so long before it counts as over."""
AGAIN = 5.0


class OperatorAlerts:
    """Which troubles admins know of. `locale_of` tells an admin's language."""

    def __init__(
        self,
        store: Store,
        admins: Collection[int],
        draw: Callable[[OperatorIssue, bool, str], Message],
        locale_of: Callable[[int], Awaitable[str]],
    ) -> None:
        self._store = store
        self._admins = admins
        self._draw = draw
        self._locale_of = locale_of
        self.met: Callable[[], Mapping[OperatorIssue, Collection[str]]] = dict
        """Which operations met the troubles that stand; set by whoever knows."""
        self._ids = DeliveryIds()
        self._news: asyncio.Queue[tuple[OperatorIssue, bool]] = asyncio.Queue()
        self._told: dict[OperatorIssue, list[str]] = {}
        self._ended: dict[OperatorIssue, float] = {}
        self._calm: dict[OperatorIssue, asyncio.TimerHandle] = {}

    async def known(self, fact: Callable[[str], Awaitable[str | None]]) -> dict[OperatorIssue, list[str]]:
        """What an earlier process told and did not take back, with the operations that met it."""
        kept = json.loads(await fact(FACT) or "{}")
        self._told = {OperatorIssue.of(key): operations for key, operations in kept.items()}
        return dict(self._told)

    def changed(self, issue: OperatorIssue, present: bool) -> None:  # noqa: FBT001 — the gateway's callback
        """Hear that a trouble began, or that it is over."""
        loop = asyncio.get_running_loop()
        if timer := self._calm.pop(issue, None):
            timer.cancel()
        restless = loop.time() - self._ended.get(issue, -RESTLESS) < RESTLESS
        if not present:
            self._ended[issue] = loop.time()
        if present or not restless:
            self._news.put_nowait((issue, present))
        else:
            self._calm[issue] = loop.call_later(CALM, self._news.put_nowait, (issue, present))

    async def run(self, accept: Callable[[tuple[Delivery, ...]], None]) -> None:
        """Store what there is to tell, then hand it to `accept`. Runs until it is cancelled."""
        while True:
            issue, present = await self._news.get()
            try:
                await self._tell(issue, accept, present=present)
            except Exception:
                log.exception("admins could not be told of %s; trying again", issue.key)
                await asyncio.sleep(AGAIN)
                self._news.put_nowait((issue, present))

    async def _tell(
        self, issue: OperatorIssue, accept: Callable[[tuple[Delivery, ...]], None], *, present: bool
    ) -> None:
        if present == (issue in self._told):
            return
        notices = tuple([await self._notice(admin, issue, present=present) for admin in sorted(self._admins)])
        if not self._admins:  # nobody is told: whoever is an admin after the next start still is to be
            log.warning("%s: %s; ADMIN_IDS is empty: nobody is told", issue.key, "begins" if present else "is over")
            return
        told = {each: operations for each, operations in self._told.items() if each != issue}
        if present:
            told[issue] = sorted(self.met().get(issue, ()))
        fact = json.dumps({each.key: operations for each, operations in told.items()})
        await self._store.commit(Change(queued=notices, remembered=((FACT, fact),)))
        self._told = told
        log.warning("%s: %s; admins told: %d", issue.key, "begins" if present else "is over", len(notices))
        accept(notices)

    async def _notice(self, admin: int, issue: OperatorIssue, *, present: bool) -> Delivery:
        message = self._draw(issue, present, await self._locale_of(admin))
        return Delivery(self._ids.next(), admin, Kind.SEND, message, urgency=Urgency.NOTICE)
