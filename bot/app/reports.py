"""The report of a broadcast: who got it and who did not, as a CSV file. Chat numbers only, no names.

Knows nothing of Telegram or of languages: the file is for machines and spreadsheets, its words are those of the books.
"""

import asyncio
import csv
import io
import logging
from collections.abc import Awaitable, Callable, Collection
from itertools import count

from bot.app.broadcast_ports import Books, Herald, Roll
from bot.app.errands import Errands
from bot.app.ports import FloodedError, MaybeSentError, NotSentError, SendError
from bot.app.records import Urgency
from bot.core.broadcast import Broadcast
from bot.views.message import Message

log = logging.getLogger(__name__)
TRIES = 5
PAUSE, LONGEST_PAUSE = 2.0, 60.0
HEADER = ("chat_id", "status", "reason")


def file_name(number: int) -> str:
    """What the file is called."""
    return f"broadcast-{number}.csv"


async def write_report(roll: Roll, number: int) -> bytes:
    """The file, read page by page: some 30 bytes a recipient stay in memory, and nothing else."""
    content = io.BytesIO()
    text = io.TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
    out = csv.writer(text, lineterminator="\r\n")
    out.writerow(HEADER)
    async for page in roll.report(number):
        out.writerows((each.chat_id, each.fate.value, each.error or "") for each in page)
    text.detach()
    return content.getvalue()


class Reporter:
    """Sends reports to admins: by itself whenever a broadcast has come to an end, and to whoever asks."""

    def __init__(  # noqa: PLR0913 — what it needs from the house
        self,
        books: Books,
        roll: Roll,
        herald: Herald,
        errands: Errands,
        *,
        admins: Collection[int],
        locale_of: Callable[[int], Awaitable[str | None]],
        caption: Callable[[Broadcast, str], Message],
    ) -> None:
        self._books = books
        self._roll = roll
        self._herald = herald
        self._errands = errands
        self._admins = admins
        self._locale_of = locale_of
        self._caption = caption

    async def ended(self, number: int) -> None:
        """Report this end, until it is surely told or surely refused; unless that was done, or nothing ever sent."""
        broadcast = await self._books.broadcast(number)
        if broadcast is None or await self._books.is_reported(number):
            return
        if broadcast.figures.left < broadcast.figures.total:
            content = await write_report(self._roll, number)
            followers = await self._followers(number)
            await asyncio.gather(*(self._deliver(broadcast, content, *each) for each in followers))
        await self._books.reported(broadcast)

    async def send(self, number: int, chat_id: int, locale: str) -> None:
        """Send the report to one chat; given up after some tries, for it can be asked for again."""
        if broadcast := await self._books.broadcast(number):
            await self._deliver(broadcast, await write_report(self._roll, number), chat_id, locale, tries=TRIES)

    async def _followers(self, number: int) -> tuple[tuple[int, str], ...]:
        """The admins who follow the broadcast, each with their language; where none of them is one any more, all."""
        follow = [(each.chat_id, each.locale) for each in await self._books.cards(number)]
        still = tuple(each for each in follow if each[0] in self._admins)
        return still or tuple([(each, await self._locale_of(each) or "") for each in sorted(self._admins)])

    async def _deliver(
        self, broadcast: Broadcast, content: bytes, chat_id: int, locale: str, *, tries: int | None = None
    ) -> None:
        """A report may come twice; it must rather do that than get lost."""
        number, caption, pause = broadcast.plan.number, self._caption(broadcast, locale), PAUSE
        for _ in count() if tries is None else range(tries):
            await self._errands.turn(chat_id, Urgency.NOTICE)
            try:
                await self._herald.document(chat_id, file_name(number), content, caption)
            except FloodedError as flood:
                self._errands.flooded(chat_id, flood.retry_after)
            except (NotSentError, MaybeSentError):
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except SendError as error:
                log.warning("the report of broadcast %d did not arrive: %s", number, error)
                return
            else:
                self._errands.went()
                return
