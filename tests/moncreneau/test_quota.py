"""The budget never overshoots, keeps its reserve for writes, and survives what services do to headers."""

from dataclasses import dataclass, field
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ports import WriteOutcome
from bot.core.model import FailureCode
from bot.moncreneau.errors import QuotaExhausted
from bot.moncreneau.quota import CountedRequest, Quota, RequestKind
from tests.moncreneau.support import START, StillClock, budget_headers

HOUR = 3600


def told(quota: Quota, remaining: int, limit: int = 1000, reset: float | None = None) -> None:
    """Let one request through and hear this answer."""
    with quota.spend(RequestKind.WRITE) as spending:
        spending.answered(200, budget_headers(remaining, limit, reset))


def refusal(quota: Quota, kind: RequestKind) -> QuotaExhausted:
    with pytest.raises(QuotaExhausted) as caught:
        quota.spend(kind)
    return caught.value


def test_nothing_is_refused_as_long_as_no_answer_ever_told_a_limit(clock: StillClock) -> None:
    quota = Quota(clock)
    for _ in range(5000):
        with quota.spend(RequestKind.READ) as spending:
            spending.answered(200, {})
    assert (quota.limit, quota.remaining, quota.snapshot()) == (None, None, None)


def test_reads_stop_at_the_reserve_settling_at_half_of_it_urgent_ones_near_nothing_and_writes_at_nothing(
    clock: StillClock,
) -> None:
    quota = Quota(clock, timezone(timedelta(hours=2)), reserve=0.1)
    told(quota, 101)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(200, budget_headers(100))
    error = refusal(quota, RequestKind.READ)
    assert (error.failure.code, error.outcome, error.retry_after) == (FailureCode.BUSY, WriteOutcome.NOT_SENT, HOUR + 1)
    office = START + timedelta(hours=3, seconds=1)
    assert error.failure.until == office.replace(tzinfo=None), "the office's time is told"
    told(quota, 51)
    with quota.spend(RequestKind.SETTLE) as spending:
        spending.answered(200, budget_headers(50))
    refusal(quota, RequestKind.SETTLE)
    told(quota, 11)
    with quota.spend(RequestKind.URGENT) as spending:
        spending.answered(200, budget_headers(10))
    refusal(quota, RequestKind.URGENT)
    told(quota, 1)
    told(quota, 0)
    for kind in RequestKind:
        assert refusal(quota, kind).failure.code is FailureCode.BUSY


def test_what_nobody_waits_for_stops_at_half_of_the_limit(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 502)
    for left in (501, 500):
        with quota.spend(RequestKind.BACKGROUND) as spending:
            spending.answered(200, budget_headers(left))
    refusal(quota, RequestKind.BACKGROUND)
    quota.spend(RequestKind.READ)


def test_what_nobody_waits_for_is_at_most_a_twentieth_of_the_limit_within_an_hour(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 1000)
    for _ in range(50):
        with quota.spend(RequestKind.BACKGROUND) as spending:
            spending.answered(200, budget_headers(1000))
    refusal(quota, RequestKind.BACKGROUND)
    clock.pass_(HOUR)
    quota.spend(RequestKind.BACKGROUND)


def test_a_request_under_way_counts_as_spent(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 2)
    quota.spend(RequestKind.WRITE)
    assert quota.remaining == 1
    quota.spend(RequestKind.WRITE)
    refusal(quota, RequestKind.WRITE)


def test_a_request_that_never_left_costs_nothing_and_one_without_an_answer_costs_one(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 10)
    with quota.spend(RequestKind.WRITE) as spending:
        spending.unsent()
    assert quota.remaining == 10
    with quota.spend(RequestKind.WRITE):
        pass
    assert quota.remaining == 9


def test_answers_out_of_order_never_give_back_what_was_spent(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 500)
    first, second = quota.spend(RequestKind.WRITE), quota.spend(RequestKind.WRITE)
    with second:
        second.answered(200, budget_headers(498))
    with first:
        first.answered(200, budget_headers(499))
    assert quota.remaining == 498


def test_a_late_answer_of_the_last_window_does_not_speak_of_this_one(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 3)
    late = quota.spend(RequestKind.WRITE)
    clock.pass_(HOUR + 1)
    told(quota, 999, reset=clock.unix + HOUR)
    with late:
        late.answered(200, budget_headers(2))
    assert quota.remaining == 999


