from datetime import date, datetime

import pytest

from bot.broadcast.model import (
    Audience,
    Content,
    Dated,
    Everyone,
    Media,
    Plan,
    Speakers,
    Version,
    Visitors,
    read_plan,
    write_plan,
)

VERSIONS = (
    Version("fr", Content(Media.PHOTO, "Légende *telle quelle* <b>", "file", '{"caption_entities": []}')),
    Version("en", Content(Media.TEXT, "Hello")),
)
DAY = date(2026, 1, 25)


@pytest.mark.parametrize("audience", [Everyone(), Speakers("en"), Visitors(3, "État civil"), Dated(DAY, DAY)])
def test_a_plan_round_trips_through_json(audience: Audience) -> None:
    plan = Plan(7, VERSIONS, audience, datetime.fromisoformat("2026-01-25T09:00"), at_night=True)
    assert read_plan(write_plan(plan)) == plan


def test_a_plan_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 99"):
        read_plan("99:{}")
