"""Fail points kill the process when a plan says so, and otherwise do nothing."""

import signal
import subprocess
import sys

import pytest

from bot.app.failpoints import POINTS, VARIABLE, planned


def test_without_a_plan_fail_points_do_nothing() -> None:
    for point in POINTS:
        planned("")(point)


@pytest.mark.parametrize("plan", ["nowhere", "turn taken:x", "Turn taken", ":3"])
def test_a_plan_that_names_no_point_is_refused(plan: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        planned(plan)


@pytest.mark.parametrize(("plan", "reached"), [("turn taken", 1), ("turn taken:3", 3)])
def test_the_process_ends_at_the_planned_pass_of_the_fail_point(plan: str, reached: int) -> None:
    code = "from bot.app.failpoints import reach\nfor n in range(9): reach('update stored'); print(n + 1, flush=True)"
    code += "; reach('turn taken')"
    ended = subprocess.run(  # noqa: S603 — our own interpreter
        [sys.executable, "-c", code], env={VARIABLE: plan}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split()[-1] == str(reached)
