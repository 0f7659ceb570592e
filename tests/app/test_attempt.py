"""The state of an attempt: its order, its lookup delays, its pauses."""

from datetime import datetime

import pytest

from bot.app.attempt import (
    BOOKINGS,
    DELAYS,
    RAREST,
    AttemptState,
    chat_of,
    owner_of,
)
from bot.app.ports import Need
from bot.app.records import AttemptKind, StoredAttempt
from bot.core.model import Department, Draft, Failure, FailureCode, Order
from bot.core.states import BookingAttempt

AT = datetime(2026, 1, 26, 14, 30)  # noqa: DTZ001 — office time
ORDER = Order(department_id=5, at=AT, name="Aïssatou Bah", owner="telegram:7")


def state(draft: Draft) -> AttemptState:
    body = BOOKINGS.write(BookingAttempt(3, draft, AT))
    return AttemptState(StoredAttempt(7, 3, AttemptKind.BOOK, body), uncertain=False)


def test_a_booking_orders_what_was_confirmed_for_its_chat() -> None:
    draft = Draft(Department(5, "Passport"), at=AT, name="Aïssatou Bah")
    assert state(draft).order(draft) == ORDER
    assert owner_of(7) == "telegram:7"


@pytest.mark.parametrize(
    ("owner", "chat_id"),
    [
        ("telegram:7", 7),
        ("telegram:-7", -7),
        ("telegram:", None),
        ("telegram:x", None),
        ("7", None),
        ("sms:7", None),
        (f"telegram:{'7' * 17}", None),
        (f"telegram:{'7' * 5000}", None),
        ("telegram:٧", None),
    ],
)
def test_the_owner_of_a_chat_is_read_back(owner: str, chat_id: int | None) -> None:
    assert chat_of(owner) == chat_id


def test_a_booking_without_a_time_or_a_name_raises() -> None:
    nameless = state(Draft(Department(5, "Passport"), at=AT))
    with pytest.raises(ValueError, match="without a time or a name"):
        nameless.order(nameless.booking().draft)


def test_a_lost_response_is_looked_up_soon_and_longer_after_a_slow_request() -> None:
    quick, slow = (state(Draft(Department(5, "Passport"))) for _ in range(2))
    quick.response_lost(0.2)
    slow.response_lost(15)
    assert (quick.lookup_delays, slow.lookup_delays) == (DELAYS.lost, DELAYS.timed_out)


@pytest.mark.parametrize("seconds", [0.2, 15])
def test_repeated_lost_responses_are_looked_up_at_growing_intervals(
    seconds: float,
) -> None:
    lost = state(Draft(Department(5, "Passport")))
    lost.response_lost(seconds)
    shortest, last = sum(lost.lookup_delays), 0.0
    for _ in range(20):
        lost.response_lost(seconds)
        (look,) = lost.lookup_delays
        assert max(shortest, min(last, RAREST)) <= look <= 1.25 * RAREST
        assert sum(lost.first_lookup_delays) == shortest, "who gives up is not let go any sooner"
        last = look / 1.25


def test_pauses_grow_to_a_minute_and_further_after_lost_responses() -> None:
    here = state(Draft(Department(5, "Passport")))
    assert 0.5 <= here.next_pause() <= 1.0
    assert 30 <= [here.next_pause() for _ in range(20)][-1] <= 60
    here.uncertain = True
    assert RAREST / 2 <= [here.next_pause() for _ in range(20)][-1] <= RAREST
    here.uncertain = False
    assert here.next_pause() <= 60, "when the service comes back nobody waits for long"


def test_after_a_restart_an_attempt_is_looked_up_at_once_and_after_the_time_limit_of_a_request() -> None:
    stored = state(Draft(Department(5, "Passport"))).stored
    assert AttemptState.of(stored, resumed=True).lookup_delays == DELAYS.resumed
    assert sum(DELAYS.resumed) >= 15, "the client's limit for reading an answer"
    assert not AttemptState.of(stored, resumed=False).uncertain


def test_a_delay_with_the_same_cause_is_told_once() -> None:
    here = state(Draft(Department(5, "Passport")))
    assert [here.record_cause(), here.record_cause()] == [True, False]
    here.failure = Failure(FailureCode.DOWN)
    assert [here.record_cause(), here.record_cause()] == [True, False]


def test_an_outcome_is_recorded_under_chat_and_number() -> None:
    end = state(Draft(Department(5, "Passport"))).settled("booked", 12345)
    assert (end.chat_id, end.number, end.outcome, end.appointment_id) == (7, 3, "booked", 12345)


def test_only_the_first_lookups_are_urgent() -> None:
    state = AttemptState.of(StoredAttempt(7, 3, AttemptKind.BOOK, ""), resumed=False)
    assert [state.next_need() for _ in range(len(DELAYS.lost) + 2)] == [Need.SETTLE] * len(DELAYS.lost) + [
        Need.SETTLE_AGAIN
    ] * 2
