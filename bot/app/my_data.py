"""Answers what `/data` asks of the store, and makes the file with the copy. Asks the API nothing.

Knows neither tables nor words.
"""

import re
from collections.abc import Callable
from datetime import datetime

from bot.app.hourly_limiter import HourlyLimiter
from bot.app.ports import MessageRefusedError, Store
from bot.app.records import CopiedTables
from bot.core.effects import CheckCopy, CheckErase, DataLoad, LoadMyData
from bot.core.events import CopyChecked, EraseChecked, Event, MyDataLoaded
from bot.core.model import Department, Ticket

NAME = re.compile(r"mes-donnees-(\d{1,19})\.json", re.ASCII)
COPIES_AN_HOUR = 1
Draw = Callable[[CopiedTables, str], bytes]
"""Writes the file in the language of a locale."""


class MyData:
    """What the bot knows of one citizen. `seconds` is a monotonic clock."""

    def __init__(
        self,
        store: Store,
        departments: Callable[[], tuple[Department, ...]],
        draw: Draw,
        seconds: Callable[[], float],
    ) -> None:
        self._store = store
        self._departments = departments
        self._draw = draw
        self._copies = HourlyLimiter[int](COPIES_AN_HOUR, seconds)

    async def answer(self, chat_id: int, asked: DataLoad, now: datetime) -> Event:
        """The event that answers the effect."""
        match asked:
            case LoadMyData(message=message):
                return MyDataLoaded(at=now, tickets=await self._coming(chat_id, now), message=message)
            case CheckCopy():
                is_too_soon = self._copies.wait(chat_id) > 0
                if not is_too_soon:
                    self._copies.count(chat_id)
                return CopyChecked(at=now, is_too_soon=is_too_soon)
            case CheckErase(message=message):
                pending = await self._store.open_attempts_of(chat_id)
                return EraseChecked(at=now, is_pending=bool(pending), message=message)

    async def _coming(self, chat_id: int, now: datetime) -> tuple[Ticket, ...]:
        offices = {each.id: each for each in self._departments()}
        return tuple(
            Ticket(each.appointment, offices.get(each.department_id) or Department(each.department_id, ""))
            for each in await self._store.entries_of(chat_id)
            if each.is_coming and each.at > now
        )

    async def read(self, chat_id: int) -> bytes:
        """The file with all rows of this chat. Raises `MessageRefusedError` if the chat was erased meanwhile."""
        chat = await self._store.chat(chat_id)
        if chat is None:
            raise MessageRefusedError("the chat of a copy was erased")
        return self._draw(await self._store.copy_of(chat_id), chat.locale)


def file_name(chat_id: int) -> str:
    """The name of a citizen's copy."""
    return f"mes-donnees-{chat_id}.json"


def chat_in(name: str) -> int | None:
    """The reverse of `file_name`; None for other files."""
    found = NAME.fullmatch(name)
    return int(found[1]) if found else None
