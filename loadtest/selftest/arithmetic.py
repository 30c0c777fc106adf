"""What known faults must do to latencies, as arithmetic.

The stall. Let messages be due evenly, n of them over a window of W seconds, and let the server
stand still k times within it, for S seconds each. A message that is due u seconds after a stall
began waits S - u seconds, for every u from 0 to S; all other messages wait for nothing. So of all
time, and of all messages, the share that waits longer than x is

    share(x) = k * (S - x) / W            for 0 < x < S,

and the latency that a share 1 - p exceeds, which is the p-th percentile, is

    x(p) = S - (1 - p) * W / k            as long as that is above 0.

For stalls of 2 s, two of them in 24 s: p90 = 0.8 s, p95 = 1.4 s, p99 = 1.88 s, maximum 2 s. That is
what an open workload must show. A closed one, whose users each wait for their own last message
before they send the next, has one message per user and stall that waits, whatever time it takes:
with a message every 25 ms that is 2 of 800, so that even the p99 stays where it was. The server was
away for a sixth of the time, and the closed workload's p99 does not know. That is coordinated
omission.

The queue. A server that hands out at most R copies a second, and is asked for N in W seconds, is
done after N / R seconds; so the last copy is N / R - W seconds late, and the median half of that.
Below the rate there is next to no queue: that is the knee.

The jitter. Copies that each wait for a time of their own, evenly spread from 0 to J, have p J as
the p-th percentile of that wait. Of n copies, the share below it is p give or take the square root
of p (1 - p) / n, and so the percentile of a run is p J give or take J times that.
"""

from math import sqrt

__all__ = ["jitter_error_ms", "jitter_percentile_ms", "queue_wait_ms", "stall_percentile_ms"]

_MS_PER_S = 1000
_WHOLE = 100


def stall_percentile_ms(
    percentile: float, *, stall_s: float, stall_count: int, window_s: float
) -> float:
    """Return a percentile of latency, in ms, under stalls; 0 where they are not seen."""
    share = (_WHOLE - percentile) / _WHOLE
    return max(stall_s - share * window_s / stall_count, 0.0) * _MS_PER_S


def queue_wait_ms(copies: int, *, per_s: float, window_s: float) -> float:
    """Return how long the last of ``copies`` waits, in ms, if they come within the window."""
    return max(copies / per_s - window_s, 0.0) * _MS_PER_S


def jitter_percentile_ms(percentile: float, *, jitter_ms: float) -> float:
    """Return a percentile of waits that are evenly spread from 0 to ``jitter_ms``, in ms."""
    return percentile / _WHOLE * jitter_ms


def jitter_error_ms(percentile: float, *, jitter_ms: float, count: int) -> float:
    """Return the standard error of that percentile among ``count`` waits, in ms."""
    share = percentile / _WHOLE
    return jitter_ms * sqrt(share * (1 - share) / count)
