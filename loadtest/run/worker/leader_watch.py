"""Whether a worker's leader still leads, and when the worker has to end without it.

A leader tells its workers to end. One that was killed tells nobody: its workers end at the planned
end of the run, or once the bus has been silent for some seconds.
"""

from collections.abc import Callable

import gevent

from loadtest.clock import NS_PER_S, Clock, monotonic_ns

__all__ = ["SILENCE_S", "LeaderWatch"]

SILENCE_S = 10.0
"""How long nothing may come from the leader; it answers a heartbeat each second."""
_PERIOD_S = 0.5
# The leader ends the run by its own clock, and its message takes a moment.
_SPARE_S = 3.0


class LeaderWatch:
    """Watches the leader of one run.

    Args:
        duration_s: How long the run is planned to last; None: until it is stopped.
        on_planned_end: Is called once if the run has not ended some seconds after its planned end.
        on_silence: Is called once if nothing comes from the leader any more.
        clock: For tests.

    Both are called in a greenlet of their own.
    """

    def __init__(
        self,
        duration_s: float | None,
        on_planned_end: Callable[[], object],
        on_silence: Callable[[], object],
        clock: Clock = monotonic_ns,
    ) -> None:
        self._clock = clock
        self._ends_ns = (
            None if duration_s is None else clock() + round((duration_s + _SPARE_S) * NS_PER_S)
        )
        self._on_planned_end = on_planned_end
        self._on_silence = on_silence
        self._silent_looks = 0
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Start to watch; call it in a greenlet."""
        self._greenlet = gevent.spawn(self._watch)

    def stop(self) -> None:
        """Stop to watch."""
        if self._greenlet is not None:
            self._greenlet.kill(block=False)
            self._greenlet = None

    def heard(self) -> None:
        """Take note that something came from the leader."""
        self._silent_looks = 0

    def look(self) -> None:
        """Look once; who watches does it each half second.

        Silence is counted in looks and not by the clock: a worker that was itself held up for ten
        seconds has not yet read what its leader said in that time.
        """
        self._silent_looks += 1
        if self._ends_ns is not None and self._clock() > self._ends_ns:
            self._ends_ns = None
            gevent.spawn(self._on_planned_end)
        if self._silent_looks * _PERIOD_S == SILENCE_S:
            gevent.spawn(self._on_silence)

    def _watch(self) -> None:
        while True:
            gevent.sleep(_PERIOD_S)
            self.look()
