"""What is old is deleted, page by page, and nothing else is, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app.records import Change, Settled, StoredChat, TicketMessage
from bot.broadcast.model import AdminAction, BroadcastStatus, HistoryEntry
from bot.core.appointment_book import Fact, Source
from bot.core.rating import RatingQuestion
from bot.core.retention import SAVED_NAMES
from bot.core.session import Session, read_session, write_session
from bot.core.states import ConfirmingBooking
from bot.core.statistics import week_of
from bot.storage import retention
from bot.storage.retention import SqlRetention
from bot.storage.store import Store
from tests.core.examples import FULL, NOW, known
from tests.storage.broadcast_examples import ADMIN, broadcast_feature
from tests.storage.broadcast_examples import NOW as CONFIRMED_AT
from tests.storage.databases import Database
from tests.storage.test_timers import BOOKED, FACT, MADE, START
from tests.storage.values import CHAT, attempt

UNFINISHED = write_session(Session("fr", NOW, state=ConfirmingBooking(FULL), names=known("Aïssatou")))


def appointment(number: int, days: int, chat_id: int = CHAT) -> Fact:
    """An appointment so many days after `START`."""
    return Fact(number, chat_id, BOOKED, Source.ATTEMPT, replace(MADE, id=number, at=START + timedelta(days=days)))


def numbers(database: Database, table: str, column: str = "appointment_id") -> list[int]:
    found = database.rows(f"SELECT DISTINCT {column} FROM {table} ORDER BY {column}")  # noqa: S608 — our own names
    return [number for (number,) in found]


def seen(database: Database, chat_id: int, at: float) -> None:
    database.execute(f"UPDATE chats SET seen_at = {at} WHERE chat_id = {chat_id}")  # noqa: S608 — numbers


async def test_old_appointments_go_with_their_messages_timers_and_attempts(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    await store.commit(Change(chat=StoredChat(CHAT, "s", "fr"), opened=tuple(map(attempt, range(1, 10)))))
    for number in range(1, 9):
        fact = appointment(number, days=number)
        await store.commit(Change(settled=Settled(CHAT, number, "booked", number, (fact,))))
        await store.commit(Change(ticket_message=TicketMessage(CHAT, 100 + number, number)))
    await SqlRetention(store).forget_appointments(START + timedelta(days=6), settled=1e12)
    for table in ("appointments", "ticket_messages", "timers"):
        assert numbers(database, table) == [6, 7, 8], table
    assert numbers(database, "attempts", "number") == [6, 7, 8, 9], "the open one, and those that made a kept one"
    await SqlRetention(store).forget_appointments(START + timedelta(days=90), settled=0)
    assert numbers(database, "appointments") == []
    assert numbers(database, "attempts", "number") == [6, 7, 8, 9], "settled later"


async def test_the_picture_of_an_appointment_goes_with_it(store: Store) -> None:
    linked = replace(FACT, appointment=replace(MADE, qr_link="https://x.gn/50"))
    await store.commit(Change(chat=StoredChat(CHAT, "s", "fr"), facts=(linked,), picture=("https://x.gn/50", "file")))
    await SqlRetention(store).forget_appointments(START, settled=0)
    assert await store.picture("https://x.gn/50") == "file"
    await SqlRetention(store).forget_appointments(START + timedelta(minutes=1), settled=0)
    assert await store.picture("https://x.gn/50") is None


async def test_what_came_in_late_for_an_erased_chat_is_deleted(store: Store, database: Database) -> None:
    await store.commit(Change(facts=(FACT,), ticket_message=TicketMessage(CHAT, 5, 50), opened=(attempt(1),)))
    await store.commit(Change(settled=Settled(CHAT, 1, "booked", 50)))
    await SqlRetention(store).forget_appointments(BOOKED, settled=0)
    for table in ("appointments", "ticket_messages", "timers", "attempts"):
        assert database.rows(f"SELECT * FROM {table}") == [], table  # noqa: S608 — our own names


async def test_a_saved_name_outlives_an_unfinished_booking_which_is_forgotten(store: Store, database: Database) -> None:
    for chat_id, session in (
        (1, UNFINISHED),
        (2, UNFINISHED),
        (3, write_session(Session("fr", NOW))),
        (4, "no session"),
    ):
        await store.commit(Change(chat=StoredChat(chat_id, session, "fr")))
        seen(database, chat_id, 1000)
    seen(database, 2, 2000)
    await SqlRetention(store).forget_unfinished(500, 2000)
    forgotten, kept, other, unreadable = [each.session for n in (1, 2, 3, 4) if (each := await store.chat(n))]
    left = read_session(forgotten)
    assert left
    assert (left.names, left.message) == (known("Aïssatou"), None)
    assert "Passeports" not in forgotten
    assert kept == UNFINISHED
    assert (other, unreadable) == (write_session(Session("fr", NOW)), "no session")


async def test_an_old_name_goes_also_in_a_chat_that_writes_nothing(store: Store) -> None:
    names = (*known("Aïssatou", used=NOW - SAVED_NAMES - timedelta(days=1)), *known("Fatou", used=NOW))
    old, new = Session("fr", NOW, names=names), Session("fr", NOW, names=names[1:])
    nobody = Session("fr", NOW)
    for chat_id, session in enumerate((old, new, nobody), 1):
        await store.commit(Change(chat=StoredChat(chat_id, write_session(session), "fr")))
    await SqlRetention(store).forget_names(NOW)
    left = [read_session(chat.session) for chat_id in (1, 2, 3) if (chat := await store.chat(chat_id))]
    assert left == [new, new, nobody]


async def test_unfinished_bookings_are_forgotten_page_by_page(
    store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 2)
    for chat_id in range(1, 6):
        await store.commit(Change(chat=StoredChat(chat_id, UNFINISHED, "fr")))
    await SqlRetention(store).forget_unfinished(0, 1e12)
    assert database.rows("SELECT count(*) FROM chats WHERE session LIKE '%Passeports%'") == [(0,)]


async def test_a_chat_that_is_silent_for_long_and_expects_nothing_is_erased(store: Store, database: Database) -> None:
    for chat_id in (1, 2, 3, 4, 5):
        await store.commit(Change(chat=StoredChat(chat_id, "s", "fr")))
        seen(database, chat_id, 1000)
    seen(database, 2, 2000)
    await store.commit(Change(facts=(appointment(31, 1, chat_id=3), appointment(51, 1, chat_id=5))))
    await store.commit(Change(facts=(replace(appointment(51, 1, chat_id=5), appointment=None),)))
    await store.commit(Change(opened=(attempt(1, chat_id=4),)))
    repository = SqlRetention(store)
    assert await repository.erase_silent(2000, START) == (1, 5)
    assert await repository.erase_silent(2000, START) == ()
    assert numbers(database, "chats", "chat_id") == [2, 3, 4]
    assert numbers(database, "appointments") == [31]


async def test_the_recipients_of_an_old_broadcast_are_forgotten_and_its_figures_stay(database: Database) -> None:
    async with broadcast_feature(database) as known:
        await known.add_chats(1, 2)
        for number in (1, 2, 3):
            await known.confirm_broadcast(number=number)
            await known.list_recipients(number)
        for number in (1, 3):
            await known.recipients.count_by_status(number)
            await known.repository.move(number, BroadcastStatus.PREPARING, BroadcastStatus.STOPPED)
        last_act = HistoryEntry("Ibrahima", AdminAction.STOPPED, CONFIRMED_AT + timedelta(days=5))
        await known.repository.move(3, BroadcastStatus.STOPPED, BroadcastStatus.RECALLED, (ADMIN, last_act))
        await SqlRetention(known.store).forget_recipients(CONFIRMED_AT)
        assert numbers(database, "recipients", "number") == [1, 2, 3]
        await SqlRetention(known.store).forget_recipients(CONFIRMED_AT + timedelta(days=4))
        assert numbers(database, "recipients", "number") == [2, 3], "number 2 goes on, 3 ended later"
        broadcast = await known.repository.broadcast(1)
        assert broadcast
        assert broadcast.counts.total == 2
        database.execute("UPDATE broadcasts SET starts_at = '2026-05-01T09:00' WHERE number = 3")
        await SqlRetention(known.store).forget_recipients(CONFIRMED_AT + timedelta(days=30))
        assert numbers(database, "recipients", "number") == [2, 3], "it was to start later"


async def test_the_last_run_is_remembered(store: Store) -> None:
    repository = SqlRetention(store)
    assert await repository.last_run() == 0
    await repository.record_run(1234.5)
    assert await repository.last_run() == 1234.5


async def test_a_question_about_a_visit_that_nobody_answers_is_forgotten(store: Store, database: Database) -> None:
    today = START.date()
    for chat_id in (1, 2):
        question = RatingQuestion(chat_id, 50 + chat_id, 5, week_of(today), today - timedelta(days=30 * (2 - chat_id)))
        await store.commit(Change(chat=StoredChat(chat_id, "s", "fr"), asked=question))
    await store.commit(Change(asked=RatingQuestion(3, 53, 5, week_of(today), today)))
    await SqlRetention(store).forget_questions(today - timedelta(days=29))
    assert numbers(database, "rating_questions") == [52], "one is old, one is of a chat that is not known any more"
