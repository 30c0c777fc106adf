"""A process that leads a run and carries its users: a whole run in it, with sockets."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from locust.env import Environment
from locust.runners import LocalRunner

from loadtest.metrics import ExitCode
from loadtest.run.leader.local import LocalLeader
from loadtest.run.worker.active_run import NoRunError, runtime_of
from tests.support.locust_process import environment, parsed
from tests.support.server_process import running_server

SMALL = (
    *("--devices", "6", "--set", "run.ramp_s=1", "--set", "generator.lag_p99_limit_ms=5000"),
    *("--set", "generator.loop_lag_p99_limit_ms=5000"),
)


@pytest.fixture
def url() -> Iterator[str]:
    before = signal.getsignal(signal.SIGINT)
    with running_server() as address:
        yield address
    signal.signal(signal.SIGINT, before)


def controlled(results: Path, *arguments: str) -> tuple[LocalLeader, Environment, LocalRunner]:
    world = environment(parsed(results, *SMALL, *arguments))
    runner = world.create_local_runner()
    leader = LocalLeader(world, runner)
    leader.listen()
    return leader, world, runner


def start(world: Environment, runner: LocalRunner, leader: LocalLeader) -> None:
    """Start the run and wait until all its users are connected and counted."""
    options = world.parsed_options
    assert options is not None
    runner.start(options.num_users, spawn_rate=100)
    while not leader.is_running:
        gevent.sleep(0.01)
    runtime = runtime_of(world)
    while not runtime.engine.call(lambda: all(each.is_active for each in runtime._devices())) or (
        runner.user_count < options.num_users
    ):
        gevent.sleep(0.01)


def test_a_run_feeds_locust_s_rows_and_its_own_results(tmp_path: Path, url: str) -> None:
    leader, world, runner = controlled(tmp_path, "--host", url)
    start(world, runner, leader)
    assert runner.user_count == leader.options.profile.users_in_run
    runner.quit()
    world.events.quitting.fire(environment=world)  # type: ignore[no-untyped-call]

    [folder] = tmp_path.iterdir()
    summary = json.loads((folder / "summary.json").read_text())
    started = summary["load"]["user_sessions"]
    assert started >= leader.options.profile.devices_in_run
    assert world.stats.get("user_session_start", "ACTION").num_requests == started
    assert world.process_exit_code in (ExitCode.PASSED, ExitCode.INCONCLUSIVE)


def test_a_second_run_of_the_same_process_begins_afresh(tmp_path: Path, url: str) -> None:
    leader, world, runner = controlled(tmp_path, "--host", url)
    for _ in range(2):
        start(world, runner, leader)
        runner.stop()

    assert len([*tmp_path.iterdir()]) == 2
    devices = leader.options.profile.devices_in_run
    assert world.stats.get("user_session_start", "ACTION").num_requests == devices
    runner.quit()


def test_pushes_reach_the_run_that_goes_on(tmp_path: Path, url: str) -> None:
    leader, world, runner = controlled(tmp_path, "--host", url)
    told: list[object] = []
    leader.deliver_pushes([(7, 4, 98, 1)])
    start(world, runner, leader)
    runtime: Any = runtime_of(world)
    runtime.take_pushes = told.append
    leader.deliver_pushes([(7, 4, 99, 2)])
    runner.stop()
    leader.deliver_pushes([(7, 4, 100, 3)])
    runner.quit()

    assert told == [[(7, 4, 99, 2)]]


def test_a_run_may_be_hurried_before_it_has_begun(tmp_path: Path, url: str) -> None:
    leader, world, runner = controlled(tmp_path, "--host", url)
    leader.hurry()
    leader.drain()
    with pytest.raises(NoRunError):
        runtime_of(world)
    runner.quit()


def test_to_hurry_a_run_hurries_its_runtime(tmp_path: Path, url: str) -> None:
    leader, world, runner = controlled(tmp_path, "--host", url)
    start(world, runner, leader)
    runtime: Any = runtime_of(world)
    leader.hurry()

    assert runtime._hurried.is_set()
    runner.quit()
