"""Where counts go while a run lasts: the figures of this second and those of the whole run.

Whoever counts, counts into ``now``; ``roll`` adds that to the totals and begins anew. Latencies and
fan-out completion are gathered in lists and turned into histograms later, many at once: one by one
they would cost more than all else that a message costs. Each belongs to the phase in which its
cause was due, and the figures of the whole are made from those of the phases.
"""

from bisect import bisect_right

from loadtest.clock import NS_PER_S
from loadtest.metrics.figures.figures import EventFigures, Figures, add, size_class
from loadtest.metrics.figures.phases import CompletionFigures
from loadtest.metrics.ledger.slowest import Marks, SlowestMessages
from loadtest.observations import Action, ChatEvent, Phase

__all__ = ["MARKS", "Marks", "Tally"]

MARKS = ("first", "p50", "p90", "p99", "last")
"""What each of ``Marks`` is called."""

_BATCH = 4096
"""Latencies gathered before they become a histogram: about a millisecond of work."""


_Timed = tuple[list[int], list[int]]
"""Latencies of one kind, and service latencies; of an action, the times to its completion."""


class _Waiting:
    """What was timed in one phase and waits to become histograms, in us."""

    __slots__ = ("actions", "marks", "notified", "timed")

    def __init__(self) -> None:
        self.timed: dict[ChatEvent, _Timed] = {}
        self.marks: dict[str, list[Marks]] = {}
        self.notified: dict[bool, _Timed] = {}
        self.actions: dict[Action, _Timed] = {}


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
        self._phase_ns = started_ns
        self._phases: list[tuple[int, str]] = [(started_ns, str(Phase.STEADY))]
        # The hot path looks into the present phase only: a lookup by phase would cost it a tenth.
        self._present = _Waiting()
        self._waiting = {str(Phase.STEADY): self._present}

    # --- phases -------------------------------------------------------------------------------

    def begin_phase(self, name: str, at_ns: int) -> None:
        """Begin a phase: what is due from ``at_ns`` on belongs to it."""
        at_ns = max(at_ns, self._phase_ns)
        if self._phases[-1][0] == at_ns:
            self._phases.pop()  # nothing was due in it
        self._phases.append((at_ns, str(name)))
        self._present, self._phase_ns = self._waiting.setdefault(str(name), _Waiting()), at_ns

    def _phase_of(self, due_ns: int) -> str:
        place = bisect_right(self._phases, due_ns, key=lambda phase: phase[0])
        # What was due before the start belongs to the start.
        return self._phases[max(place - 1, 0)][1]

    def _of(self, due_ns: int) -> _Waiting:
        """Return where what was due then waits."""
        if due_ns >= self._phase_ns:
            return self._present
        return self._waiting[self._phase_of(due_ns)]

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
        waiting = self._present if due_ns >= self._phase_ns else self._of(due_ns)
        batch = waiting.timed.get(event)
        if batch is None:
            batch = waiting.timed[event] = ([], [])
        batch[0].extend(latencies_us)
        batch[1].extend(service_latencies_us)
        if len(batch[0]) >= _BATCH:
            self._count_timed(self._phase_of(due_ns), event, waiting.timed.pop(event))

    def _count_timed(self, phase: str, event: ChatEvent, batch: _Timed) -> None:
        latencies, service_latencies = batch
        self.now.event(event).delivered += len(latencies)
        figures = self.now.phase(phase).event(event)
        figures.latency.record_all(latencies)
        figures.service.record_all(service_latencies)

    def notified(
        self, due_ns: int, latency_us: int, service_latency_us: int, *, has_several: bool
    ) -> None:
        """Note the latency of an expected notification."""
        latencies, service_latencies = self._of(due_ns).notified.setdefault(has_several, ([], []))
        latencies.append(latency_us)
        service_latencies.append(service_latency_us)

    def acted(self, action: Action, due_ns: int, accepted_us: int, completed_us: int) -> None:
        """Count an action that was completed."""
        accepted, completed = self._of(due_ns).actions.setdefault(action, ([], []))
        accepted.append(accepted_us)
        completed.append(completed_us)

    def crossed(
        self, event: ChatEvent, latencies_us: list[int], service_latencies_us: list[int]
    ) -> None:
        """Count latencies that were measured with the clocks of two workers."""
        figures = self.now.crossed(event)
        figures.latency.record_all(latencies_us)
        figures.service.record_all(service_latencies_us)

    def completed(self, due_ns: int, expected: int, marks: Marks) -> None:
        """Note when a message had reached its expected devices."""
        waiting = self._present if due_ns >= self._phase_ns else self._of(due_ns)
        label = size_class(expected)
        batch = waiting.marks.get(label)
        if batch is None:
            batch = waiting.marks[label] = []
        batch.append(marks)

    def completion(self, due_ns: int, expected: int) -> CompletionFigures:
        """Return the present figures of messages like one that did not reach everybody."""
        return self.now.phase(self._phase_of(due_ns)).completed(size_class(expected))

    # --- the end of an interval ---------------------------------------------------------------

    def roll(self, now_ns: int) -> Figures:
        """Return the figures of the interval that ends now, and begin the next."""
        self._note_phases(now_ns)
        self.slowest.roll()
        for phase, waiting in self._waiting.items():
            self._count_waiting(phase, waiting)
        rolled, self.now = self.now, Figures()
        add(self.totals, rolled)
        rolled.fill_whole()
        return rolled

    def _count_waiting(self, phase: str, waiting: _Waiting) -> None:
        for event, batch in waiting.timed.items():
            self._count_timed(phase, event, batch)
        for label, marks in waiting.marks.items():
            _record_marks(self.now.phase(phase).completed(label), marks)
        for has_several, (latencies, services) in waiting.notified.items():
            timings = self.now.phase(phase).notifications
            for figures in (timings, self.now.notification(has_several=has_several)):
                figures.latency.record_all(latencies)
                figures.service.record_all(services)
        for action, (accepted, completed) in waiting.actions.items():
            self.now.action(action).completed += len(accepted)
            timing = self.now.phase(phase).action(action)
            timing.latency.record_all(accepted)
            timing.completion.record_all(completed)
        for gathered in (waiting.timed, waiting.marks, waiting.notified, waiting.actions):
            gathered.clear()


def _record_marks(figures: CompletionFigures, marks: list[Marks]) -> None:
    first, half, most, nearly_all, last = zip(*marks, strict=True)
    figures.first.record_all(first)
    figures.p50.record_all(half)
    figures.p90.record_all(most)
    figures.p99.record_all(nearly_all)
    figures.last.record_all(last)
    figures.spread.record_all([each[4] - each[0] for each in marks])
