"""Looks among a citizen's appointments for the one that an order made. Knows no attempts and no waiting."""

from bot.app.attempt import made_by
from bot.app.ports import ApiError, Moncreneau, Need
from bot.core.model import Appointment, Order


async def made_for(order: Order, api: Moncreneau, earlier: frozenset[int], need: Need) -> Appointment | None:
    """The appointment that this order made, not one that an `earlier` order of the chat made; None: there is none.

    Raises `ApiError` where nobody can tell: among those that cannot be read may be the very one.
    """
    failure: ApiError | None = None
    try:
        appointments = await api.appointments(order.owner, need)
    except ApiError as error:
        failure, appointments = error, error.seen
    found = next((each for each in appointments if each.id not in earlier and made_by(order, each)), None)
    if failure and not found:
        raise failure
    return found
