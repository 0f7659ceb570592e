"""Fail points kill the process when a plan says so, and otherwise do nothing."""

import os
import signal
import subprocess
import sys

import pytest

from bot.app.failpoints import LEASE_POINTS, POINTS, VARIABLE, planned


def test_without_a_plan_fail_points_do_nothing() -> None:
    for point in (*POINTS, *LEASE_POINTS):
        planned("")(point)


@pytest.mark.parametrize("plan", ["nowhere", "turn taken:x", "Turn taken", ":3", "turn taken:1:HUP"])
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


def test_a_plan_can_freeze_the_process_until_it_is_thawed() -> None:
    code = "from bot.app.failpoints import reach\nreach('turn taken')\nprint('goes on')"
    process = subprocess.Popen(  # noqa: S603 — our own interpreter
        [sys.executable, "-c", code], env={VARIABLE: "turn taken:1:STOP"}, stdout=subprocess.PIPE
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=30)[0] == b"goes on\n"
