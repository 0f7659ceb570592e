"""The messages that show admins how broadcasts get on: one an admin and broadcast, edited in place, never sent anew.

Every edit of a card is made here, one at a time, and each shows what holds when it is made: a later truth never loses
to an earlier one, and what Telegram makes wait is not old when it comes. One card's wait is no other's. A card whose
message is gone is shown no more; nor is that of an admin who is none any more. A message shows one broadcast: the one
that was put there last. Knows no words and no Telegram.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection

from bot.app.backoff import wait_event
from bot.app.ports import EditLostError, FloodedError, MaybeSentError, Messenger, NotSentError, SendError
from bot.app.rate_limits import GlobalRateLimiter
from bot.app.records import Delivery, Kind
from bot.broadcast.model import BroadcastSnapshot
from bot.broadcast.ports import NOWHERE, BroadcastRepository, ProgressMessage
from bot.logs import scrubbed
from bot.views.message import Message

log = logging.getLogger(__name__)
INTERVAL = 3.0
"""Seconds between two edits of a card whose broadcast is moving, and before one is tried again that was lost."""

Draw = Callable[[BroadcastSnapshot, str], Message]
Place = tuple[int, int]
"""Where a card hangs: the admin's chat, the message."""


class ProgressMessages:
    """All cards. `look` tells how a broadcast stands, `moving` which ones change by themselves."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        repository: BroadcastRepository,
        messenger: Messenger,
        overall: GlobalRateLimiter,
        admins: Collection[int],
        draw: Draw,
        *,
        look: Callable[[int], Awaitable[BroadcastSnapshot | None]],
        moving: Callable[[], Collection[int]],
    ) -> None:
        self._repository = repository
        self._messenger = messenger
        self._overall = overall
        self._admins = admins
        self._draw = draw
        self._look = look
        self._moving = moving
        self._due: set[int] = set()
        self._wake = asyncio.Event()
        self._shown: dict[Place, tuple[int, Message]] = {}
        self._wanted: dict[Place, ProgressMessage] = {}
        self._painters: dict[Place, asyncio.Task[None]] = {}
        self._quiet_until: dict[int, float] = {}

    async def put(self, card: ProgressMessage) -> None:
        """From now on the broadcast is shown here, in no other message of this admin, and nothing else is."""
        await self._repository.put_progress_message(card)
        self._shown.pop((card.chat_id, card.message_id), None)
        self.touch(card.number)

    async def clear_progress_message(self, chat_id: int, message_id: int) -> None:
        """This message shows something else from now on."""
        await self._repository.clear_progress_message(chat_id, message_id)
        self._shown.pop((chat_id, message_id), None)

    def touch(self, number: int) -> None:
        """Something happened to the broadcast: show it now."""
        self._due.add(number)
        self._wake.set()

    async def run(self) -> None:
        """Draw until cancelled."""
        try:
            while True:
                await wait_event(self._wake, INTERVAL)
                self._wake.clear()
                due, self._due = self._due | set(self._moving()), set()
                for number in sorted(due):
                    try:
                        for card in await self._repository.progress_messages(number):
                            self._want(card)
                    except Exception as error:  # noqa: BLE001 — the cards of one must not stop those of all
                        self._stumbled(number, error)
        finally:
            for task in self._painters.values():
                task.cancel()

    def _want(self, card: ProgressMessage) -> None:
        """It is to show what holds now."""
        if card.chat_id not in self._admins or card.message_id == NOWHERE:
            return
        place = (card.chat_id, card.message_id)
        self._wanted[place] = card
        if place not in self._painters:
            self._painters[place] = asyncio.create_task(self._paint(place))

    async def _paint(self, place: Place) -> None:
        """Edit one message until it shows what holds."""
        chat_id, _ = place
        loop = asyncio.get_running_loop()
        number = self._wanted[place].number
        try:
            while place in self._wanted:
                if (wait := self._quiet_until.get(chat_id, 0.0) - loop.time()) > 0:
                    await asyncio.sleep(wait)
                await self._overall.edit()
                card = self._wanted.pop(place)
                number = card.number
                try:
                    await self._edit(card)
                except FloodedError as flood:
                    self._quiet_until[chat_id] = loop.time() + flood.retry_after
                    self._wanted.setdefault(place, card)
                except (NotSentError, MaybeSentError):
                    self._quiet_until[chat_id] = loop.time() + INTERVAL
                    self._wanted.setdefault(place, card)
                except EditLostError:
                    await self._repository.lose_progress_message(card)
                except SendError as error:
                    log.warning("a card of broadcast %d could not be drawn: %s", number, error)
        except Exception as error:  # noqa: BLE001 — a card that cannot be drawn now is drawn when something happens
            self._stumbled(number, error)
        finally:
            del self._painters[place]

    async def _edit(self, card: ProgressMessage) -> None:
        snapshot = await self._look(card.number)
        # While it waited, the broadcast may have moved to another message, or the message to another broadcast.
        if snapshot is None or card not in await self._repository.progress_messages(card.number):
            return
        message = self._draw(snapshot, card.locale)
        place = (card.chat_id, card.message_id)
        if self._shown.get(place) != (card.number, message):
            await self._messenger.deliver(Delivery(0, card.chat_id, Kind.EDIT, message, target=card.message_id), None)
            self._shown[place] = (card.number, message)

    @staticmethod
    def _stumbled(number: int, error: Exception) -> None:
        name = type(error).__name__
        log.error("the cards of broadcast %d could not be drawn: %s", number, name, exc_info=scrubbed(error))
