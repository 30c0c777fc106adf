import pytest

from loadtest.metrics.figures.notified import (
    NotificationFigures,
    OutcomeFigures,
    PushFigures,
    judged_share,
)


@pytest.mark.parametrize(
    ("expected", "boundary", "share"),
    [
        pytest.param(99, 1, 0.99, id="a boundary is not judged"),
        pytest.param(0, 4, 0.0, id="nothing is judged"),
        pytest.param(0, 0, None, id="there was nothing to judge"),
    ],
)
def test_the_judged_share_is_what_was_expected_of_all(
    expected: int, boundary: int, share: float | None
) -> None:
    assert judged_share(expected, boundary) == share
    assert NotificationFigures(expected=expected, boundary=boundary).judged_share == share
    assert PushFigures(expected=expected, boundary=boundary).judged_share == share


def test_neither_is_a_gap_and_both_an_overlap_at_an_end_alone() -> None:
    """What comes as neither while somebody enters is in the history that an app reads."""
    outcomes = OutcomeFigures(delivered=1, notified=2, neither=3, both=4)
    figures = NotificationFigures(handoff=outcomes, entry=OutcomeFigures(neither=7, both=8))

    assert outcomes.total == 10
    assert (figures.handoff_gap, figures.handoff_overlap) == (3, 4)
