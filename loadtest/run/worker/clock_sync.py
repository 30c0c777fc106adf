"""A worker's clock against its master's: messages there and back, as long as a run goes on.

They go over Locust's bus, so that nothing else needs to be reachable. Both ends are timed in the
greenlets that send and take messages; whatever delays those makes a round trip longer, and a longer
one says less. What follows from the times is arithmetic in ``loadtest.metrics.clocks.offset``.
"""

from collections.abc import Callable

import gevent

from loadtest.clock import Clock, monotonic_ns
from loadtest.metrics.clocks.offset import ClockEstimator, PingPong, SteadyOffset
from loadtest.metrics.clocks.state import ClockState

__all__ = ["ClockSync"]

_FIRST_PINGS = 32
_FIRST_GAP_S = 0.01
_GAP_S = 0.25


class ClockSync:
    """Follows the offset of the master's clock.

    Args:
        ping: Sends the master an instant.
        on_offset: Is called in the hub with each newer offset to convert with.
        clock: For tests.
    """

    def __init__(
        self,
        ping: Callable[[int], None],
        on_offset: Callable[[SteadyOffset], None],
        clock: Clock = monotonic_ns,
    ) -> None:
        self._ping = ping
        self._on_offset = on_offset
        self._clock = clock
        self._estimator = ClockEstimator()
        self._steady: SteadyOffset | None = None
        self._state: ClockState | None = None
        self._greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Start to ask; call it in a greenlet."""
        self._greenlet = gevent.spawn(self._ask)

    def stop(self) -> None:
        """Ask no more."""
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None

    @property
    def state(self) -> ClockState | None:
        """What is known of the clock; None: not enough yet."""
        return self._state

    def _ask(self) -> None:
        pings = 0
        while True:
            self._ping(self._clock())
            pings += 1
            gevent.sleep(_FIRST_GAP_S if pings < _FIRST_PINGS else _GAP_S)

    def take_pong(self, sent_ns: int, remote_ns: int) -> None:
        """Take an answer of the master, as soon as it is there."""
        now_ns = self._clock()
        self._estimator.take(PingPong(sent_ns, remote_ns, now_ns))
        if self._estimator.count < _FIRST_PINGS:
            return
        estimate = self._estimator.estimate(now_ns)
        assert estimate is not None, "an exchange was just taken"
        if self._steady is None:
            self._steady = SteadyOffset.starting(estimate)
        else:
            self._steady = self._steady.following(estimate)
        self._state = ClockState.of(estimate, self._steady, self._state)
        self._on_offset(self._steady)
