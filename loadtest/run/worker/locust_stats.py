"""Our figures as rows of Locust's own statistics: live tables, charts, CSV, merged over workers.

Actions are rows of type ACTION and part of Locust's total, so that "RPS" and "failures" keep their
meaning. Deliveries are rows of type EVENT, outside of the total: one message is thousands of them.
Locust keeps two digits of each time, so these rows are for watching; figures to quote are in the
summary.
"""

from collections.abc import Mapping
from functools import cache
from itertools import groupby

from locust.stats import RequestStats, StatsEntry, StatsError, bucket_response_time

from loadtest.clock import US_PER_MS
from loadtest.metrics import Histogram, Interval
from loadtest.metrics.figures.histogram import bucket_range_us

__all__ = ["add_rows"]

_ACTION = "ACTION"
_EVENT = "EVENT"


def add_rows(stats: RequestStats, interval: Interval, now_s: float) -> None:
    """Add what was counted in one second; ``now_s`` is the wall-clock time of its end."""
    figures = interval.figures
    for event, seen in figures.events.items():
        _extend(stats, event, _EVENT, seen.latency, {}, now_s)
    notified = figures.all_notifications()
    _extend(stats, "user.notification.created", _EVENT, notified.latency, {}, now_s)
    for event, crossed in figures.cross_worker.items():
        _extend(stats, f"{event} (between workers)", _EVENT, crossed.latency, {}, now_s)
    for action, done in figures.actions.items():
        failures = {**done.errors}
        for reason, count in done.dropped.items():
            failures[f"not offered: {reason}"] = count
        added = _extend(stats, action, _ACTION, done.completion, failures, now_s)
        if added is not None:
            stats.total.extend(added)


def _extend(
    stats: RequestStats,
    name: str,
    kind: str,
    times: Histogram,
    failures: Mapping[str, int],
    now_s: float,
) -> StatsEntry | None:
    """Add samples and failures to one row, and return them as a row of their own."""
    failed = sum(failures.values())
    if not times.count and not failed:
        return None
    entry = _entry_from(stats, name, kind, times, now_s)
    second = int(now_s)
    entry.num_requests += failed
    entry.num_none_requests += failed
    entry.num_failures = failed
    entry.num_reqs_per_sec[second] = entry.num_requests
    if failed:
        entry.num_fail_per_sec[second] = failed
    stats.get(name, kind).extend(entry)
    for reason, count in failures.items():
        _add_error(stats, name, kind, reason, count)
    return entry


def _entry_from(
    stats: RequestStats, name: str, kind: str, times: Histogram, now_s: float
) -> StatsEntry:
    entry = StatsEntry(stats, name, kind)
    entry.start_time = entry.last_request_timestamp = now_s
    entry.num_requests = times.count
    if times.count:
        entry.total_response_time = round(times.sum_us / US_PER_MS)
        entry.min_response_time = round(times.min_us / US_PER_MS)
        entry.max_response_time = round(times.max_us / US_PER_MS)
    rounded = ((_rounded_ms(index), count) for index, count in sorted(times.counts.items()))
    for value, group in groupby(rounded, key=lambda pair: pair[0]):
        entry.response_times[value] = sum(count for _, count in group)
    return entry


@cache
def _rounded_ms(index: int) -> int:
    return bucket_response_time(bucket_range_us(index)[0] / US_PER_MS)


def _add_error(stats: RequestStats, name: str, kind: str, reason: str, count: int) -> None:
    key = StatsError.create_key(kind, name, reason)
    error = stats.errors.get(key)
    if error is None:
        error = stats.errors[key] = StatsError(kind, name, reason)
    error.occurrences += count
