"""Places an order with the service; must not know what slots are offered, nor why somebody orders."""

from datetime import tzinfo

from bot.core.model import Appointment, Order
from bot.moncreneau import schemas
from bot.moncreneau.client import Client
from bot.moncreneau.errors import UnreadableAnswer
from bot.moncreneau.unreadable import NoTicket


async def place(client: Client, order: Order, zone: tzinfo) -> Appointment:
    """Exactly one POST. Raises `ApiError`; `NoTicket` where it was accepted and its appointment cannot be read.

    Only an object is the service's own word. A page, or half an answer, may come from whatever stands in between, and
    leaves open what became of the order.
    """
    body = await client.post("appointments", schemas.order_body(order))
    try:
        return schemas.read_appointment(body, zone, order)
    except UnreadableAnswer as error:
        raise (NoTicket(status=error.status) if isinstance(body, dict) else error) from None
