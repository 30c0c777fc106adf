"""The ways to read and write, in miniature: each serves every event to its end."""

import pytest

from tests.benchmarks.floors import WAYS, measure_way


@pytest.mark.benchmark
@pytest.mark.parametrize("name", WAYS)
def test_a_way_serves_all_events(name: str) -> None:
    assert measure_way(WAYS[name], connections=5, events=3) > 0
