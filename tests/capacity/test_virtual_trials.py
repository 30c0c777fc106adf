"""Trials on the embedded server with a known service rate: below it they pass, above it they fail.

The same trials, in their hundreds, are what ``tests.benchmarks.capacity`` counts.
"""

import pytest

from tests.support.virtual_trials import virtual_trial


@pytest.mark.parametrize(("ratio", "outcome"), [(0.9, "pass"), (1.1, "fail")])
def test_the_service_rate_is_the_limit(ratio: float, outcome: str) -> None:
    rate = 30
    trial = virtual_trial(ratio * rate, rate)

    assert trial.outcome == outcome
    assert trial.lost == 0
    assert (trial.broken == []) == (outcome == "pass")
