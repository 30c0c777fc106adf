"""How much of the time chat sessions are there, measured on the plan itself.

The share of time in which a user can write depends on stays, absences, presence, the number of
devices, the first entering and the length of the run. There is no formula for all of this, so it is
measured on simulated timelines, drawn from streams of their own: the result depends on the
parameters only, never on the seed of a run.

A user's rate of arrivals is divided by that share, and arrivals without an open chat session are
left out: so the rate holds on average over the run, and no message is planned outside a stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.workload.behaviour import ActionKind, Stays
from loadtest.workload.randomness import RandomStream
from loadtest.workload.stays import StayTimeline
from loadtest.workload.visits import Visit

__all__ = ["StayShares", "ready_ratio", "stay_shares"]

_TIMELINES_MAX = 1_000
_TIMELINES_MIN = 50
_TIMELINES_FEW, _MANY = 10, 1
# Enough for a standard error of about 1 % of an even share; a tenth of a second at most.
_CHANGES_WANTED = 20_000
# Parts of the run in which chat sessions are counted: many begin together at its start.
_BINS = 100

# A longer run is more of the same: its first part is looked at, and takes no longer to plan.
_STEADY_CYCLES = 20
_STEADY_S = 3_600.0


@dataclass(frozen=True, slots=True)
class StayShares:
    """Shares of time, and counts per second, averaged over a run, of one user in one channel."""

    active_ratio: float
    """One device has a chat session in the channel."""
    ready_ratio: float
    """At least one device of the user can act in it."""
    online_ratio: float
    """The user's devices are connected."""
    starts_per_s: float
    """Chat sessions started, per device."""
    active_when_written: float
    """One device has a chat session there while somebody else writes: not at the start of a run,
    when everybody is only entering."""
    present_when_written: float
    """The same of at least one device of the user."""
    online_when_written: float
    """The user's devices are connected then."""
    entered_heard_per_s: float
    """How often the user enters the channel, each time weighed with how likely another device has
    a chat session there then: who hears of it."""
    left_heard_per_s: float
    """The same for leaving it, with the last device."""


class _Track:
    """Adds up time in a state, by the part of the run that it falls into."""

    def __init__(self, horizon_ns: int) -> None:
        self._width_ns = horizon_ns / _BINS
        self._parts = [0.0] * _BINS
        # What begins and ends in whole parts: a long stay costs no more than a short one.
        self._steps = [0.0] * (_BINS + 1)

    def add(self, from_ns: float, to_ns: float, amount: float = 1.0) -> None:
        """Add a stretch of time, ``amount`` times."""
        if to_ns <= from_ns:
            return
        first, last = self._place(from_ns), self._place(to_ns)
        if first == last:
            self._parts[first] += amount * (to_ns - from_ns)
            return
        self._parts[first] += amount * ((first + 1) * self._width_ns - from_ns)
        self._parts[last] += amount * (to_ns - last * self._width_ns)
        self._steps[first + 1] += amount
        self._steps[last] -= amount

    def _place(self, at_ns: float) -> int:
        return min(_BINS - 1, int(at_ns / self._width_ns))

    def parts(self) -> list[float]:
        """Return the time in each part of the run."""
        running = accumulate(self._steps)
        return [
            part + whole * self._width_ns for part, whole in zip(self._parts, running, strict=False)
        ]

    def share_at(self, instants_ns: Sequence[int], whole_ns: float) -> float:
        """Return the sum over some instants of how likely the state is then."""
        parts = self.parts()
        return sum(parts[self._place(at_ns)] for at_ns in instants_ns) * _BINS / whole_ns


