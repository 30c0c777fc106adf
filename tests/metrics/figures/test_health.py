from loadtest.metrics.figures.figures import HealthFigures
from loadtest.metrics.figures.health import HealthSample, record_health


def test_lags_are_distributions_and_the_rest_are_peaks() -> None:
    figures = HealthFigures()
    record_health(figures, HealthSample(1, loop_lag_ns=2_000_000, cpu_ratio=0.9, open_files=7))
    record_health(figures, HealthSample(2, hub_lag_ns=5_000_000, cpu_ratio=0.3, unsent_bytes=4))

    assert figures.samples == 2
    assert (figures.loop_lag.count, figures.loop_lag.max_us) == (2, 2_000)
    assert figures.hub_lag.max_us == 5_000
    assert (figures.cpu_ratio_peak, figures.unsent_bytes_peak) == (0.9, 4)
    assert figures.open_files_peak == 7


def test_no_lag_at_all_is_in_the_range_of_the_histogram() -> None:
    figures = HealthFigures()
    record_health(figures, HealthSample(1))

    assert figures.loop_lag.too_low_count == 0
