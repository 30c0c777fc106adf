from loadtest.metrics.figures.figures import Figures, add
from loadtest.metrics.figures.timeline import Gauges, Timeline, TimelineRow, decode_row, encode_row
from loadtest.observations import ChatEvent
from tests.support.scenes import ns


def figures_of(deliveries: int, latency_us: int) -> Figures:
    figures = Figures()
    event = figures.event(ChatEvent.MESSAGE_CREATED)
    event.delivered = event.expected = deliveries
    event.latency.record_all([latency_us] * deliveries)
    return figures


def test_a_row_says_what_happened_and_how_things_stand() -> None:
    row = Timeline(0, 3).add(ns(1010), figures_of(3, 1500), Gauges(devices=7, cpu_ratio=0.25))
    columns = row.columns()

    assert (columns["t_s"], columns["devices"], columns["deliveries"]) == (1, 7, 3)
    assert (columns["delivery_p99_ms"], columns["cpu_ratio"]) == (1.5, 0.25)


def test_what_was_not_measured_is_none() -> None:
    columns = Timeline(0, 3).add(ns(1000), Figures(), Gauges()).columns()

    assert columns["delivery_p50_ms"] is None
    assert columns["generator_lag_p99_ms"] is None


def test_a_second_roll_within_a_second_completes_its_row() -> None:
    timeline = Timeline(ns(500), 3)
    timeline.add(ns(1600), figures_of(3, 1500), Gauges(devices=7))
    row = timeline.add(ns(1900), figures_of(1, 9000), Gauges(devices=5))

    assert (row.t_s, row.deliveries, row.devices) == (1, 4, 5)
    assert row.latency.max_us == 9000
    assert [decode_row(each) for _, each in timeline.rows()] == [row]


def test_only_the_latest_rows_are_kept() -> None:
    timeline = Timeline(0, 3)
    for second in (1, 2, 3, 5):
        timeline.add(ns(second * 1000), Figures(), Gauges())

    assert [t_s for t_s, _ in timeline.rows()] == [2, 3, 5]


def test_rows_of_two_workers_add_up() -> None:
    rows = [
        TimelineRow(devices=2, deliveries=3, loop_lag_us_peak=4),
        TimelineRow(devices=5, deliveries=1, loop_lag_us_peak=9),
    ]
    total = TimelineRow()
    for row in rows:
        add(total, row)

    assert (total.devices, total.deliveries, total.loop_lag_us_peak) == (7, 4, 9)


def test_an_encoded_row_gives_the_same_row_back() -> None:
    row = Timeline(0, 3).add(ns(1000), figures_of(3, 1500), Gauges(devices=7))

    assert decode_row(encode_row(row)) == row
