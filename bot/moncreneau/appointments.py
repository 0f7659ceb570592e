"""Citizens' own appointments: read page by page and cached for seconds; must not know HTTP.

One citizen must not use up the quota of all. So simultaneous reads of one list share a request, a list is cached for
ten seconds unless its owner books or cancels meanwhile, and each owner has a number of requests per hour for looking
and as many for cancelling. Lookups of unknown outcomes bypass this cache: they need the present list.
"""

import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from datetime import date, datetime, timedelta, tzinfo
from itertools import count
from typing import Any, TypeAlias

from bot.app.attempt import chat_of
from bot.app.hourly_limiter import HourlyLimiter
from bot.core.health import ChatLimit
from bot.core.model import Appointment
from bot.moncreneau.cache import Ages, Cache, CacheStats
from bot.moncreneau.client import Client
from bot.moncreneau.errors import USER_NOT_FOUND, NotFound, QuotaExhausted, UnreadableAnswer, UnreadableEntries
from bot.moncreneau.quota import RequestKind
from bot.moncreneau.schemas import AppointmentsPage, read_page

_log = logging.getLogger(__name__)
SIZE = 100
"""Entries per page: the maximum of the contract."""
_MOST, _MOST_SETTLING = 10, 100  # pages
LOOKS_BACK = timedelta(days=31)
"""Older appointments are not read: a citizen with years of them would cost many requests."""


class AppointmentPager:
    """Reads the lists; `now` gives Unix seconds, `zone` is the office's."""

    def __init__(self, client: Client, now: Callable[[], float], zone: tzinfo) -> None:
        self._client = client
        self._now = now
        self._zone = zone

    async def read(self, owner: str, kind: RequestKind, *, settling: bool = False) -> tuple[Appointment, ...]:
        """The appointments of `owner`, in order of time. Raises `ApiError`.

        For `settling` all pages must have been read. Otherwise what was read is shown, if some of it is still to come.
        """
        today = datetime.fromtimestamp(self._now(), self._zone).date()
        since = today - LOOKS_BACK

        async def page(number: int) -> AppointmentsPage:
            params = {"externalUserId": owner, "startDate": since.isoformat(), "page": number, "size": SIZE}
            return read_page(await self._client.get("appointments", params, kind=kind), self._zone)

        try:
            return await read_all(page, owner, most=_MOST_SETTLING if settling else _MOST)
        except UnreadableEntries as error:
            if settling:
                raise
            if not any(each.at.date() >= today for each in error.seen):
                raise UnreadableAnswer from None  # "there is none" might not be true
            return error.seen

    async def read_day(self, department_id: int, day: date) -> tuple[Appointment, ...]:
        """All appointments of a department on a day, of all owners, in order of time. Raises `ApiError`."""
        dates = {"startDate": day.isoformat(), "endDate": day.isoformat()}

        async def page(number: int) -> AppointmentsPage:
            params = {"departmentId": department_id, **dates, "page": number, "size": SIZE}
            return read_page(await self._client.get("appointments", params, kind=RequestKind.BACKGROUND), self._zone)

        return await read_all(page, None, most=_MOST)


async def read_all(
    fetch: Callable[[int], Awaitable[AppointmentsPage]], owner: str | None, *, most: int
) -> tuple[Appointment, ...]:
    """The appointments of `owner` (None: everybody's), in order of time. `fetch` returns a page by number, from 0.

    Reads at most `most` pages. Raises what `fetch` raises, and `UnreadableEntries` if not all was read: what was not
    read may be the very appointment. Appointments for which the API tells no owner are kept; the caller decides
    about them.
    """
    try:
        pages, is_complete = await _read_pages(fetch, most)
    except NotFound as error:
        if error.code != USER_NOT_FOUND:
            raise
        return ()  # the API does not know the owner: nothing was ever booked for them
    # An API that ignores the filter would show appointments of others.
    found = {one.id: one for page in pages for one in page.appointments if owner is None or one.owner in {None, owner}}
    mine = tuple(sorted(found.values(), key=lambda one: (one.at, one.id)))
    unread = [each for page in pages for each in page.unread]
    lacks_one = any(each is None or each == owner or (owner is None and chat_of(each) is not None) for each in unread)
    if not is_complete or lacks_one:
        failure = UnreadableEntries()
        failure.seen = mine
        raise failure
    return mine