class _Meter:
    """Adds up the time that a user spends in each state, from change to change."""

    def __init__(self, horizon_ns: int, settle_ns: int) -> None:
        self._horizon_ns = horizon_ns
        self._settle_ns = settle_ns
        self.active = _Track(horizon_ns)
        """Of each device."""
        self.present = _Track(horizon_ns)
        self.ready = _Track(horizon_ns)
        self.online = _Track(horizon_ns)
        self.starts = 0
        self.changes = 0
        self.entered_ns: list[int] = []
        self.left_ns: list[int] = []

    def run(self, timeline: StayTimeline) -> None:
        """Measure a timeline from its start to the horizon."""
        at_ns, is_online, was_present = 0, True, False
        while at_ns < self._horizon_ns:
            until_ns = min(timeline.next_ns, self._horizon_ns)
            self.online.add(at_ns, until_ns, is_online)
            opened = self._add_windows(timeline, at_ns, until_ns)
            if bool(opened) != was_present:
                was_present = not was_present
                (self.entered_ns if was_present else self.left_ns).append(at_ns)
            at_ns = until_ns
            while timeline.next_ns == at_ns < self._horizon_ns:
                self.changes += 1
                for action in timeline.advance():
                    self.starts += action.kind is ActionKind.ENTER
                    if action.kind is ActionKind.GO_ONLINE:
                        is_online = True
                    elif action.kind is ActionKind.GO_OFFLINE:
                        is_online = False

    def _add_windows(self, timeline: StayTimeline, from_ns: int, to_ns: int) -> int:
        """Add what is open between two changes, and return how many chat sessions that is.

        Several devices may be ready at once.
        """
        windows = [timeline.window(number) for number in range(len(timeline.visits))]
        opened = [window for window in windows if window is not None]
        if not opened:
            return 0
        self.active.add(from_ns, to_ns, len(opened))
        self.present.add(from_ns, to_ns)
        reached_ns = from_ns
        for window in sorted(opened):
            ready_from_ns = max(reached_ns, window.start_ns + self._settle_ns)
            ready_to_ns = min(to_ns, window.end_ns - self._settle_ns)
            if ready_to_ns > ready_from_ns:
                self.ready.add(ready_from_ns, ready_to_ns)
                reached_ns = ready_to_ns
        return len(opened)


def _when(state: _Track, weights: Sequence[float], whole_ns: float) -> float:
    """Return how likely a state is, in the parts of the run as often as their weights say."""
    total = sum(weights)
    if not total:
        return sum(state.parts()) / whole_ns
    weighed = sum(part * weight for part, weight in zip(state.parts(), weights, strict=True))
    return weighed / total * _BINS / whole_ns


@lru_cache(maxsize=256)
def stay_shares(stays: Stays, device_count: int, horizon_s: float) -> StayShares:
    """Return the shares for a user with so many devices in a channel, over a run's length."""
    horizon_ns = round(min(horizon_s, _steady_after_s(stays)) * NS_PER_S)
    meter, timelines = _Meter(horizon_ns, round(stays.settle_s * NS_PER_S)), 0
    visits = [Visit(device, 0) for device in range(device_count)]
    while _wants_more(timelines, meter.changes):
        rng = RandomStream("stay shares", device_count, timelines)
        meter.run(StayTimeline(stays, device_count, visits, rng))
        timelines += 1
    whole_ns = timelines * horizon_ns
    visits_ns = whole_ns * device_count
    ready = meter.ready.parts()
    return StayShares(
        active_ratio=sum(meter.active.parts()) / visits_ns,
        ready_ratio=sum(ready) / whole_ns,
        online_ratio=sum(meter.online.parts()) / whole_ns,
        starts_per_s=meter.starts * NS_PER_S / visits_ns,
        active_when_written=_when(meter.active, ready, visits_ns),
        present_when_written=_when(meter.present, ready, whole_ns),
        online_when_written=_when(meter.online, ready, whole_ns),
        entered_heard_per_s=_per_s(meter.active.share_at(meter.entered_ns, visits_ns), whole_ns),
        left_heard_per_s=_per_s(meter.active.share_at(meter.left_ns, visits_ns), whole_ns),
    )


def _wants_more(timelines: int, changes: int) -> bool:
    """Return whether one more timeline would tell more."""
    if timelines < _TIMELINES_MIN:
        # Long ones say so much each that a few are enough.
        return timelines < _TIMELINES_FEW or changes < _MANY * _CHANGES_WANTED
    return timelines < _TIMELINES_MAX and changes < _CHANGES_WANTED


def _steady_after_s(stays: Stays) -> float:
    """Return after how long a longer run has the same shares: many stays and absences later."""
    cycle_s = stays.stay_s.expectation() + stays.away_s.expectation()
    if stays.presence is not None:
        online_s, offline_s = stays.presence.online_s, stays.presence.offline_s
        cycle_s = max(cycle_s, online_s.expectation() + offline_s.expectation())
    return max(_STEADY_CYCLES * cycle_s, _STEADY_S)


def _per_s(count: float, whole_ns: float) -> float:
    return count * NS_PER_S / whole_ns


def ready_ratio(stays: Stays, device_count: int, horizon_s: float) -> float:
    """Return the share of time in which a user can act in a channel.

    Raises:
        UsageError: There is no such time, so nothing could ever be sent.
    """
    ratio = stay_shares(stays, device_count, horizon_s).ready_ratio
    if ratio <= 0:
        raise UsageError(
            f"nobody can write: within {horizon_s:g} seconds no chat session is open for more than"
            f" twice settle_s ({stays.settle_s:g} seconds); make the run or the stays longer, or"
            " settle_s shorter"
        )
    return ratio
