"""Where counts go while a run lasts: the figures of this second and those of the whole run.

One rule: whoever counts, counts into ``now``; ``roll`` adds that to the totals and begins anew.
Latencies and fan-out completion are gathered in lists and turned into histograms later, many at
once: one by one they would cost more than all else that a message costs.
"""

from loadtest.metrics.figures.figures import (
    CompletionFigures,
    EventFigures,
    Figures,
    add,
    size_class,
)
from loadtest.observations import ChatEvent

__all__ = ["Marks", "Tally"]

Marks = tuple[int, int, int, int, int]
"""When the first, 50 %, 90 %, 99 % and last of the expected devices had a message, in us."""


_BATCH = 4096
"""Latencies gathered before they become a histogram: about a millisecond of work."""


class Tally:
    """Figures of the present interval, and totals up to the last one."""

    def __init__(self) -> None:
        self.now = Figures()
        self.totals = Figures()
        self._marks: dict[str, list[Marks]] = {}
        self._timed: dict[ChatEvent, tuple[list[int], list[int]]] = {}

    def event(self, event: ChatEvent) -> EventFigures:
        """Return the present figures of one event type."""
        return self.now.event(event)

    def unexpected(self, event: str, kind: str) -> None:
        """Count an arrival that matches no cause."""
        kinds = self.now.event(event).unexpected
        kinds[kind] = kinds.get(kind, 0) + 1

    def timed(
        self, event: ChatEvent, latencies_us: list[int], service_latencies_us: list[int]
    ) -> None:
        """Count deliveries of one event type, with their latencies."""
        batch = self._timed.get(event)
        if batch is None:
            batch = self._timed[event] = ([], [])
        batch[0].extend(latencies_us)
        batch[1].extend(service_latencies_us)
        if len(batch[0]) >= _BATCH:
            self._count_timed(event)

    def crossed(
        self, event: ChatEvent, latencies_us: list[int], service_latencies_us: list[int]
    ) -> None:
        """Count latencies that were measured with the clocks of two workers."""
        figures = self.now.crossed(event)
        figures.latency.record_all(latencies_us)
        figures.service.record_all(service_latencies_us)

    def _count_timed(self, event: ChatEvent) -> None:
        latencies_us, service_latencies_us = self._timed.pop(event)
        figures = self.now.event(event)
        figures.delivered += len(latencies_us)
        figures.latency.record_all(latencies_us)
        figures.service.record_all(service_latencies_us)

    def completed(self, expected: int, marks: Marks) -> None:
        """Note when a message had reached its expected devices."""
        self._marks.setdefault(size_class(expected), []).append(marks)

    def incomplete(self, expected: int, change: int) -> None:
        """Count a message with a loss, or, with -1, one whose losses came after all."""
        self.now.completed(size_class(expected)).incomplete += change

    def roll(self) -> Figures:
        """Return the figures of the interval that ends now, and begin the next."""
        for event in tuple(self._timed):
            self._count_timed(event)
        for label, marks in self._marks.items():
            _record_marks(self.now.completed(label), marks)
        self._marks = {}
        rolled, self.now = self.now, Figures()
        add(self.totals, rolled)
        return rolled


def _record_marks(figures: CompletionFigures, marks: list[Marks]) -> None:
    first, half, most, nearly_all, last = zip(*marks, strict=True)
    figures.first.record_all(first)
    figures.p50.record_all(half)
    figures.p90.record_all(most)
    figures.p99.record_all(nearly_all)
    figures.last.record_all(last)
    figures.spread.record_all([each[4] - each[0] for each in marks])
