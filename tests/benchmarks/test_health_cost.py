import pytest

from tests.benchmarks.errors import BenchmarkError
from tests.benchmarks.health_cost import HealthCost, _measured, health_cost


def test_the_cost_is_the_median_difference_of_a_round() -> None:
    cost = HealthCost(without=(0.010, 0.020, 0.012), watched=(0.013, 0.021, 0.090))

    assert cost.cpu_s_per_s == pytest.approx(0.003)
    assert str(cost).startswith("health sampling: 0.0030 CPU seconds per second of run")


@pytest.mark.benchmark
def test_each_round_measures_an_engine_with_and_without_its_watch() -> None:
    cost = health_cost(rounds=1, seconds=0.5)

    assert len(cost.without) == len(cost.watched) == 1
    assert 0 < cost.without[0] < 1
    assert 0 < cost.watched[0] < 1


def test_a_process_that_fails_is_an_error_of_the_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.executable", "false")

    with pytest.raises(BenchmarkError, match="health sampling could not be measured"):
        _measured("watched", 1)
