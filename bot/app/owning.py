"""Which of the appointments that the API lists for a chat are the chat's, where the API does not say whose they are.

A service that ignores our filter and names no owner would show strangers' appointments, and let them be cancelled. So
one without an owner is the chat's only where it was made here, by that chat. Asks neither HTTP nor SQL.
"""

from collections.abc import Awaitable, Callable

from bot.core.model import Appointment

MadeBy = Callable[[int], Awaitable[frozenset[int]]]
"""The numbers of the appointments that attempts of this chat made; see `Store.made_by`."""


async def nobody(_chat_id: int) -> frozenset[int]:
    """For whoever has no store: nothing was made here."""
    return frozenset()


async def own(chat_id: int, found: tuple[Appointment, ...], made_by: MadeBy) -> tuple[Appointment, ...]:
    """Those of the appointments found for a chat that are surely its own."""
    if all(each.owner is not None for each in found):
        return found
    made = await made_by(chat_id)
    return tuple(each for each in found if each.owner is not None or each.id in made)
