import pytest

from loadtest.metrics.catalogue.declaration import Block, Gravity
from loadtest.metrics.catalogue.notified import ACTIVATION, NOTIFICATIONS, PUSH, RECOVERY
from loadtest.metrics.catalogue.values import block_values
from loadtest.metrics.figures.figures import ActivationFigures, NotificationFigures, RecoveryFigures


@pytest.mark.parametrize(
    ("block", "counts"),
    [
        (NOTIFICATIONS, NotificationFigures()),
        (ACTIVATION, ActivationFigures()),
        (RECOVERY, RecoveryFigures()),
    ],
)
def test_each_figure_comes_from_a_field_that_exists(block: Block, counts: object) -> None:
    assert block_values(block, counts)


@pytest.mark.parametrize("block", [NOTIFICATIONS, PUSH])
def test_what_is_missed_duplicate_or_spurious_is_a_fault(block: Block) -> None:
    faults = {each.name for each in block.figures if each.gravity is Gravity.FAULT}

    assert faults >= {"missed", "duplicate", "spurious"}
    assert "late" not in faults


def test_a_ratio_is_of_what_was_expected() -> None:
    counts = NotificationFigures(expected=4, delivered=3, missed=1)

    assert block_values(NOTIFICATIONS, counts)["delivery_ratio"] == 0.75
