"""When a run is past its start: the last user was started, and has settled.

Until then connections are opened, channels are made and everybody enters at once; none of that is
how the deployment is in use. The start is over a while after every cell has begun with its workload
and every scripted device has its user session, or when nobody waits for the rest any more.
"""

from loadtest.clock import NS_PER_S
from loadtest.device.state import State
from loadtest.simulation.director import Director
from loadtest.simulation.scripted_fleet import ScriptedFleet

__all__ = ["SETTLING_NS", "Settling"]

SETTLING_NS = NS_PER_S
"""For so long after the last start those who have come are entering their first chats."""

_BEFORE_ACTIVE = frozenset(State) - {State.ACTIVE, State.ENDING, State.CLOSING, State.ENDED}


class Settling:
    """Follows the start of a run on one worker.

    Args:
        director: Of the profile-driven users.
        scripted: The scripted ones.
        patience_ns: For so long after the last user was started the rest is waited for.
    """

    def __init__(self, director: Director, scripted: ScriptedFleet, patience_ns: int) -> None:
        self._director = director
        self._scripted = scripted
        self._patience_ns = patience_ns
        self._spawned_ns: int | None = None
        self._ready_ns: int | None = None
        self._is_over = False

    def spawning_completed(self, now_ns: int) -> None:
        """Take note that no more users are on their way; only the first time counts."""
        if self._spawned_ns is None:
            self._spawned_ns = now_ns

    def is_over_now(self, now_ns: int) -> bool:
        """Return whether everybody has settled by now; True once, to be asked again and again."""
        if self._is_over or self._spawned_ns is None:
            return False
        if self._ready_ns is None and self._is_ready(now_ns, self._spawned_ns):
            self._ready_ns = now_ns
        self._is_over = self._ready_ns is not None and now_ns >= self._ready_ns + SETTLING_NS
        return self._is_over

    def _is_ready(self, now_ns: int, spawned_ns: int) -> bool:
        if now_ns >= spawned_ns + self._patience_ns:
            return True
        is_anybody_starting = any(
            device.state in _BEFORE_ACTIVE for device in self._scripted.devices
        )
        return self._director.has_started and not is_anybody_starting
