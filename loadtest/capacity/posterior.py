"""What the outcomes of trials say about a limit that nobody sees directly.

A trial at a load passes or fails. Near the limit the same load may do either, because a deployment
is never twice the same. So the chance to pass is a curve over the load: an S on a logarithmic axis,
around ``limit``, as steep as ``width`` says. Both are unknown; every pair of them on a grid has a
probability, and each outcome changes it by Bayes' rule.
"""

import math
from collections.abc import Sequence
from itertools import accumulate

__all__ = ["Posterior"]

# Widths of the S in units of ln(load), evenly on a logarithmic scale: from a limit as sharp as that
# of a queue to one that moves by an eighth of itself between trials (a standard deviation is 1.8
# widths). Wider ones would make each search longer: see the table in docs/capacity.md.
_WIDTHS = (0.005, 0.01, 0.02, 0.04, 0.08)
# How often a trial ends the wrong way for a reason that has nothing to do with its load.
_LAPSE = 0.01
_STEP = 0.01


class Posterior:
    """Probabilities of limits between ``low`` and ``high``, all alike at first.

    "Alike" means per factor and not per unit: a limit between 10 and 20 is as likely as one between
    100 and 200.
    """

    def __init__(self, low: float, high: float) -> None:
        steps = max(1, math.ceil(math.log(high / low) / _STEP))
        first = math.log(low)
        self._logs = [first + number * _STEP for number in range(steps + 1)]
        self._weights = [[1.0] * len(self._logs) for _ in _WIDTHS]

    def update(self, load: float, *, is_passed: bool) -> None:
        """Take the outcome of a trial at ``load``."""
        at = math.log(load)
        total = 0.0
        for width, weights in zip(_WIDTHS, self._weights, strict=True):
            for place, log in enumerate(self._logs):
                chance = _chance_to_pass((log - at) / width)
                weights[place] *= chance if is_passed else 1.0 - chance
            total += sum(weights)
        for weights in self._weights:
            weights[:] = [weight / total for weight in weights]

    def quantile(self, probability: float) -> float:
        """Return the load below which the limit is with ``probability``."""
        sums = self._cumulated()
        wanted = probability * sums[-1]
        place = next(place for place, total in enumerate(sums) if total >= wanted)
        before = sums[place - 1] if place else 0.0
        share = (wanted - before) / (sums[place] - before) if sums[place] > before else 0.5
        # A grid point stands for the step around it.
        return math.exp(self._logs[place] + (share - 0.5) * _STEP)

    @property
    def median(self) -> float:
        """The load that the limit is as likely above as below."""
        return self.quantile(0.5)

    def interval(self, level: float) -> tuple[float, float]:
        """Return between which loads the limit is with probability ``level``."""
        return self.quantile((1 - level) / 2), self.quantile((1 + level) / 2)

    def _cumulated(self) -> Sequence[float]:
        return list(accumulate(map(sum, zip(*self._weights, strict=True))))


def _chance_to_pass(distance: float) -> float:
    """Return the chance of a trial whose load is ``distance`` widths below the limit."""
    if distance < -40:
        return _LAPSE
    return _LAPSE + (1 - 2 * _LAPSE) / (1 + math.exp(-distance))
