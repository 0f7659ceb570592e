"""What is kept ready is what the copy and our notes say, each desk for itself."""

from datetime import UTC, datetime

from bot.moncreneau.availability import Free, OfferCache
from bot.moncreneau.cache import Copy
from bot.moncreneau.local_changes import LocalChanges
from bot.moncreneau.schemas import FreeSlot
from tests.moncreneau.support import START, StillClock

TEN = datetime(2026, 1, 22, 10, 0)  # noqa: DTZ001 — office time is naive
DAY = TEN.date()
WINDOW = (5, DAY, DAY)
ANYBODY, DIALLO = (5, None), (5, 42)


def test_what_is_noted_of_one_desk_is_made_anew_for_that_desk_alone(clock: StillClock) -> None:
    changes = LocalChanges()
    offers = OfferCache(changes, lambda: clock.unix, UTC)
    copy: Copy[Free] = Copy((FreeSlot(TEN), FreeSlot(TEN.replace(hour=11))), START.timestamp(), START.timestamp())
    before = {desk: offers.ready(WINDOW, desk, copy) for desk in (ANYBODY, DIALLO)}
    changes.at(DIALLO, TEN).booked.append(clock.unix)
    assert offers.ready(WINDOW, ANYBODY, copy) is before[ANYBODY]
    assert offers.ready(WINDOW, DIALLO, copy).times == (TEN.replace(hour=11),)
    assert [slot.at for slot, _ in offers.in_doubt(DIALLO, copy, (DAY, DAY))] == list(copy_times(copy))
    offers.drop(WINDOW)
    assert not offers.kept


def copy_times(copy: Copy[Free]) -> list[datetime]:
    return [slot.at for slot in copy.value]
