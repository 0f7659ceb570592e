"""Whether one slow chat delays others: 200 citizens book alone, then beside one whose bookings take the API 5 s.

`python -m bench.isolation` prints both p99 and their ratio; ends with 1 when it is above 1.5.
"""

import asyncio
import statistics
import sys

from bench.load import Figures, measure_bot

CITIZENS, SECONDS, ROUNDS, SLOW = 200, 6.0, 3, 5.0
HIGHEST_RATIO = 1.5


async def measure() -> float:
    """Interleave rounds; returns the median of the rounds' ratios of p99."""
    alone: list[Figures] = []
    beside: list[Figures] = []
    for _ in range(ROUNDS):
        alone.append(await measure_bot(CITIZENS, 0.0, SECONDS))
        beside.append(await measure_bot(CITIZENS + 1, 0.0, SECONDS, slow=SLOW))
    print(f"{'':<34}{'steps/s':>10}{'p50 ms':>10}{'p99 ms':>10}")
    for name, rounds in (("200 citizens alone", alone), ("beside one who waits 5 s a booking", beside)):
        steps = statistics.median(each.steps_per_second for each in rounds)
        p50, p99 = statistics.median(each.p50 for each in rounds), statistics.median(each.p99 for each in rounds)
        print(f"{name:<34}{steps:>10.0f}{p50:>10.1f}{p99:>10.1f}")
    ratio = statistics.median(slow.p99 / fast.p99 for slow, fast in zip(beside, alone, strict=True))
    print(f"p99 beside / p99 alone: {ratio:.2f} (at most {HIGHEST_RATIO})")
    return ratio


def main() -> int:
    """Run it; returns the exit code."""
    return 1 if asyncio.run(measure()) > HIGHEST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
