"""Notes what becomes of a broadcast's recipients, many at a time: while one batch is written the next one gathers.

Notes of one recipient are written in the order in which they were made. Knows nothing of what they mean.
"""

import asyncio

from bot.broadcast.ports import Entry, Roll


class Ledger:
    """The notes of one broadcast. `close` it, and all of them are on the disk."""

    def __init__(self, roll: Roll, number: int) -> None:
        self._roll = roll
        self._number = number
        self._gathered: list[Entry] = []
        self._written: asyncio.Future[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    def soon(self, entry: Entry) -> None:
        """Note it; nobody waits."""
        self._note(entry)

    async def now(self, entry: Entry) -> None:
        """Note it; returns when it is on the disk."""
        await asyncio.shield(self._note(entry))

    async def close(self) -> None:
        """Wait until everything is on the disk. Raises what writing raised."""
        if self._writing:
            await asyncio.shield(self._writing)
        if self._error:
            raise self._error

    def _note(self, entry: Entry) -> "asyncio.Future[None]":
        self._gathered.append(entry)
        if self._written is None:
            self._written = asyncio.get_running_loop().create_future()
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return self._written

    async def _write(self) -> None:
        while self._gathered:
            batch, self._gathered = tuple(self._gathered), []
            written, self._written = self._written, None
            try:
                await self._roll.note(self._number, batch)
            except Exception as error:  # noqa: BLE001 — whatever it is, whoever waits and whoever closes must hear it
                self._error = error
                if written and not written.done():
                    written.set_exception(error)
                    written.exception()  # nobody need wait
            if written and not written.done():
                written.set_result(None)
