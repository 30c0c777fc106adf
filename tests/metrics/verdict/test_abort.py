from loadtest.metrics.verdict.abort import Abort, AbortWatch
from loadtest.metrics.verdict.grammar import Threshold, parse_all
from loadtest.metrics.verdict.thresholds import ThresholdResult

FAST, LATE, PLAIN = parse_all(
    [
        "fanout.p99 < 200ms abort",
        "notifications.missed == 0 abort after 30s",
        "delivery.message.lost == 0",
    ]
)


def broken(threshold: Threshold) -> ThresholdResult:
    return ThresholdResult(threshold, 999.0, False, 5000, 1000)


def undecided(threshold: Threshold) -> ThresholdResult:
    return ThresholdResult(threshold, 999.0, None, 5, 1000)


def test_only_a_threshold_that_says_so_ends_a_run() -> None:
    assert AbortWatch([PLAIN]).broken(broken, 60) is None
    assert AbortWatch([PLAIN, FAST]).broken(broken, 60) == Abort(FAST.expression, 999.0, 60)


def test_it_does_not_before_its_delay() -> None:
    watch = AbortWatch([LATE])

    assert watch.broken(broken, 29.9) is None
    assert watch.broken(broken, 30) is not None


def test_too_few_samples_end_nothing() -> None:
    assert AbortWatch([FAST]).broken(undecided, 60) is None


def test_it_looks_once_a_second_and_not_without_need() -> None:
    watch = AbortWatch([FAST])

    assert [watch.is_due(at_s) for at_s in (1.0, 1.5, 1.9, 2.0, 2.5)] == [
        *(True, False, False, True, False)
    ]
    assert not AbortWatch([PLAIN]).is_due(100)
    assert not AbortWatch([PLAIN]).is_needed
    assert watch.is_needed
    assert not AbortWatch([LATE]).is_due(29)