def test_a_full_hour_is_assumed_when_the_window_is_over(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 0)
    refusal(quota, RequestKind.WRITE)
    clock.pass_(HOUR + 1)
    assert quota.remaining == 1000
    clock.pass_(5 * HOUR)
    assert quota.remaining == 1000
    assert quota.reset is not None
    assert clock.at < quota.reset <= clock.at + timedelta(hours=1)


def test_the_service_is_believed_when_our_clock_runs_ahead_of_its(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 5)
    clock.pass_(HOUR + 30)
    told(quota, 4)
    assert quota.remaining == 4
    clock.pass_(60)
    assert quota.remaining == 1000, "but not for ever"


@pytest.mark.parametrize("reset", [5, 0, -7, 10**15, 4 * 10**9])
def test_no_reset_however_absurd_shuts_us_out_for_much_longer_than_an_hour(clock: StillClock, reset: int) -> None:
    quota = Quota(clock)
    told(quota, 0, reset=reset)
    clock.pass_(HOUR + 61)
    assert quota.remaining == 1000


def test_one_absurd_reset_does_not_make_us_deaf_to_the_next_answers(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 900, reset=4 * 10**9)
    told(quota, 50)
    assert quota.remaining == 50


def test_a_reset_that_moves_with_every_answer_is_followed(clock: StillClock) -> None:
    quota = Quota(clock)
    for left in (10, 12, 14):
        told(quota, left, reset=clock.unix + HOUR)
        assert quota.remaining == left
        clock.pass_(60)


def test_an_answer_without_a_limit_or_a_reset_is_made_the_best_of(clock: StillClock) -> None:
    quota = Quota(clock)
    for left in (40, 39):
        with quota.spend(RequestKind.READ) as spending:
            spending.answered(200, {"X-RateLimit-Remaining": str(left)})
        assert quota.remaining == left
    assert quota.limit == 40


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "90"}, 90), ({}, 60), ({"Retry-After": "x"}, 60)])
def test_after_a_429_nothing_is_sent_before_it_is_time(clock: StillClock, headers: dict[str, str], wait: float) -> None:
    quota = Quota(clock)
    told(quota, 800)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, headers)
    for kind in RequestKind:
        error = refusal(quota, kind)
        assert error.retry_after == wait
        assert error.failure.until == (START + timedelta(seconds=wait)).replace(tzinfo=None)
    doors = [quota.blocked_until]
    clock.pass_(wait)
    doors.append(quota.blocked_until)
    assert doors == [START + timedelta(seconds=wait), None]
    quota.spend(RequestKind.READ)


@pytest.mark.parametrize("hours", [3, 20])
def test_a_429_counts_for_longer_than_the_hour_of_the_budget(clock: StillClock, hours: int) -> None:
    quota = Quota(clock)
    told(quota, 800)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": str(hours * HOUR)})
    clock.pass_(hours * HOUR - 1)
    assert refusal(quota, RequestKind.WRITE).retry_after == 1
    clock.pass_(1)
    quota.spend(RequestKind.WRITE)


