"""Tells admins of a trouble of the whole organisation: once when it begins, once when it works again.

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
from bot.app.turn import Ids
from bot.core.model import Problem
from bot.views.message import Message

log = logging.getLogger(__name__)
FACT = "trouble."
RESTLESS, CALM = 3600.0, 900.0
"""Seconds: what ended so short a time ago and came back must have worked for so long before it counts as over."""
AGAIN = 5.0


class TroubleNotices:
    """Which troubles admins know of. `locale_of` tells an admin's language."""

    def __init__(
        self,
        store: Store,
        admins: Collection[int],
        draw: Callable[[Problem, bool, str], Message],
        locale_of: Callable[[int], Awaitable[str]],
    ) -> None:
        self._store = store
        self._admins = admins
        self._draw = draw
        self._locale_of = locale_of
        self.met: Callable[[], Mapping[Problem, Collection[str]]] = dict
        """Which operations met the troubles that stand; set by whoever knows."""
        self._ids = Ids()
        self._news: asyncio.Queue[tuple[Problem, bool]] = asyncio.Queue()
        self._told: set[Problem] = set()
        self._ended: dict[Problem, float] = {}
        self._calm: dict[Problem, asyncio.TimerHandle] = {}

    async def known(self, fact: Callable[[str], Awaitable[str | None]]) -> dict[Problem, list[str]]:
        """What an earlier process told and did not take back, with the operations that met it."""
        found: dict[Problem, list[str]] = {}
        for problem in Problem:
            if kept := await fact(FACT + problem):
                self._told.add(problem)
                found[problem] = json.loads(kept)
        return found

    def changed(self, problem: Problem, present: bool) -> None:  # noqa: FBT001 — the gateway's callback
        """Hear that a trouble began, or that it is over."""
        loop = asyncio.get_running_loop()
        if timer := self._calm.pop(problem, None):
            timer.cancel()
        restless = loop.time() - self._ended.get(problem, -RESTLESS) < RESTLESS
        if not present:
            self._ended[problem] = loop.time()
        if present or not restless:
            self._news.put_nowait((problem, present))
        else:
            self._calm[problem] = loop.call_later(CALM, self._news.put_nowait, (problem, present))

    async def run(self, accept: Callable[[tuple[Delivery, ...]], None]) -> None:
        """Store what there is to tell, then hand it to `accept`. Runs until it is cancelled."""
        while True:
            problem, present = await self._news.get()
            try:
                await self._tell(problem, accept, present=present)
            except Exception:
                log.exception("admins could not be told of %s; trying again", problem)
                await asyncio.sleep(AGAIN)
                self._news.put_nowait((problem, present))

    async def _tell(self, problem: Problem, accept: Callable[[tuple[Delivery, ...]], None], *, present: bool) -> None:
        if present == (problem in self._told):
            return
        notices = tuple([await self._notice(admin, problem, present=present) for admin in sorted(self._admins)])
        fact = json.dumps(sorted(self.met().get(problem, ()))) if present else ""
        await self._store.commit(Change(queued=notices, remembered=((FACT + problem, fact),)))
        (self._told.add if present else self._told.discard)(problem)
        log.warning("%s: %s; admins told: %d", problem, "begins" if present else "is over", len(notices))
        accept(notices)

    async def _notice(self, admin: int, problem: Problem, *, present: bool) -> Delivery:
        message = self._draw(problem, present, await self._locale_of(admin))
        return Delivery(self._ids.next(), admin, Kind.SEND, message, urgency=Urgency.NOTICE)
