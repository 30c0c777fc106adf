import pytest
from msgspec import Struct

from loadtest.metrics.figures.adding import add, decoded, encoded, sum_of
from loadtest.metrics.figures.histogram import Histogram


class _Bounds(Struct):
    from_s_low: float | None = None
    to_s_peak: float = 0.0


def test_a_low_is_the_lower_one_and_none_says_nothing() -> None:
    whole = sum_of(
        _Bounds(), {"a": _Bounds(None, 3.0), "b": _Bounds(5.0, 9.0), "c": _Bounds(4.0, 8.0)}
    )

    assert whole == _Bounds(4.0, 9.0)


def test_adding_nothing_keeps_a_low() -> None:
    whole = _Bounds(2.0)
    add(whole, _Bounds())

    assert whole.from_s_low == 2.0


def test_only_histograms_travel_as_something_else() -> None:
    histogram = Histogram()
    histogram.record_all([5])

    assert decoded(Histogram, encoded(histogram)) == histogram  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError, match="figures cannot hold a set"):
        encoded(set())
    with pytest.raises(NotImplementedError, match="figures cannot hold a set"):
        decoded(set, {})
