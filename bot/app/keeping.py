"""Facts that change with every request and should outlive the process: stored soon, but not each time.

Knows what a fact is called and nothing of what it means.
"""

import asyncio
from collections.abc import Callable

from bot.app.ports import Store
from bot.app.records import Change

PAUSE = 1.0
"""Seconds between two writings; so much may be forgotten when the process is killed."""
Facts = tuple[tuple[str, str], ...]


class Keeper:
    """Stores what `read` gives, within `PAUSE` seconds of a change."""

    def __init__(self, store: Store, read: Callable[[], Facts]) -> None:
        self._store = store
        self._read = read
        self._timer: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Tell that something changed; cheap, and never raises."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self.keep)

    def keep(self) -> None:
        """Store it now, with the next batch."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if facts := self._read():
            self._store.commit_soon(Change(remembered=facts))
