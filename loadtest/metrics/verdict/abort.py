"""When a run ends before its time because a threshold with ``abort`` broke."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from loadtest.metrics.verdict.grammar import Consequence, Threshold
from loadtest.metrics.verdict.thresholds import ThresholdResult

__all__ = ["Abort", "AbortWatch"]

_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Abort:
    """What ended a run."""

    expression: str
    value: float
    """The value by which it broke; the figure of the whole run may be another."""
    at_s: float


class AbortWatch:
    """Looks at the thresholds of a run that may end it, about once a second.

    Args:
        thresholds: All of the run's.
    """

    def __init__(self, thresholds: Iterable[Threshold]) -> None:
        self._watched = tuple(each for each in thresholds if each.consequence is Consequence.ABORT)
        self._looked_s = 0.0

    @property
    def is_needed(self) -> bool:
        """Whether any threshold may end the run."""
        return bool(self._watched)

    def is_due(self, elapsed_s: float) -> bool:
        """Tell whether it is time to look, and take note that somebody does."""
        if elapsed_s - self._looked_s < _EVERY_S:
            return False
        if not any(each.delay_s <= elapsed_s for each in self._watched):
            return False
        self._looked_s = elapsed_s
        return True

    def broken(
        self, evaluated: Callable[[Threshold], ThresholdResult], elapsed_s: float
    ) -> Abort | None:
        """Return what ends the run now, if anything does.

        Args:
            evaluated: How the run stands against a threshold so far.
            elapsed_s: How long the run has lasted.
        """
        for threshold in self._watched:
            if threshold.delay_s > elapsed_s:
                continue
            result = evaluated(threshold)
            if result.held is False and result.value is not None:
                return Abort(threshold.expression, result.value, elapsed_s)
        return None
