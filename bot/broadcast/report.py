"""The report of a broadcast: the status of every recipient as CSV files. Chat ids only, no names.

A report is queued as one delivery per file, which names the file; its content is read when it is sent, so that no file
waits in memory or in the database. The columns are for spreadsheets and in no language.
"""

import csv
import io
import re
from collections.abc import Awaitable, Callable, Collection, Iterable

from bot.app.records import Change, Delivery, DeliveryIds, Kind, Urgency
from bot.broadcast.model import Broadcast
from bot.broadcast.ports import BroadcastRepository, RecipientRepository
from bot.views.message import Message

ROWS = 200_000
"""Rows of a file: some 4 MB, and below the 50 MB that bots may send even if every row had the longest reason."""
HEADER = ("chat_id", "status", "reason")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""The first characters of cells that a spreadsheet would run as a formula."""
_NAME = re.compile(r"broadcast-(\d+)(?:-(\d+))?\.csv", re.ASCII)


def file_names(broadcast: Broadcast) -> tuple[str, ...]:
    """The names of the report's files."""
    number, count = broadcast.plan.number, -(-broadcast.counts.total // ROWS)
    if count <= 1:
        return (f"broadcast-{number}.csv",)
    return tuple(f"broadcast-{number}-{part}.csv" for part in range(1, count + 1))


async def read_file(recipients: RecipientRepository, name: str) -> bytes:
    """The content of one of these files. Raises `ValueError` for any other name."""
    if not (found := _NAME.fullmatch(name)):
        raise ValueError(f"not a report: {name}")
    number, part = int(found[1]), int(found[2] or 1)
    content = io.BytesIO()
    text = io.TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(HEADER)
    async for page in recipients.read_statuses(number, (part - 1) * ROWS, ROWS):
        rows.writerows(cells((each.chat_id, each.status.value, each.error or "")) for each in page)
    return content.getvalue()


def cells(values: Iterable[object]) -> tuple[object, ...]:
    """The cells of a row; an apostrophe keeps a text that begins like a formula from being run."""
    return tuple(f"'{each}" if isinstance(each, str) and each.startswith(FORMULA) else each for each in values)


class Reporter:
    """Queues reports for admins: at the end of every broadcast, and on request."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        repository: BroadcastRepository,
        *,
        admins: Collection[int],
        locale_of: Callable[[int], Awaitable[str | None]],
        caption: Callable[[Broadcast, str], Message],
        commit: Callable[[Change], Awaitable[None]],
        ids: DeliveryIds,
    ) -> None:
        self._repository = repository
        self._admins = admins
        self._locale_of = locale_of
        self._caption = caption
        self._commit = commit
        self._ids = ids

    async def ended(self, number: int) -> None:
        """Report the end of a broadcast to its followers, once, unless nothing was sent."""
        broadcast = await self._repository.broadcast(number)
        if broadcast is None or await self._repository.is_reported(number):
            return
        followers = await self._followers(number) if broadcast.counts.left < broadcast.counts.total else ()
        queued = tuple(each for follower in followers for each in self._deliveries(broadcast, *follower))
        await self._commit(Change(queued=queued, works=(self._repository.reported(broadcast),)))

    async def requested(self, number: int, chat_id: int, locale: str) -> tuple[Delivery, ...]:
        """The report for an admin who asks for it."""
        broadcast = await self._repository.broadcast(number)
        return self._deliveries(broadcast, chat_id, locale) if broadcast else ()

    async def _followers(self, number: int) -> tuple[tuple[int, str], ...]:
        """The admins who follow the broadcast, each with their language; all admins if none of them is one."""
        follow = [(each.chat_id, each.locale) for each in await self._repository.progress_messages(number)]
        still = tuple(each for each in follow if each[0] in self._admins)
        return still or tuple([(each, await self._locale_of(each) or "") for each in sorted(self._admins)])

    def _deliveries(self, broadcast: Broadcast, chat_id: int, locale: str) -> tuple[Delivery, ...]:
        caption = self._caption(broadcast, locale)
        return tuple(
            Delivery(self._ids.next(), chat_id, Kind.DOCUMENT, caption, urgency=Urgency.NOTICE, document=name)
            for name in file_names(broadcast)
        )
