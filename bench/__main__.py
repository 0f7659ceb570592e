"""All benches, each a process of its own: `make bench`. Ends with 1 when one of them missed its bound."""

import subprocess
import sys

BENCHES = {
    "load": "steps per second beside a plain echo bot, at 0, 20 and 100 ms of Bot API latency",
    "endurance": "memory after 100,000 bookings (six minutes)",
    "isolation": "one slow chat delays no other",
    "api_budget": "requests per booking, and a city that wants more than the budget",
    "broadcast_limits": "a broadcast under Telegram's limits while citizens book",
    "broadcast_rate": "a broadcast without limits",
    "broadcast_million": "a million recipients",
    "scale": "what it costs as citizens and known chats grow",
}


def main() -> int:
    """Run those named on the command line, or all."""
    missed = []
    for name in sys.argv[1:] or BENCHES:
        print(f"\n=== {name}: {BENCHES[name]}", flush=True)
        done = subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False)  # noqa: S603 — names from the table
        if done.returncode:
            missed.append(name)
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
