"""Facts in any order, any number of times: the same entry in the end, and each real change of others is news once."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.appointment_book import (
    BookEntry,
    Fact,
    LookAgain,
    Origin,
    Source,
    WasCancelled,
    WasMade,
    WasMoved,
    WasValidated,
    absorb,
)
from bot.core.model import Appointment, AppointmentStatus

NOON = datetime.fromisoformat("2026-03-02T12:00")
AT = datetime.fromisoformat("2026-03-05T10:00")
LATER = AT + timedelta(days=1)
MADE = Appointment(50, 5, AT, "Aïssatou Bah", owner="telegram:7")
KNOWN = BookEntry(50, 7, 5, AT, as_of=NOON, name="Aïssatou Bah", booked_at=NOON)


def fact(
    appointment: Appointment | None = MADE, source: Source = Source.WEBHOOK, minutes: float = 1, **more: object
) -> Fact:
    return replace(Fact(50, 7, NOON + timedelta(minutes=minutes), source, appointment), **more)  # type: ignore[arg-type]


def status(word: AppointmentStatus) -> Appointment:
    return replace(MADE, status=word)


CANCELLED = status(AppointmentStatus.CANCELLED)
MOVED = replace(MADE, at=LATER)


# --- what is not known yet --------------------------------------------------------------------------------------------


def test_a_booking_made_here_is_recorded_and_no_news() -> None:
    assert absorb(None, fact(source=Source.ATTEMPT, minutes=0)) == (replace(KNOWN, origin=Origin.BOT), ())


def test_an_appointment_first_seen_in_a_list_is_recorded_and_no_news() -> None:
    assert absorb(None, fact(source=Source.LIST, minutes=0)) == (KNOWN, ())


def test_an_appointment_made_by_the_office_is_news() -> None:
    assert absorb(None, fact(minutes=0, is_new=True)) == (replace(KNOWN, origin=Origin.OFFICE), (WasMade(),))


def test_the_entry_has_the_link_of_the_ticket_and_when_the_service_made_it() -> None:
    yesterday = NOON - timedelta(days=1, seconds=-30)
    told = replace(MADE, qr_link="https://x.gn/t/50", created_at=yesterday)
    entry, _ = absorb(None, fact(told, Source.LIST))
    assert entry
    assert (entry.qr_link, entry.booked_at, entry.origin) == ("https://x.gn/t/50", NOON - timedelta(days=1), None)
    after, _ = absorb(entry, fact(replace(MOVED, qr_link=None), minutes=2))
    assert after
    assert after.qr_link == entry.qr_link


def test_an_entry_is_read_as_the_appointment_that_it_is_about() -> None:
    entry = replace(KNOWN, qr_link="https://x.gn/t/50", worker_id=42, name=None)
    assert entry.appointment == replace(MADE, name="", owner=None, qr_link="https://x.gn/t/50", worker_id=42)


@pytest.mark.parametrize("said", [fact(), fact(None, is_new=True)])
def test_other_webhooks_of_an_unknown_appointment_need_a_lookup(said: Fact) -> None:
    assert absorb(None, said) == (None, (LookAgain(),))


def test_an_appointment_found_by_a_lookup_is_news_if_it_is_coming() -> None:
    assert absorb(None, fact(source=Source.READING))[1] == (WasMade(),)
    assert absorb(None, fact(CANCELLED, Source.READING))[1] == ()
    assert absorb(None, fact(None, Source.READING)) == (None, ())


def test_an_appointment_found_on_a_days_list_is_news() -> None:
    assert absorb(None, fact(source=Source.DAY))[1] == (WasMade(),)


def test_a_days_list_shows_changes_but_a_missing_appointment_is_looked_up() -> None:
    assert absorb(KNOWN, fact(CANCELLED, Source.DAY))[1] == (WasCancelled(),)
    assert absorb(KNOWN, fact(status(AppointmentStatus.COMPLETED), Source.DAY))[1] == (WasValidated(),)
    assert absorb(KNOWN, fact(None, Source.DAY)) == (KNOWN, (LookAgain(),))
    assert absorb(KNOWN, fact(CANCELLED, Source.DAY, minutes=-1)) == (KNOWN, ())


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_cancellation_by_others_is_news_with_author_and_reason() -> None:
    entry, effects = absorb(KNOWN, fact(CANCELLED, by_office=True, reason="Grève"))
    assert entry == replace(KNOWN, status=AppointmentStatus.CANCELLED, version=1, as_of=NOON + timedelta(minutes=1))
    assert effects == (WasCancelled(by_office=True, reason="Grève"),)


def test_a_move_is_news_with_the_previous_entry() -> None:
    entry, effects = absorb(KNOWN, fact(MOVED))
    assert entry
    assert (entry.at, entry.version, entry.booked_at) == (LATER, 1, NOON + timedelta(minutes=1))
    assert effects == (WasMoved(KNOWN),)


@pytest.mark.parametrize("word", [AppointmentStatus.PENDING_PAYMENT, AppointmentStatus.NO_SHOW])
def test_other_status_changes_are_recorded_without_news(word: AppointmentStatus) -> None:
    entry, effects = absorb(KNOWN, fact(status(word)))
    assert entry
    assert (entry.status, entry.version, effects) == (word, 1, ())


def test_attendance_is_news_unless_a_list_shows_it() -> None:
    assert absorb(KNOWN, fact(status(AppointmentStatus.COMPLETED)))[1] == (WasValidated(),)
    assert absorb(KNOWN, fact(status(AppointmentStatus.COMPLETED), Source.LIST))[1] == ()


def test_an_unknown_status_changes_nothing() -> None:
    assert absorb(KNOWN, fact(status(AppointmentStatus.UNKNOWN), minutes=0)) == (KNOWN, ())


def test_own_actions_are_never_news() -> None:
    entry, effects = absorb(KNOWN, fact(CANCELLED, Source.ATTEMPT, minutes=-5))
    assert entry == replace(KNOWN, status=AppointmentStatus.CANCELLED, version=1)
    assert effects == ()
    assert absorb(entry, fact(CANCELLED))[1] == (), "nor when it comes back from the service"


def test_the_citizen_is_told_of_a_changed_member_of_staff_but_not_of_one_that_was_unknown() -> None:
    learnt, effects = absorb(KNOWN, fact(replace(MADE, worker_id=42)))
    assert learnt
    assert (learnt.worker_id, learnt.version, effects) == (42, 0, ())
    assert absorb(learnt, fact(replace(MADE, worker_id=43), minutes=2))[1] == (WasMoved(learnt),)
    assert absorb(learnt, fact(minutes=2))[0] == replace(learnt, as_of=NOON + timedelta(minutes=2))


def test_an_entry_of_an_earlier_release_is_completed_without_news() -> None:
    old = BookEntry(50, 7, 5, AT)
    assert absorb(old, fact(source=Source.LIST, minutes=0)) == (replace(KNOWN, booked_at=None), ())
    assert absorb(old, fact(CANCELLED, Source.LIST))[1] == (WasCancelled(),)


# --- doubt ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [0, -1])
def test_a_differing_webhook_that_is_not_newer_needs_a_lookup(minutes: float) -> None:
    assert absorb(KNOWN, fact(MOVED, minutes=minutes)) == (KNOWN, (LookAgain(),))


def test_an_older_webhook_that_agrees_changes_nothing() -> None:
    assert absorb(KNOWN, fact(minutes=-1)) == (KNOWN, ())


@pytest.mark.parametrize("entry", [None, replace(KNOWN, at=NOON)])
def test_a_webhook_that_may_be_older_than_a_list_is_looked_up(entry: BookEntry | None) -> None:
    """The list may have been read up to `age` after its `as_of`, and so it may have what happened since the webhook."""
    listed, _ = absorb(entry, replace(fact(MOVED, Source.LIST, minutes=1), age=timedelta(minutes=2)))
    assert listed
    assert listed.at == MOVED.at
    for minutes in (2, 3):
        assert absorb(listed, fact(MADE, minutes=minutes)) == (listed, (LookAgain(),))
    assert [type(each) for each in absorb(listed, fact(MADE, minutes=4))[1]] == [WasMoved]


def test_an_older_list_that_differs_changes_nothing() -> None:
    assert absorb(KNOWN, fact(MOVED, Source.LIST, minutes=-1)) == (KNOWN, ())


@pytest.mark.parametrize("source", [Source.LIST, Source.WEBHOOK])
def test_a_missing_appointment_is_looked_up(source: Source) -> None:
    assert absorb(KNOWN, fact(None, source)) == (KNOWN, (LookAgain(),))
    assert absorb(KNOWN, fact(None, source, minutes=-1)) == (KNOWN, ())
    gone = replace(KNOWN, status=AppointmentStatus.CANCELLED)
    assert absorb(gone, fact(None, source)) == (gone, ())


def test_an_appointment_unknown_to_the_api_counts_as_cancelled() -> None:
    assert absorb(KNOWN, fact(None, Source.READING))[1] == (WasCancelled(),)


@pytest.mark.parametrize("word", [AppointmentStatus.CANCELLED, AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW])
def test_a_past_appointment_is_restored_only_by_a_lookup(word: AppointmentStatus) -> None:
    over = replace(KNOWN, status=word)
    assert absorb(over, fact(minutes=9)) == (over, (LookAgain(),))
    entry, effects = absorb(over, fact(source=Source.READING, minutes=9))
    assert entry
    assert (entry.status, effects) == (AppointmentStatus.SCHEDULED, (WasMade(),))


# --- any order, any repetition ----------------------------------------------------------------------------------------

STEPS = (MADE, MOVED, replace(MADE, at=LATER + timedelta(hours=2)), replace(MOVED, department_id=8))


@dataclass
class Receiver:
    """Absorbs webhooks, looks at the service when told to, and counts the news."""

    service: Appointment
    entry: BookEntry | None = None
    news: list[object] = field(default_factory=list)
    now: datetime = NOON

    def hears(self, said: Fact) -> None:
        after, effects = absorb(self.entry, said)
        if LookAgain() in effects:
            answer = Fact(50, 7, self.now, Source.READING, self.service)
            after, effects = absorb(self.entry, answer)
            assert LookAgain() not in effects, "a look settles it"
        self.entry = after
        self.news += effects


def test_five_events_in_every_order_and_repeated_end_in_one_state_and_at_most_one_message_a_change() -> None:
    states = (*STEPS, replace(STEPS[-1], status=AppointmentStatus.CANCELLED))
    events = [fact(state, minutes=number, is_new=number == 0) for number, state in enumerate(states)]
    random = Random(16)  # noqa: S311 — an order, not a secret
    for known in (None, KNOWN):
        for order in permutations(events):
            receiver = Receiver(states[-1], known, now=NOON + timedelta(minutes=9))
            repeated = [each for each in order for _ in range(random.randint(1, 3))]
            random.shuffle(repeated) if random.random() < 0.5 else None
            for each in repeated:
                receiver.hears(each)
            assert receiver.entry
            assert receiver.entry.status is AppointmentStatus.CANCELLED
            assert receiver.entry.at == states[-1].at.replace(second=0)
            assert len([each for each in receiver.news if isinstance(each, WasCancelled)]) <= 1
            assert len(receiver.news) <= len(states)


@given(st.data())
def test_in_any_order_of_webhooks_the_entry_ends_as_the_service_has_it(
    data: st.DataObject,
) -> None:
    receiver = Receiver(MADE, KNOWN)
    moments = st.booleans()
    changes = 0
    waiting: list[Fact] = []
    minute = 1
    for _ in range(data.draw(st.integers(1, 12))):
        minute += data.draw(st.integers(0, 1))  # two changes may bear the same time
        receiver.now = NOON + timedelta(minutes=minute)
        if data.draw(moments):
            state = data.draw(st.sampled_from(STEPS))
            word = data.draw(st.sampled_from([AppointmentStatus.SCHEDULED, AppointmentStatus.CANCELLED]))
            if (state := replace(state, status=word)) != receiver.service:
                receiver.service = state
                changes += 1
                waiting += [fact(state, minutes=minute)] * data.draw(st.integers(1, 2))
        while waiting and data.draw(moments) is True:
            receiver.hears(waiting.pop(data.draw(st.integers(0, len(waiting) - 1))))
    for each in waiting:
        receiver.hears(each)
    assert receiver.entry
    last = receiver.service
    assert (receiver.entry.status, receiver.entry.at) == (last.status, last.at)
    assert receiver.entry.department_id == last.department_id
    assert len(receiver.news) <= changes
