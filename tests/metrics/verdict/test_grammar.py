import pytest

from loadtest.errors import UsageError
from loadtest.metrics.verdict.grammar import Consequence, parse, parse_all


@pytest.mark.parametrize(
    ("expression", "figure", "comparison", "limit"),
    [
        ("fanout.p99 < 200ms", "latency.channel.message.created.p99_ms", "<", 200),
        ("fanout.p99 < 200", "latency.channel.message.created.p99_ms", "<", 200),
        ("fanout.p99<0.2s", "latency.channel.message.created.p99_ms", "<", 200),
        ("fanout.last.p99 < 500 ms", "completion.all.last.p99_ms", "<", 500),
        ("fanout.p50 <= 800us", "latency.channel.message.created.p50_ms", "<=", 0.8),
        ("recovery.max < 2min", "recovery.max_ms", "<", 120_000),
        ("session.start.p95 < 1s", "sessions.user_session_start.p95_ms", "<", 1000),
        (
            "delivery.message.ratio >= 99.99%",
            "ledger.channel.message.created.delivery_ratio",
            ">=",
            0.9999,
        ),
        (
            " ratio( ledger.channel.message.created ) > .9991 ",
            "ledger.channel.message.created.delivery_ratio",
            ">",
            0.9991,
        ),
        ("notifications.missed == 0", "notifications.missed", "==", 0),
        ("latency.channel.message.created.max_ms > 1e2", None, ">", 100),
        (
            "fanout.p99{phase=ramp} < 1s",
            "phases.ramp.latency.channel.message.created.p99_ms",
            "<",
            1000,
        ),
        ("fanout.last.p99 {size=11-100} < 1s", "completion.11-100.last.p99_ms", "<", 1000),
        (
            "fanout.last.p99{size=11-100, phase=drain} < 1s",
            "phases.drain.completion.11-100.last.p99_ms",
            "<",
            1000,
        ),
        ("fanout.p99{device=slow} < 9s", "by_device_class.slow.latency.p99_ms", "<", 9000),
        ("delivery.message.lost{device=others} == 0", "by_device_class.others.lost", "==", 0),
        (
            "notifications.missed{users=several_devices} == 0",
            "notifications.by_devices.several_devices.missed",
            "==",
            0,
        ),
        (
            "notifications.p99{phase=drain} < 1s",
            "phases.drain.notification_latency.p99_ms",
            "<",
            1000,
        ),
        (
            "notifications.activation.p95_ms < 900",
            "notifications.activation.at_most.p95_ms",
            "<",
            900,
        ),
    ],
)
def test_an_expression_names_a_figure_and_a_limit_in_its_unit(
    expression: str, figure: str | None, comparison: str, limit: float
) -> None:
    threshold = parse(expression)

    assert threshold.figure == (figure or "latency.channel.message.created.max_ms")
    assert threshold.comparison == comparison
    assert threshold.limit == pytest.approx(limit)
    assert threshold.consequence is Consequence.FAIL


@pytest.mark.parametrize(
    ("expression", "consequence", "delay_s"),
    [
        ("notifications.missed == 0 warn", Consequence.WARN, 0),
        ("notifications.missed == 0 abort", Consequence.ABORT, 0),
        ("fanout.p99 < 200ms abort after 30s", Consequence.ABORT, 30),
        ("fanout.p99 < 200 ms abort  after 1.5 min", Consequence.ABORT, 90),
    ],
)
def test_a_threshold_says_what_follows_if_it_breaks(
    expression: str, consequence: Consequence, delay_s: float
) -> None:
    threshold = parse(expression)

    assert (threshold.consequence, threshold.delay_s) == (consequence, delay_s)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "cannot be read"),
        ("latency.p99_ms", "cannot be read"),
        ("notifications.missed = 0", "cannot be read"),
        ("fanout.p99 < 200ms later", "cannot be read"),
        ("fanout.p99 < 200ms abort after", "cannot be read"),
        ("notifications.missed == none", "compares with 'none', not a number"),
        ("notifications.missed < nan", "compares with 'nan', not a number"),
        ("notifications.mised == 0", "did you mean notifications.missed"),
        ("fanout.p97 < 1s", "did you mean fanout.p99"),
        (
            "ratio(ledger.channel.message.create) > 0",
            "did you mean ledger.channel.message.created.delivery_ratio",
        ),
        ("generator.speed > 1", "generator has: clock_uncertainty_ms, cpu_ratio_peak"),
        ("speed > 1", "figures begin with one of: action, actions, activation, by_device_class"),
        ("fanout.p99 < 2%", "in %; it is a time: us, ms, s, min, or a number of ms"),
        ("delivery.message.ratio > 3ms", "in ms; it is a share: a number from 0 to 1, or %"),
        ("notifications.missed < 1s", "in s; it is a plain number (notifications)"),
        ("fanout.p99{speed=slow} < 1", "filters are: phase, size, device, users"),
        ("fanout.p99{phase=middle} < 1", "phase is one of: ramp, steady, drain, whole"),
        ("fanout.last.p99{size=11} < 1", "size is one of: all, 1, 2, 3-10, 11-100"),
        ("notifications.missed{phase=ramp} == 0", "notifications.missed is not kept by phase"),
    ],
)
def test_what_cannot_be_checked_is_refused_before_the_run(expression: str, problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse(expression)

    assert problem in str(raised.value)
    assert f"threshold {expression!r}" in str(raised.value)


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(UsageError) as raised:
        parse_all(["fanout.p97 < 1s", "notifications.missed == 0", "speed > 1"])

    assert len(raised.value.problems) == 2


def test_good_ones_come_in_their_order() -> None:
    thresholds = parse_all(["notifications.missed == 0", "fanout.p99 < 1s"])

    assert [each.expression for each in thresholds] == [
        "notifications.missed == 0",
        "fanout.p99 < 1s",
    ]
