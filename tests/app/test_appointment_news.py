"""Changes by others become one message to the citizen; the citizen's own changes become none."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.app.appointment_news import ATTEMPT_PATIENCE, LOOK_PAUSE, AppointmentNews, NotYetError, Report
from bot.app.appointment_recorder import SERVES
from bot.app.attempt import BOOKINGS, CANCELLINGS, MOVES
from bot.app.ports import ApiError, Need
from bot.app.records import (
    AttemptKind,
    Change,
    Delivery,
    DeliveryIds,
    Erasure,
    Kind,
    StoredAttempt,
    StoredChat,
    TicketMessage,
)
from bot.core.appointment_book import Fact, Source
from bot.core.model import Appointment, AppointmentStatus, Department, Draft, FailureCode, Ticket
from bot.core.screens import Screen
from bot.core.states import BookingAttempt, CancelAttempt, MoveAttempt, Notice
from bot.storage.store import Store
from bot.views.message import Message
from tests.app.fakes import FakeMoncreneau, refused
from tests.app.worker_setup import BOOKING

NOW = datetime.fromisoformat("2026-03-02T09:00")
AT = NOW + timedelta(days=3)
PASSPORTS = Department(5, "Passeports")
MADE = Appointment(50, 5, AT, "Aïssatou Bah", owner="telegram:7", qr_link="https://x.gn/50")
CANCELLED = replace(MADE, status=AppointmentStatus.CANCELLED)
MOVED = replace(MADE, at=AT + timedelta(hours=2))


def draw(screen: Screen, locale: str, _notice: Notice | None, **more: bool) -> Message:
    locale = f"{locale}, for whom:" if more.get("several_names") else locale
    return Message(f"{locale} {type(screen).__name__} {getattr(screen, 'reason', '')}".rstrip())


@dataclass
class NewsSetup:
    """The news of a store, and the clocks."""

    store: Store
    api: FakeMoncreneau = field(default_factory=lambda: FakeMoncreneau((PASSPORTS,), (), {50: MADE}))
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.news = AppointmentNews(
            self.store, self.api, draw, lambda: self.now, self.unix, lambda: 2.4, ids=DeliveryIds()
        )

    def unix(self) -> float:
        return (self.now - NOW).total_seconds()

    async def knows(self, *chats: int, of: Appointment | None = MADE) -> None:
        for chat in chats:
            await self.store.commit(Change(chat=StoredChat(chat, "session", "fr")))
        if of:
            fact = Fact(of.id, 7, self.now, Source.ATTEMPT, of)
            await self.store.commit(Change(facts=(fact,), ticket_message=TicketMessage(7, 70, of.id)))

    async def hears(self, said: Appointment | None, minutes: float = 1, received: float = 0, **more: object) -> Change:
        report = Report(50, NOW + timedelta(minutes=minutes), "telegram:7", said)
        report = replace(report, **more)  # type: ignore[arg-type]
        change = await self.news.of_report(7, report, received)
        await self.store.commit(change)
        return change

    async def lists(self, *found: Appointment, minutes: float = 5) -> Change:
        change = await self.news.of_list(7, found, NOW + timedelta(minutes=minutes))
        await self.store.commit(change)
        return change


@pytest.fixture
async def setup(tmp_path: Path) -> AsyncIterator[NewsSetup]:
    store = await Store(f"sqlite+aiosqlite:///{tmp_path / 'bot.db'}").open()
    yield NewsSetup(store)
    await store.close()


def texts(change: Change) -> list[str]:
    return [each.message.text for each in change.queued if each.kind is Kind.SEND]


def news(change: Change) -> Delivery:
    (sent,) = [each for each in change.queued if each.kind is Kind.SEND]
    return sent


def cancelling(number: int) -> StoredAttempt:
    attempt = CancelAttempt(3, Ticket(replace(MADE, id=number), PASSPORTS))
    return StoredAttempt(7, 3, AttemptKind.CANCEL, CANCELLINGS.write(attempt))


# --- webhooks ---------------------------------------------------------------------------------------------------------


async def test_a_cancelling_is_told_and_the_old_ticket_changed(setup: NewsSetup) -> None:
    await setup.knows(7)
    change = await setup.hears(CANCELLED, reason="Grève", by_office=True)
    edit, message = change.queued
    assert (edit.kind, edit.target, edit.amends, edit.message.text) == (Kind.EDIT, 70, True, "fr TicketShown")
    assert (message.message.text, message.silent, message.ticket) == ("fr CancelledByOthers Grève", False, None)
    assert texts(await setup.hears(CANCELLED)) == [], "told once"


async def test_a_chat_with_two_names_is_told_for_whom(setup: NewsSetup) -> None:
    await setup.knows(7)
    hers = replace(MADE, id=51, name="Fatou Camara")
    await setup.store.commit(Change(facts=(Fact(51, 7, NOW, Source.ATTEMPT, hers),)))
    change = await setup.hears(CANCELLED)
    assert [each.message.text for each in change.queued] == [
        "fr, for whom: TicketShown",
        "fr, for whom: CancelledByOthers",
    ]


async def test_a_move_is_told_and_its_message_shows_the_ticket_from_now_on(setup: NewsSetup) -> None:
    await setup.knows(7)
    assert (news(await setup.hears(MOVED)).ticket, setup.api.looks) == (50, 0)


async def test_an_appointment_made_by_the_office_is_told(setup: NewsSetup) -> None:
    await setup.knows(7, of=None)
    assert texts(await setup.hears(MADE, is_new=True)) == ["fr MadeByOffice"]


async def test_that_the_citizen_came_is_told_without_a_sound(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.now = AT + timedelta(minutes=5)
    came = replace(MADE, status=AppointmentStatus.COMPLETED)
    change = await setup.hears(came, minutes=3 * 24 * 60)
    assert [(each.message.text, each.silent) for each in change.queued] == [("fr Validated", True)]


@pytest.mark.parametrize("said", [CANCELLED, MOVED])
async def test_news_of_a_past_appointment_is_recorded_in_silence(setup: NewsSetup, said: Appointment) -> None:
    await setup.knows(7)
    setup.now = AT + timedelta(hours=3)
    assert (await setup.hears(said)).queued == ()
    entry = await setup.store.entry(50)
    assert entry
    assert entry.version == 1


@pytest.mark.parametrize("is_true", [True, False])
async def test_a_webhook_a_week_old_is_not_believed_and_what_the_api_says_is_told(
    setup: NewsSetup, *, is_true: bool
) -> None:
    far = replace(MADE, at=AT + timedelta(days=30))
    cancelled = replace(far, status=AppointmentStatus.CANCELLED)
    await setup.knows(7, of=far)
    setup.api.books[50] = cancelled if is_true else far
    setup.now = NOW + timedelta(days=8)
    change = await setup.hears(cancelled, received=setup.unix())
    assert texts(change) == (["fr CancelledByOthers"] if is_true else [])


async def test_an_appointment_made_more_than_a_week_ago_is_recorded_and_not_told_as_new(setup: NewsSetup) -> None:
    await setup.knows(7, of=None)
    setup.api.books[50] = replace(MADE, at=AT + timedelta(days=30), created_at=NOW)
    setup.now = NOW + timedelta(days=8)
    change = await setup.hears(MADE, is_new=True, received=setup.unix())
    assert (len(change.facts), change.queued) == (1, ())


async def test_a_cancellation_found_by_an_older_webhook_waits_for_its_own_with_the_reason(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.api.books[50] = CANCELLED
    with pytest.raises(NotYetError):
        await setup.hears(MOVED, minutes=-1)
    assert texts(await setup.hears(CANCELLED, reason="Grève", by_office=True)) == ["fr CancelledByOthers Grève"]
    assert texts(await setup.hears(MOVED, minutes=-1)) == [], "told once"


async def test_a_cancellation_whose_own_webhook_is_lost_is_told_without_a_reason(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.api.books[50] = CANCELLED
    with pytest.raises(NotYetError) as wait:
        await setup.hears(MOVED, minutes=-1)
    for _ in range(2):
        setup.now += timedelta(seconds=wait.value.seconds)
    assert texts(await setup.hears(MOVED, minutes=-1)) == ["fr CancelledByOthers"]


async def test_an_appointment_made_by_the_office_comes_with_its_qr_code(setup: NewsSetup) -> None:
    await setup.knows(7, of=None)
    change = await setup.hears(MADE, is_new=True)
    assert [(each.kind, each.ticket) for each in change.queued] == [(Kind.SEND, 50), (Kind.PICTURE, 50)]


@pytest.mark.parametrize(("hour", "days", "silent"), [(23, 3, True), (3, 3, True), (12, 3, False), (23, 0.5, False)])
async def test_news_at_night_makes_no_sound_unless_the_appointment_is_soon(
    setup: NewsSetup, hour: int, days: float, *, silent: bool
) -> None:
    setup.now = NOW.replace(hour=hour)
    soon = replace(MADE, at=setup.now + timedelta(days=days))
    await setup.knows(7, of=soon)
    change = await setup.hears(replace(soon, status=AppointmentStatus.CANCELLED), minutes=24 * 60)
    assert news(change).silent is silent


async def test_news_for_a_chat_that_left_is_recorded_and_not_sent(setup: NewsSetup) -> None:
    await setup.knows(7)
    await setup.store.commit(Change(left=7))
    assert (await setup.hears(CANCELLED)).queued == ()
    entry = await setup.store.entry(50)
    assert entry
    assert not entry.is_coming


async def test_news_is_sent_even_if_the_departments_cannot_be_read(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.api.reads.append(refused(FailureCode.DOWN))
    assert texts(await setup.hears(MOVED)) == ["fr MovedByOffice"]


async def test_a_webhook_that_comes_after_a_newer_list_does_not_bring_the_old_time_back(setup: NewsSetup) -> None:
    """The office made the appointment and moved it; the citizen's list had that before the first webhook came."""
    await setup.knows(7, of=None)
    setup.api.books[50] = MOVED
    await setup.lists(MOVED, minutes=0)
    seconds = SERVES.total_seconds()
    change = await setup.hears(MADE, minutes=seconds / 60 - 0.05, is_new=True, received=seconds)
    assert (texts(change), setup.api.needs) == ([], [Need.BACKGROUND])


