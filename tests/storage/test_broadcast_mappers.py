"""Broadcast values as rows. Round trips through a database are in test_broadcasts and test_recipients."""

from datetime import datetime

from bot.broadcast.model import AdminAction, HistoryEntry, Plan, RecipientCounts, RecipientStatus
from bot.storage.broadcast_mappers import history_row, plan_row, write_counts
from tests.storage.broadcast_examples import ADMIN, NOW, plan


def test_the_start_of_a_broadcast_has_its_own_column() -> None:
    later = Plan(2, plan().versions, plan().audience, starts=datetime.fromisoformat("2026-03-03T09:30"))
    assert plan_row(later)["starts_at"] == "2026-03-03T09:30"
    assert plan_row(plan())["starts_at"] is None


def test_a_long_name_is_cut_to_its_column() -> None:
    assert len(history_row(1, ADMIN, HistoryEntry("x" * 500, AdminAction.PAUSED, NOW))["who"]) == 128


def test_counts_are_stored_as_json() -> None:
    assert write_counts(RecipientCounts(((RecipientStatus.SENT, 3),))) == '{"sent": 3}'
