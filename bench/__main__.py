"""Run benches one after another, each in a process of its own: `make bench`.

    python -m bench [NAME …]        all but those that need more than Python, or the named ones
    python -m bench.NAME --help     the arguments of one

Ends with 1 when one of them missed its bound.
"""

import argparse
import subprocess
import sys

BENCHES = {
    "load": "steps per second beside a plain echo bot, at 0, 20 and 100 ms of Bot API latency",
    "endurance": "memory after 100,000 bookings (six minutes)",
    "isolation": "one slow chat and one flooder delay no other",
    "fresh_slots": "lost races, age of the slots shown, requests and waiting, in simulated hours",
    "broadcast_limits": "a broadcast under Telegram's limits while citizens book",
    "broadcast_rate": "a broadcast without limits",
    "broadcast_million": "a million recipients",
    "webhooks": "answers to 50 webhooks of moncreneau and 200 updates per second, each of which becomes a message",
    "scale": "steps/s and memory as citizens and known chats grow",
}
"""The benches of a run without names."""
ON_REQUEST = {
    "takeover": "how long citizens wait while one process takes over from another (needs PostgreSQL; ten minutes)",
    "stub": "beside a durable Node bot, under a load generator written by others (needs node and npm)",
}
"""The benches that run only when named."""


def main() -> int:
    """Run those named on the command line, or all; returns the exit code."""
    known = BENCHES | ON_REQUEST
    listing = "\n".join(f"  {name:<18} {about}" for name, about in known.items())
    parser = argparse.ArgumentParser(
        prog="bench", description=f"benches:\n{listing}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all but {', '.join(ON_REQUEST)}")
    names = parser.parse_args().names or list(BENCHES)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"unknown: {', '.join(unknown)}")
    missed = []
    for name in names:
        print(f"\n=== {name}: {known[name]}", flush=True)
        run = subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False)  # noqa: S603 — names from the table
        if run.returncode:
            missed.append(name)
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
