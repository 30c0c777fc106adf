"""A run as the screens see it: each second is the difference of two snapshots."""

from typing import Any

from loadtest.clock import NS_PER_S
from loadtest.metrics import Collection, LedgerSettings
from loadtest.metrics.ledger.ledger import Ledger
from loadtest.observations import Phase
from loadtest.web.live import LiveRun
from tests.support.scenes import Scene, ns


class Watched:
    """A run of scenes, one for each worker, and what the screens know of it."""

    def __init__(self, workers: int = 1) -> None:
        self.now_ns = 0
        self.collection = Collection()
        self.live = LiveRun(0, lambda: self.now_ns)
        self.scenes = []
        for worker in range(workers):
            scene = Scene()
            scene.ledger = Ledger(LedgerSettings(), worker=worker)
            scene.room(2)
            self.scenes.append(scene)

    def tell(self, second: int, worker: int = 0, *, is_last: bool = False) -> None:
        self.now_ns = second * NS_PER_S
        ledger = self.scenes[worker].ledger
        ledger.roll(ns(second * 1000))
        self.collection.take(ledger.snapshot())
        self.live.take(self.collection, worker, is_last=is_last)

    def message(self, key: int, at_ms: float, delay_ms: float, worker: int = 0) -> None:
        scene = self.scenes[worker]
        scene.send(key, at_ms=at_ms)
        scene.see(key, at_ms + delay_ms, 1, 2)

    def rows(self, *names: str) -> list[tuple[Any, ...]]:
        return [tuple(row.get(name) for name in names) for row in self.live.course.rows()]


def test_each_second_shows_what_happened_in_it() -> None:
    run = Watched()
    run.message(1, 500, 10)
    run.tell(1)
    run.message(2, 1_500, 30)
    run.message(3, 1_600, 30)
    run.tell(2)

    assert run.rows("to_s", "messages_per_s", "deliveries_per_s", "deliveries_expected_per_s") == [
        (1, 1, 2, 2),
        (2, 2, 4, 4),
    ]
    latencies = [
        row["timings"]["latency:channel.message.created"] for row in run.live.course.rows()
    ]
    assert [(count, round(p99)) for count, _, _, p99, _ in latencies] == [(2, 10), (4, 30)]
    assert [row["timings"]["last_receiver"][0] for row in run.live.course.rows()] == [1, 2]


def test_a_snapshot_that_is_lost_moves_its_figures_and_drops_none() -> None:
    run = Watched()
    run.message(1, 500, 10)
    run.tell(1)
    run.message(2, 1_500, 10)
    run.scenes[0].ledger.roll(ns(2_000))
    run.scenes[0].ledger.snapshot()
    run.message(3, 2_500, 10)
    run.tell(3)

    assert run.rows("from_s", "to_s", "messages_per_s") == [(0, 1, 1), (1, 3, 1)]


def test_workers_are_added_up_and_none_is_counted_twice() -> None:
    run = Watched(workers=2)
    for second in (1, 2):
        for worker in (0, 1):
            run.message(second, second * 1000 - 500, 10, worker)
            run.tell(second, worker)
    run.tell(3, 0)
    run.tell(3, 1, is_last=True)

    assert sum(point.counts["messages"] for point in run.live.course.points()) == 4
    assert [view.number for view in run.live.workers(run.collection)] == [0, 1]
    assert run.live.course.rows()[-1]["devices"] == 4


def test_what_comes_with_the_last_report_of_a_second_is_there() -> None:
    run = Watched()
    run.tell(1)
    run.message(1, 1_100, 10)
    run.tell(1, is_last=True)

    assert run.rows("to_s", "messages_per_s") == [(1, 0), (2, 1)]


def test_phases_and_lost_connections_are_marks() -> None:
    run = Watched()
    run.tell(1)
    run.scenes[0].ledger.begin_phase(Phase.DRAIN, ns(1_200))
    run.scenes[0].lose(2, 1_500)
    run.tell(2)

    marks = [mark.to_dict() for mark in run.live.marks]
    assert {"at_s": 1.2, "kind": "phase", "text": "drain: nothing new is sent, sessions end"} in (
        marks
    )
    assert {"at_s": 2.0, "kind": "connections", "text": "1 connection lost"} in marks


def test_the_slowest_messages_say_who_was_last_and_how_often() -> None:
    run = Watched()
    run.message(1, 500, 100)
    run.message(2, 600, 300)
    run.tell(1)

    first, second = run.live.slowest()
    assert (first["last_ms"], second["last_ms"]) == (300, 100)
    assert (first["last_device"], first["worker"], first["also_last_count"]) == (2, 1, 1)


def test_a_worker_that_is_silent_is_heard_no_more() -> None:
    run = Watched()
    run.tell(1)
    run.now_ns = 9 * NS_PER_S

    [view] = run.live.workers(run.collection)
    assert (view.heard_s_ago, view.devices) == (8, 2)


def test_marks_count_from_when_the_run_began() -> None:
    run = Watched()
    run.live.restart(4 * NS_PER_S)
    run.now_ns = 10 * NS_PER_S
    run.live.mark("error", "what")

    assert run.live.marks[-1].at_s == 6
