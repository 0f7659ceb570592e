"""Sessions are read once and cached; the cached one is the last one committed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.app import sessions as module
from bot.app.attempt import BOOKINGS, CANCELLINGS, MOVES
from bot.app.records import AttemptKind, Change, Replaced, Settled, StoredAttempt, StoredChat
from bot.app.sessions import Sessions
from bot.core.appointment_book import Fact, Source
from bot.core.callback_data import decode, encode
from bot.core.session import Session, write_session
from bot.core.states import BookingAttempt, CancelAttempt, Cancelling, Idle, Moving, Submitting
from bot.storage.store import Store
from tests.core.examples import FULL, MADE, MOVE_ATTEMPT, REPLACED, TICKET, known

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield opened
    await opened.close()


async def test_a_new_session_begins_in_the_phones_language_or_the_default(store: Store) -> None:
    sessions = Sessions(store, "fr")
    assert (await sessions.get(7, NOW, "en")).locale == "en"
    assert (await sessions.get(8, NOW, "")).locale == "fr"


async def test_old_buttons_are_recognised_whatever_the_clock_shows(store: Store) -> None:
    for year in (1970, 2026):
        sessions = [await Sessions(store, "fr").get(7, NOW.replace(year=year), "fr") for _ in range(2)]
        first, second = (each.screen for each in sessions)
        assert abs(first - second) > 1000, "as good as certain: one in ten thousand million"
        assert decode(encode(first, "retry")) == (first, "retry")


async def test_a_chat_that_began_while_the_clock_showed_1970_gets_buttons_that_work(store: Store) -> None:
    await store.commit(
        Change(chat=Sessions.stored(7, Session("fr", NOW, screen=-1577836496, names=known("Aïssatou Bah"))))
    )
    session = await Sessions(store, "fr").get(7, NOW, "fr")
    assert decode(encode(session.screen, "retry")) == (session.screen, "retry")
    assert session.names == known("Aïssatou Bah")


async def test_a_stored_session_is_read(store: Store) -> None:
    session = Session("en", NOW, screen=12, names=known("Aïssatou Bah"))
    await store.commit(Change(chat=Sessions.stored(7, session)))
    assert await Sessions(store, "fr").get(7, NOW, "fr") == session


async def test_a_cached_session_is_not_read_again(store: Store) -> None:
    sessions, session = Sessions(store, "fr"), Session("en", NOW, screen=12)
    sessions.keep(7, session)
    assert await sessions.get(7, NOW, "fr") is session


@pytest.mark.parametrize("text", ["", "0:{}", "1:{}", "1:not json", "99:{}", "{}"])
async def test_an_unreadable_session_is_replaced_and_logged(
    store: Store, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    await store.commit(Change(chat=StoredChat(7, text, "fr")))
    session = await Sessions(store, "fr").get(7, NOW, "en")
    assert session.state.kind == "idle"
    assert "dropped" in caplog.text


@pytest.mark.parametrize("text", ["2:{}", write_session(Session("fr", NOW, announcements=True))])
async def test_an_opt_out_outlives_the_session(store: Store, text: str) -> None:
    await store.commit(Change(chat=StoredChat(7, text, "fr", announcements=False)))
    session = await Sessions(store, "fr").get(7, NOW, "fr")
    await store.commit(Change(chat=Sessions.stored(7, session)))
    chat = await store.chat(7)
    assert chat
    assert not chat.announcements


async def test_a_chosen_language_outlives_the_session(store: Store) -> None:
    await store.commit(Change(chat=StoredChat(7, "2:{}", "en")))
    session = await Sessions(store, "fr").get(7, NOW, "fr")
    assert (session.locale, session.chose_locale) == ("en", True)
    session = await Sessions(store, "fr").get(7, NOW, "")
    assert (session.locale, session.chose_locale) == ("en", False)


BOOKING = BookingAttempt(3, FULL, NOW)
CANCELLING = CancelAttempt(4, TICKET)


@pytest.mark.parametrize("text", ["2:{}", "garbage"])
async def test_a_new_session_still_waits_for_a_pending_booking(store: Store, text: str) -> None:
    attempt = StoredAttempt(7, 3, AttemptKind.BOOK, BOOKINGS.write(BOOKING))
    await store.commit(Change(chat=StoredChat(7, text, "fr"), opened=(attempt,)))
    session = await Sessions(store, "fr").get(7, NOW, "fr")
    assert session.state == Submitting(BOOKING, delayed=True)
    await store.commit(Change(withdrawn=(7, 3)))
    session = await Sessions(store, "fr").get(7, NOW, "fr")
    assert session.state == Submitting(BOOKING, delayed=True, withdrawn=True)
    await store.commit(Change(settled=Settled(7, 3, "withdrawn")))
    assert (await Sessions(store, "fr").get(7, NOW, "fr")).state == Idle()


async def test_a_new_session_still_waits_for_a_pending_cancellation(store: Store) -> None:
    attempt = StoredAttempt(7, 4, AttemptKind.CANCEL, CANCELLINGS.write(CANCELLING))
    other = StoredAttempt(8, 4, AttemptKind.BOOK, BOOKINGS.write(BOOKING))
    await store.commit(Change(chat=StoredChat(7, "garbage", "fr"), opened=(attempt, other)))
    assert (await Sessions(store, "fr").get(7, NOW, "fr")).state == Cancelling(CANCELLING, delayed=True)


async def test_a_new_session_replaces_the_cached_one(store: Store) -> None:
    sessions = Sessions(store, "fr")
    sessions.keep(7, Session("en", NOW, screen=12, state=Submitting(BOOKING)))
    assert (await sessions.new_session(7, NOW, "fr")).state == Idle()


async def test_a_returning_chat_with_an_unreadable_session_does_not_count_as_left(store: Store) -> None:
    await store.commit(Change(chat=StoredChat(7, "2:{}", "fr", left=True)))
    session = await Sessions(store, "fr").get(7, NOW, "fr")
    await store.commit(Change(chat=Sessions.stored(7, session)))
    chat = await store.chat(7)
    assert chat
    assert not chat.left


async def test_the_session_cache_is_bounded_and_drops_the_least_recently_used(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    sessions = Sessions(store, "fr")
    for chat in (1, 2):
        sessions.keep(chat, Session("en", NOW, screen=chat))
    await sessions.get(1, NOW, "fr")
    sessions.keep(3, Session("en", NOW, screen=3))
    assert [(await sessions.get(chat, NOW, "fr")).locale for chat in (1, 2, 3)] == ["en", "fr", "en"]


async def test_a_new_session_still_waits_for_a_pending_move_in_its_phase(store: Store) -> None:
    attempt = StoredAttempt(7, 5, AttemptKind.MOVE, MOVES.write(MOVE_ATTEMPT))
    await store.commit(Change(chat=StoredChat(7, "garbage", "fr"), opened=(attempt,)))
    assert (await Sessions(store, "fr").get(7, NOW, "fr")).state == Moving(MOVE_ATTEMPT, delayed=True)
    fact = Fact(MADE.id, 7, NOW, Source.ATTEMPT, MADE, replaces=TICKET.appointment.id)
    booked = replace(attempt, body=MOVES.write(REPLACED))
    await store.commit(Change(replaced=Replaced(booked, MADE.id, TICKET.appointment.id, fact)))
    assert (await Sessions(store, "fr").get(7, NOW, "fr")).state == Moving(REPLACED, delayed=True)