async def _read_pages(
    fetch: Callable[[int], Awaitable[AppointmentsPage]], most: int
) -> tuple[list[AppointmentsPage], bool]:
    """The pages that bring something new, and whether they are all.

    Read until a page says that it is the last, or is empty, or two in a row bring nothing new: one may do so, and an
    empty first one may tell of more, because the service counts from 1.
    """
    pages: list[AppointmentsPage] = []
    known: set[int] = set()
    seen, is_repeated = 0, False
    for index in range(most):
        page = await fetch(index)
        if not page.entries:
            if index == 0 and page.is_last(0, 0) is False:
                continue
            return pages, True
        news = {one.id for one in page.appointments} - known
        is_repeated, was_repeated = page in pages or bool(page.appointments and not news), is_repeated
        if not is_repeated:
            pages.append(page)
            known |= news
            seen += len(news) + len(page.unread)
        is_last = page.is_last(len(pages), seen)
        if is_last:
            return pages, True
        if is_repeated and was_repeated:
            if is_last is False:
                _log.warning("the API says that there are more appointments, and repeats a page that it gave before")
            return pages, is_last is None
    _log.warning("there are more than %d pages of appointments; the rest is not read", most)
    return pages, False


ALLOWED = 60
"""Requests per hour of one owner: so many for looking, and as many for cancelling."""
SERVES = 10.0
"""Seconds for which a list is cached."""
_KEPT = 5000
_AGES = Ages(good=SERVES, last=SERVES)

Found: TypeAlias = tuple[Appointment, ...]
Read: TypeAlias = Callable[[str, RequestKind], Coroutine[Any, Any, Found]]
_Key: TypeAlias = tuple[str, RequestKind, int]


class OwnAppointments:
    """`read` asks the API, `now` gives Unix seconds, `reached` counts the looks beyond an owner's share."""

    def __init__(
        self, read: Read, now: Callable[[], float], stats: CacheStats, reached: Counter[ChatLimit] | None = None
    ) -> None:
        self._read = read
        self._limiter = HourlyLimiter[tuple[str, RequestKind]](ALLOWED, now)
        self._reached = Counter() if reached is None else reached
        self._lists: Cache[_Key, Found] = Cache(now, stats)
        self.single_flight = self._lists.single_flight
        self._generations: OrderedDict[str, int] = OrderedDict()
        """By owner. Changes with each booking and cancellation; lists of an earlier generation are outdated."""
        self._numbers = count()

    async def look(self, owner: str, kind: RequestKind) -> Found:
        """The appointments of `owner`, at most some seconds old.

        Raises what reading raises, and `QuotaExhausted` if the owner's share of the hour is used up.
        """
        generation = self._generation(owner)
        keys = [(owner, each, generation) for each in (kind, RequestKind.READ, RequestKind.URGENT)]
        fresh = (copy for key in keys if (copy := self._lists.peek(key)) and self._lists.age(copy) <= SERVES)
        if copy := next(fresh, None):
            return copy.value
        if keys[0] not in self.single_flight:
            self._count(owner, kind)
        return (await self._lists.get(keys[0], lambda: self._read(owner, kind), _AGES)).value

    def changed(self, owner: str) -> None:
        """Drop the owner's lists, also those being read, because the owner books or cancels."""
        if owner in self._generations:
            self._generations[owner] = next(self._numbers)

    def cancelled(self, number: int) -> None:
        """Drop all lists that may have this appointment, because it is being cancelled."""
        holders = {key[0] for key, copy in self._lists if any(each.id == number for each in copy.value)}
        for owner in holders | {key[0] for key in self.single_flight}:
            self.changed(owner)

    def _generation(self, owner: str) -> int:
        generation = self._generations.setdefault(owner, next(self._numbers))
        self._generations.move_to_end(owner)
        if len(self._generations) > _KEPT:
            self._generations.popitem(last=False)
        return generation

    def _count(self, owner: str, kind: RequestKind) -> None:
        if wait := self._limiter.wait((owner, kind)):
            self._reached[ChatLimit.LISTS] += 1
            raise QuotaExhausted(retry_after=wait)
        self._limiter.count((owner, kind))
