"""Workers with clocks of their own tell each other what they saw."""

from typing import Any

import pytest

from loadtest.clock import NS_PER_MS
from loadtest.metrics.clocks.offset import SteadyOffset
from loadtest.spanning import DrainStage, Exchange
from loadtest.spanning.batch import CellSettled, Fact, MemberKnown
from tests.support.spanning import WORKERS, Told, device_on, ms, session_on

AHEAD_MS = {0: 0, 1: 250}
"""By how much each worker's clock is ahead of the master's."""


class World:
    """Two workers and the way between them."""

    def __init__(self, *, synchronised: bool = True) -> None:
        self.told = [Told() for _ in range(WORKERS)]
        self.facts: list[list[Fact]] = [[] for _ in range(WORKERS)]
        self.problems: list[str] = []
        self.exchanges = [
            Exchange(
                worker,
                WORKERS,
                self.told[worker].observer,
                on_fact=self.facts[worker].append,
                on_problem=self.problems.append,
            )
            for worker in range(WORKERS)
        ]
        self.batches: list[tuple[int, bytes]] = []
        if synchronised:
            self.synchronise()

    def synchronise(self) -> None:
        for worker, ahead_ms in AHEAD_MS.items():
            offset = SteadyOffset(0, -ms(ahead_ms), 0.0, 100_000)
            self.exchanges[worker].set_offset(offset)

    def pass_to(self, at_ms: float, *, deliver: bool = True) -> None:
        """Let all workers tell what they saw, at an instant of the master's clock."""
        for worker, exchange in enumerate(self.exchanges):
            self.batches += exchange.tick(ms(at_ms + AHEAD_MS[worker]))
        while deliver and self.batches:
            to, content = self.batches.pop(0)
            self.exchanges[to].take(content)
        for worker, exchange in enumerate(self.exchanges):
            exchange.advance(ms(at_ms + AHEAD_MS[worker]))

    def send(self, key: int = 1, at_ms: float = 10) -> None:
        """Have a device on worker 0, whose cell is judged there, write a message."""
        at_ns = ms(at_ms + AHEAD_MS[0])
        self.exchanges[0].observer.message_sent(key, device_on(0), 1, 1, at_ns, at_ns)

    def see(self, key: int = 1, at_ms: float = 12) -> None:
        """Have a device on worker 1 see it."""
        at_ns = ms(at_ms + AHEAD_MS[1])
        self.exchanges[1].observer.message_delivered(session_on(1), key, 5, at_ns)


def test_what_another_worker_saw_comes_by_this_worker_s_clock() -> None:
    world = World()
    world.send(at_ms=10)
    world.see(at_ms=12)
    world.pass_to(100)
    world.pass_to(200)

    assert world.told[0].calls == [
        ("message_sent", 1, device_on(0), 1, 1, ms(10), ms(10)),
        ("message_delivered", session_on(1), 1, 5, ms(12)),
    ]
    assert world.told[1].calls == [], "the cell's home is worker 0"
    assert world.problems == []


def test_nothing_is_told_or_taken_before_the_clocks_are_known() -> None:
    world = World(synchronised=False)
    world.send()
    world.see()
    world.pass_to(100)
    assert world.told[0].calls == []

    world.exchanges[1].set_offset(SteadyOffset(0, -ms(250), 0.0, 100_000))
    world.pass_to(200)
    assert world.told[0].calls == [], "worker 0 cannot place what it was told"

    world.synchronise()
    world.pass_to(300)
    world.pass_to(400)
    assert world.told[0].names == ["message_sent", "message_delivered"]


def test_instants_are_converted_both_ways() -> None:
    world = World()
    exchange = world.exchanges[1]

    assert exchange.to_master(ms(260)) == ms(10)
    assert exchange.from_master(ms(10)) == ms(260)
    assert World(synchronised=False).exchanges[1].to_master(7) == 7
    assert World(synchronised=False).exchanges[1].from_master(7) == 7


def test_facts_go_to_whom_they_are_told_and_to_oneself() -> None:
    world = World()
    known, settled = MemberKnown(0, 1, 10_001), CellSettled(0, 1)
    world.exchanges[1].tell(known, 0)
    world.exchanges[1].tell(settled)
    world.pass_to(100)

    assert world.facts[0] == [known, settled]
    assert world.facts[1] == [settled]


def test_a_batch_that_is_missing_is_a_problem() -> None:
    world = World()
    world.pass_to(100, deliver=False)
    world.batches.clear()
    world.pass_to(200)

    assert len(world.problems) == WORKERS
    assert "its batch 2 came after its batch 0" in world.problems[0]


def test_all_causes_are_known_once_everybody_is_quiet_and_has_told() -> None:
    world = World()
    world.send()
    world.pass_to(100)
    assert not world.exchanges[0].knows_all_causes

    for exchange in world.exchanges:
        exchange.stage = DrainStage.QUIET
    world.pass_to(200)
    assert world.exchanges[0].are_all(DrainStage.QUIET)
    assert not world.exchanges[0].are_all(DrainStage.SATISFIED)
    assert world.exchanges[0].knows_all_causes


def test_the_end_has_come_when_everybody_has_told_everything() -> None:
    world = World()
    world.send(at_ms=210)
    world.see(at_ms=211)
    for exchange in world.exchanges:
        exchange.stage = DrainStage.DONE
    world.pass_to(220)

    assert all(exchange.has_everything for exchange in world.exchanges)
    assert world.told[0].names == ["message_sent", "message_delivered"]
    assert world.exchanges[0].is_done(1)
    assert world.exchanges[0].tick(ms(300)) == [], "nobody waits for another batch"


def test_a_lost_worker_is_not_waited_for() -> None:
    world = World()
    world.send()
    world.exchanges[0].tick(ms(20))
    world.exchanges[0].lose(1)
    world.exchanges[0].lose(0)
    world.exchanges[0].advance(ms(20))

    assert world.exchanges[0].are_all(DrainStage.DONE)
    assert world.told[0].names == ["message_sent"]


def test_a_push_is_taken_by_the_worker_s_own_ledger() -> None:
    world = World()
    world.exchanges[1].push_received(7, 4, 99, ms(260))
    world.pass_to(100)
    world.pass_to(200)

    assert world.told[1].calls == [("push_received", 7, 4, 99, ms(260))]
    assert world.told[0].calls == []


@pytest.mark.parametrize("uncertainty_ns", [0, 5 * NS_PER_MS])
def test_effects_are_held_back_by_what_is_unknown_of_both_clocks(uncertainty_ns: int) -> None:
    world = World()
    for worker in range(WORKERS):
        ahead_ns = ms(AHEAD_MS[worker])
        world.exchanges[worker].set_offset(SteadyOffset(0, -ahead_ns, 0.0, uncertainty_ns))
    world.pass_to(5)
    world.send(at_ms=10)
    world.see(at_ms=10.5)
    world.pass_to(15)
    told: list[Any] = world.told[0].names

    assert told == ["message_sent"] + ["message_delivered"] * (uncertainty_ns == 0)
    world.pass_to(25)
    assert world.told[0].names == ["message_sent", "message_delivered"]
