"""Is it me or the server? What this process itself costs and delays, second by second.

The engine's loop is late when the thread does not get the processor; the hub is late when greenlets
or the interpreter's lock keep it; the garbage collector stops both. Each is measured where it
happens and read once a second in the engine's thread. Reading and writing one integer is atomic
here, so that no lock is needed.
"""

import gc
from typing import Any

import gevent

from loadtest.clock import NS_PER_S, Clock, monotonic_ns, process_cpu_ns, thread_cpu_ns
from loadtest.engine import Engine
from loadtest.metrics import HealthSample

__all__ = ["HealthMonitor"]

_HUB_PERIOD_S = 0.05


class HealthMonitor:
    """Measures this process from its start on.

    Args:
        engine: Whose loop and sockets are watched.
        clock: For tests.
        cpu_clock: For tests. Collections are timed by it, as one of another thread may be
            suspended half-way, and what it waits for then is no pause of its own.
    """

    def __init__(
        self, engine: Engine, clock: Clock = monotonic_ns, cpu_clock: Clock = thread_cpu_ns
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._cpu_clock = cpu_clock
        self._hub_lag_ns = 0
        self._gc_started_ns = 0
        self._gc_pause_ns = 0
        self._sampled_ns = clock()
        self._cpu_ns = process_cpu_ns()
        self._hub_greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Start to watch the hub and the garbage collector; call it in a greenlet."""
        self._hub_greenlet = gevent.spawn(self._watch_hub)
        gc.callbacks.append(self._collected)

    def stop(self) -> None:
        """Stop to watch."""
        if self._hub_greenlet is not None:
            self._hub_greenlet.kill()
            gc.callbacks.remove(self._collected)
            self._hub_greenlet = None

    def sample(self, now_ns: int) -> HealthSample:
        """Return the worst of each since the last sample; in the engine's thread."""
        cpu_ns = process_cpu_ns()
        elapsed_ns = max(now_ns - self._sampled_ns, 1)
        cpu_ratio = (cpu_ns - self._cpu_ns) / elapsed_ns
        self._cpu_ns, self._sampled_ns = cpu_ns, now_ns
        hub_lag_ns, self._hub_lag_ns = self._hub_lag_ns, 0
        gc_pause_ns, self._gc_pause_ns = self._gc_pause_ns, 0
        return HealthSample(
            at_ns=now_ns,
            loop_lag_ns=self._engine.take_lateness_ns(),
            hub_lag_ns=hub_lag_ns,
            gc_pause_ns=gc_pause_ns,
            cpu_ratio=cpu_ratio,
            unsent_bytes=self._engine.unsent_bytes,
            open_files=self._engine.open_count,
        )

    def _watch_hub(self) -> None:
        period_ns = round(_HUB_PERIOD_S * NS_PER_S)
        while True:
            before_ns = self._clock()
            gevent.sleep(_HUB_PERIOD_S)
            late_ns = self._clock() - before_ns - period_ns
            self._hub_lag_ns = max(self._hub_lag_ns, late_ns)

    def _collected(self, phase: str, _info: dict[str, Any]) -> None:
        if phase == "start":
            self._gc_started_ns = self._cpu_clock()
        else:
            self._gc_pause_ns = max(self._gc_pause_ns, self._cpu_clock() - self._gc_started_ns)
