"""The report of a broadcast: who got it and who did not, as a CSV file. Chat numbers only, no names.

Knows nothing of Telegram or of languages: the file is for machines and spreadsheets, its words are those of the books.
"""

import asyncio
import csv
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable
from itertools import count

from bot.app.ports import FloodedError, MaybeSentError, NotSentError, SendError
from bot.app.records import Urgency
from bot.broadcast.direct_sends import DirectSends
from bot.broadcast.model import Broadcast
from bot.broadcast.ports import BroadcastRepository, BroadcastSender, RecipientRepository
from bot.views.message import Message

log = logging.getLogger(__name__)
TRIES = 5
PAUSE, LONGEST_PAUSE = 2.0, 60.0
MOST = 20_000_000
"""Bytes after which another file begins; Telegram takes 50 MB from bots, but large ones get lost on a bad line."""
HEADER = ("chat_id", "status", "reason")


async def write_report(
    recipients: RecipientRepository, number: int, most: int = MOST
) -> AsyncIterator[tuple[str, bytes]]:
    """The file with its name; several, each with its header, where one would be larger than some `most` bytes.

    Read page by page: no more than one file stays in memory.
    """
    part, content = 1, _begun()
    async for page in recipients.report(number):
        if len(content.getbuffer()) > most:
            yield f"broadcast-{number}-{part}.csv", content.getvalue()
            part, content = part + 1, _begun()
        _add(content, ((each.chat_id, each.status.value, each.error or "") for each in page))
    yield f"broadcast-{number}{f'-{part}' if part > 1 else ''}.csv", content.getvalue()


def _begun() -> io.BytesIO:
    content = io.BytesIO()
    _add(content, (HEADER,))
    return content


def _add(content: io.BytesIO, rows: Iterable[tuple[object, ...]]) -> None:
    text = io.TextIOWrapper(content, encoding="utf-8", newline="", write_through=True)
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    text.detach()


class Reporter:
    """Sends reports to admins: by itself whenever a broadcast has come to an end, and to whoever asks."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        repository: BroadcastRepository,
        recipients: RecipientRepository,
        sender: BroadcastSender,
        direct_sends: DirectSends,
        *,
        admins: Collection[int],
        locale_of: Callable[[int], Awaitable[str | None]],
        caption: Callable[[Broadcast, str], Message],
    ) -> None:
        self._repository = repository
        self._recipients = recipients
        self._sender = sender
        self._direct_sends = direct_sends
        self._admins = admins
        self._locale_of = locale_of
        self._caption = caption

    async def ended(self, number: int) -> None:
        """Report this end, until it is surely told or surely refused; unless that was done, or nothing ever sent."""
        broadcast = await self._repository.broadcast(number)
        if broadcast is None or await self._repository.is_reported(number):
            return
        if broadcast.counts.left < broadcast.counts.total:
            followers = await self._followers(number)
            async for file in write_report(self._recipients, number):
                await asyncio.gather(*(self._deliver(broadcast, file, *each) for each in followers))
        await self._repository.reported(broadcast)

    async def send(self, number: int, chat_id: int, locale: str) -> None:
        """Send the report to one chat; given up after some tries, for it can be asked for again."""
        if broadcast := await self._repository.broadcast(number):
            async for file in write_report(self._recipients, number):
                await self._deliver(broadcast, file, chat_id, locale, tries=TRIES)

    async def _followers(self, number: int) -> tuple[tuple[int, str], ...]:
        """The admins who follow the broadcast, each with their language; where none of them is one any more, all."""
        follow = [(each.chat_id, each.locale) for each in await self._repository.progress_messages(number)]
        still = tuple(each for each in follow if each[0] in self._admins)
        return still or tuple([(each, await self._locale_of(each) or "") for each in sorted(self._admins)])

    async def _deliver(
        self, broadcast: Broadcast, file: tuple[str, bytes], chat_id: int, locale: str, *, tries: int | None = None
    ) -> None:
        """A report may come twice; it must rather do that than get lost."""
        number, caption, pause = broadcast.plan.number, self._caption(broadcast, locale), PAUSE
        for _ in count() if tries is None else range(tries):
            await self._direct_sends.turn(chat_id, Urgency.NOTICE)
            try:
                await self._sender.document(chat_id, *file, caption)
            except FloodedError as flood:
                self._direct_sends.flooded(chat_id, flood.retry_after)
            except (NotSentError, MaybeSentError):
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            except SendError as error:
                log.warning("the report of broadcast %d did not arrive: %s", number, error)
                return
            else:
                self._direct_sends.went()
                return
