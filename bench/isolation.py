"""That one slow chat delays no other: 200 citizens book while the API answers a 201st in five seconds, and without.

`python -m bench.isolation` prints both p99 and their ratio, which is to stay within 1.5 (issue *Nothing lost*).
"""

import asyncio
import statistics
import sys

from bench.load import Figures, run_ours

CITIZENS, SECONDS, ROUNDS, SLOW = 200, 6.0, 3, 5.0
BOUND = 1.5


async def measure() -> float:
    """Interleaved rounds; returns the median of the rounds' ratios of p99."""
    alone: list[Figures] = []
    beside: list[Figures] = []
    for _ in range(ROUNDS):
        alone.append(await run_ours(CITIZENS, 0.0, SECONDS))
        beside.append(await run_ours(CITIZENS + 1, 0.0, SECONDS, slow=SLOW))
    print(f"{'':<34}{'steps/s':>10}{'p50 ms':>10}{'p99 ms':>10}")
    for name, runs in (("200 citizens alone", alone), ("beside one who waits 5 s a booking", beside)):
        steps, p50, p99 = (statistics.median(getattr(each, name) for each in runs) for name in ("steps", "p50", "p99"))
        print(f"{name:<34}{steps:>10.0f}{p50:>10.1f}{p99:>10.1f}")
    ratio = statistics.median(slow.p99 / fast.p99 for slow, fast in zip(beside, alone, strict=True))
    print(f"p99 beside / p99 alone: {ratio:.2f} (at most {BOUND})")
    return ratio


def main() -> None:
    """Run it; exits with 1 when the bound is missed."""
    if asyncio.run(measure()) > BOUND:
        sys.exit(1)


if __name__ == "__main__":
    main()
