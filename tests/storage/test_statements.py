"""A batch of changes becomes few statements, each run once, in an order in which none undoes another."""

from bot.app.records import Change, SetAside, StoredChat
from bot.storage.engines import writing_engine_for
from bot.storage.statements import Statements
from tests.storage.values import delivery, turn

ENGINE = writing_engine_for("sqlite+aiosqlite://")


def tables(*changes: Change) -> list[str]:
    """The table that each statement writes, in order."""
    return [statement.entity_description["name"] for statement, _ in Statements(ENGINE).writes(changes, 1.0)]


def test_empty_changes_need_no_statement() -> None:
    assert tables() == []
    assert tables(Change(), Change()) == []


def test_a_hundred_turns_need_as_many_statements_as_one() -> None:
    one = tables(turn(1, 11, 12, opened=5))
    many = tables(*(turn(number, 1000 + number, opened=number) for number in range(100)))
    assert sorted(many) == sorted(one) == ["attempts", "chats", "inbox", "outbox"]


def test_a_batch_of_a_hundred_turns_has_the_rows_of_all() -> None:
    changes = [turn(number, 2 * number, 2 * number + 1, chat_id=number) for number in range(1, 101)]
    writes = Statements(ENGINE).writes(changes, 1.0)
    written = {statement.entity_description["name"]: values for statement, values in writes}
    assert len(written["chats"]) == 100
    assert len(written["outbox"]) == 200


def test_queued_messages_of_a_left_chat_are_deleted_before_new_ones_are_inserted() -> None:
    writes = Statements(ENGINE).writes((Change(queued=(delivery(1),)), Change(left=7)), 1.0)
    kinds = [(statement.entity_description["name"], statement.__visit_name__) for statement, _ in writes]
    assert kinds.index(("outbox", "delete")) < kinds.index(("outbox", "insert"))


def test_a_chat_is_inserted_before_it_is_marked_as_left() -> None:
    writes = Statements(ENGINE).writes((Change(left=7), Change(chat=StoredChat(7, "s", "fr"))), 1.0)
    of_chats = [statement for statement, _ in writes if statement.entity_description["name"] == "chats"]
    assert [statement.__visit_name__ for statement in of_chats] == ["insert", "update"]


def test_done_and_failed_updates_are_separate_statements() -> None:
    assert tables(Change(done=(1,)), Change(failed=(SetAside(2, "KeyError"),))) == ["inbox", "inbox"]
