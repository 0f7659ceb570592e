"""`/block`, `/unblock` and `/blocked`: an admin forbids a chat further bookings, and the record says who did it.

A blocked chat keeps its appointments, and still moves and cancels them. Knows no texts and no SQL.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.app.attempt import OWNER
from bot.app.records import BlockEntry, Change, Delivery, DeliveryIds, Kind, Work
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.operations.blocking_views import Blocked, BlockScreen, Mistake, Recorded, Refused
from bot.views.message import Message

BLOCK, UNBLOCK, LIST = "block", "unblock", "blocked"
CHAT_ID = re.compile(rf"(?:{OWNER})?([1-9][0-9]{{0,15}})", re.ASCII)
"""A chat as admins meet it: its id, or the `externalUserId` that the service's dashboard shows."""


class BlockRepository(Protocol):
    """The record of blocked chats."""

    async def is_known(self, chat_id: int) -> bool:
        """Whether the chat ever wrote to the bot and was not erased."""

    async def last(self, chat_id: int) -> BlockEntry | None:
        """The last entry of a chat."""

    async def blocked(self) -> tuple[BlockEntry, ...]:
        """The chats that are blocked now, the last one first."""

    def record(self, entry: BlockEntry) -> Work:
        """The write that adds an entry."""


class BlockHandler:
    """See `AdminHandler`."""

    def __init__(
        self,
        repository: BlockRepository,
        draw: Callable[[BlockScreen, str], Message],
        locale_of: Callable[[int], Awaitable[str]],
        ids: DeliveryIds,
    ) -> None:
        self._repository = repository
        self._draw = draw
        self._locale_of = locale_of
        self._ids = ids

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`."""
        event = inbound.event
        if not isinstance(event, Commanded) or event.name not in {BLOCK, UNBLOCK, LIST}:
            return None
        works: tuple[Work, ...] = ()
        screen: BlockScreen
        if event.name == LIST:
            screen = Blocked(await self._repository.blocked())
        else:
            screen = await self._decided(inbound, event, is_blocked=event.name == BLOCK)
            works = (self._repository.record(screen.entry),) if isinstance(screen, Recorded) else ()
        message = self._draw(screen, await self._locale_of(chat_id))
        return Change(queued=(Delivery(self._ids.next(), chat_id, Kind.SEND, message),), works=works)

    async def _decided(self, inbound: FromCitizen, event: Commanded, *, is_blocked: bool) -> Recorded | Refused:
        """What the command leads to: an entry to record, or a refusal that says why."""
        found = CHAT_ID.fullmatch(event.argument.strip())
        if found is None:
            return Refused(Mistake.NO_ID, event.name)
        chat_id = int(found[1])
        last = await self._repository.last(chat_id)
        if last is None and not await self._repository.is_known(chat_id):
            return Refused(Mistake.UNKNOWN, event.name, chat_id)
        if (last is not None and last.is_blocked) == is_blocked:
            return Refused(Mistake.ALREADY if is_blocked else Mistake.NOT_BLOCKED, event.name, chat_id, last)
        who = event.profile or str(inbound.user_id)
        return Recorded(BlockEntry(chat_id, is_blocked, inbound.user_id, who, event.at))
