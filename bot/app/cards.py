"""The messages that show admins how broadcasts get on: one an admin and broadcast, edited in place, never sent anew.

Every edit of a card is made here, by one task, so that a later truth never loses to an earlier one. A card whose
message is gone is forgotten; so is that of an admin who is none any more. Knows no words and no Telegram.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection

from bot.app.broadcast_ports import Books, Card
from bot.app.pacing import Overall
from bot.app.ports import EditLostError, FloodedError, MaybeSentError, Messenger, NotSentError, SendError
from bot.app.records import Delivery, Kind
from bot.core.sight import Sight
from bot.views.message import Message

log = logging.getLogger(__name__)
INTERVAL = 3.0
"""Seconds between two edits of a card whose broadcast is moving."""

Draw = Callable[[Sight, str], Message]


class Cards:
    """All cards. `look` tells how a broadcast stands, `moving` which ones change by themselves."""

    def __init__(  # noqa: PLR0913 — what it needs from the house
        self,
        books: Books,
        messenger: Messenger,
        overall: Overall,
        admins: Collection[int],
        draw: Draw,
        *,
        look: Callable[[int], Awaitable[Sight | None]],
        moving: Callable[[], Collection[int]],
    ) -> None:
        self._books = books
        self._messenger = messenger
        self._overall = overall
        self._admins = admins
        self._draw = draw
        self._look = look
        self._moving = moving
        self._due: set[int] = set()
        self._wake = asyncio.Event()
        self._shown: dict[tuple[int, int], Message] = {}

    async def put(self, card: Card) -> None:
        """From now on the broadcast is shown here, and in no other message of this admin."""
        await self._books.put_card(card)
        self._shown.pop((card.number, card.chat_id), None)
        self.touch(card.number)

    def touch(self, number: int) -> None:
        """Something happened to the broadcast: show it now."""
        self._due.add(number)
        self._wake.set()

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL):
                    await self._wake.wait()
            self._wake.clear()
            due, self._due = self._due | set(self._moving()), set()
            for number in sorted(due):
                try:
                    await self._refresh(number)
                except Exception:
                    log.exception("the cards of broadcast %d could not be drawn", number)

    async def _refresh(self, number: int) -> None:
        for card in await self._books.cards(number):
            sight = await self._look(number) if card.chat_id in self._admins else None
            if sight is not None:
                await self._edit(card, self._draw(sight, card.locale))

    async def _edit(self, card: Card, message: Message) -> None:
        place = (card.number, card.chat_id)
        if self._shown.get(place) == message:
            return
        await self._overall.edit()
        delivery = Delivery(0, card.chat_id, Kind.EDIT, message, target=card.message_id)
        try:
            await self._messenger.deliver(delivery, None)
        except (FloodedError, NotSentError, MaybeSentError):
            self._due.add(card.number)  # with the next round
        except EditLostError:
            await self._books.drop_card(card)
        except SendError as error:
            log.warning("a card of broadcast %d could not be drawn: %s", card.number, error)
        else:
            self._shown[place] = message
