"""The long test of news, moves and reminders: a random office, doubled and lost webhooks, kills, a clock that jumps.

    python -m bench.office_soak [--citizens N] [--kills N] [--moves N] [--seed N] [--keep FOLDER]

`make soak ARGS="--office …"` runs it. The last line is the summary; ends with 1 when what a citizen read differs from
the API's ledger, or the kills and moves were not reached in time.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.e2e.crash_run import seed_of_this_run
from tests.e2e.office_run import OfficeReport, OfficeScale, run_with_office


def summary(report: OfficeReport, scale: OfficeScale) -> str:
    """The outcome in one line."""
    found, office = report.check, report.office
    return (
        f"office soak: {scale.citizens} citizens, {report.appointments} appointments in {report.days:.0f} days, "
        f"{found.moves} moves by citizens, {office.total()} changes by the office, {report.kills.total} kills, "
        f"{report.webhooks['dropped']} webhooks lost; {found.news} news, {found.reminders} reminders; "
        f"lost {len(found.lost)}, doubled {len(found.doubled)}, untold {len(found.untold)}, "
        f"untrue {len(found.untrue)}, too many {len(found.too_many)}, private in the log {len(report.private)}; "
        f"{found.duplicates} messages sent twice"
    )


def is_complete(report: OfficeReport, scale: OfficeScale) -> bool:
    """Whether it came to as many kills and moves as were asked for."""
    return report.kills.total >= scale.kills and report.check.moves >= scale.moves


def exit_code(report: OfficeReport, scale: OfficeScale) -> int:
    """0 when all of it was done and every citizen knows what the ledger says; else 1."""
    return 0 if is_complete(report, scale) and not report.faults else 1


def main(arguments: list[str] | None = None) -> int:
    """Run it once; returns the exit code."""
    parser = argparse.ArgumentParser(prog="bench.office_soak", description="Let an office change what citizens booked.")
    parser.add_argument("--citizens", type=int, default=40, help="side by side (default: %(default)s)")
    parser.add_argument("--kills", type=int, default=40, help="at least (default: %(default)s)")
    parser.add_argument("--moves", type=int, default=0, help="by citizens, at least (default: %(default)s)")
    parser.add_argument("--pause", type=float, default=0.5, help="of the office, in seconds (default: %(default)s)")
    parser.add_argument("--weight", type=float, default=0.01, help="how likely faults are (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1200, help="time limit (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=seed_of_this_run(), help="default: CRASH_SEED, or a new one")
    parser.add_argument("--keep", type=Path, help="keep the bot's database and log in this folder")
    chosen = parser.parse_args(arguments)
    scale = OfficeScale(
        citizens=chosen.citizens,
        kills=chosen.kills,
        moves=chosen.moves,
        seconds=chosen.seconds,
        office_pause=chosen.pause,
        weight=chosen.weight,
    )
    print(f"seed {chosen.seed}: {scale}", flush=True)
    place = nullcontext(chosen.keep) if chosen.keep else tempfile.TemporaryDirectory(prefix="soak-")
    with place as folder:
        report = asyncio.run(run_with_office(Path(folder), chosen.seed, scale))
        if chosen.keep:
            (chosen.keep / "record.json").write_text(json.dumps(report.record, ensure_ascii=False, indent=1))
    print(*report.faults, sep="\n")
    print(f"{report.seconds:.0f} s; kills {dict(report.kills.named)}, {report.kills.at_random} at random")
    print(f"office {dict(report.office)}; webhooks {dict(report.webhooks)}; too late {report.check.too_late}")
    if not is_complete(report, scale):
        print(f"not reached within {scale.seconds} s: {scale.kills} kills and {scale.moves} moves")
    print(summary(report, scale))
    return exit_code(report, scale)


if __name__ == "__main__":
    sys.exit(main())
