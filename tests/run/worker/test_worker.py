"""A process that carries users of a run led elsewhere."""

import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gevent
import pytest

from loadtest.clock import monotonic_ns
from loadtest.engine.network import NetworkSettings
from loadtest.engine.tls import TlsSettings
from loadtest.run.bus import TOKEN_VARIABLE
from loadtest.run.messages import MessageKind
from loadtest.run.presentation import presentation
from loadtest.run.run_plan import RunPlan
from loadtest.run.worker import worker as worker_module
from loadtest.run.worker.active_run import NoRunError, runtime_of, runtime_or_exit
from loadtest.run.worker.leader_watch import SILENCE_S
from loadtest.run.worker.worker import RunWorker
from loadtest.spanning import DrainStage
from loadtest.spanning.batch import Batch, decode, encode
from tests.support.locust_process import FakeMaster, environment, message, parsed
from tests.support.profiles import profile

PLAN = RunPlan(
    run="00c0ffee",
    run_id="20261122T190000Z-test-0001",
    profile=profile().resolved(),
    host="http://127.0.0.1:9",
    seed=1,
    worker=1,
    workers=2,
)


class World:
    """A worker whose master is a list of messages."""

    def __init__(self, results: Path) -> None:
        self.runner = FakeMaster()
        self.environment = environment(parsed(results))
        runner: Any = self.runner
        self.worker = RunWorker(self.environment, runner)
        self.worker.listen()

    def tell(self, kind: MessageKind, data: object = None) -> None:
        self.runner.listeners[kind](environment=self.environment, msg=message(data))

    def fire(self, name: str) -> None:
        getattr(self.environment.events, name).fire(environment=self.environment, user_count=0)

    def begin(self, plan: RunPlan = PLAN) -> None:
        self.tell(MessageKind.PLAN, plan.to_message())
        self.fire("test_start")

    def said(self, kind: MessageKind) -> list[Any]:
        return [data for each, data, _ in self.runner.sent if each == kind]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    before = signal.getsignal(signal.SIGINT)
    world = World(tmp_path)
    yield world
    world.worker._finish()
    signal.signal(signal.SIGINT, before)


def test_a_run_begins_with_the_plan_of_the_master(world: World) -> None:
    world.begin()

    assert runtime_of(world.environment).plan == PLAN


def test_the_final_report_comes_when_the_master_asks_for_it(world: World) -> None:
    world.begin()
    world.fire("spawning_complete")
    world.tell(MessageKind.DRAIN)

    report = world.said(MessageKind.REPORT)[-1]
    assert (report["run"], report["is_final"]) == ("00c0ffee", True)
    assert report["snapshot"]["worker"] == 1
    world.fire("test_stopping")
    assert [each["is_final"] for each in world.said(MessageKind.REPORT)].count(True) == 1


def test_pushes_reach_the_run_that_they_are_of(world: World) -> None:
    told: list[object] = []
    world.tell(MessageKind.PUSHES, {"run": "00c0ffee", "pushes": [[7, 4, 98, 1]]})
    world.begin()
    runtime: Any = runtime_of(world.environment)
    runtime.take_pushes = told.append
    world.tell(MessageKind.PUSHES, {"run": "0000dead", "pushes": [[7, 4, 99, 2]]})
    world.tell(MessageKind.PUSHES, {"run": "00c0ffee", "pushes": [[7, 4, 99, 2]]})

    assert told == [[[7, 4, 99, 2]]]


def test_a_worker_tells_what_it_knows_of_its_clock(world: World) -> None:
    world.begin()
    for _ in range(32):
        gevent.sleep(0)
        ping = {"sent_ns": monotonic_ns()}
        world.tell(MessageKind.PONG, ping | {"remote_ns": monotonic_ns()})
    world.tell(MessageKind.DRAIN)

    clock = world.said(MessageKind.REPORT)[-1]["clock"]
    assert clock["exchanges"] == 32
    assert abs(clock["offset_ms"]) <= clock["uncertainty_ms"]
    assert world.said(MessageKind.PING)


def spanning_plan() -> RunPlan:
    """Return the plan of a run whose channels span two workers."""
    spanning = profile("run.span_workers=true", "run.drain_s=0.2", "run.delivery_deadline_s=0.1")
    return replace(PLAN, profile=spanning.resolved())


