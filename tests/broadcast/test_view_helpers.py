"""The texts that the screens of broadcasts share."""

from datetime import date

import pytest

from bot.broadcast import views
from bot.broadcast.model import (
    Audience,
    Broadcast,
    BroadcastStatus,
    Content,
    Dated,
    Everyone,
    Media,
    Plan,
    Speakers,
    Version,
    Visitors,
)
from bot.core import callback_data
from tests.views import telegram
from tests.views.pages import EN, FR
from tests.views.telegram import plain

SUNDAY, MONDAY = date(2026, 1, 25), date(2026, 1, 26)


def test_every_broadcast_has_an_opt_out_button() -> None:
    assert telegram.actions(views.footer(FR)) == [callback_data.NEWS_OFF]
    assert telegram.labels(views.footer(EN)) == ["🔕 Stop announcements"]


def test_large_numbers_are_grouped() -> None:
    assert views.grouped(1_234_567) == "1\u202f234\u202f567"
    assert views.grouped(999) == "999"


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        (Everyone(), "👥 To everybody"),
        (Speakers("fr"), "🌐 To those who read: Français"),
        (Speakers("xx"), "🌐 To those who read: xx"),
        (Visitors(3, "Births & deaths"), "🏢 Upcoming appointment: Births & deaths"),
        (Visitors(3, ""), "🏢 Upcoming appointment: 3"),
        (Dated(SUNDAY, SUNDAY), "📅 Appointment on Sunday 25 January 2026"),
        (Dated(SUNDAY, MONDAY), "📅 Appointment from Sunday 25 January 2026 to Monday 26 January 2026"),
    ],
)
def test_the_audience_is_one_line(audience: Audience, words: str) -> None:
    assert plain(views.audience_line(EN, audience)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.1, "1 second"), (30, "30 seconds"), (60, "1 minute"), (3000, "50 minutes"), (40_000, "11 h 07 min")],
)
def test_durations_are_rounded(seconds: float, words: str) -> None:
    assert views.duration(EN, seconds) == words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Content(Media.TEXT, "Closed <today>"), "📝 Closed <today>"),
        (Content(Media.PHOTO, "Our new\naddress", "f"), "📝 Our new address"),
        (Content(Media.PHOTO, "", "f"), "🖼 A photo"),
        (Content(Media.DOCUMENT, "", "f"), "📎 A document"),
        (Content(Media.TEXT, "x" * 4096), "📝 " + "x" * 59 + "…"),
    ],
)
def test_a_broadcast_is_recognised_by_its_first_words(content: Content, words: str) -> None:
    broadcast = Broadcast(Plan(1, (Version("", content),), Everyone()), BroadcastStatus.DONE)
    assert plain(views.excerpt(EN, broadcast)) == words
