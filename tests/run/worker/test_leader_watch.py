"""A worker notices that nobody leads it any more."""

import gevent

from loadtest.clock import NS_PER_S
from loadtest.run.worker.leader_watch import SILENCE_S, LeaderWatch


class World:
    """A watch whose time a test tells."""

    def __init__(self, duration_s: float | None = None) -> None:
        self.now_ns = 0
        self.calls: list[str] = []
        self.watch = LeaderWatch(
            duration_s,
            lambda: self.calls.append("planned end"),
            lambda: self.calls.append("silence"),
            clock=lambda: self.now_ns,
        )

    def look(self, times: int = 1) -> list[str]:
        for _ in range(times):
            self.watch.look()
        gevent.idle()
        return self.calls


def test_silence_is_told_once() -> None:
    world = World()
    looks = round(SILENCE_S * 2)

    assert world.look(looks - 1) == []
    assert world.look(1) == ["silence"]
    assert world.look(looks) == ["silence"]


def test_whatever_is_heard_begins_the_silence_anew() -> None:
    world = World()
    world.look(round(SILENCE_S * 2) - 1)
    world.watch.heard()

    assert world.look(round(SILENCE_S * 2) - 1) == []


def test_the_planned_end_is_told_once_and_not_at_its_very_instant() -> None:
    world = World(duration_s=60)
    world.now_ns = 61 * NS_PER_S
    assert world.look() == []
    world.now_ns = 64 * NS_PER_S

    assert world.look(2) == ["planned end"]


def test_it_looks_by_itself_until_it_is_stopped() -> None:
    world = World(duration_s=-10)
    world.watch.start()
    while not world.calls:
        gevent.sleep(0.01)
    world.watch.stop()
    world.watch.stop()

    assert world.calls == ["planned end"]
