"""One run on one worker, with its engine and sockets: how it goes on, and above all how it ends."""

import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from loadtest.chat.dialect import DIALECT_1
from loadtest.clock import NS_PER_MS, NS_PER_S
from loadtest.engine.network import NetworkSettings
from loadtest.engine.tls import TlsSettings
from loadtest.errors import UsageError
from loadtest.metrics import merge
from loadtest.metrics.clocks.offset import SteadyOffset
from loadtest.observations import ChatEvent
from loadtest.report.summary import contradictions
from loadtest.run.run_plan import RunPlan
from loadtest.run.worker.runtime import Report, WorkerRuntime, batched, device_settings
from tests.support.profiles import profile
from tests.support.server_process import running_server

PROFILE = profile(
    "population.users=8", "channels.room.size=4", "run.ramp_s=0", "push.sink=127.0.0.1:0"
)


class Running:
    """A runtime, what it reports and what it complains of."""

    def __init__(self, url: str, **changes: Any) -> None:
        self.reports: list[Report] = []
        self.errors: list[str] = []
        plan = RunPlan("00c0ffee", "a run", PROFILE.resolved(), url, seed=1, **changes)
        self.runtime = WorkerRuntime(
            plan, PROFILE, on_report=self.reports.append, on_error=self.errors.append
        )
        self.runtime.start()

    def add_users(self) -> None:
        """Start all users, and wait until they are connected."""
        for slot in range(PROFILE.users_in_run):
            self.runtime.add_user(slot)
        self.runtime.spawning_completed()

    def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so in the engine's thread."""
        while not self.runtime.engine.call(is_so):
            gevent.sleep(0.01)

    def is_connected(self) -> bool:
        return all(device.is_active for device in self.runtime.director.devices())

    @property
    def final(self) -> Report:
        [report] = [report for report in self.reports if report.is_final]
        return report


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_server() as address:
        yield address


@pytest.fixture
def silent_url() -> Iterator[str]:
    """The address of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_the_final_report_is_the_whole_run(url: str) -> None:
    running = Running(url)
    running.add_users()
    running.until(running.is_connected)
    running.runtime.finish()

    totals = merge([running.final.snapshot])
    assert not contradictions(totals)
    assert totals.figures.load.user_sessions_started == 8
    assert totals.figures.load.user_sessions_ended == 8
    assert running.errors == []
    assert running.reports[-1] is running.final, "nothing is reported after it"


def test_a_run_has_a_ramp_a_steady_phase_and_a_drain(url: str) -> None:
    running = Running(url)
    running.add_users()
    running.until(running.is_connected)
    running.until(lambda: running.runtime._settling._is_over)
    gevent.sleep(0.2)
    running.runtime.finish()

    phases = merge([running.final.snapshot]).figures.phases
    assert list(phases) == ["ramp", "steady", "drain"]
    assert phases["ramp"].from_s_low == 0.0
    assert phases["ramp"].to_s_peak == phases["steady"].from_s_low
    assert phases["ramp"].action("user_session_start").latency.count == 8
    assert phases["steady"].action("user_session_start").latency.count == 0


def test_pushes_are_taken_by_the_clock_of_the_worker(url: str) -> None:
    """The sink's clock, which the master's is, is a second behind this worker's."""
    running = Running(url)
    told: list[tuple[int, ...]] = []
    running.runtime._observer = SimpleNamespace(push_received=lambda *push: told.append(push))
    running.runtime.set_clock_offset(SteadyOffset(0, -NS_PER_S, 0.0, 0))
    running.runtime.take_pushes([(7, 4, 99, 5 * NS_PER_S)])
    running.until(lambda: told)
    running.runtime.finish()

    assert told == [(7, 4, 99, 6 * NS_PER_S)]


def test_the_ledger_gets_pushes_until_it_is_closed(url: str) -> None:
    running = Running(url)
    running.add_users()
    running.until(running.is_connected)
    running.until(lambda: running.runtime.fleet.channels)
    channel = next(iter(running.runtime.fleet.channels))
    running.runtime.take_pushes([(7, channel, 99, 1), (7, channel + 1_000_000, 99, 1)])
    running.runtime.finish()
    running.runtime.take_pushes([(7, channel, 99, 1)])

    assert merge([running.final.snapshot]).figures.push.taken == 1
    assert running.errors == []


