"""How much of the time chat sessions are there, measured on the plan itself.

The share of time in which a user can write depends on stays, absences, presence, the number of
devices, the first entering and the length of the run. There is no formula for all of this, so it is
measured on simulated timelines, drawn from streams of their own: the result depends on the
parameters only, never on the seed of a run.

A user's rate of arrivals is divided by that share, and arrivals without an open chat session are
left out: so the rate holds on average over the run, and no message is planned outside a stay.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from loadtest.clock import NS_PER_S
from loadtest.errors import UsageError
from loadtest.workload.behaviour import ActionKind, Stays
from loadtest.workload.randomness import RandomStream
from loadtest.workload.stays import StayTimeline
from loadtest.workload.visits import Visit

__all__ = ["StayShares", "ready_ratio", "stay_shares"]

_TIMELINES_MAX = 1_000
_TIMELINES_MIN = 50
# Enough for a standard error of about 1 % of an even share; a tenth of a second at most.
_CHANGES_WANTED = 20_000
# Parts of the run in which chat sessions are counted: many begin together at its start.
_BINS = 100


@dataclass(frozen=True, slots=True)
class StayShares:
    """Shares of time, and counts per second, averaged over a run, of one user in one channel."""

    active_ratio: float
    """One device has a chat session in the channel."""
    present_ratio: float
    """At least one device of the user has."""
    ready_ratio: float
    """At least one device of the user can act in it."""
    online_ratio: float
    """The user's devices are connected."""
    starts_per_s: float
    """Chat sessions started, per device."""
    entered_heard_per_s: float
    """How often the user enters the channel, each time weighed with how likely another device has
    a chat session there then: who hears of it."""
    left_heard_per_s: float
    """The same for leaving it, with the last device."""


class _Meter:
    """Adds up the time that a user spends in each state, from change to change."""

    def __init__(self) -> None:
        self.active_ns = 0
        self.present_ns = 0
        self.ready_ns = 0
        self.online_ns = 0
        self.starts = 0
        self.changes = 0
        self.entered_ns: list[int] = []
        self.left_ns: list[int] = []
        self._active_in_bins = [0.0] * _BINS

    def run(self, timeline: StayTimeline, settle_ns: int, horizon_ns: int) -> None:
        """Measure a timeline from its start to the horizon."""
        at_ns, is_online, was_present = 0, True, False
        while at_ns < horizon_ns:
            until_ns = min(timeline.next_ns, horizon_ns)
            self.online_ns += (until_ns - at_ns) * is_online
            opened = self._add_windows(timeline, at_ns, until_ns, settle_ns)
            if bool(opened) != was_present:
                was_present = not was_present
                (self.entered_ns if was_present else self.left_ns).append(at_ns)
            self._add_to_bins(opened, at_ns, until_ns, horizon_ns)
            at_ns = until_ns
            while timeline.next_ns == at_ns < horizon_ns:
                self.changes += 1
                for action in timeline.advance():
                    self.starts += action.kind is ActionKind.ENTER
                    if action.kind is ActionKind.GO_ONLINE:
                        is_online = True
                    elif action.kind is ActionKind.GO_OFFLINE:
                        is_online = False

    def _add_windows(self, timeline: StayTimeline, from_ns: int, to_ns: int, settle_ns: int) -> int:
        """Add what is open between two changes, and return how many chat sessions that is.

        Several devices may be ready at once.
        """
        windows = [timeline.window(number) for number in range(len(timeline.visits))]
        opened = [window for window in windows if window is not None]
        self.active_ns += len(opened) * (to_ns - from_ns)
        self.present_ns += (to_ns - from_ns) * bool(opened)
        reached_ns = from_ns
        for window in sorted(opened):
            ready_from_ns = max(reached_ns, window.start_ns + settle_ns)
            ready_to_ns = min(to_ns, window.end_ns - settle_ns)
            if ready_to_ns > ready_from_ns:
                self.ready_ns += ready_to_ns - ready_from_ns
                reached_ns = ready_to_ns
        return len(opened)

    def _add_to_bins(self, opened: int, from_ns: int, to_ns: int, horizon_ns: int) -> None:
        """Add open chat sessions to the parts of the run that they fall into."""
        if not opened or to_ns <= from_ns:
            return
        width_ns = horizon_ns / _BINS
        for place in range(int(from_ns / width_ns), min(_BINS, math.ceil(to_ns / width_ns))):
            begin_ns, end_ns = place * width_ns, (place + 1) * width_ns
            inside_ns = min(to_ns, end_ns) - max(from_ns, begin_ns)
            self._active_in_bins[place] += opened * max(0.0, inside_ns)

    def heard(self, instants_ns: list[int], visits: int, horizon_ns: int) -> float:
        """Return the instants, each weighed with the share of devices that are active then."""
        whole_ns = visits * horizon_ns / _BINS
        places = (min(_BINS - 1, at_ns * _BINS // horizon_ns) for at_ns in instants_ns)
        return sum(self._active_in_bins[place] / whole_ns for place in places)


@lru_cache(maxsize=256)
def stay_shares(stays: Stays, device_count: int, horizon_s: float) -> StayShares:
    """Return the shares for a user with so many devices in a channel, over a run's length."""
    meter, timelines = _Meter(), 0
    visits = [Visit(device, 0) for device in range(device_count)]
    horizon_ns = round(horizon_s * NS_PER_S)
    while timelines < _TIMELINES_MIN or (
        timelines < _TIMELINES_MAX and meter.changes < _CHANGES_WANTED
    ):
        rng = RandomStream("stay shares", device_count, timelines)
        timeline = StayTimeline(stays, device_count, visits, rng)
        meter.run(timeline, round(stays.settle_s * NS_PER_S), horizon_ns)
        timelines += 1
    whole_ns = timelines * horizon_ns
    visits_ns = whole_ns * device_count
    heard_entering = meter.heard(meter.entered_ns, timelines * device_count, horizon_ns)
    heard_leaving = meter.heard(meter.left_ns, timelines * device_count, horizon_ns)
    return StayShares(
        active_ratio=meter.active_ns / visits_ns,
        present_ratio=meter.present_ns / whole_ns,
        ready_ratio=meter.ready_ns / whole_ns,
        online_ratio=meter.online_ns / whole_ns,
        starts_per_s=meter.starts * NS_PER_S / visits_ns,
        entered_heard_per_s=heard_entering * NS_PER_S / whole_ns,
        left_heard_per_s=heard_leaving * NS_PER_S / whole_ns,
    )


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
