"""Caches the sessions of active chats; the store has all of them.

A cached session is always the last one that was committed. Knows nothing of what a session means.
"""

import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.app.attempt import BOOKINGS, CANCELLINGS, MOVES
from bot.app.ports import Store
from bot.app.records import AttemptKind, StoredAttempt, StoredChat
from bot.core.session import Session, read_session, write_session
from bot.core.states import Cancelling, Moving, Pending, Submitting

log = logging.getLogger(__name__)
KEPT = 10_000
FIRST_SCREENS = range(10**10, 10**14)
"""A chat's first screen number: above those of earlier releases, and far below the largest that fits into a button."""


def random_screen() -> int:
    """The first screen number of a new session.

    It is random and not derived from the clock, so the buttons of a lost session are never taken for those of the new
    one, whatever the clock showed when either began.
    """
    return FIRST_SCREENS[secrets.randbelow(len(FIRST_SCREENS))]


class Sessions:
    """Keeps at most `KEPT` sessions in memory and drops the least recently used."""

    def __init__(self, store: Store, default_locale: str, first_screen: Callable[[], int] = random_screen) -> None:
        self._store = store
        self._default_locale = default_locale
        self._first_screen = first_screen
        self._kept: OrderedDict[int, Session] = OrderedDict()

    async def get(self, chat_id: int, now: datetime, locale: str) -> Session:
        """The chat's session; a new one if the chat is unknown or its session cannot be read."""
        if session := self._kept.get(chat_id):
            self._kept.move_to_end(chat_id)
            return session
        known = await self._store.chat(chat_id)
        session = read_session(known.session) if known else None
        if known is None or session is None:
            if known:
                log.error("a session that cannot be read was dropped")
            return await self.new_session(chat_id, now, locale)
        if (
            session.screen < 0
        ):  # an earlier release began it while the clock showed 1970; its numbers do not fit into buttons
            session = replace(session, screen=self._first_screen())
        return _with_wishes(session, known)

    async def new_session(self, chat_id: int, now: datetime, locale: str) -> Session:
        """A session that begins now, with what is known without the one before it.

        It keeps what the citizen opted out of, a chosen language, and the pending attempt, whose outcome needs a
        conversation that waits for it.
        """
        known = await self._store.chat(chat_id)
        session = Session(locale or self._default_locale, now, screen=self._first_screen())
        if known is None:
            return session
        chose = bool(locale) and locale != known.locale
        session = replace(session, locale=known.locale, chose_locale=chose)
        session = _with_wishes(session, known)
        for attempt in await self._store.open_attempts(chat_id):
            if pending := _pending(attempt):
                session = session.at(pending)
        return session

    def keep(self, chat_id: int, session: Session) -> None:
        """Cache the session that was just committed."""
        self._kept[chat_id] = session
        self._kept.move_to_end(chat_id)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def forget(self, chat_id: int) -> None:
        """Drop the session of a chat that was erased."""
        self._kept.pop(chat_id, None)

    @staticmethod
    def stored(chat_id: int, session: Session) -> StoredChat:
        """The session as a value to store. A chat that acts has not left."""
        return StoredChat(
            chat_id,
            write_session(session),
            session.locale,
            announcements=session.announcements,
            reminders=session.reminders,
            ratings=session.ratings,
        )


def _with_wishes(session: Session, chat: StoredChat) -> Session:
    return replace(session, announcements=chat.announcements, reminders=chat.reminders, ratings=chat.ratings)


def _pending(attempt: StoredAttempt) -> Pending | None:
    """The state of a conversation that waits for this attempt, and was told to; None if no conversation does.

    Raises `ValueError`.
    """
    match attempt.kind:
        case AttemptKind.STRAY:
            return None
        case AttemptKind.BOOK:
            return Submitting(BOOKINGS.read(attempt.body), delayed=True, withdrawn=attempt.withdrawn)
        case AttemptKind.CANCEL:
            return Cancelling(CANCELLINGS.read(attempt.body), delayed=True)
        case AttemptKind.MOVE:
            return Moving(MOVES.read(attempt.body), delayed=True, withdrawn=attempt.withdrawn)
