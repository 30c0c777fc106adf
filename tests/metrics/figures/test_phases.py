import math

import pytest

from loadtest.metrics.figures.phases import CompletionFigures, PhaseFigures


def completion(*values_us: int, never: int = 0) -> CompletionFigures:
    figures = CompletionFigures()
    figures.last.record_all(values_us)
    figures.never["last"] = never
    return figures


@pytest.mark.parametrize(
    ("percentile", "value"),
    [
        pytest.param(30, 300, id="among those that were reached"),
        pytest.param(30.1, math.inf, id="just beyond them"),
        pytest.param(99, math.inf, id="far beyond them"),
    ],
)
def test_a_percentile_is_over_all_messages_and_not_over_the_survivors(
    percentile: float, value: float
) -> None:
    """Seven of ten messages never reached their last device."""
    figures = completion(100, 200, 300, never=7)

    assert figures.percentile_us("last", percentile) == value
    assert figures.count("last") == 10


def test_without_a_loss_a_percentile_is_that_of_the_histogram() -> None:
    figures = completion(100, 200, 300)

    assert figures.percentile_us("last", 99) == 300
    assert figures.percentile_us("first", 99) is None


def test_a_phase_lists_what_is_asked_for() -> None:
    phase = PhaseFigures()
    phase.event("typing").latency.record_all([3])
    phase.action("edit").completion.record_all([4])
    phase.completed("1").last.record_all([5])
    phase.completed("2").never["last"] = 1

    assert phase.events["typing"].latency.count == 1
    assert phase.actions["edit"].completion.count == 1
    assert phase.all_completion().count("last") == 2
