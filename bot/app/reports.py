"""The report of a broadcast: who got it and who did not, as a CSV file. Chat numbers only, no names.

Knows nothing of Telegram or of languages: the file is for machines and spreadsheets, its words are those of the books.
"""

import asyncio
import csv
import io
import logging
from collections.abc import Callable, Collection

from bot.app.broadcast_ports import Books, Herald, Roll
from bot.app.pacing import Overall
from bot.app.ports import FloodedError, NotSentError, SendError
from bot.app.records import Urgency
from bot.core.broadcast import Broadcast
from bot.views.message import Message

log = logging.getLogger(__name__)
TRIES, PAUSE = 5, 2.0
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
    """Sends reports to admins: once by itself when a broadcast ends, and to whoever asks."""

    def __init__(  # noqa: PLR0913 — what it needs from the house
        self,
        books: Books,
        roll: Roll,
        herald: Herald,
        overall: Overall,
        *,
        admins: Collection[int],
        caption: Callable[[Broadcast, str], Message],
    ) -> None:
        self._books = books
        self._roll = roll
        self._herald = herald
        self._overall = overall
        self._admins = admins
        self._caption = caption

    async def ended(self, number: int) -> None:
        """Tell every admin who follows the broadcast, unless that was done before or nothing was ever sent."""
        broadcast = await self._books.broadcast(number)
        if broadcast is None or await self._books.is_reported(number):
            return
        if broadcast.figures.left < broadcast.figures.total:
            for card in await self._books.cards(number):
                if card.chat_id in self._admins:
                    await self.send(number, card.chat_id, card.locale)
        await self._books.reported(number)

    async def send(self, number: int, chat_id: int, locale: str) -> None:
        """Send the report to one chat; given up after some tries, for it can be asked for again."""
        broadcast = await self._books.broadcast(number)
        if broadcast is None:
            return
        content = await write_report(self._roll, number)
        caption = self._caption(broadcast, locale)
        for _ in range(TRIES):
            await self._overall.turn(Urgency.NOTICE)
            try:
                await self._herald.document(chat_id, file_name(number), content, caption)
            except FloodedError as flood:
                await asyncio.sleep(flood.retry_after)
            except NotSentError:
                await asyncio.sleep(PAUSE)
            except SendError as error:
                log.warning("the report of broadcast %d did not arrive: %s", number, error)
                return
            else:
                return
