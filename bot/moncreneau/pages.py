"""A citizen's appointments through all pages; must not know why they are read."""

import logging
from collections.abc import Awaitable, Callable
from datetime import tzinfo

from bot.core.model import Appointment
from bot.moncreneau.client import Client
from bot.moncreneau.errors import UnreadableAnswer, UserNotFound
from bot.moncreneau.quota import Kind
from bot.moncreneau.schemas import Page, read_page
from bot.moncreneau.unreadable import UnreadableEntries

_log = logging.getLogger(__name__)
SIZE = 100
"""Entries a page: the most that the contract allows."""
_MOST, _MOST_SETTLING = 10, 100  # pages


class Lists:
    """Reads the lists; `zone` is the office's."""

    def __init__(self, client: Client, zone: tzinfo) -> None:
        self._client = client
        self._zone = zone

    async def read(self, owner: str, kind: Kind, *, settling: bool = False) -> tuple[Appointment, ...]:
        """What `owner` has, in order of time; to the end where it settles an outcome. Raises `ApiError`."""

        async def page(number: int) -> Page:
            params = {"externalUserId": owner, "page": number, "size": SIZE}
            return read_page(await self._client.get("appointments", params, kind=kind), self._zone)

        return await read_all(page, owner, most=_MOST_SETTLING if settling else _MOST, to_the_end=settling)


async def read_all(
    fetch: Callable[[int], Awaitable[Page]], owner: str, *, most: int, to_the_end: bool
) -> tuple[Appointment, ...]:
    """What `owner` has, in order of time; `fetch` gives a page by its number, from 0. At most so many are read.

    Raises what `fetch` raises, and `UnreadableAnswer` where not all could be read but it matters (`to_the_end`), or
    nothing at all could: an entry that cannot be read is one that was not seen, not one that is not there.
    """
    found: dict[int, Appointment] = {}
    unread: list[str | None] = []
    for index in range(most):
        try:
            page = await fetch(index)
        except UserNotFound:  # the service knows nobody of that name: nothing was ever booked for them
            break
        news = [one for one in page.appointments if one.id not in found]
        found |= {one.id: one for one in news}
        unread += page.unread
        if page.is_last(index, SIZE) or not page.entries or (page.appointments and not news):
            break
    else:
        _log.warning("there are more than %d pages of appointments; the rest is not read", most)
        if to_the_end:
            raise UnreadableAnswer  # not seen is not the same as not made
    # A service that ignores the filter would show strangers' appointments; one that does not tell must be trusted.
    tells = any(one.owner is not None for one in found.values())
    mine = [one for one in found.values() if one.owner == owner or not tells]
    mine.sort(key=lambda one: (one.at, one.id))
    if any(each is None or each == owner for each in unread) and (to_the_end or not mine):
        failure = UnreadableEntries() if to_the_end else UnreadableAnswer()
        failure.seen = tuple(mine)
        raise failure
    return tuple(mine)
