import datetime
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given
from hypothesis import strategies as st

from loadtest.metrics.figures.histogram import HIGHEST_US, bucket_index
from loadtest.report.latency_log import LatencyInterval, latency_log, logged_latencies

STARTED = datetime.datetime(2026, 11, 22, 19, 15, tzinfo=datetime.UTC)


def read_back(path: Path, log: str) -> list[HdrHistogram]:
    path.write_text(log)
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, 3))
    found = []
    while (histogram := reader.get_next_interval_histogram()) is not None:
        found.append(histogram)
    reader.close()
    return found


def test_the_library_reads_what_was_written(tmp_path: Path) -> None:
    intervals = [
        LatencyInterval("channel.message.created", 0.0, 1.0, {5: 3, 2047: 1}),
        LatencyInterval("user.notification.created", 1.0, 0.5, {2048: 2}),
    ]

    messages, notifications = read_back(tmp_path / "l.hlog", latency_log(intervals, STARTED))

    assert messages.get_tag() == "channel.message.created"
    assert messages.total_count == 4
    assert (messages.get_count_at_value(5), messages.get_count_at_value(2047)) == (3, 1)
    assert notifications.get_tag() == "user.notification.created"
    assert notifications.get_count_at_value(2048) == 2


def test_intervals_carry_the_time_of_day(tmp_path: Path) -> None:
    interval = LatencyInterval("e", 12.0, 1.5, {1: 1})

    (histogram,) = read_back(tmp_path / "l.hlog", latency_log([interval], STARTED))

    began_ms = (STARTED.timestamp() + 12) * 1000
    assert histogram.get_start_time_stamp() == pytest.approx(began_ms)
    assert histogram.get_end_time_stamp() == pytest.approx(began_ms + 1500)


def test_what_began_before_the_run_counts_from_its_start() -> None:
    log = latency_log([LatencyInterval("e", -1, 1, {1: 1})], STARTED)

    assert "\nTag=e,0.000,1.000," in log


def test_a_second_without_samples_has_no_line() -> None:
    assert "Tag=" not in latency_log([LatencyInterval("e", 0, 1, {})], STARTED)


def test_a_tag_cannot_break_its_line() -> None:
    log = latency_log([LatencyInterval("a,b", 0, 1, {1: 1})], STARTED)

    assert "\nTag=a;b,0.000,1.000,0.001," in log


@pytest.mark.parametrize("beyond_us", [HIGHEST_US, HIGHEST_US * 10])
def test_the_slowest_samples_are_never_refused(tmp_path: Path, beyond_us: int) -> None:
    interval = LatencyInterval("e", 0, 1, {bucket_index(beyond_us): 7})

    (histogram,) = read_back(tmp_path / "l.hlog", latency_log([interval], STARTED))

    assert histogram.total_count == 7


@given(st.integers(0, HIGHEST_US))
def test_no_value_is_rounded_a_second_time(value_us: int) -> None:
    log = latency_log([LatencyInterval("e", 0, 1, {bucket_index(value_us): 1})], STARTED)

    histogram = HdrHistogram.decode(log.splitlines()[-1].rpartition(",")[2])

    assert histogram.get_count_at_value(value_us) == 1


def test_what_was_logged_is_read_back_merged_for_each_tag() -> None:
    intervals = [
        LatencyInterval("channel.message.created", 0.0, 1.0, {5: 3}),
        LatencyInterval("channel.message.created", 1.0, 1.0, {5: 1, 2047: 1}),
        LatencyInterval("user.notification.created", 0.0, 2.0, {7: 2}),
    ]
    found = logged_latencies(latency_log(intervals, STARTED))
    messages = found["channel.message.created"]

    assert set(found) == {"channel.message.created", "user.notification.created"}
    assert messages.get_total_count() == 5
    assert (messages.get_count_at_value(5), messages.get_count_at_value(2047)) == (4, 1)


def test_a_log_without_lines_holds_nothing() -> None:
    assert logged_latencies(latency_log([], STARTED)) == {}