# --- one's own --------------------------------------------------------------------------------------------------------


async def test_while_a_booking_is_open_what_is_not_known_waits_but_not_for_ever(setup: NewsSetup) -> None:
    await setup.knows(7, of=None)
    await setup.store.commit(Change(opened=(replace(BOOKING, chat_id=7),)))
    with pytest.raises(NotYetError):
        await setup.hears(MADE, is_new=True)
    setup.now = NOW + timedelta(seconds=ATTEMPT_PATIENCE)
    assert texts(await setup.hears(MADE, is_new=True)) == ["fr MadeByOffice"]


def booking(at: datetime, department: Department = PASSPORTS) -> StoredAttempt:
    draft = Draft(department, at=at, name="Aïssatou Bah")
    return StoredAttempt(7, 4, AttemptKind.BOOK, BOOKINGS.write(BookingAttempt(4, draft, NOW)))


@pytest.mark.parametrize("said", [MADE, replace(MADE, at=AT + timedelta(seconds=9)), CANCELLED, None])
async def test_what_an_open_booking_asked_for_is_not_news_however_long_it_takes(
    setup: NewsSetup, said: Appointment | None
) -> None:
    await setup.knows(7, of=None)
    await setup.store.commit(Change(opened=(booking(AT),)))
    setup.now = NOW + timedelta(hours=5)  # the machine was off after the request
    with pytest.raises(NotYetError) as wait:
        await setup.hears(said, is_new=True)
    assert wait.value.seconds == LOOK_PAUSE


