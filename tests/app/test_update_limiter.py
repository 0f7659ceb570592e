"""How many updates of one chat may wait for an answer."""

from collections import Counter

import pytest

from bot.app import update_limiter
from bot.app.records import DeliveryIds
from bot.app.update_limiter import BURST, QUIET, UpdateLimiter
from bot.core.health import ChatLimit
from bot.views.message import Message
from tests.moncreneau.support import StillClock


def limiter(clock: StillClock) -> UpdateLimiter:
    return UpdateLimiter(
        lambda locale: Message(f"slower in {locale}"), DeliveryIds(), lambda: clock.unix, Counter[ChatLimit]()
    )


def test_a_burst_of_thirty_passes_and_then_two_a_second() -> None:
    clock = StillClock()
    limits = limiter(clock)
    assert sum(limits.admits(7) for _ in range(1000)) == BURST == 30
    assert limits._reached == {ChatLimit.UPDATES: 970}
    assert limits.admits(8)
    clock.pass_(5)
    assert sum(limits.admits(7) for _ in range(1000)) == 10
    clock.pass_(3600)
    assert sum(limits.admits(7) for _ in range(1000)) == BURST


def test_a_chat_is_told_once_a_minute() -> None:
    clock = StillClock()
    limits = limiter(clock)
    assert limits.is_notice_due(7)
    assert limits.is_notice_due(8)
    clock.pass_(1)
    assert not limits.is_notice_due(7)
    clock.pass_(QUIET)
    assert limits.is_notice_due(7)
    assert limits.notice(7, "fr").message.text == "slower in fr"


def test_only_chats_that_were_recently_active_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_limiter, "MANY_CHATS", 1)
    clock = StillClock()
    limits = limiter(clock)
    assert limits.admits(7)
    clock.pass_(1)
    assert limits.admits(8)
    assert list(limits._full) == [8]
