"""Our figures as rows of Locust's own statistics."""

from locust.stats import RequestStats

from loadtest.metrics import Histogram, Interval
from loadtest.metrics.figures.figures import (
    ActionFigures,
    CrossWorkerFigures,
    EventFigures,
    Figures,
    NotificationFigures,
)
from loadtest.metrics.figures.timeline import TimelineRow
from loadtest.run.worker.locust_stats import add_rows

NOW_S = 1_800_000_000.5


def times(*values_us: int) -> Histogram:
    histogram = Histogram()
    histogram.record_all(values_us)
    return histogram


def interval(**figures: object) -> Interval:
    return Interval(0, 0, 1, Figures(**figures), TimelineRow())  # type: ignore[arg-type]


def stats_of(*intervals: Interval) -> RequestStats:
    stats = RequestStats()
    for each in intervals:
        add_rows(stats, each, NOW_S)
    return stats


def action(
    *values_us: int, errors: dict[str, int] | None = None, dropped: dict[str, int] | None = None
) -> dict[str, ActionFigures]:
    return {
        "message": ActionFigures(
            completed=len(values_us),
            completion=times(*values_us),
            errors=errors or {},
            dropped=dropped or {},
        )
    }


def test_an_action_is_a_row_and_part_of_the_total() -> None:
    stats = stats_of(interval(actions=action(4_000, 6_000)), interval(actions=action(20_000)))
    row = stats.get("message", "ACTION")

    assert (row.num_requests, row.num_failures) == (3, 0)
    assert (row.min_response_time, row.max_response_time, row.avg_response_time) == (4, 20, 10)
    assert row.get_response_time_percentile(1.0) == 20
    assert (stats.total.num_requests, stats.total.max_response_time) == (3, 20)
    assert sum(row.num_reqs_per_sec.values()) == 3


def test_deliveries_are_a_row_and_no_part_of_the_total() -> None:
    seen = {"channel.message.created": EventFigures(latency=times(*[2_000] * 1_000))}
    stats = stats_of(interval(events=seen))

    assert stats.get("channel.message.created", "EVENT").num_requests == 1_000
    assert stats.total.num_requests == 0


def test_notifications_are_a_row_over_all_classes_of_users() -> None:
    one = NotificationFigures(latency=times(1_000))
    many = NotificationFigures(latency=times(3_000))
    figures = Figures()
    figures.notifications.update({"single": one, "multi": many})
    stats = RequestStats()
    add_rows(stats, Interval(0, 0, 1, figures, TimelineRow()), NOW_S)

    assert stats.get("user.notification.created", "EVENT").num_requests == 2


def test_failures_count_with_their_reason_and_touch_no_percentile() -> None:
    failed = action(5_000, errors={"no RECEIPT within 10 s": 2}, dropped={"user session: ended": 1})
    stats = stats_of(interval(actions=failed))
    row = stats.get("message", "ACTION")

    assert (row.num_requests, row.num_failures) == (4, 3)
    assert row.get_response_time_percentile(0.5) == 5
    assert {error.error: error.occurrences for error in stats.errors.values()} == {
        "no RECEIPT within 10 s": 2,
        "not offered: user session: ended": 1,
    }
    assert stats.total.num_failures == 3


def test_what_did_not_happen_has_no_row() -> None:
    seen = {"channel.message.created": EventFigures()}
    stats = stats_of(interval(actions=action(), events=seen))

    assert list(stats.entries) == []


def test_rows_survive_the_way_from_a_worker_to_the_master() -> None:
    stats = stats_of(interval(actions=action(4_000, 6_000)))
    row = stats.get("message", "ACTION")
    merged = RequestStats()
    merged.get("message", "ACTION").extend(type(row).unserialize(row.serialize(), merged))

    assert merged.get("message", "ACTION").num_requests == 2
    assert merged.get("message", "ACTION").response_times == {4: 1, 6: 1}


def test_what_crosses_workers_is_a_row_of_its_own_outside_of_the_total() -> None:
    crossed = {"channel.message.created": CrossWorkerFigures(latency=times(-100, 8_000))}
    stats = stats_of(interval(cross_worker=crossed))
    row = stats.get("channel.message.created (between workers)", "EVENT")

    assert (row.num_requests, row.max_response_time) == (2, 8)
    assert stats.total.num_requests == 0
