"""Reads availability in pieces where the service does not accept the whole span at once; must not know HTTP or copies.

The contract names no longest span, but services tend to have one. It is found out by being refused, and remembered.
"""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from itertools import chain

from bot.moncreneau.errors import InvalidRequest
from bot.moncreneau.schemas import FreeSlot

_LENGTHS = (31, 30, 14, 7)  # days: a month, however one counts it, two weeks, a week
_PIECES = 4  # at most: what lies further ahead is not worth a request of each citizen's hour
_DAY = timedelta(days=1)

Fetch = Callable[[int, date, date], Awaitable[tuple[FreeSlot, ...]]]


class DateRangeReader:
    """`fetch` reads a department's free slots between two days, both included."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._length: int | None = None
        self._in_vain = False

    async def read(self, department_id: int, first: date, last: date) -> tuple[FreeSlot, ...]:
        """The free slots of these days, the earliest first. Raises what `fetch` raises."""
        try:
            found = await self._read(department_id, first, last, self._length)
        except InvalidRequest as error:
            if self._in_vain:
                raise
            return await self._shorter(department_id, first, last, error)
        self._in_vain = False
        return found

    async def _shorter(
        self, department_id: int, first: date, last: date, refusal: InvalidRequest
    ) -> tuple[FreeSlot, ...]:
        """The same in shorter and shorter pieces; where none is accepted, it is not their length that is wrong."""
        longest = min((last - first).days + 1, self._length or _LENGTHS[0] + 1)
        for length in (each for each in _LENGTHS if each < longest):
            try:
                found = await self._read(department_id, first, last, length)
            except InvalidRequest as error:
                refusal = error
            else:
                self._length = length
                return found
        self._in_vain = True
        raise refusal

    async def _read(self, department_id: int, first: date, last: date, length: int | None) -> tuple[FreeSlot, ...]:
        if length is None:
            return await self._fetch(department_id, first, last)
        pieces: list[tuple[FreeSlot, ...]] = []
        while first <= last and len(pieces) < _PIECES:
            end = min(last, first + length * _DAY - _DAY)
            pieces.append(await self._fetch(department_id, first, end))
            first = end + _DAY
        return tuple(chain.from_iterable(pieces))
