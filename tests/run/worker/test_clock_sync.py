"""A worker asks its master for the time, over and over."""

from collections.abc import Iterator

import gevent
import pytest

from loadtest.clock import NS_PER_MS
from loadtest.metrics.clocks.offset import SteadyOffset
from loadtest.run.worker import clock_sync
from loadtest.run.worker.clock_sync import ClockSync

AHEAD_NS = 250 * NS_PER_MS
WAY_NS = 100_000


class World:
    """A master whose clock is ahead, and which answers at once."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.pings: list[int] = []
        self.offsets: list[SteadyOffset] = []
        self.sync = ClockSync(self.pings.append, self.offsets.append, lambda: self.now_ns)

    def answer(self, count: int) -> None:
        for _ in range(count):
            sent_ns = self.now_ns
            self.now_ns += 2 * WAY_NS
            self.sync.take_pong(sent_ns, sent_ns + WAY_NS + AHEAD_NS)
            self.now_ns += 10 * NS_PER_MS


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(clock_sync, "_FIRST_GAP_S", 0)
    monkeypatch.setattr(clock_sync, "_GAP_S", 0)
    world = World()
    yield world
    world.sync.stop()


def test_the_first_offset_rests_on_many_exchanges(world: World) -> None:
    world.answer(31)
    assert world.offsets == []
    assert world.sync.state is None

    world.answer(1)
    [steady] = world.offsets
    assert abs(steady.offset_ns(world.now_ns) - AHEAD_NS) <= steady.uncertainty_ns
    assert world.sync.state is not None
    assert world.sync.state.exchanges == 32
    assert world.sync.state.uncertainty_ms < 0.12


def test_every_later_answer_makes_a_newer_one(world: World) -> None:
    world.answer(40)

    assert len(world.offsets) == 9
    assert world.sync.state is not None
    assert world.sync.state.exchanges == 40


def test_it_asks_until_it_is_stopped(world: World) -> None:
    world.sync.start()
    while len(world.pings) < 40:
        gevent.sleep(0)
    world.sync.stop()
    asked = len(world.pings)
    gevent.idle()

    assert len(world.pings) == asked
