"""What broadcasts cost, in three tables: the highest rate, Telegram's limits while citizens book, a million recipients.

Every measure is a process of its own, one after another. `python -m bench.broadcast`
"""

import argparse
import json
import subprocess
import sys
from typing import Any

MEASURES = (
    ("The highest rate, limits off", "bench.broadcast_rate", ()),
    ("Under Telegram's limits, at 25/s, while 50 citizens book", "bench.broadcast_limits", ()),
    ("A million recipients: counting and preparing", "bench.broadcast_million", ()),
)
QUICK = (
    ("The highest rate, limits off", "bench.broadcast_rate", ("--count", "5000")),
    (
        "Under Telegram's limits, at 25/s, while 50 citizens book",
        "bench.broadcast_limits",
        ("--count", "500", "--seconds", "20"),
    ),
    ("100,000 recipients: counting and preparing", "bench.broadcast_million", ("--count", "100000")),
)


def measured(module: str, *arguments: str) -> tuple[list[dict[str, Any]], bool]:
    """Run one measure: every line that it prints is a row; and whether it kept its bounds."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603 — our own modules
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")], not done.returncode


def table(rows: list[dict[str, Any]]) -> str:
    """The rows under their names; a single row stands upright."""
    if len(rows) == 1:
        return "\n".join(f"  {name:<28}{value:>14}" for name, value in rows[0].items())
    names = list(rows[0])
    lines = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[place]) for line in lines) + 3 for place in range(len(names))]
    return "\n".join("".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def main() -> int:
    """Run them all; 1 when one of them missed its bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute instead of five")
    chosen = parser.parse_args()
    missed = 0
    for title, module, arguments in QUICK if chosen.quick else MEASURES:
        rows, kept = measured(module, *arguments)
        print(f"\n{title}{'' if kept else ': MISSED ITS BOUNDS'}")
        print(table(rows) if rows else "  no figures", flush=True)
        missed += not kept
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
