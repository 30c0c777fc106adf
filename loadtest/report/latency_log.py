"""``latency.hlog``: every latency of a run as an HdrHistogram interval log, version 1.2.

Any tool that reads such logs can merge, plot and compare runs from it. Values are microseconds, and
each line carries the tag of what was timed. The buckets of our sparse histograms are
HdrHistogram's own (three significant digits), so that nothing is rounded a second time.
"""

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hdrh.histogram import HdrHistogram

from loadtest.clock import US_PER_MS
from loadtest.metrics.figures.histogram import HIGHEST_US, bucket_range_us

__all__ = ["LatencyInterval", "latency_log", "logged_latencies"]

_SIGNIFICANT_DIGITS = 3
_LINE = re.compile(r"Tag=([^,]*),[^,]*,[^,]*,[^,]*,(\S+)")


@dataclass(frozen=True, slots=True)
class LatencyInterval:
    """What was timed under one tag in one stretch of the run."""

    tag: str
    """Such as ``channel.message.created``; a comma would end it in the file."""
    start_s: float
    """Since the start of the run; what began before it counts from there."""
    length_s: float
    counts: Mapping[int, int]
    """Count of samples by index of their bucket."""


def latency_log(intervals: Iterable[LatencyInterval], started: datetime.datetime) -> str:
    """Return the content of an interval log whose times count from ``started``."""
    epoch_s = started.timestamp()
    lines = [
        "#[chatkitty-loadtest: values are microseconds, maxima milliseconds]",
        "#[Histogram log format version 1.2]",
        f"#[StartTime: {epoch_s:.3f} (seconds since epoch), {started.isoformat()}]",
        f"#[BaseTime: {epoch_s:.3f} (seconds since epoch)]",
        '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ]
    lines += [_line(interval) for interval in intervals if interval.counts]
    return "\n".join(lines) + "\n"


def logged_latencies(log: str) -> dict[str, HdrHistogram]:
    """Return all that an interval log holds, in microseconds, merged for each tag."""
    found: dict[str, HdrHistogram] = {}
    for tag, encoded in _LINE.findall(log):
        histogram = HdrHistogram.decode(encoded)
        if tag in found:
            found[tag].add(histogram)
        else:
            found[tag] = histogram
    return found


def _line(interval: LatencyInterval) -> str:
    highest = bucket_range_us(max(interval.counts))[0]
    # A value over the limit would be refused without an error: the limit gives way to it.
    histogram = HdrHistogram(1, max(HIGHEST_US, highest), _SIGNIFICANT_DIGITS)
    for index, count in interval.counts.items():
        histogram.record_value(bucket_range_us(index)[0], count)
    tag = interval.tag.replace(",", ";")
    # Readers of such logs know no sign.
    start_s = max(0.0, interval.start_s)
    return (
        f"Tag={tag},{start_s:.3f},{interval.length_s:.3f},{highest / US_PER_MS:.3f},"
        f"{histogram.encode().decode('ascii')}"
    )