def synchronise(world: World) -> None:
    for _ in range(32):
        now_ns = monotonic_ns()
        world.tell(MessageKind.PONG, {"sent_ns": now_ns, "remote_ns": now_ns})


def wait_until(is_done: Callable[[], bool]) -> None:
    while not is_done():
        gevent.sleep(0.001)


def test_a_worker_tells_the_others_what_it_saw(world: World) -> None:
    world.begin(spanning_plan())
    synchronise(world)
    wait_until(lambda: bool(world.said(MessageKind.BATCH)))

    batch = world.said(MessageKind.BATCH)[0]
    assert (batch["run"], batch["to"]) == ("00c0ffee", 0)
    assert decode(batch["content"]).sender == 1


def test_a_worker_takes_what_the_others_tell(world: World) -> None:
    world.begin(spanning_plan())
    synchronise(world)
    spanning = runtime_of(world.environment).spanning
    assert spanning is not None
    batch = Batch(0, 1, monotonic_ns(), 0, DrainStage.DONE, [], [])
    other_run = {"run": "another", "to": 1, "content": b"not even a batch"}
    world.tell(MessageKind.BATCH, other_run)
    world.tell(MessageKind.BATCH, {"run": "00c0ffee", "to": 1, "content": encode(batch)})

    wait_until(lambda: spanning.exchange.are_all(DrainStage.DONE))
    assert world.said(MessageKind.ERROR) == []


def test_a_worker_that_hears_of_a_lost_one_says_what_is_missing(world: World) -> None:
    world.begin(spanning_plan())
    world.tell(MessageKind.GONE, {"run": "another", "worker": 0})
    world.tell(MessageKind.GONE, {"run": "00c0ffee", "worker": 0})
    wait_until(lambda: bool(world.said(MessageKind.ERROR)))

    assert "worker 1 is gone" in world.said(MessageKind.ERROR)[0]["text"]
    world.tell(MessageKind.DRAIN)
    assert world.said(MessageKind.REPORT)[-1]["is_final"], "nobody is left to wait for"


def test_without_an_answer_of_the_others_a_worker_ends_all_the_same(world: World) -> None:
    world.begin(spanning_plan())
    synchronise(world)
    world.tell(MessageKind.DRAIN)

    assert world.said(MessageKind.REPORT)[-1]["is_final"]


def test_a_plan_of_another_version_is_refused(world: World) -> None:
    world.tell(MessageKind.PLAN, PLAN.to_message() | {"version": "0.0.0"})
    world.fire("test_start")

    [error] = world.said(MessageKind.ERROR)
    assert error["is_fatal"]
    assert "install the same on both" in error["text"]
    with pytest.raises(NoRunError):
        runtime_of(world.environment)


def test_a_plan_that_cannot_be_carried_out_here_is_refused(world: World) -> None:
    network = NetworkSettings(tls=TlsSettings(ca_file="/no/such/ca.pem")).to_plain()
    plan = PLAN.to_message() | {"host": "wss://127.0.0.1:9", "network": network}
    world.tell(MessageKind.PLAN, plan)
    world.fire("test_start")

    [error] = world.said(MessageKind.ERROR)
    assert error["is_fatal"]
    assert "--ca-file /no/such/ca.pem" in error["text"]


def test_users_of_a_run_before_find_no_run(world: World) -> None:
    world.begin()
    world.tell(MessageKind.DRAIN)
    world.fire("test_start")

    with pytest.raises(NoRunError):
        runtime_of(world.environment)


