"""Recognises appointments that a process of the bot made without intending to.

A process that the system suspends between the check of its trust and the request can send the request later, when
another process has long carried out the same attempt (`docs/guarantees.md`). Nothing can prevent that at an API without
idempotency keys, so its effect is undone. Knows neither HTTP nor SQL.
"""

from collections.abc import Iterable
from datetime import timedelta

from bot.app.attempt import CANCELLINGS, owner_of
from bot.app.records import AttemptKind, StoredAttempt
from bot.core.appointment_book import BookEntry, Origin
from bot.core.appointments import COMING
from bot.core.model import Appointment, Department, Ticket
from bot.core.names import fold
from bot.core.states import CancelAttempt

NEAR = timedelta(minutes=10)
"""How long before or after the intended appointment a stray one is made."""


def is_stray(found: Appointment, chat_id: int, known: Iterable[BookEntry]) -> bool:
    """Whether `found`, which no attempt of the chat made, repeats one of the `known` appointments of its attempts.

    Only if the API tells that the chat is its owner and when it was made, and if the intended one stands: the citizen
    has a ticket for that.
    """
    return (
        found.owner == owner_of(chat_id)
        and found.created_at is not None
        and found.status in COMING
        and any(each.appointment_id != found.id and _repeats(found, each) for each in known)
    )


def _repeats(found: Appointment, made: BookEntry) -> bool:
    assert found.created_at  # noqa: S101 — for the type checker
    return (
        made.origin is Origin.BOT
        and made.is_coming
        and made.department_id == found.department_id
        and made.at == found.at.replace(second=0, microsecond=0)
        and (made.worker_id is None or found.worker_id in {None, made.worker_id})
        and (made.name is None or fold(made.name) == fold(found.name))
        and made.booked_at is not None
        and abs(found.created_at - made.booked_at) <= NEAR
    )


def cancelling_of(stray: Appointment, chat_id: int) -> StoredAttempt:
    """The attempt that cancels it. The citizen's attempts have positive numbers, so theirs never meet its own."""
    number = -stray.id
    body = CANCELLINGS.write(CancelAttempt(number, Ticket(stray, Department(stray.department_id, ""))))
    return StoredAttempt(chat_id, number, AttemptKind.STRAY, body)
