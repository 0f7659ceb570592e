"""Shows admins and staff their commands: in `/help`, and in their menu as soon as they write to the bot.

The menu of one chat can only be set once that chat exists (Bot API, `setMyCommands`), so its first message is the
moment for it. Knows no texts and no Telegram.
"""

from collections.abc import Awaitable, Callable

from bot.app.records import Change, Delivery, DeliveryIds, Kind
from bot.app.updates import FromCitizen
from bot.core.events import Commanded
from bot.views.message import Message

COMMAND = "help"


class AdminCommands:
    """See `AdminHandler`. `on_first_message` is called with a chat that writes for the first time.

    `draw` is given the chat and its language.
    """

    def __init__(
        self,
        draw: Callable[[int, str], Message],
        locale_of: Callable[[int], Awaitable[str | None]],
        on_first_message: Callable[[int], None],
        ids: DeliveryIds,
    ) -> None:
        self._draw = draw
        self._locale_of = locale_of
        self._on_first_message = on_first_message
        self._known: set[int] = set()
        self._ids = ids

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        """See `AdminHandler`."""
        event = inbound.event
        if chat_id not in self._known:
            self._known.add(chat_id)
            self._on_first_message(chat_id)
        if not isinstance(event, Commanded) or event.name != COMMAND:
            return None
        message = self._draw(chat_id, await self._locale_of(chat_id) or event.language)
        return Change(queued=(Delivery(self._ids.next(), chat_id, Kind.SEND, message),))