def test_a_429_that_names_a_date_is_obeyed(clock: StillClock) -> None:
    quota = Quota(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": "Wed, 21 Jan 2026 13:00:00 GMT"})
    assert quota.blocked_until == START + timedelta(hours=3)


def test_a_shorter_429_that_comes_later_does_not_open_the_door_sooner(clock: StillClock) -> None:
    quota = Quota(clock)
    two = quota.spend(RequestKind.READ), quota.spend(RequestKind.READ)
    for spending, wait in zip(two, ("900", "30"), strict=True):
        with spending:
            spending.answered(429, {"Retry-After": wait})
    assert quota.blocked_until == START + timedelta(seconds=900)


def test_a_429_without_any_other_header_lives_through_a_restart(clock: StillClock) -> None:
    before, after = Quota(clock), Quota(clock)
    with before.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": "7200"})
    kept = before.snapshot()
    assert kept is not None
    after.restore(kept)
    assert (after.limit, refusal(after, RequestKind.WRITE).retry_after) == (None, 7200)
    clock.pass_(7200)
    after.spend(RequestKind.WRITE)
    assert after.snapshot() is None


def test_a_clock_set_back_does_not_keep_the_door_shut(clock: StillClock) -> None:
    quota = Quota(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": "90"})
    clock.pass_(-24 * HOUR)
    quota.spend(RequestKind.READ)


def test_a_503_that_asks_to_wait_does_not_close_the_door(clock: StillClock) -> None:
    quota = Quota(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(503, {"Retry-After": "90"})
    quota.spend(RequestKind.READ)


def test_a_restart_forgets_neither_the_hour_nor_the_429_nor_what_was_under_way(clock: StillClock) -> None:
    before = Quota(clock)
    told(before, 300)
    before.spend(RequestKind.WRITE)
    with before.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": "90", **budget_headers(298)})
    kept = before.snapshot()
    assert kept is not None
    after = Quota(clock)
    after.restore(kept)
    assert after.remaining == 297
    assert refusal(after, RequestKind.WRITE).retry_after == 90
    clock.pass_(HOUR)
    assert after.remaining == 1000


def test_what_this_process_heard_itself_counts_more_than_what_was_kept(clock: StillClock) -> None:
    old = Quota(clock)
    told(old, 3)
    kept = old.snapshot()
    assert kept is not None
    quota = Quota(clock)
    told(quota, 900)
    quota.restore(kept)
    assert quota.remaining == 900


def test_whoever_wants_to_keep_it_hears_of_every_answer(clock: StillClock) -> None:
    heard: list[int | None] = []
    quota = Quota(clock, on_change=lambda: heard.append(quota.remaining))
    told(quota, 7)
    told(quota, 6)
    assert heard == [7, 6]


@dataclass
class Office:
    """The service: counts what reaches it and says so, in windows of an hour."""

    clock: StillClock
    limit: int
    ends: float = 0
    used: int = 0
    worst: int = 0

    def receive(self) -> dict[str, str]:
        if self.clock.unix >= self.ends:
            self.ends, self.used = self.clock.unix + HOUR, 0
        self.used += 1
        self.worst = max(self.worst, self.used)
        return budget_headers(max(0, self.limit - self.used), self.limit, self.ends)


@dataclass
class UnderWay:
    spending: CountedRequest
    headers: dict[str, str] | None = field(default=None)


@given(
    st.integers(1, 12),
    st.lists(
        st.tuples(st.sampled_from(["send", "arrive", "answer", "lose", "wait"]), st.integers(0, 50)), max_size=120
    ),
)
def test_it_never_overshoots_whatever_the_order_of_sending_arriving_answering_and_losing(
    limit: int, steps: list[tuple[str, int]]
) -> None:
    clock = StillClock()
    office = Office(clock, limit)
    quota = Quota(clock, reserve=0)
    with quota.spend(RequestKind.WRITE) as first:
        first.answered(200, office.receive())
    flying: list[UnderWay] = []
    for what, pick in steps:
        one = flying[pick % len(flying)] if flying else None
        if what == "send":
            try:
                flying.append(UnderWay(quota.spend(list(RequestKind)[pick % 3])))
            except QuotaExhausted:
                assert quota.remaining == 0
        elif what == "wait" and not flying:  # windows turn over while nothing is under way: their clocks agree
            clock.pass_(pick * 120)
        elif what == "arrive" and one is not None and one.headers is None:
            one.headers = office.receive()
        elif what in {"answer", "lose"} and one is not None:
            with one.spending as spending:
                if one.headers is not None and what == "answer":
                    spending.answered(200, one.headers)
            flying.remove(one)
    assert office.worst <= limit


def test_an_hour_that_ends_within_the_second_is_not_begun_too_early(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 0)
    clock.pass_(HOUR)
    assert refusal(quota, RequestKind.WRITE).retry_after == 1
    clock.pass_(1)
    quota.spend(RequestKind.WRITE)


def test_a_429_that_still_names_the_hour_before_closes_the_door_for_as_long_as_it_says(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 0)
    clock.pass_(HOUR + 1)
    for _ in range(3):
        with quota.spend(RequestKind.WRITE) as spending:
            spending.answered(429, budget_headers(0) | {"Retry-After": "4"})
        assert refusal(quota, RequestKind.WRITE).retry_after == 4
        clock.pass_(4)
    quota.spend(RequestKind.WRITE)