@pytest.mark.parametrize("attempt", [booking(AT + timedelta(hours=1)), booking(AT, Department(6, "Casier"))])
async def test_what_it_did_not_ask_for_is_told_after_ten_minutes(setup: NewsSetup, attempt: StoredAttempt) -> None:
    await setup.knows(7, of=None)
    await setup.store.commit(Change(opened=(attempt,)))
    setup.now = NOW + timedelta(seconds=ATTEMPT_PATIENCE)
    assert texts(await setup.hears(MADE, is_new=True)) == ["fr MadeByOffice"]


async def test_while_it_is_being_cancelled_its_cancelling_is_not_news_however_long_it_takes(setup: NewsSetup) -> None:
    await setup.knows(7)
    await setup.store.commit(Change(opened=(cancelling(50),)))
    setup.now = NOW + timedelta(hours=5)
    with pytest.raises(NotYetError) as wait:
        await setup.hears(CANCELLED, minutes=2)
    assert wait.value.seconds == LOOK_PAUSE


async def test_what_an_open_move_asked_for_is_not_news_however_long_it_takes(setup: NewsSetup) -> None:
    await setup.knows(7, of=None)
    await setup.store.commit(Change(opened=(moving(49),)))
    setup.now = NOW + timedelta(hours=5)
    with pytest.raises(NotYetError):
        await setup.hears(replace(MADE, at=AT + timedelta(days=3)), is_new=True)


