"""The quota is never exceeded, keeps its reserve for writes, and survives wrong headers."""

from dataclasses import dataclass, field
from datetime import timedelta

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


def test_before_the_first_response_no_request_is_refused(clock: StillClock) -> None:
    quota = Quota(clock)
    for _ in range(5000):
        with quota.spend(RequestKind.READ) as spending:
            spending.answered(200, {})
    assert (quota.limit, quota.remaining, quota.snapshot()) == (None, None, None)


def test_each_kind_of_request_stops_at_its_share_of_the_limit(clock: StillClock) -> None:
    quota = Quota(clock, reserve=0.1)
    told(quota, 101)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(200, budget_headers(100))
    error = refusal(quota, RequestKind.READ)
    assert (error.failure.code, error.outcome, error.retry_after) == (FailureCode.BUSY, WriteOutcome.NOT_SENT, HOUR + 1)
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


def learnt(quota: Quota, remaining: int) -> None:
    """Hear how much is left, from a read."""
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(200, budget_headers(remaining))


def test_background_requests_stop_at_half_of_the_limit(clock: StillClock) -> None:
    quota = Quota(clock)
    learnt(quota, 502)
    for left in (501, 500):
        with quota.spend(RequestKind.BACKGROUND) as spending:
            spending.answered(200, budget_headers(left))
    refusal(quota, RequestKind.BACKGROUND)
    quota.spend(RequestKind.READ)


def test_background_requests_use_at_most_a_twentieth_of_the_limit_per_hour(clock: StillClock) -> None:
    quota = Quota(clock)
    learnt(quota, 1000)
    for _ in range(50):
        with quota.spend(RequestKind.BACKGROUND) as spending:
            spending.answered(200, budget_headers(1000))
    refusal(quota, RequestKind.BACKGROUND)
    clock.pass_(HOUR)
    quota.spend(RequestKind.BACKGROUND)


def test_background_requests_leave_alone_what_the_expected_writes_will_need(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 513)  # a write: at this rate, 12 or 13 more come until the window ends
    refusal(quota, RequestKind.BACKGROUND)
    quota.spend(RequestKind.READ)
    clock.pass_(301)
    quota.spend(RequestKind.BACKGROUND)


def test_background_requests_keep_to_the_documented_limit_if_the_api_names_none(clock: StillClock) -> None:
    quota = Quota(clock)
    for _ in range(50):
        with quota.spend(RequestKind.BACKGROUND) as spending:
            spending.answered(200, {})
    error = refusal(quota, RequestKind.BACKGROUND)
    assert error.retry_after is not None
    assert error.retry_after <= HOUR
    quota.spend(RequestKind.READ)


def test_a_request_in_flight_counts_as_spent(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 2)
    quota.spend(RequestKind.WRITE)
    assert quota.remaining == 1
    quota.spend(RequestKind.WRITE)
    refusal(quota, RequestKind.WRITE)


def test_an_unsent_request_costs_nothing_and_one_without_a_response_costs_one(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 10)
    with quota.spend(RequestKind.WRITE) as spending:
        spending.unsent()
    assert quota.remaining == 10
    with quota.spend(RequestKind.WRITE):
        pass
    assert quota.remaining == 9


def test_responses_out_of_order_never_increase_the_remaining_number(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 500)
    first, second = quota.spend(RequestKind.WRITE), quota.spend(RequestKind.WRITE)
    with second:
        second.answered(200, budget_headers(498))
    with first:
        first.answered(200, budget_headers(499))
    assert quota.remaining == 498


def test_a_late_response_of_the_last_window_is_ignored(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 3)
    late = quota.spend(RequestKind.WRITE)
    clock.pass_(HOUR + 1)
    told(quota, 999, reset=clock.unix + HOUR)
    with late:
        late.answered(200, budget_headers(2))
    assert quota.remaining == 999


def test_the_full_limit_is_assumed_when_the_window_is_over(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 0)
    refusal(quota, RequestKind.WRITE)
    clock.pass_(HOUR + 1)
    assert quota.remaining == 1000
    clock.pass_(5 * HOUR)
    assert quota.remaining == 1000
    assert quota.reset is not None
    assert clock.at < quota.reset <= clock.at + timedelta(hours=1)


def test_the_apis_window_counts_even_if_our_clock_is_ahead(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 5)
    clock.pass_(HOUR + 30)
    told(quota, 4)
    assert quota.remaining == 4
    clock.pass_(60)
    assert quota.remaining == 1000, "but not for ever"


@pytest.mark.parametrize("reset", [5, 0, -7, 10**15, 4 * 10**9])
def test_an_absurd_reset_blocks_for_about_an_hour_at_most(clock: StillClock, reset: int) -> None:
    quota = Quota(clock)
    told(quota, 0, reset=reset)
    clock.pass_(HOUR + 61)
    assert quota.remaining == 1000


def test_responses_after_an_absurd_reset_are_used(clock: StillClock) -> None:
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


