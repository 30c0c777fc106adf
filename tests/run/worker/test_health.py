"""What the process itself costs and delays."""

import gc
from typing import Any

import gevent

from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.run.worker.health import HealthMonitor


class FakeEngine:
    """An engine that was late, and has sockets."""

    unsent_bytes = 7
    open_count = 3

    def __init__(self) -> None:
        self.lateness_ns = 5 * NS_PER_MS

    def take_lateness_ns(self) -> int:
        taken, self.lateness_ns = self.lateness_ns, 0
        return taken


class FakeClock:
    """Goes by a fixed step with each reading."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.step_ns = 0

    def __call__(self) -> int:
        self.now_ns += self.step_ns
        return self.now_ns


def monitor(clock: FakeClock) -> HealthMonitor:
    engine: Any = FakeEngine()
    return HealthMonitor(engine, clock, clock)


def test_a_sample_has_the_worst_since_the_one_before() -> None:
    watching = monitor(FakeClock())
    first, second = watching.sample(NS_PER_S), watching.sample(2 * NS_PER_S)

    assert (first.loop_lag_ns, second.loop_lag_ns) == (5 * NS_PER_MS, 0)
    assert (first.unsent_bytes, first.open_files, first.at_ns) == (7, 3, NS_PER_S)
    assert first.cpu_ratio >= 0


def test_collections_of_garbage_are_timed_while_it_watches() -> None:
    clock = FakeClock()
    watching = monitor(clock)
    watching.start()
    clock.step_ns = 30 * NS_PER_MS
    gc.collect()
    clock.step_ns = 0
    pause_ns = watching.sample(NS_PER_S).gc_pause_ns
    watching.stop()
    watching.stop()
    clock.step_ns = NS_PER_S
    gc.collect()

    assert pause_ns == 30 * NS_PER_MS
    assert watching.sample(2 * NS_PER_S).gc_pause_ns == 0


def test_a_hub_that_comes_late_is_noticed() -> None:
    clock = FakeClock()
    watching = monitor(clock)
    watching.start()
    clock.step_ns = 80 * NS_PER_MS  # between two looks, of 50 ms by plan
    while not watching.sample(NS_PER_S).hub_lag_ns:
        gevent.sleep(0.01)
    clock.step_ns = 0
    watching.stop()