async def test_a_webhook_waits_only_for_the_cancelling_of_its_own_appointment(setup: NewsSetup) -> None:
    await setup.knows(7)
    await setup.store.commit(Change(opened=(cancelling(51),)))
    assert texts(await setup.hears(MOVED)) == ["fr MovedByOffice"]
    await setup.store.commit(Change(opened=(replace(cancelling(50), number=4),)))
    with pytest.raises(NotYetError):
        await setup.hears(CANCELLED, minutes=2)


def moving(number: int, made: Appointment | None = None) -> StoredAttempt:
    old = Ticket(replace(MADE, id=number), PASSPORTS)
    draft = Draft(PASSPORTS, at=AT + timedelta(days=3), name="Aïssatou Bah", replaces=old)
    return StoredAttempt(7, 5, AttemptKind.MOVE, MOVES.write(MoveAttempt(5, draft, NOW, made)))


async def test_a_webhook_waits_while_a_move_of_its_appointment_is_open(setup: NewsSetup) -> None:
    await setup.knows(7)
    await setup.store.commit(Change(opened=(moving(50),)))
    with pytest.raises(NotYetError):
        await setup.hears(CANCELLED, minutes=2)
    setup.now = NOW + timedelta(seconds=ATTEMPT_PATIENCE)
    assert texts(await setup.hears(CANCELLED, minutes=2)) == ["fr CancelledByOthers"]


async def test_once_the_new_appointment_is_booked_the_old_one_is_never_news(setup: NewsSetup) -> None:
    await setup.knows(7)
    await setup.store.commit(Change(opened=(moving(50, replace(MADE, id=60)),)))
    setup.now = NOW + timedelta(hours=5)
    with pytest.raises(NotYetError) as wait:
        await setup.hears(CANCELLED, minutes=2)
    assert wait.value.seconds == LOOK_PAUSE


# --- doubt ------------------------------------------------------------------------------------------------------------


