from dataclasses import replace
from datetime import datetime

import pytest

from bot.broadcast.lifecycle import PAST, TO_COME, UNDER_WAY, Place, place_of, read_place, write_place
from bot.broadcast.model import Broadcast, Content, Everyone, Media, Plan, Status, Version

PLAN = Plan(7, (Version("", Content(Media.TEXT, "Bonjour")),), Everyone())
TIMED = replace(PLAN, starts=datetime.fromisoformat("2026-01-25T09:00"))


@pytest.mark.parametrize(
    ("plan", "status", "place"),
    [
        (PLAN, Status.RUNNING, Place(UNDER_WAY, "", 7)),
        (TIMED, Status.PAUSED, Place(UNDER_WAY, "", 7)),
        (TIMED, Status.SCHEDULED, Place(TO_COME, "2026-01-25T09:00", 7)),
        (TIMED, Status.STOPPED, Place(PAST, "", 7)),
    ],
)
def test_a_place_follows_from_status_and_time(plan: Plan, status: Status, place: Place) -> None:
    found = place_of(Broadcast(plan, status))
    assert found == place
    assert read_place(7, write_place(found)) == place


def test_those_under_way_come_first_then_those_to_come_by_time_then_the_newest_of_the_past() -> None:
    places = [Place(0, "", 3), Place(0, "", 1), Place(1, "2026-01-25T09:00", 9), Place(1, "2026-01-26T09:00", 2)]
    places += [Place(2, "", 8), Place(2, "", 4)]
    assert sorted(set(places), key=lambda each: each.key) == places


@pytest.mark.parametrize("text", ["", "x", "3.", "-1", "²"])
def test_what_says_no_place_is_one_in_the_past(text: str) -> None:
    assert read_place(7, text) == Place(PAST, "", 7)
