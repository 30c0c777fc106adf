"""A process that leads a run whose users live on workers."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from locust import User
from locust.runners import STATE_MISSING, STATE_RUNNING

from loadtest.clock import monotonic_ns
from loadtest.errors import TargetError
from loadtest.metrics import ExitCode, Ledger, LedgerSettings
from loadtest.run.bus import TOKEN_VARIABLE
from loadtest.run.leader import leader as leader_module
from loadtest.run.leader import master as master_module
from loadtest.run.leader.locust_dispatch import CellDispatcher
from loadtest.run.leader.master import MasterLeader
from loadtest.run.messages import MessageKind
from loadtest.run.presentation import presentation
from tests.support.locust_process import FakeMaster, Guest, environment, message, parsed


class World:
    """A master with two workers that answer when a test says so."""

    def __init__(self, results: Path, *options: str, user_class: type[User] = Guest) -> None:
        self.results = results
        self.runner = FakeMaster("host_b", "host_a")
        self.environment = environment(
            parsed(results, "--host", "http://chat:1", *options), user_class
        )
        runner: Any = self.runner
        self.leader = MasterLeader(self.environment, runner)
        self.leader.listen()
        self.runner.on_stop = lambda: self.leader._test_stopping()

    def start(self) -> None:
        greenlet = gevent.spawn(self.leader._test_start)
        greenlet.join()
        self.runner.state = STATE_RUNNING

    def sent(self, kind: MessageKind) -> list[tuple[Any, str | None]]:
        return [(data, to) for each, data, to in self.runner.sent if each == kind]

    def report(
        self,
        worker: int,
        *,
        is_final: bool,
        is_early: bool = False,
        run: str | None = None,
        clock: dict[str, Any] | None = None,
    ) -> None:
        snapshot = {**Ledger(LedgerSettings()).snapshot(), "worker": worker}
        data = {"run": run or self.leader._run, "snapshot": snapshot, "is_final": is_final}
        data |= {"clock": clock, "is_early": is_early}
        sender = message(data, f"host_{'ab'[worker]}")
        self.runner.listeners[MessageKind.REPORT](environment=self.environment, msg=sender)

    def batch(self, to: int, run: str | None = None) -> None:
        data = {"run": run or self.leader._run, "to": to, "content": b"seen"}
        self.runner.listeners[MessageKind.BATCH](environment=self.environment, msg=message(data))

    def answer_drain(self, *workers: int) -> None:
        """Have these workers hand in their final reports once they are asked."""

        def answer(kind: str) -> None:
            for worker in workers if kind == MessageKind.DRAIN else ():
                self.report(worker, is_final=True)

        self.runner.on_send = answer


@pytest.fixture
def complaints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(presentation, "complain", found.append)
    return found


@pytest.fixture
def world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> Iterator[World]:
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(leader_module, "check_answer", lambda *_: None)
    monkeypatch.setattr(master_module, "_POLL_S", 0.001)
    yield World(tmp_path / "results")
    signal.signal(signal.SIGINT, before)


def test_each_worker_gets_the_plan_with_its_number(world: World) -> None:
    world.start()

    plans = {to: data for data, to in world.sent(MessageKind.PLAN)}
    assert {to: plan["worker"] for to, plan in plans.items()} == {"host_a": 0, "host_b": 1}
    assert {plan["workers"] for plan in plans.values()} == {2}
    assert {plan["host"] for plan in plans.values()} == {"http://chat:1"}


def test_the_run_ends_when_every_worker_has_handed_in_its_final_report(world: World) -> None:
    world.start()
    world.answer_drain(0, 1)
    world.runner.stop()

    assert world.sent(MessageKind.DRAIN) == [(None, None)]
    assert world.leader.results is not None
    assert world.leader.results.final_workers == {0, 1}
    assert not world.leader.is_running


def test_a_secret_is_told_to_nobody_without_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> None:
    monkeypatch.setattr(leader_module, "check_answer", lambda *_: None)
    secret = ("--set", "target.api_key=hush")
    world = World(tmp_path / "results", *secret)
    world.start()
    assert complaints[0].startswith("target.api_key: secret, and everybody who reaches this master")
    assert world.sent(MessageKind.PLAN) == []

    monkeypatch.setenv(TOKEN_VARIABLE, "opens the bus")
    guarded = World(tmp_path / "others", *secret)
    guarded.start()
    assert len(complaints) == 1
    assert guarded.sent(MessageKind.PLAN) == [], "nobody has shown it yet"


def test_every_worker_of_a_run_is_told_of_every_push(world: World) -> None:
    world.leader.deliver_pushes([(7, 4, 98, 1)])
    world.start()
    world.leader.deliver_pushes([(7, 4, 99, 2)])

    [(batch, to)] = world.sent(MessageKind.PUSHES)
    assert batch == {"run": world.leader._run, "pushes": [(7, 4, 99, 2)]}
    assert to is None


def test_a_worker_that_is_gone_is_not_waited_for(world: World, complaints: list[str]) -> None:
    world.start()
    world.answer_drain(1)
    world.runner.clients["host_a"].state = STATE_MISSING
    world.runner.stop()

    assert "worker 1 of 2 (host_a) is lost" in complaints[0]
    assert world.runner.calls == ["stop"]


def test_a_worker_that_ends_before_it_is_told_to_has_no_final_report(
    world: World, complaints: list[str]
) -> None:
    world.start()
    world.report(0, is_final=True, is_early=True)
    del world.runner.clients["host_a"]
    world.answer_drain(1)
    world.runner.stop()

    assert len(complaints) == 1, "it is said when it happens, and once"
    assert re.match(r"worker 1 of 2 \(host_a\) ended before it was told to, \d+ s", complaints[0])
    assert world.leader.results is not None
    assert world.leader.results.final_workers == {1}
    assert world.leader.results.exit_code is ExitCode.INCONCLUSIVE


def test_a_worker_that_quits_while_it_is_waited_for_is_lost(
    world: World, complaints: list[str]
) -> None:
    world.start()
    world.answer_drain(1)
    gevent.spawn_later(0.01, world.runner.clients.__delitem__, "host_a")
    world.runner.stop()

    assert "worker 1 of 2 (host_a) is lost" in complaints[0]


def test_without_any_worker_left_a_run_without_the_web_ui_ends_the_process(world: World) -> None:
    world.start()
    for worker in ("host_a", "host_b"):
        world.runner.clients[worker].state = STATE_MISSING
    world.runner.stop()
    gevent.idle()

    assert world.runner.calls[-1] == "quit"


def test_a_worker_that_never_answers_is_waited_for_with_a_limit(
    world: World, complaints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start()
    world.answer_drain(0)
    monkeypatch.setattr(master_module, "_POLL_S", 0.001)
    monkeypatch.setattr(gevent, "sleep", lambda _s: None)
    world.runner.stop()

    assert "worker 2 of 2 (host_b) is lost" in complaints[0]


def test_to_hurry_tells_all_workers_and_waits_no_longer_than_they_need(world: World) -> None:
    world.start()
    world.leader._patience_s = 1_000
    world.leader.hurry()

    assert world.sent(MessageKind.HURRY) == [(None, None)]
    assert world.leader._patience_s == master_module._SPARE_S


def test_reports_of_a_run_before_are_not_taken(world: World) -> None:
    world.report(0, is_final=True)
    world.start()
    world.report(0, is_final=True, run="another")

    assert world.leader.results is not None
    assert world.leader.results.final_workers == set()


def test_a_report_of_another_version_is_an_error_and_no_traceback(
    world: World, complaints: list[str]
) -> None:
    world.start()
    data = {"run": world.leader._run, "snapshot": {"schema": "old", "worker": 0}, "is_final": True}
    world.runner.listeners[MessageKind.REPORT](environment=world.environment, msg=message(data))

    assert "schema 'old'" in complaints[0]


def test_who_asks_for_the_time_is_told_it(world: World) -> None:
    before_ns = monotonic_ns()
    ping = message({"sent_ns": 7}, "host_a")
    world.runner.listeners[MessageKind.PING](environment=world.environment, msg=ping)

    [(pong, to)] = world.sent(MessageKind.PONG)
    assert (pong["sent_ns"], to) == (7, "host_a")
    assert before_ns <= pong["remote_ns"] <= monotonic_ns()


def test_what_workers_know_of_their_clocks_is_in_the_summary(world: World) -> None:
    world.start()
    for worker, uncertainty_ms in ((0, 0.25), (1, 0.5)):
        clock = {"offset_ms": 1, "drift_ppm": 0, "uncertainty_ms": uncertainty_ms, "exchanges": 32}
        world.report(worker, is_final=True, clock=clock)
    world.runner.stop()

    assert world.leader.results is not None
    facts = world.leader.results._facts()
    assert facts.clock_uncertainty_ms == 0.75
    assert [number for number, _ in facts.clocks] == [0, 1]


def test_what_a_worker_tells_another_is_handed_on(world: World) -> None:
    world.start()
    world.batch(to=1)
    world.batch(to=0, run="another")

    [(batch, to)] = world.sent(MessageKind.BATCH)
    assert (batch["content"], to) == (b"seen", "host_b")


def test_all_workers_are_told_once_who_is_lost(world: World) -> None:
    world.start()
    world.runner.clients["host_a"].state = STATE_MISSING
    world.batch(to=0)
    world.batch(to=0)

    assert world.sent(MessageKind.GONE) == [({"run": world.leader._run, "worker": 0}, None)]
    assert world.sent(MessageKind.BATCH) == [], "nobody is there to take it"


def test_users_are_dealt_one_by_one_where_channels_span_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader_module, "check_answer", lambda *_: None)
    world = World(tmp_path / "results", "--set", "run.span_workers=true")
    assert world.leader._users_per_cell() == 1

    world = World(tmp_path / "others")
    assert world.leader._users_per_cell() > 1


def test_only_users_of_a_profile_can_span_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> None:
    monkeypatch.setattr(leader_module, "check_answer", lambda *_: None)
    options = ("--set", "run.span_workers=true")
    world = World(tmp_path / "results", *options, user_class=User)
    world.start()

    assert "run.span_workers is true" in complaints[0]
    assert world.sent(MessageKind.PLAN) == []


def test_an_error_of_a_worker_is_told_with_its_name(world: World, complaints: list[str]) -> None:
    world.start()
    data = {"text": "Traceback\nKeyError: 4", "is_fatal": False}
    world.runner.listeners[MessageKind.ERROR](msg=message(data, "host_a"))

    assert complaints[0].startswith("KeyError: 4 (see ")
    assert world.runner.calls == []


def test_a_worker_that_cannot_take_part_ends_the_run(world: World, complaints: list[str]) -> None:
    world.start()
    world.answer_drain(1)
    data = {"text": "--ca-file ca.pem: no such file", "is_fatal": True}
    world.runner.listeners[MessageKind.ERROR](msg=message(data, "host_a"))
    gevent.idle()

    assert "worker host_a: --ca-file ca.pem: no such file" in complaints[0]
    assert world.runner.calls[-1] == "quit"
    assert not world.leader.is_running, "and it is not waited for"


def test_users_of_a_profile_are_dealt_by_cells(world: World) -> None:
    nodes = list(world.runner.clients.values())
    dealer = world.leader._dispatcher_for(nodes, [Guest])
    dealer.new_dispatch(world.leader.options.profile.users_in_run, spawn_rate=1_000_000)

    shares = list(dealer)[-1]
    assert isinstance(dealer, CellDispatcher)
    per_cell = world.leader.options.profile.population_plan().users_per_cell
    assert {worker: counts["Guest"] % per_cell for worker, counts in shares.items()} == {
        "host_a": 0,
        "host_b": 0,
    }


def test_scripted_users_are_dealt_one_by_one(
    tmp_path: Path, complaints: list[str], world: World
) -> None:
    class Scripted(User):
        """Any other user."""

    other = World(tmp_path / "other", user_class=Scripted)
    dealer = other.leader._dispatcher_for(list(other.runner.clients.values()), [Scripted])
    dealer.new_dispatch(5, spawn_rate=1_000_000)

    shares = list(dealer)[-1]
    assert {worker: counts["Scripted"] for worker, counts in shares.items()} == {
        "host_a": 3,
        "host_b": 2,
    }


def test_during_a_run_locust_gets_the_same_dispatcher_again(world: World) -> None:
    nodes = list(world.runner.clients.values())
    first = world.leader._dispatcher_for(nodes, [Guest])
    world.start()

    assert world.leader._dispatcher_for(nodes[:1], [Guest]) is first
    world.answer_drain(0, 1)
    world.runner.stop()
    assert world.leader._dispatcher_for(nodes, [Guest]) is not first


def test_a_run_that_cannot_begin_leaves_no_dispatcher_behind(
    world: World, monkeypatch: pytest.MonkeyPatch, complaints: list[str]
) -> None:
    def refuse(*_: object) -> None:
        raise TargetError("http://chat:1", "connection refused")

    monkeypatch.setattr(leader_module, "check_answer", refuse)
    world.leader._checked_host = ""
    world.start()

    assert world.runner._users_dispatcher is None
    assert world.sent(MessageKind.PLAN) == []
    assert complaints == ["http://chat:1: connection refused"]


def test_a_worker_that_had_not_begun_is_not_waited_for(world: World, complaints: list[str]) -> None:
    world.start()
    world.answer_drain(1)
    idle = message({"run": world.leader._run}, "host_a")
    world.runner.listeners[MessageKind.IDLE](msg=idle)
    world.runner.stop()

    assert world.leader.results is not None
    assert world.leader.results.final_workers == {0, 1}
    assert not any("is lost" in each for each in complaints)
