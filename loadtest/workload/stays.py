"""When the devices of one user are connected, and when they are in which channel.

Each (device, channel) pair is a *visit*: it alternates between stays and absences, for ever. On top
of that the user goes offline and comes back; a stay that is cut by this goes on after the return,
if there is something left of it. A *window* is the part of a stay that is really there.

The timeline is a small discrete simulation that is advanced change by change and may be asked, at
any instant between two changes, which windows are open and when they close. Windows know their end
when they open, so whoever plans a message knows whether its edit still fits.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from loadtest.clock import NS_PER_S
from loadtest.workload.behaviour import NO_CHANNEL, ActionKind, PlannedAction, Stays
from loadtest.workload.distributions import Distribution
from loadtest.workload.randomness import RandomStream
from loadtest.workload.visits import Visit

__all__ = ["NEVER_NS", "StayTimeline", "Window"]

NEVER_NS = 1 << 62
"""Later than anything: a century."""

# At one instant, presence changes first: it decides what a visit may do.
_PRESENCE = -1


class Window(NamedTuple):
    """A chat session as planned."""

    start_ns: int
    end_ns: int


def _draw_ns(distribution: Distribution, rng: RandomStream, at_least_ns: int = 0) -> int:
    """Draw a duration; a century is enough for any."""
    return min(NEVER_NS, max(at_least_ns, round(distribution.sample(rng) * NS_PER_S)))


class StayTimeline:
    """Chat sessions and presence of one user, change by change.

    Args:
        stays: The parameters.
        device_count: Devices of the user.
        visits: In which channels which device holds chat sessions.
        rng: The stream for all draws.
    """

    __slots__ = (
        "_device_count",
        "_is_online",
        "_offline_ns",
        "_online_again_ns",
        "_rng",
        "_settle_ns",
        "_stay_ends_ns",
        "_stays",
        "_turns",
        "_usable_from_ns",
        "_windows",
        "visits",
    )

    def __init__(
        self, stays: Stays, device_count: int, visits: Sequence[Visit], rng: RandomStream
    ) -> None:
        self.visits = visits
        self._stays = stays
        self._device_count = device_count
        self._rng = rng
        self._settle_ns = round(stays.settle_s * NS_PER_S)
        self._is_online = True
        self._usable_from_ns = 0
        self._offline_ns = self._online_again_ns = NEVER_NS
        self._windows: list[Window | None] = [None] * len(visits)
        self._stay_ends_ns: list[int | None] = [None] * len(visits)
        self._turns = [(self._first_enter_ns(), number) for number in range(len(visits))]
        self._draw_presence(0)
        heapq.heapify(self._turns)

    def _first_enter_ns(self) -> int:
        rng, stays = self._rng, self._stays
        starts_at_once = rng.uniform() < stays.active_share_at_start
        enter_ns = round(rng.uniform() * stays.enter_within_s * NS_PER_S)
        return enter_ns if starts_at_once else enter_ns + _draw_ns(stays.away_s, rng)

    @property
    def next_ns(self) -> int:
        """When the next change happens; ``NEVER_NS`` if none does."""
        return self._turns[0][0] if self._turns else NEVER_NS

    def window(self, visit: int) -> Window | None:
        """Return the window of a visit (by its number) that is open now."""
        return self._windows[visit]

    def ready_window(self, visit: int, at_ns: int) -> Window | None:
        """Return the open window of a visit if an action at ``at_ns`` has time to complete."""
        window = self._windows[visit]
        if window is None:
            return None
        is_ready = window.start_ns + self._settle_ns <= at_ns <= window.end_ns - self._settle_ns
        return window if is_ready else None

    def advance(self) -> list[PlannedAction]:
        """Make the next change and return what it asks devices to do, if anything."""
        at_ns, visit = heapq.heappop(self._turns)
        if visit == _PRESENCE:
            return self._flip_presence(at_ns)
        if self._windows[visit] is not None:
            return self._close(at_ns, visit)
        return self._enter(at_ns, visit)

    # --- presence -----------------------------------------------------------------------------

    def _draw_presence(self, online_ns: int) -> None:
        """Draw the whole next cycle: an open window must know when it will be cut."""
        presence = self._stays.presence
        if presence is None or not self._device_count:
            return
        # Room to come back and to settle; otherwise a device would flap without ever being there.
        online_for_ns = _draw_ns(presence.online_s, self._rng, 2 * self._settle_ns)
        self._offline_ns = online_ns + online_for_ns
        offline_for_ns = _draw_ns(presence.offline_s, self._rng, self._settle_ns)
        self._online_again_ns = self._offline_ns + offline_for_ns
        heapq.heappush(self._turns, (self._offline_ns, _PRESENCE))

    def _flip_presence(self, at_ns: int) -> list[PlannedAction]:
        self._is_online = not self._is_online
        if self._is_online:
            kind = ActionKind.GO_ONLINE
            self._usable_from_ns = at_ns + self._settle_ns
            self._draw_presence(at_ns)
        else:
            kind = ActionKind.GO_OFFLINE
            heapq.heappush(self._turns, (self._online_again_ns, _PRESENCE))
        return [
            PlannedAction(at_ns, kind, device, NO_CHANNEL, 0)
            for device in range(self._device_count)
        ]

    def _next_usable_ns(self, at_ns: int) -> int:
        """Return when a chat session can start that cannot start at ``at_ns``."""
        if self._is_online and at_ns < self._usable_from_ns:
            return self._usable_from_ns
        return self._online_again_ns + self._settle_ns

    # --- stays --------------------------------------------------------------------------------

    def _enter(self, at_ns: int, visit: int) -> list[PlannedAction]:
        end_ns = self._stay_ends_ns[visit]
        if end_ns is None:
            end_ns = at_ns + _draw_ns(self._stays.stay_s, self._rng, self._settle_ns)
            self._stay_ends_ns[visit] = end_ns
        if end_ns - at_ns < self._settle_ns:
            self._turn_after_absence(at_ns, visit)
            return []
        is_usable = self._is_online and at_ns >= self._usable_from_ns
        cut_ns = min(end_ns, self._offline_ns)
        if not is_usable or cut_ns - at_ns < self._settle_ns:
            heapq.heappush(self._turns, (self._next_usable_ns(at_ns), visit))
            return []
        self._windows[visit] = Window(at_ns, cut_ns)
        heapq.heappush(self._turns, (cut_ns, visit))
        device, channel = self.visits[visit]
        return [PlannedAction(at_ns, ActionKind.ENTER, device, channel, 0)]

    def _close(self, at_ns: int, visit: int) -> list[PlannedAction]:
        self._windows[visit] = None
        if not self._is_online:
            # Cut short: no LEAVE, the user session took the chat session with it.
            heapq.heappush(self._turns, (self._next_usable_ns(at_ns), visit))
            return []
        self._turn_after_absence(at_ns, visit)
        device, channel = self.visits[visit]
        return [PlannedAction(at_ns, ActionKind.LEAVE, device, channel, 0)]

    def _turn_after_absence(self, at_ns: int, visit: int) -> None:
        self._stay_ends_ns[visit] = None
        away_ns = _draw_ns(self._stays.away_s, self._rng)
        heapq.heappush(self._turns, (at_ns + away_ns, visit))
