"""Whether one chat delays others: one whose bookings take the API 5 s, and one that presses a button 4000 times.

200 citizens book alone, then beside the slow one; 10, as many as leave the bot time, alone and beside the flooder.
`python -m bench.isolation` prints each p99 and the ratios; ends with 1 when one is above 1.5.
"""

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable

from bench.load import Figures, measure_bot

CITIZENS, SECONDS, ROUNDS, SLOW = 200, 6.0, 3, 5.0
FEW, LATENCY, PRESSES = 10, 0.002, 4000
HIGHEST_RATIO = 1.5
Round = Callable[[], Awaitable[Figures]]


async def measure() -> float:
    """Returns the larger of both ratios of p99."""
    print(f"{'':<40}{'steps/s':>10}{'p50 ms':>10}{'p99 ms':>10}")
    slow = await compare(
        f"{CITIZENS} citizens alone",
        lambda: measure_bot(CITIZENS, 0.0, SECONDS),
        "beside one who waits 5 s a booking",
        lambda: measure_bot(CITIZENS + 1, 0.0, SECONDS, slow=SLOW),
    )
    flood = await compare(
        f"{FEW} citizens alone",
        lambda: measure_bot(FEW, LATENCY, SECONDS),
        f"beside one who presses {PRESSES} times",
        lambda: measure_bot(FEW, LATENCY, SECONDS, presses=PRESSES),
    )
    return max(slow, flood)


async def compare(name: str, measure_alone: Round, other_name: str, measure_beside: Round) -> float:
    """Interleave rounds, and print both; returns the median of the rounds' ratios of p99."""
    alone: list[Figures] = []
    beside: list[Figures] = []
    for _ in range(ROUNDS):
        alone.append(await measure_alone())
        beside.append(await measure_beside())
    for title, rounds in ((name, alone), (other_name, beside)):
        steps = statistics.median(each.steps_per_second for each in rounds)
        p50, p99 = statistics.median(each.p50 for each in rounds), statistics.median(each.p99 for each in rounds)
        print(f"{title:<40}{steps:>10.0f}{p50:>10.1f}{p99:>10.1f}")
    ratio = statistics.median(slow.p99 / fast.p99 for slow, fast in zip(beside, alone, strict=True))
    print(f"p99 beside / p99 alone: {ratio:.2f} (at most {HIGHEST_RATIO})")
    return ratio


def main() -> int:
    """Run it; returns the exit code."""
    return 1 if asyncio.run(measure()) > HIGHEST_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