async def test_in_doubt_the_service_is_asked_with_what_nobody_else_needs(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.api.books[50] = CANCELLED
    change = await setup.hears(MOVED, minutes=-1, reason="Grève")
    assert (texts(change), setup.api.needs) == (["fr CancelledByOthers Grève"], [Need.BACKGROUND])
    (fact,) = change.facts
    assert fact.as_of == NOW + timedelta(seconds=2), "by the service's clock"


async def test_the_lookup_of_an_appointment_that_is_soon_is_more_urgent(setup: NewsSetup) -> None:
    await setup.knows(7, of=replace(MADE, at=NOW + timedelta(hours=5)))
    await setup.hears(None)
    assert setup.api.needs == [Need.SETTLE_AGAIN]


async def test_an_appointment_is_looked_up_once_a_minute_and_not_for_older_webhooks(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.now = NOW + timedelta(seconds=10)
    await setup.hears(None, received=9)
    assert await setup.hears(None, received=10) == Change(), "what was seen then is younger"
    setup.now = NOW + timedelta(seconds=30)
    with pytest.raises(NotYetError) as wait:
        await setup.hears(None, received=20)
    assert wait.value.seconds == 40
    setup.now = NOW + timedelta(seconds=70)
    await setup.hears(None, received=20)
    assert len(setup.api.needs) == 2


async def test_a_failed_lookup_is_repeated(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.api.reads = deque((refused(FailureCode.DOWN),))
    with pytest.raises(ApiError):
        await setup.hears(None)
    await setup.hears(None)
    assert len(setup.api.needs) == 2


@pytest.mark.parametrize("known", [None, replace(MADE, owner="telegram:8")])
async def test_an_appointment_that_is_gone_or_of_another_owner_is_not_recorded(
    setup: NewsSetup, known: Appointment | None
) -> None:
    await setup.knows(7, of=None)
    setup.api.books = {50: known} if known else {}
    assert await setup.hears(None) == Change()
    assert await setup.store.entry(50) is None


async def test_the_appointment_book_decides_whose_a_webhook_is_before_its_owner_field_does(setup: NewsSetup) -> None:
    await setup.knows(7, 8)
    report = Report(50, NOW, "telegram:8")
    assert await setup.news.chat_of(report) == 7
    assert await setup.news.chat_of(replace(report, appointment_id=51)) == 8
    for owner in ("telegram:9", "telegram:-5", "citizen 7", None):
        assert await setup.news.chat_of(replace(report, appointment_id=51, owner=owner)) is None


# --- lists ------------------------------------------------------------------------------------------------------------


async def test_an_appointment_first_seen_in_a_list_is_recorded_and_not_told(setup: NewsSetup) -> None:
    await setup.knows(7, of=None)
    change = await setup.lists(MADE)
    assert (len(change.facts), change.queued) == (1, ())
    assert await setup.lists(MADE) == Change(), "nothing to write twice"


async def test_a_difference_in_a_list_is_told(setup: NewsSetup) -> None:
    await setup.knows(7)
    assert texts(await setup.lists(MOVED)) == ["fr MovedByOffice"]


async def test_an_appointment_missing_in_a_list_is_looked_up_once_a_minute(setup: NewsSetup) -> None:
    await setup.knows(7)
    assert await setup.lists() == Change(), "the service knows it"
    await setup.lists()
    assert setup.api.needs == [Need.BACKGROUND]
    setup.now = NOW + timedelta(minutes=2)
    setup.api.books.clear()
    assert texts(await setup.lists()) == ["fr CancelledByOthers"]


async def test_a_missing_appointment_that_cannot_be_looked_up_stays(setup: NewsSetup) -> None:
    await setup.knows(7)
    setup.api.reads.append(refused(FailureCode.DOWN))
    assert await setup.lists() == Change()
    setup.now = AT + timedelta(days=1)
    setup.api.needs.clear()
    assert await setup.lists() == Change()
    assert setup.api.needs == [], "nobody asks for what is over"


async def test_while_an_attempt_is_open_a_list_tells_nothing(setup: NewsSetup) -> None:
    await setup.knows(7)
    await setup.store.commit(Change(opened=(cancelling(50),)))
    assert await setup.lists(CANCELLED) == Change()


async def test_what_was_read_for_a_chat_that_was_erased_meanwhile_is_not_stored(setup: NewsSetup) -> None:
    await setup.knows(7)
    await setup.store.commit(Change(erased=Erasure(7, setup.now)))
    fact = Fact(50, 7, NOW, Source.DAY, MOVED)
    assert await setup.lists(MOVED) == Change()
    assert await setup.hears(MOVED) == Change()
    assert await setup.news.of_day(7, (fact,)) == Change()
    assert setup.api.looks == 0
