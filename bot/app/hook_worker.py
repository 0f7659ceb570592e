"""Works the service's webhooks: each is stored before it is answered, then becomes a turn of its chat.

A webhook is done in the transaction that stores what it changed, so a kill anywhere works it once. One that must wait
(an attempt of the citizen's own is open, the service cannot be asked) is tried again. Knows no HTTP, no SQL, no words.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from bot.app.appointment_news import AppointmentNews, NotYetError, Report
from bot.app.conversations import ChatTurn
from bot.app.ports import ApiError
from bot.app.records import Change, StoredHook, Work
from bot.logs import scrubbed

log = logging.getLogger(__name__)
AT_ONCE = 200
"""Webhooks that are worked at a time; the others wait in the store."""
SHORTEST_SLEEP, LONGEST_SLEEP = 0.5, 30.0
API_PAUSE = 60.0
"""Seconds before the service is asked again that could not be asked."""


class HookRepository(Protocol):
    """The stored webhooks. Times are Unix seconds."""

    async def add(self, hook: StoredHook, error: str | None = None) -> None:
        """Store a webhook, unless its event is known; returns when it is on the disk. One with an error is done."""

    async def due(self, now: float, limit: int) -> tuple[StoredHook, ...]:
        """Those that are to be worked now, oldest first."""

    async def next_due(self) -> float | None:
        """When the next one is to be worked."""

    async def finish(self, event_id: str, error: str | None = None) -> None:
        """Close one of which no turn is taken."""

    def done(self, event_id: str, error: str | None = None) -> Work:
        """The write that closes one."""

    def postponed(self, event_id: str, until: float) -> Work:
        """The write that puts one off."""


class UnreadableHookError(Exception):
    """A webhook, rightly signed, that says nothing of an appointment. Its text is a word for the record."""


ReadHook = Callable[[StoredHook], Report]
"""What a webhook says. Raises `UnreadableHookError`."""


class HookWorker:
    """All webhooks that are not done.

    `play` takes a turn of a chat, `now` gives Unix seconds; `last_received` is when the last one came, over restarts.
    """

    def __init__(  # noqa: PLR0913, PLR0917 — the parts, joined in one place
        self,
        hooks: HookRepository,
        news: AppointmentNews,
        read: ReadHook,
        play: Callable[[int, ChatTurn, Callable[[], None]], None],
        now: Callable[[], float],
        last_received: float | None = None,
    ) -> None:
        self._hooks = hooks
        self._news = news
        self._read = read
        self._play = play
        self._now = now
        self._wake = asyncio.Event()
        self._in_hand: set[str] = set()
        self.last_received = last_received
        self.set_aside = 0
        """How many could not be read or worked since the start."""

    async def receive(self, hook: StoredHook) -> None:
        """Store a webhook whose signature is right; returns when it is on the disk. Raises what the store raises."""
        error = None
        try:
            self._read(hook)
        except UnreadableHookError as unreadable:
            error = str(unreadable)
            self.set_aside += 1
            log.warning("a webhook is set aside: %s", error)
        await self._hooks.add(hook, error)
        self.last_received = self._now()
        self._wake.set()

    async def run(self) -> None:
        """Work them until cancelled."""
        while True:
            self._wake.clear()
            pause = LONGEST_SLEEP
            try:
                for hook in await self._hooks.due(self._now(), AT_ONCE):
                    if hook.event_id not in self._in_hand:
                        await self._begin(hook)
                following = await self._hooks.next_due()
                if following is not None:
                    pause = min(max(following - self._now(), SHORTEST_SLEEP), LONGEST_SLEEP)
            except Exception as error:  # whatever it is: the webhooks that follow must be worked
                log.exception("looking for webhooks failed: %s", type(error).__name__, exc_info=scrubbed(error))
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _begin(self, hook: StoredHook) -> None:
        try:
            report = self._read(hook)
        except UnreadableHookError as unreadable:  # another release could read it
            await self._hooks.finish(hook.event_id, str(unreadable))
            return
        chat_id = await self._news.chat_of(report)
        if chat_id is None:
            await self._hooks.finish(hook.event_id)
            return
        self._in_hand.add(hook.event_id)
        over = partial(self._in_hand.discard, hook.event_id)
        self._play(chat_id, partial(self._work, chat_id, hook, report), over)

    async def _work(self, chat_id: int, hook: StoredHook, report: Report) -> Change:
        """The turn of the chat. Whatever happens, it ends with a change that says what becomes of the webhook."""
        try:
            change = await self._news.of_report(chat_id, report, hook.received_at)
            end = self._hooks.done(hook.event_id)
        except NotYetError as wait:
            change, end = Change(), self._hooks.postponed(hook.event_id, self._now() + wait.seconds)
        except ApiError as error:
            pause = max(API_PAUSE, error.retry_after or 0.0)
            change, end = Change(), self._hooks.postponed(hook.event_id, self._now() + pause)
        except Exception as error:
            name = type(error).__name__
            log.exception("a webhook is set aside: %s", name, exc_info=scrubbed(error))
            self.set_aside += 1
            change, end = Change(), self._hooks.done(hook.event_id, name)
        return replace(change, works=(*change.works, end))
