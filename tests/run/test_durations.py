"""Durations as people write them."""

import pytest

from loadtest.errors import UsageError
from loadtest.run.durations import duration_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30", 30), ("30s", 30), ("5m", 300), ("1h30m", 5_400), ("1h2m3s", 3_723), ("250ms", 0.25)],
)
def test_a_duration_may_have_parts(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-3s", "soon", "1m1h", "5 m", "1x"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="must be a time above 0 such as 30s, 5m or 1h30m"):
        duration_s(text)
