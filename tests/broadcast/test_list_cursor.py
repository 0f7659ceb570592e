from dataclasses import replace
from datetime import datetime

import pytest

from bot.broadcast.lifecycle import PAST, TO_COME, UNDER_WAY, ListCursor, cursor_of, decode_cursor, encode_cursor
from bot.broadcast.model import Broadcast, BroadcastStatus, Content, Everyone, Media, Plan, Version

PLAN = Plan(7, (Version("", Content(Media.TEXT, "Bonjour")),), Everyone())
TIMED = replace(PLAN, starts=datetime.fromisoformat("2026-01-25T09:00"))


@pytest.mark.parametrize(
    ("plan", "status", "place"),
    [
        (PLAN, BroadcastStatus.RUNNING, ListCursor(UNDER_WAY, "", 7)),
        (TIMED, BroadcastStatus.PAUSED, ListCursor(UNDER_WAY, "", 7)),
        (TIMED, BroadcastStatus.SCHEDULED, ListCursor(TO_COME, "2026-01-25T09:00", 7)),
        (TIMED, BroadcastStatus.STOPPED, ListCursor(PAST, "", 7)),
    ],
)
def test_the_cursor_follows_from_status_and_start(plan: Plan, status: BroadcastStatus, place: ListCursor) -> None:
    found = cursor_of(Broadcast(plan, status))
    assert found == place
    assert decode_cursor(7, encode_cursor(found)) == place


def test_active_then_scheduled_then_ended_broadcasts() -> None:
    places = [
        ListCursor(0, "", 3),
        ListCursor(0, "", 1),
        ListCursor(1, "2026-01-25T09:00", 9),
        ListCursor(1, "2026-01-26T09:00", 2),
    ]
    places += [ListCursor(2, "", 8), ListCursor(2, "", 4)]
    assert sorted(set(places), key=lambda each: each.key) == places


@pytest.mark.parametrize("text", ["", "x", "3.", "-1", "²"])
def test_an_unreadable_cursor_is_among_the_ended(text: str) -> None:
    assert decode_cursor(7, text) == ListCursor(PAST, "", 7)