@pytest.mark.parametrize(
    ("offset_ms", "arrived_ms"),
    [
        pytest.param(5_000, 1_000, id="of another host: converted"),
        pytest.param(-5_000, 11_000, id="of one that is behind"),
        pytest.param(0.5, 6_000, id="of the same: as it is"),
    ],
)
def test_pushes_are_timed_by_the_clock_of_the_leading_process(
    url: str, offset_ms: float, arrived_ms: int
) -> None:
    running = Running(url)
    told: list[int] = []
    runtime: Any = running.runtime
    runtime._observer = SimpleNamespace(push_received=lambda *push: told.append(push[3]))
    uncertainty_ns = NS_PER_MS
    offset = SteadyOffset(0, round(offset_ms * NS_PER_MS), 0.0, uncertainty_ns)
    running.runtime.set_clock_offset(offset)
    running.runtime.take_pushes([(7, 4, 99, 6_000 * NS_PER_MS)])
    running.until(lambda: told)
    running.runtime.finish()

    assert told == [arrived_ms * NS_PER_MS]


def test_once_the_end_has_begun_nothing_is_sent(url: str) -> None:
    running = Running(url)
    assert running.runtime.is_sending
    running.runtime.finish()
    running.add_users()
    running.runtime.remove_user(0)

    assert not running.runtime.is_sending
    assert running.errors == []


def test_a_second_end_waits_for_the_first(url: str) -> None:
    running = Running(url)
    running.add_users()
    running.until(running.is_connected)
    ends = [gevent.spawn(running.runtime.finish) for _ in range(3)]
    waiting = gevent.spawn(running.runtime.wait_finished)
    ends[2].join()

    assert ends[0].ready() or running.final
    gevent.joinall([*ends, waiting])
    assert [end.successful() for end in ends] == [True, True, True]
    assert running.final


def test_a_user_who_leaves_ends_its_user_sessions(url: str) -> None:
    running = Running(url)
    running.add_users()
    running.until(running.is_connected)
    running.runtime.remove_user(0)
    running.until(lambda: len(running.runtime.director.devices()) == 7)
    running.runtime.finish()

    assert merge([running.final.snapshot]).figures.load.user_sessions_ended == 8


def test_a_server_that_never_answers_does_not_keep_a_run_from_ending(silent_url: str) -> None:
    running = Running(silent_url)
    running.add_users()
    running.until(lambda: running.runtime.engine.open_count == 8)
    running.runtime.finish()

    assert merge([running.final.snapshot]).figures.load.user_sessions_started == 0
    assert running.errors == []


def test_to_hurry_gives_up_what_is_awaited(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running(url)
    running.add_users()
    running.until(running.is_connected)
    # As if deliveries were missing for ever.
    monkeypatch.setattr(running.runtime, "_is_drained", lambda: False)
    ending = gevent.spawn(running.runtime.finish)
    gevent.idle()
    assert not ending.ready()
    running.runtime.hurry()
    ending.join()

    assert running.final
    assert running.errors == []


def test_an_engine_that_ended_early_is_told_and_does_not_hang_the_end(url: str) -> None:
    running = Running(url)
    running.add_users()

    def end_thread() -> None:
        raise SystemExit

    running.runtime.engine.submit(end_thread)
    assert running.runtime.engine._is_stopped.wait(20)
    running.runtime.finish()

    assert not [report for report in running.reports if report.is_final]
    assert "SystemExit" in running.errors[0]
    assert running.errors[-1] == "the engine has stopped: this worker has no final report"


def test_a_defect_in_the_engine_s_thread_is_told_with_its_traceback(url: str) -> None:
    running = Running(url)
    running.runtime.engine.submit(lambda: 1 // 0)
    while not running.errors:
        gevent.sleep(0.001)
    running.runtime.finish()

    assert "ZeroDivisionError" in running.errors[0]
    assert running.final, "the run goes on"


def test_a_report_comes_every_second(url: str) -> None:
    running = Running(url)
    running.runtime.engine.call(running.runtime._tell, running.runtime.now_ns())
    while not running.reports:
        gevent.sleep(0.001)
    running.runtime.finish()

    assert not running.reports[0].is_final
    assert running.reports[0].snapshot["number"] < running.final.snapshot["number"]


def test_an_address_that_cannot_be_used_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--ca-file"):
        network = NetworkSettings(tls=TlsSettings(ca_file="/no/such/file"))
        Running("wss://127.0.0.1:9", network=network.to_plain())


def test_the_profile_says_how_devices_behave() -> None:
    settings = device_settings(
        profile(
            "target.dialect=1",
            "device.acknowledge=false",
            'device.handlers=["on_message_received"]',
            "run.action_deadline_s=3",
        ),
        "ws://chat.test",
    )

    assert settings.dialect is DIALECT_1
    assert not settings.acknowledge
    assert settings.handled == {ChatEvent.MESSAGE_CREATED}
    assert settings.action_deadline_ns == 3_000_000_000


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (3, [3]), (7, [3, 3, 1])])
def test_devices_are_ended_a_few_at_a_time(count: int, sizes: list[int]) -> None:
    devices: Any = list(range(count))

    assert [len(some) for some in batched(devices, 3)] == sizes