def test_responses_without_limit_or_reset_are_used(clock: StillClock) -> None:
    quota = Quota(clock)
    for left in (40, 39):
        with quota.spend(RequestKind.READ) as spending:
            spending.answered(200, {"X-RateLimit-Remaining": str(left)})
        assert quota.remaining == left
    assert quota.limit == 40


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "90"}, 90), ({}, 60), ({"Retry-After": "x"}, 60)])
def test_after_a_429_nothing_is_sent_before_retry_after(
    clock: StillClock, headers: dict[str, str], wait: float
) -> None:
    quota = Quota(clock)
    told(quota, 800)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, headers)
    for kind in RequestKind:
        assert refusal(quota, kind).retry_after == wait
    doors = [quota.blocked_until]
    clock.pass_(wait)
    doors.append(quota.blocked_until)
    assert doors == [START + timedelta(seconds=wait), None]
    quota.spend(RequestKind.READ)


def test_a_429_without_a_reset_blocks_no_longer_than_it_says(clock: StillClock) -> None:
    quota = Quota(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": "30", "X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0"})
    assert refusal(quota, RequestKind.WRITE).retry_after == 30
    clock.pass_(30)
    quota.spend(RequestKind.WRITE)


def test_a_429_with_a_reset_alone_blocks_until_then(clock: StillClock) -> None:
    quota = Quota(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, budget_headers(0, reset=clock.unix + 600))
    assert refusal(quota, RequestKind.WRITE).retry_after == 600, "what citizens are told at once is true"


@pytest.mark.parametrize("hours", [3, 20])
def test_a_429_may_block_longer_than_the_window(clock: StillClock, hours: int) -> None:
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


def test_a_later_and_shorter_429_does_not_shorten_the_block(clock: StillClock) -> None:
    quota = Quota(clock)
    two = quota.spend(RequestKind.READ), quota.spend(RequestKind.READ)
    for spending, wait in zip(two, ("900", "30"), strict=True):
        with spending:
            spending.answered(429, {"Retry-After": wait})
    assert quota.blocked_until == START + timedelta(seconds=900)


def test_a_429_without_other_headers_survives_a_restart(clock: StillClock) -> None:
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


def test_a_clock_set_back_does_not_prolong_the_block(clock: StillClock) -> None:
    quota = Quota(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(429, {"Retry-After": "90"})
    clock.pass_(-24 * HOUR)
    quota.spend(RequestKind.READ)


def test_a_503_with_retry_after_does_not_block(clock: StillClock) -> None:
    quota = Quota(clock)
    with quota.spend(RequestKind.READ) as spending:
        spending.answered(503, {"Retry-After": "90"})
    quota.spend(RequestKind.READ)


def test_a_restart_keeps_the_window_the_429_and_requests_in_flight(clock: StillClock) -> None:
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


def test_responses_of_this_process_count_more_than_the_stored_snapshot(clock: StillClock) -> None:
    old = Quota(clock)
    told(old, 3)
    kept = old.snapshot()
    assert kept is not None
    quota = Quota(clock)
    told(quota, 900)
    quota.restore(kept)
    assert quota.remaining == 900


def test_on_change_is_called_after_every_response(clock: StillClock) -> None:
    heard: list[int | None] = []
    quota = Quota(clock, on_change=lambda: heard.append(quota.remaining))
    told(quota, 7)
    told(quota, 6)
    assert heard == [7, 6]


@dataclass
class FakeService:
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
class OpenRequest:
    spending: CountedRequest
    headers: dict[str, str] | None = field(default=None)


@given(
    st.integers(1, 12),
    st.lists(
        st.tuples(st.sampled_from(["send", "arrive", "answer", "lose", "wait"]), st.integers(0, 50)), max_size=120
    ),
)
def test_the_quota_is_never_exceeded_in_any_order_of_events(limit: int, steps: list[tuple[str, int]]) -> None:
    clock = StillClock()
    office = FakeService(clock, limit)
    quota = Quota(clock, reserve=0)
    with quota.spend(RequestKind.WRITE) as first:
        first.answered(200, office.receive())
    flying: list[OpenRequest] = []
    for what, pick in steps:
        one = flying[pick % len(flying)] if flying else None
        if what == "send":
            try:
                flying.append(OpenRequest(quota.spend(list(RequestKind)[pick % 3])))
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


def test_a_window_does_not_end_within_its_last_second(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 0)
    clock.pass_(HOUR)
    assert refusal(quota, RequestKind.WRITE).retry_after == 1
    clock.pass_(1)
    quota.spend(RequestKind.WRITE)


def test_a_429_that_names_the_last_window_blocks_until_retry_after(clock: StillClock) -> None:
    quota = Quota(clock)
    told(quota, 0)
    clock.pass_(HOUR + 1)
    for _ in range(3):
        with quota.spend(RequestKind.WRITE) as spending:
            spending.answered(429, budget_headers(0) | {"Retry-After": "4"})
        assert refusal(quota, RequestKind.WRITE).retry_after == 4
        clock.pass_(4)
    quota.spend(RequestKind.WRITE)
