"""Where counts go while a run lasts: the figures of this second and those of the whole run.

Whoever counts, counts into ``now``; ``roll`` adds that to the totals and begins anew. Latencies and
fan-out completion are gathered in lists and turned into histograms later, many at once: one by one
they would cost more than all else that a message costs. Each belongs to the phase in which its
cause was due, and the figures of the whole are made from those of the phases.
"""

from bisect import bisect_right
from typing import NamedTuple

from loadtest.clock import NS_PER_S
from loadtest.metrics.figures.figures import EventFigures, Figures, add, size_class
from loadtest.metrics.figures.phases import CompletionFigures, PhaseFigures
from loadtest.metrics.ledger.slowest import Marks, SlowestMessages
from loadtest.observations import Action, ChatEvent, Phase

__all__ = ["MARKS", "Marks", "Tally"]

MARKS = ("first", "p50", "p90", "p99", "last")
"""What each of ``Marks`` is called."""

_BATCH = 4096
"""Latencies gathered before they become a histogram: about a millisecond of work."""


class _Timed(NamedTuple):
    """Latencies of one kind that wait to become histograms, in us."""

    latencies: list[int]
    others: list[int]
    """Service latencies; of an action, the times to its completion."""


class Tally:
    """Figures of the present interval, and totals up to the last one.

    Args:
        started_ns: When the run began; phases count from here.
    """

    def __init__(self, started_ns: int = 0) -> None:
        self.now = Figures()
        self.totals = Figures()
        self.slowest = SlowestMessages(started_ns)
        self._started_ns = started_ns
        self._rolled_ns = started_ns
        self._phase: str = Phase.STEADY
        self._phase_ns = started_ns
        self._phases: list[tuple[int, str]] = [(started_ns, self._phase)]
        self._marks: dict[tuple[str, str], list[Marks]] = {}
        self._timed: dict[tuple[str, ChatEvent], _Timed] = {}
        self._notified: dict[tuple[str, bool], _Timed] = {}
        self._actions: dict[tuple[str, Action], _Timed] = {}

    # --- phases -------------------------------------------------------------------------------

    def begin_phase(self, name: str, at_ns: int) -> None:
        """Begin a phase: what is due from ``at_ns`` on belongs to it."""
        at_ns = max(at_ns, self._phase_ns)
        if self._phases[-1][0] == at_ns:
            self._phases.pop()  # nothing was due in it
        self._phases.append((at_ns, name))
        self._phase, self._phase_ns = name, at_ns

    def _phase_of(self, due_ns: int) -> str:
        if due_ns >= self._phase_ns:
            return self._phase
        place = bisect_right(self._phases, due_ns, key=lambda phase: phase[0])
        # What was due before the start belongs to the start.
        return self._phases[max(place - 1, 0)][1]

    def _note_phases(self, now_ns: int) -> None:
        """Note how far the phases of the interval that ends now have come."""
        ends = [*(at_ns for at_ns, _ in self._phases[1:]), now_ns]
        for (from_ns, name), to_ns in zip(self._phases, ends, strict=True):
            if to_ns < self._rolled_ns:
                continue
            figures = self.now.phase(name)
            from_s = (from_ns - self._started_ns) / NS_PER_S
            if figures.from_s_low is None or from_s < figures.from_s_low:
                figures.from_s_low = from_s
            to_s = (min(to_ns, now_ns) - self._started_ns) / NS_PER_S
            figures.to_s_peak = max(figures.to_s_peak, to_s)
        self._rolled_ns = now_ns

    # --- counting -----------------------------------------------------------------------------

    def event(self, event: ChatEvent) -> EventFigures:
        """Return the present figures of one event type."""
        return self.now.event(event)

    def unexpected(self, event: str, kind: str) -> None:
        """Count an arrival that matches no cause."""
        kinds = self.now.event(event).unexpected
        kinds[kind] = kinds.get(kind, 0) + 1

    def timed(
        self,
        event: ChatEvent,
        due_ns: int,
        latencies_us: list[int],
        service_latencies_us: list[int],
    ) -> None:
        """Count deliveries of one event, with their latencies."""
        place = (self._phase_of(due_ns), event)
        batch = self._timed.get(place)
        if batch is None:
            batch = self._timed[place] = _Timed([], [])
        batch.latencies.extend(latencies_us)
        batch.others.extend(service_latencies_us)
        if len(batch.latencies) >= _BATCH:
            self._count_timed(place)

    def _count_timed(self, place: tuple[str, ChatEvent]) -> None:
        phase, event = place
        batch = self._timed.pop(place)
        self.now.event(event).delivered += len(batch.latencies)
        figures = self.now.phase(phase).event(event)
        figures.latency.record_all(batch.latencies)
        figures.service.record_all(batch.others)

    def notified(
        self, due_ns: int, latency_us: int, service_latency_us: int, *, has_several: bool
    ) -> None:
        """Note the latency of an expected notification."""
        place = (self._phase_of(due_ns), has_several)
        batch = self._notified.get(place)
        if batch is None:
            batch = self._notified[place] = _Timed([], [])
        batch.latencies.append(latency_us)
        batch.others.append(service_latency_us)

    def acted(self, action: Action, due_ns: int, accepted_us: int, completed_us: int) -> None:
        """Count an action that was completed."""
        place = (self._phase_of(due_ns), action)
        batch = self._actions.get(place)
        if batch is None:
            batch = self._actions[place] = _Timed([], [])
        batch.latencies.append(accepted_us)
        batch.others.append(completed_us)

    def crossed(
        self, event: ChatEvent, latencies_us: list[int], service_latencies_us: list[int]
    ) -> None:
        """Count latencies that were measured with the clocks of two workers."""
        figures = self.now.crossed(event)
        figures.latency.record_all(latencies_us)
        figures.service.record_all(service_latencies_us)

    def completed(self, due_ns: int, expected: int, marks: Marks) -> None:
        """Note when a message had reached its expected devices."""
        place = (self._phase_of(due_ns), size_class(expected))
        batch = self._marks.get(place)
        if batch is None:
            batch = self._marks[place] = []
        batch.append(marks)

    def completion(self, due_ns: int, expected: int) -> CompletionFigures:
        """Return the present figures of messages like one that did not reach everybody."""
        return self.now.phase(self._phase_of(due_ns)).completed(size_class(expected))

    # --- the end of an interval ---------------------------------------------------------------

    def roll(self, now_ns: int) -> Figures:
        """Return the figures of the interval that ends now, and begin the next."""
        self._note_phases(now_ns)
        self.slowest.roll()
        for place in tuple(self._timed):
            self._count_timed(place)
        for (phase, label), marks in self._marks.items():
            _record_marks(self.now.phase(phase).completed(label), marks)
        for (phase, has_several), batch in self._notified.items():
            self._record_notified(self.now.phase(phase), batch, has_several=has_several)
        for (phase, action), batch in self._actions.items():
            self.now.action(action).completed += len(batch.latencies)
            timing = self.now.phase(phase).action(action)
            timing.latency.record_all(batch.latencies)
            timing.completion.record_all(batch.others)
        self._marks, self._notified, self._actions = {}, {}, {}
        rolled, self.now = self.now, Figures()
        add(self.totals, rolled)
        rolled.fill_whole()
        return rolled

    def _record_notified(self, phase: PhaseFigures, batch: _Timed, *, has_several: bool) -> None:
        phase.notifications.latency.record_all(batch.latencies)
        phase.notifications.service.record_all(batch.others)
        figures = self.now.notification(has_several=has_several)
        figures.latency.record_all(batch.latencies)
        figures.service.record_all(batch.others)


def _record_marks(figures: CompletionFigures, marks: list[Marks]) -> None:
    first, half, most, nearly_all, last = zip(*marks, strict=True)
    figures.first.record_all(first)
    figures.p50.record_all(half)
    figures.p90.record_all(most)
    figures.p99.record_all(nearly_all)
    figures.last.record_all(last)
    figures.spread.record_all([each[4] - each[0] for each in marks])