def test_errors_of_the_engine_reach_the_master(world: World) -> None:
    world.begin()
    runtime = runtime_of(world.environment)
    runtime.engine.submit(lambda: 1 // 0)
    while not world.said(MessageKind.ERROR):
        gevent.sleep(0.001)

    [error] = world.said(MessageKind.ERROR)
    assert "ZeroDivisionError" in error["text"]
    assert not error["is_fatal"]


def test_a_recording_is_closed_with_the_run(world: World, tmp_path: Path) -> None:
    recording = tmp_path / "run.rec"
    world.begin(RunPlan.from_message(PLAN.to_message() | {"record": str(recording)}))
    world.tell(MessageKind.DRAIN)

    assert recording.stat().st_size > 0
    assert world.worker._journal is None


def test_to_hurry_hurries_the_runtime(world: World) -> None:
    world.tell(MessageKind.HURRY)
    world.begin()
    world.tell(MessageKind.HURRY)
    runtime: Any = runtime_of(world.environment)

    assert runtime._hurried.is_set()


def test_an_interrupt_is_left_to_the_master(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.begin()
    interrupted = gevent.spawn(world.worker._interrupted)
    gevent.idle()
    world.tell(MessageKind.DRAIN)
    interrupted.join()

    assert world.runner.calls == []


def test_a_worker_that_is_interrupted_alone_leaves_with_its_final_report(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_MASTER_DECIDES_WITHIN_S", 0)
    world.begin()
    world.worker._interrupted()

    report = world.said(MessageKind.REPORT)[-1]
    assert (report["is_final"], report["is_early"]) == (True, True)
    assert world.runner.calls == ["stop", "quit"]


def test_a_worker_whose_process_ends_by_itself_says_that_it_is_early(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_MASTER_DECIDES_WITHIN_S", 0)
    world.begin()
    world.fire("quitting")

    report = world.said(MessageKind.REPORT)[-1]
    assert (report["is_final"], report["is_early"]) == (True, True)


def test_a_signal_to_all_processes_is_left_to_the_leader(world: World) -> None:
    world.begin()
    ending = gevent.spawn(world.fire, "quitting")
    gevent.idle()
    world.tell(MessageKind.DRAIN)
    ending.join()

    [final] = [each for each in world.said(MessageKind.REPORT) if each["is_final"]]
    assert not final["is_early"]


def test_a_worker_ends_at_its_planned_end_without_being_told(world: World) -> None:
    world.begin(replace(PLAN, duration_s=-10))
    while not (said := [each for each in world.said(MessageKind.REPORT) if each["is_final"]]):
        gevent.sleep(0.01)

    assert not said[0]["is_early"]
    assert world.runner.calls == [], "it waits for what its leader says next"


def test_a_worker_without_its_leader_ends_with_its_process(world: World) -> None:
    world.begin()
    watch: Any = world.worker._watch
    for _ in range(round(SILENCE_S * 2)):
        watch.look()
    while "quit" not in world.runner.calls:
        gevent.sleep(0.01)

    assert world.said(MessageKind.REPORT)[-1]["is_early"]


def test_an_answer_of_the_leader_is_no_silence(world: World) -> None:
    world.begin()
    watch: Any = world.worker._watch
    for _ in range(round(SILENCE_S * 4)):
        watch.look()
        world.environment.events.heartbeat_received.fire(client_id="x", timestamp=0)  # type: ignore[no-untyped-call]
    gevent.idle()

    assert world.runner.calls == []


def test_a_fork_whose_parent_is_gone_waits_for_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "is_orphan", lambda: True)
    world.begin()
    world.fire("quitting")

    assert world.said(MessageKind.REPORT)[-1]["is_early"]


def test_a_leader_that_has_not_shown_the_token_is_not_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "hush")
    guarded = World(tmp_path)
    guarded.begin()

    with pytest.raises(NoRunError):
        runtime_of(guarded.environment)


def test_a_token_that_cannot_be_read_ends_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(presentation, "complain", said.append)
    runner: Any = FakeMaster()
    asked = parsed(tmp_path, "--token-file", str(tmp_path / "nowhere"))
    with pytest.raises(SystemExit) as left:
        RunWorker(environment(asked), runner)

    assert left.value.code == 2
    assert "--token-file" in said[0]


def test_an_end_that_comes_before_the_beginning_is_kept(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.tell(MessageKind.PLAN, PLAN.to_message())
    world.tell(MessageKind.DRAIN)
    world.fire("test_start")

    assert world.said(MessageKind.IDLE) == [{"run": "00c0ffee"}]
    assert world.said(MessageKind.REPORT) == []
    with pytest.raises(gevent.GreenletExit):
        runtime_or_exit(world.environment)
    assert caplog.text == "", "that users come too late is nobody's fault"
    world.begin()
    assert runtime_of(world.environment).plan == PLAN
