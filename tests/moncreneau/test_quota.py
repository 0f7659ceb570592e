"""The budget never overshoots, keeps its reserve for writes, and survives what services do to headers."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.ports import Fate
from bot.core.model import Problem
from bot.moncreneau.errors import BudgetSpent
from bot.moncreneau.quota import Budget, Kind, Spending
from tests.moncreneau.support import START, StillClock, budget_headers

HOUR = 3600


def told(budget: Budget, remaining: int, limit: int = 1000, reset: float | None = None) -> None:
    """Let one request through and hear this answer."""
    with budget.spend(Kind.WRITE) as spending:
        spending.answered(200, budget_headers(remaining, limit, reset))


def refusal(budget: Budget, kind: Kind) -> BudgetSpent:
    with pytest.raises(BudgetSpent) as caught:
        budget.spend(kind)
    return caught.value


def test_nothing_is_refused_as_long_as_no_answer_ever_told_a_limit(clock: StillClock) -> None:
    budget = Budget(clock)
    for _ in range(5000):
        with budget.spend(Kind.READ) as spending:
            spending.answered(200, {})
    assert (budget.limit, budget.remaining, budget.snapshot()) == (None, None, None)


def test_reads_stop_at_the_reserve_settling_at_half_of_it_urgent_ones_near_nothing_and_writes_at_nothing(
    clock: StillClock,
) -> None:
    budget = Budget(clock, timezone(timedelta(hours=2)), reserve=0.1)
    told(budget, 101)
    with budget.spend(Kind.READ) as spending:
        spending.answered(200, budget_headers(100))
    error = refusal(budget, Kind.READ)
    assert (error.trouble.problem, error.fate, error.retry_after) == (Problem.BUSY, Fate.NOT_SENT, HOUR + 1)
    office = START + timedelta(hours=3, seconds=1)
    assert error.trouble.until == office.replace(tzinfo=None), "the office's time is told"
    told(budget, 51)
    with budget.spend(Kind.SETTLE) as spending:
        spending.answered(200, budget_headers(50))
    refusal(budget, Kind.SETTLE)
    told(budget, 11)
    with budget.spend(Kind.URGENT) as spending:
        spending.answered(200, budget_headers(10))
    refusal(budget, Kind.URGENT)
    told(budget, 1)
    told(budget, 0)
    for kind in Kind:
        assert refusal(budget, kind).trouble.problem is Problem.BUSY


def test_a_request_under_way_counts_as_spent(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 2)
    budget.spend(Kind.WRITE)
    assert budget.remaining == 1
    budget.spend(Kind.WRITE)
    refusal(budget, Kind.WRITE)


def test_a_request_that_never_left_costs_nothing_and_one_without_an_answer_costs_one(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 10)
    with budget.spend(Kind.WRITE) as spending:
        spending.unsent()
    assert budget.remaining == 10
    with budget.spend(Kind.WRITE):
        pass
    assert budget.remaining == 9


def test_answers_out_of_order_never_give_back_what_was_spent(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 500)
    first, second = budget.spend(Kind.WRITE), budget.spend(Kind.WRITE)
    with second:
        second.answered(200, budget_headers(498))
    with first:
        first.answered(200, budget_headers(499))
    assert budget.remaining == 498


def test_a_late_answer_of_the_last_window_does_not_speak_of_this_one(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 3)
    late = budget.spend(Kind.WRITE)
    clock.pass_(HOUR + 1)
    told(budget, 999, reset=clock.unix + HOUR)
    with late:
        late.answered(200, budget_headers(2))
    assert budget.remaining == 999


def test_a_full_hour_is_assumed_when_the_window_is_over(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 0)
    refusal(budget, Kind.WRITE)
    clock.pass_(HOUR + 1)
    assert budget.remaining == 1000
    clock.pass_(5 * HOUR)
    assert budget.remaining == 1000
    assert budget.reset is not None
    assert clock.at < budget.reset <= clock.at + timedelta(hours=1)


def test_the_service_is_believed_when_our_clock_runs_ahead_of_its(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 5)
    clock.pass_(HOUR + 30)
    told(budget, 4)
    assert budget.remaining == 4
    clock.pass_(60)
    assert budget.remaining == 1000, "but not for ever"


@pytest.mark.parametrize("reset", [5, 0, -7, 10**15, 4 * 10**9])
def test_no_reset_however_absurd_shuts_us_out_for_much_longer_than_an_hour(clock: StillClock, reset: int) -> None:
    budget = Budget(clock)
    told(budget, 0, reset=reset)
    clock.pass_(HOUR + 61)
    assert budget.remaining == 1000


def test_one_absurd_reset_does_not_make_us_deaf_to_the_next_answers(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 900, reset=4 * 10**9)
    told(budget, 50)
    assert budget.remaining == 50


def test_a_reset_that_moves_with_every_answer_is_followed(clock: StillClock) -> None:
    budget = Budget(clock)
    for left in (10, 12, 14):
        told(budget, left, reset=clock.unix + HOUR)
        assert budget.remaining == left
        clock.pass_(60)


def test_an_answer_without_a_limit_or_a_reset_is_made_the_best_of(clock: StillClock) -> None:
    budget = Budget(clock)
    for left in (40, 39):
        with budget.spend(Kind.READ) as spending:
            spending.answered(200, {"X-RateLimit-Remaining": str(left)})
        assert budget.remaining == left
    assert budget.limit == 40


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "90"}, 90), ({}, 60), ({"Retry-After": "x"}, 60)])
def test_after_a_429_nothing_is_sent_before_it_is_time(clock: StillClock, headers: dict[str, str], wait: float) -> None:
    budget = Budget(clock)
    told(budget, 800)
    with budget.spend(Kind.READ) as spending:
        spending.answered(429, headers)
    for kind in Kind:
        error = refusal(budget, kind)
        assert error.retry_after == wait
        assert error.trouble.until == (START + timedelta(seconds=wait)).replace(tzinfo=None)
    doors = [budget.blocked_until]
    clock.pass_(wait)
    doors.append(budget.blocked_until)
    assert doors == [START + timedelta(seconds=wait), None]
    budget.spend(Kind.READ)


@pytest.mark.parametrize("hours", [3, 20])
def test_a_429_counts_for_longer_than_the_hour_of_the_budget(clock: StillClock, hours: int) -> None:
    budget = Budget(clock)
    told(budget, 800)
    with budget.spend(Kind.READ) as spending:
        spending.answered(429, {"Retry-After": str(hours * HOUR)})
    clock.pass_(hours * HOUR - 1)
    assert refusal(budget, Kind.WRITE).retry_after == 1
    clock.pass_(1)
    budget.spend(Kind.WRITE)


def test_a_429_that_names_a_date_is_obeyed(clock: StillClock) -> None:
    budget = Budget(clock)
    with budget.spend(Kind.READ) as spending:
        spending.answered(429, {"Retry-After": "Wed, 21 Jan 2026 13:00:00 GMT"})
    assert budget.blocked_until == START + timedelta(hours=3)


def test_a_shorter_429_that_comes_later_does_not_open_the_door_sooner(clock: StillClock) -> None:
    budget = Budget(clock)
    two = budget.spend(Kind.READ), budget.spend(Kind.READ)
    for spending, wait in zip(two, ("900", "30"), strict=True):
        with spending:
            spending.answered(429, {"Retry-After": wait})
    assert budget.blocked_until == START + timedelta(seconds=900)


def test_a_429_without_any_other_header_lives_through_a_restart(clock: StillClock) -> None:
    before, after = Budget(clock), Budget(clock)
    with before.spend(Kind.READ) as spending:
        spending.answered(429, {"Retry-After": "7200"})
    kept = before.snapshot()
    assert kept is not None
    after.restore(kept)
    assert (after.limit, refusal(after, Kind.WRITE).retry_after) == (None, 7200)
    clock.pass_(7200)
    after.spend(Kind.WRITE)
    assert after.snapshot() is None


def test_a_clock_set_back_does_not_keep_the_door_shut(clock: StillClock) -> None:
    budget = Budget(clock)
    with budget.spend(Kind.READ) as spending:
        spending.answered(429, {"Retry-After": "90"})
    clock.pass_(-24 * HOUR)
    budget.spend(Kind.READ)


def test_a_503_that_asks_to_wait_does_not_close_the_door(clock: StillClock) -> None:
    budget = Budget(clock)
    with budget.spend(Kind.READ) as spending:
        spending.answered(503, {"Retry-After": "90"})
    budget.spend(Kind.READ)


def test_a_restart_forgets_neither_the_hour_nor_the_429_nor_what_was_under_way(clock: StillClock) -> None:
    before = Budget(clock)
    told(before, 300)
    before.spend(Kind.WRITE)
    with before.spend(Kind.READ) as spending:
        spending.answered(429, {"Retry-After": "90", **budget_headers(298)})
    kept = before.snapshot()
    assert kept is not None
    after = Budget(clock)
    after.restore(kept)
    assert after.remaining == 297
    assert refusal(after, Kind.WRITE).retry_after == 90
    clock.pass_(HOUR)
    assert after.remaining == 1000


def test_what_this_process_heard_itself_counts_more_than_what_was_kept(clock: StillClock) -> None:
    old = Budget(clock)
    told(old, 3)
    kept = old.snapshot()
    assert kept is not None
    budget = Budget(clock)
    told(budget, 900)
    budget.restore(kept)
    assert budget.remaining == 900


def test_whoever_wants_to_keep_it_hears_of_every_answer(clock: StillClock) -> None:
    heard: list[int | None] = []
    budget = Budget(clock, on_change=lambda: heard.append(budget.remaining))
    told(budget, 7)
    told(budget, 6)
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
    spending: Spending
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
    budget = Budget(clock, reserve=0)
    with budget.spend(Kind.WRITE) as first:
        first.answered(200, office.receive())
    flying: list[UnderWay] = []
    for what, pick in steps:
        one = flying[pick % len(flying)] if flying else None
        if what == "send":
            try:
                flying.append(UnderWay(budget.spend(list(Kind)[pick % 3])))
            except BudgetSpent:
                assert budget.remaining == 0
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
    budget = Budget(clock)
    told(budget, 0)
    clock.pass_(HOUR)
    assert refusal(budget, Kind.WRITE).retry_after == 1
    clock.pass_(1)
    budget.spend(Kind.WRITE)


async def test_in_a_new_hour_one_request_goes_first(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 0)
    clock.pass_(HOUR + 1)
    with budget.spend(Kind.WRITE) as first:
        waiting = asyncio.create_task(budget.scout.back())
        await asyncio.sleep(0)
        assert not waiting.done()
        first.answered(200, budget_headers(999, reset=clock.unix + HOUR))
    await waiting
    with budget.spend(Kind.WRITE):
        await budget.scout.back()


def test_a_429_that_still_names_the_hour_before_closes_the_door_for_as_long_as_it_says(clock: StillClock) -> None:
    budget = Budget(clock)
    told(budget, 0)
    clock.pass_(HOUR + 1)
    for _ in range(3):
        with budget.spend(Kind.WRITE) as spending:
            spending.answered(429, budget_headers(0) | {"Retry-After": "4"})
        assert refusal(budget, Kind.WRITE).retry_after == 4
        clock.pass_(4)
    budget.spend(Kind.WRITE)
