"""An answer counts once, without its chat, on both databases."""

from dataclasses import replace
from datetime import date, datetime, timedelta

from bot.app.records import Change, Erasure, StoredChat
from bot.core.rating import RatingAnswer, RatingCount, RatingQuestion, Score
from bot.storage.statistics import SqlStatistics
from bot.storage.store import Store
from bot.storage.tables import ratings
from tests.storage.databases import Database
from tests.storage.values import CHAT

MONDAY = date(2026, 3, 9)
QUESTION = RatingQuestion(CHAT, 50, 5, MONDAY, MONDAY + timedelta(days=2))
ANSWER = RatingAnswer(CHAT, 50, Score.GOOD)


async def asked(store: Store, *questions: RatingQuestion) -> None:
    for each in questions:
        await store.commit(Change(chat=StoredChat(each.chat_id, "s", "fr"), asked=each))


async def test_what_is_stored_of_an_answer_is_the_department_the_week_and_how_often_the_score_came(
    store: Store, database: Database
) -> None:
    other = replace(QUESTION, chat_id=8, appointment_id=51)
    await asked(store, QUESTION, other)
    await store.commit(Change(rated=ANSWER))
    await store.commit(Change(rated=RatingAnswer(8, 51, Score.GOOD)))
    assert [column.name for column in ratings.columns] == ["department_id", "week", "score", "total"]
    assert database.rows("SELECT * FROM ratings") == [(5, "2026-03-09", 4, 2)]
    assert database.rows("SELECT * FROM rating_questions") == []


async def test_only_the_first_answer_counts_and_only_that_of_the_chat_that_was_asked(store: Store) -> None:
    await asked(store, QUESTION)
    await store.commit(Change(rated=replace(ANSWER, chat_id=8)))
    assert await SqlStatistics(store).ratings(MONDAY) == ()
    await store.commit(Change(rated=ANSWER))
    await store.commit(Change(rated=replace(ANSWER, score=Score.VERY_POOR)))
    assert await SqlStatistics(store).ratings(MONDAY) == (RatingCount(5, MONDAY, Score.GOOD, 1),)
    assert await SqlStatistics(store).ratings(MONDAY + timedelta(days=7)) == ()


async def test_who_is_not_to_be_asked_again_closes_the_question_uncounted(store: Store) -> None:
    await asked(store, QUESTION)
    await store.commit(Change(rated=replace(ANSWER, score=None)))
    assert not await store.has_question(CHAT, 50)
    assert await SqlStatistics(store).ratings(MONDAY) == ()


async def test_the_day_of_the_last_question_and_the_wish_are_kept_with_the_chat(store: Store) -> None:
    await asked(store, QUESTION)
    await store.commit(Change(chat=StoredChat(CHAT, "later", "fr", ratings=False)))
    chat = await store.chat(CHAT)
    assert chat
    assert (chat.ratings, chat.asked_on) == (False, MONDAY + timedelta(days=2))


async def test_an_erased_chat_has_no_question_and_its_rating_stays(store: Store, database: Database) -> None:
    await asked(store, QUESTION)
    await store.commit(Change(rated=ANSWER))
    await asked(store, replace(QUESTION, appointment_id=51))
    await store.commit(Change(erased=Erasure(CHAT, datetime.fromisoformat("2026-03-12T09:00"))))
    assert database.rows("SELECT * FROM rating_questions") == []
    await store.commit(Change(rated=replace(ANSWER, appointment_id=51)))
    assert await SqlStatistics(store).ratings(MONDAY) == (RatingCount(5, MONDAY, Score.GOOD, 1),)
