"""How long the bot keeps what it knows of a citizen: the one place of these periods.

`bot.storage.retention` applies them every night. What is not named here is deleted as soon as it has served its
purpose: the body of an update when it is done, that of an attempt when it is settled, that of a message when it is
sent, and that of a webhook when it is applied.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.core import known_names
from bot.core.session import Session
from bot.core.states import Idle, Pending

UPDATE_IDS = timedelta(days=2)
"""The id of an update that is done: Telegram may deliver it again."""
FAILED_UPDATES = timedelta(days=9)
"""An update on which our own code failed, so that its cause can be found."""
UNFINISHED_BOOKING = timedelta(hours=24)
"""After the citizen's last action."""
WEBHOOK_IDS = timedelta(days=30)
"""The id of an applied webhook: the service may send it again."""
APPOINTMENTS = timedelta(days=90)
"""After the start of an appointment, with its attempt and its messages. Its name goes at the end of its day."""
OPEN_QUESTIONS = timedelta(days=30)
"""The question about a visit that is not answered, after it was asked. An answer is kept without its chat."""
RECIPIENTS = timedelta(days=90)
"""The chats that got a broadcast, after its end. Its figures stay."""
SAVED_NAMES = timedelta(days=365)
"""A name that is offered for the next booking, after the last one that used it."""
SILENT_CHATS = timedelta(days=365)
"""After the last action, if no appointment is to come."""


def without_unfinished(session: Session) -> Session | None:
    """The session without the booking that was left unfinished; None if there is none, or an attempt is open."""
    if isinstance(session.state, Pending) or (session.state == Idle() and session.parked is None):
        return None
    return replace(session.at(Idle()), parked=None, message=None, last_press=None)


def without_old_names(session: Session, now: datetime) -> Session:
    """The session without the names that no booking used for long."""
    names = known_names.since(session.names, now, SAVED_NAMES)
    return session if names == session.names else replace(session, names=names)
