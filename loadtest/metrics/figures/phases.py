"""What was timed in each phase of a run: latencies, and how fast messages reached everybody.

A cause belongs to the phase in which it was due. Ending all devices at once is slow, and says
nothing about the deployment: so the figures of the steady phase are those that are judged.
"""

import math
from fractions import Fraction

from msgspec import Struct, field

from loadtest.metrics.figures.adding import sum_of
from loadtest.metrics.figures.histogram import Histogram

__all__ = ["CompletionFigures", "PhaseFigures", "TimingFigures"]


class TimingFigures(Struct):
    """Latencies of what was due in one phase."""

    latency: Histogram = field(default_factory=Histogram)
    """Arrival minus due; of an action, accepted minus due."""
    service: Histogram = field(default_factory=Histogram)
    """Arrival minus written; empty for an action."""
    completion: Histogram = field(default_factory=Histogram)
    """Of an action: completed minus due."""


class CompletionFigures(Struct):
    """When a message had reached a share of its expected devices, counted from its due instant.

    Each message has a value in each mark that it reached, and counts as ``never`` in each that it
    did not reach by its deadline. So values and ``never`` of a mark are all messages.
    """

    first: Histogram = field(default_factory=Histogram)
    p50: Histogram = field(default_factory=Histogram)
    p90: Histogram = field(default_factory=Histogram)
    p99: Histogram = field(default_factory=Histogram)
    last: Histogram = field(default_factory=Histogram)
    spread: Histogram = field(default_factory=Histogram)
    """Last minus first."""
    never: dict[str, int] = field(default_factory=dict)
    """By the name of a mark, how many messages did not reach it."""
    incomplete: int = 0
    """Messages with a loss: they have no last."""

    def count(self, mark: str) -> int:
        """Return how many messages a mark is about, those that never reached it among them."""
        histogram: Histogram = getattr(self, mark)
        return histogram.count + self.never.get(mark, 0)

    def percentile_us(self, mark: str, percentile: float) -> float | None:
        """Return a percentile of a mark over all messages: infinite means never, None no message.

        For this share of the messages the mark was reached by the returned time.
        """
        histogram: Histogram = getattr(self, mark)
        never = self.never.get(mark, 0)
        if not never:
            return histogram.percentile_us(percentile)
        count = histogram.count + never
        rank = max(1, math.ceil(Fraction(str(percentile)) * count / 100))
        if rank > histogram.count:
            return math.inf
        return histogram.ranked_us(rank)


class PhaseFigures(Struct):
    """What was timed of the causes that were due in one phase of the run.

    The phases together are the whole: what is timed here is in the figures of the run as well.
    """

    from_s_low: float | None = None
    """When the phase began on the first worker, in seconds since the start of the run."""
    to_s_peak: float = 0.0
    """When it ended on the last one, or how far it has come."""
    events: dict[str, TimingFigures] = field(default_factory=dict)
    completion: dict[str, CompletionFigures] = field(default_factory=dict)
    """By size class."""
    notifications: TimingFigures = field(default_factory=TimingFigures)
    """Of all users."""
    actions: dict[str, TimingFigures] = field(default_factory=dict)

    def event(self, event: str) -> TimingFigures:
        """Return the timings of one event type, which are then listed."""
        figures = self.events.get(event)
        if figures is None:
            figures = self.events[str(event)] = TimingFigures()
        return figures

    def action(self, action: str) -> TimingFigures:
        """Return the timings of one kind of action, which are then listed."""
        figures = self.actions.get(action)
        if figures is None:
            figures = self.actions[str(action)] = TimingFigures()
        return figures

    def completed(self, label: str) -> CompletionFigures:
        """Return the fan-out completion of one size class, which is then listed."""
        figures = self.completion.get(label)
        if figures is None:
            figures = self.completion[label] = CompletionFigures()
        return figures

    def all_completion(self) -> CompletionFigures:
        """Return the fan-out completion over all size classes."""
        return sum_of(CompletionFigures(), self.completion)
