from tests.benchmarks.measure import Measurement
from tests.benchmarks.summary import Spread, ratio_by_round, spread_of, summarize

_SECOND_NS = 1_000_000_000


def _measured(row: str, number: int, events: int, devices: int = 100) -> Measurement:
    return Measurement(
        row=row,
        devices=devices,
        round=number,
        events=events,
        acks=events,
        acks_known=events,
        cpu_ns=_SECOND_NS,
        duration_ns=2 * _SECOND_NS,
        start_cpu_ns=_SECOND_NS // 2,
        start_duration_ns=_SECOND_NS,
        idle_bytes=devices * 2_048,
        feeder_cpu_ns=_SECOND_NS,
        report={},
    )


def test_a_spread_is_median_and_range() -> None:
    assert spread_of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_nothing_has_no_spread() -> None:
    assert spread_of([]) is None


def test_figures_are_per_second_of_cpu_and_per_device() -> None:
    measured = _measured("ours", 1, 5_000)

    assert measured.events_per_cpu_s == 5_000
    assert measured.devices_per_cpu_s == 200
    assert measured.idle_bytes_per_device == 2_048
    assert measured.cpu_ratio == 0.5


def test_a_ratio_is_taken_within_each_round() -> None:
    """The machine was twice as slow in round 2: both rows halve, and the ratio stays."""
    own = [_measured("ours", 1, 80), _measured("ours", 2, 40)]
    other = [_measured("limit", 1, 160), _measured("limit", 2, 80)]

    assert ratio_by_round(own, other, lambda each: each.events) == Spread(0.5, 0.5, 0.5)


def test_rounds_without_a_counterpart_have_no_ratio() -> None:
    own, other = [_measured("ours", 1, 80)], [_measured("limit", 2, 160)]

    assert ratio_by_round(own, other, lambda each: each.events) is None


def test_sizes_are_never_mixed() -> None:
    measurements = [
        _measured("limit", 1, 200, devices=100),
        _measured("ours", 1, 100, devices=100),
        _measured("ours", 1, 50, devices=1_000),
    ]

    small, large = (s for s in summarize(measurements, limit="limit", classic="locust")[1:])

    assert small.ratio_to_limit == Spread(0.5, 0.5, 0.5)
    assert large.ratio_to_limit is None
    assert large.ratio_to_classic is None


def test_the_number_of_rounds_is_told() -> None:
    measurements = [_measured("ours", number, 100) for number in (1, 2, 3)]

    (summary,) = summarize(measurements, limit="limit", classic="locust")

    assert summary.rounds == 3
