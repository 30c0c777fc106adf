"""A process that leads runs: a run begins whole or not at all, and ends once."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import gevent
import pytest
from locust import User
from locust.runners import STATE_RUNNING

from loadtest.errors import TargetError, UsageError
from loadtest.metrics import ExitCode
from loadtest.run.leader import leader as leader_module
from loadtest.run.leader.leader import RunLeader
from loadtest.run.options import RunOptions
from loadtest.run.presentation import presentation
from loadtest.run.run_plan import RunPlan
from loadtest.workload import Existing, ExistingUser
from tests.support.locust_process import FakeRunner, Guest, environment, parsed
from tests.support.scenes import Scene, ns

ADDRESS = "http://127.0.0.1:4711"


class FakeServer:
    """An embedded server in name only."""

    def __init__(self, push_url: str = "") -> None:
        self.address = ADDRESS
        self.push_url = push_url
        self.is_running = True
        self.end = ""

    def stop(self) -> None:
        self.is_running = False


class Leading(RunLeader):
    """Leads runs that consist of nothing but their beginning and their end."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.plans: list[RunPlan] = []
        self.drains = 0
        self.is_hurried = False
        self.problem: Exception | None = None

    def begin(self) -> None:
        if self.problem is not None:
            raise self.problem
        self.plans.append(self.begin_results(workers=1))

    def drain(self) -> None:
        self.drains += 1

    def hurry(self) -> None:
        self.is_hurried = True


class World:
    """A process of Locust's, as far as leading needs it."""

    def __init__(self, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.results = results
        self.complaints: list[str] = []
        self.checked: list[str] = []
        self.runner = FakeRunner()
        monkeypatch.setattr(presentation, "complain", self.complaints.append)
        monkeypatch.setattr(leader_module, "EmbeddedServer", FakeServer)
        monkeypatch.setattr(leader_module, "check_answer", self._check_answer)

    def _check_answer(self, _options: RunOptions, url: str) -> None:
        self.checked.append(url)
        if "nobody" in url:
            raise TargetError(url, "connection refused")

    def leading(
        self, *arguments: str, user_class: type[User] = Guest, has_web_ui: bool = False
    ) -> Leading:
        options = parsed(self.results, *arguments)
        options.headless = not has_web_ui
        self.environment = environment(options, user_class)
        runner: Any = self.runner
        leading = Leading(self.environment, runner)
        leading.listen()
        self.runner.on_stop = lambda: self.fire("test_stopping")
        return leading

    def fire(self, name: str) -> None:
        """Fire an event as Locust does, in a greenlet of its own."""
        hook = getattr(self.environment.events, name)
        greenlet = gevent.spawn(hook.fire, environment=self.environment)
        greenlet.join()
        if name == "test_start":
            self.went_on = not isinstance(greenlet.value, gevent.GreenletExit)

    def start(self) -> None:
        self.fire("test_start")
        self.runner.state = STATE_RUNNING
        gevent.idle()

    def folders(self) -> list[Path]:
        return sorted(self.results.iterdir()) if self.results.exists() else []


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    before = signal.getsignal(signal.SIGINT)
    yield World(tmp_path / "results", monkeypatch)
    signal.signal(signal.SIGINT, before)


# --- before a run -----------------------------------------------------------------------------


def test_the_profile_says_what_nobody_else_says(world: World) -> None:
    leading = world.leading("--set", "run.duration_s=7.5", "--set", "run.ramp_s=2")
    options = world.environment.parsed_options
    assert options is not None

    assert options.num_users == leading.options.profile.users_in_run
    assert options.spawn_rate == leading.options.profile.users_per_s
    assert leading.run_time_s == 7.5
    assert (world.environment.host, options.host) == (ADDRESS, ADDRESS)


def test_what_is_said_on_the_command_line_stays(world: World) -> None:
    leading = world.leading("-u", "42", "-r", "3", "-t", "1m")
    options = world.environment.parsed_options
    assert options is not None

    assert (options.num_users, options.spawn_rate, leading.run_time_s) == (42, 3, 60)
    assert leading.options.profile.users_in_run == 42, "so many users are a size of the profile"


def test_the_number_of_scripted_users_is_no_size_of_the_profile(world: World) -> None:
    class Scripted(User):
        """Any other user."""

    leading = world.leading("-u", "42", user_class=Scripted)
    options = world.environment.parsed_options
    assert options is not None

    assert leading.options.profile.users_in_run > 42
    assert (options.spawn_rate, options.run_time) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("--profile", "nosuch"), "there is no profile 'nosuch'", id="profile"),
        pytest.param(("--host", "http://nobody"), "connection refused", id="nobody there"),
        pytest.param(
            ("--host", "https://api.chatkitty.com"), "--i-am-allowed-to-load", id="the vendor's"
        ),
        pytest.param(("--record", __file__), "exists", id="a recording that is there already"),
    ],
)
def test_what_is_wrong_ends_the_process_before_anything_is_sent(
    world: World, arguments: tuple[str, ...], words: str
) -> None:
    with pytest.raises(SystemExit) as leaving:
        world.leading(*arguments)

    assert leaving.value.code == ExitCode.USAGE
    assert words in "\n".join(world.complaints)
    assert world.folders() == []


def test_a_host_that_the_command_line_has_checked_is_not_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presentation, "checked_host", "http://chat:1")
    world.leading("--host", "http://chat:1")
    world.start()
    assert world.checked == []
    world.start()

    assert world.checked == ["http://chat:1"], "but before each further run"


def test_with_the_web_ui_the_server_may_come_later(world: World) -> None:
    world.leading("--host", "http://nobody", has_web_ui=True)
    assert world.checked == []
    world.start()

    assert world.checked == ["http://nobody"]
    assert not world.went_on


def test_with_the_web_ui_the_run_has_no_end_of_its_own(world: World) -> None:
    world.leading(has_web_ui=True)
    assert world.environment.parsed_options is not None

    assert world.environment.parsed_options.run_time is None


# --- the beginning ----------------------------------------------------------------------------


def test_a_run_begins_with_a_folder_and_a_plan(world: World) -> None:
    leading = world.leading("--seed", "9")
    assert not leading.is_running
    world.start()

    assert leading.is_running
    [plan] = leading.plans
    assert [folder.name for folder in world.folders()] == [plan.run_id]
    assert (plan.host, plan.seed, plan.workers, len(plan.run)) == (ADDRESS, 9, 1, 8)


@pytest.mark.parametrize(
    ("problem", "complaint"),
    [
        pytest.param(UsageError("results: no", "seed: no"), "seed: no", id="several problems"),
        pytest.param(TargetError("chat", "gone"), "chat: gone", id="no server any more"),
        pytest.param(ZeroDivisionError("ours"), "ZeroDivisionError: ours", id="a defect"),
    ],
)
def test_a_run_that_cannot_begin_ends_with_the_message_and_starts_no_users(
    world: World, problem: Exception, complaint: str
) -> None:
    leading = world.leading()
    leading.problem = problem
    world.start()

    assert complaint in world.complaints
    assert not world.went_on
    assert world.runner.calls == ["stop", "quit"]
    world.fire("quitting")
    assert world.environment.process_exit_code == ExitCode.USAGE


def test_with_the_web_ui_only_the_attempt_ends(world: World) -> None:
    leading = world.leading(has_web_ui=True)
    leading.problem = UsageError("no")
    world.start()

    assert world.runner.calls == ["stop"]
    leading.problem = None
    world.start()
    assert leading.is_running


def test_the_web_form_decides_anew_for_each_run(world: World) -> None:
    leading = world.leading()
    options = world.environment.parsed_options
    assert options is not None
    world.start()
    world.runner.stop()
    options.profile, options.num_users, world.environment.host = "ci", 12, "http://chat:1"
    world.start()

    first, second = leading.plans
    assert (first.profile["name"], second.profile["name"]) == ("smoke", "ci")
    assert second.profile["population"]["users"] == 12
    assert (second.host, world.checked) == ("http://chat:1", ["http://chat:1"])
    assert len(world.folders()) == 2
    assert first.run != second.run


def test_the_push_sink_is_there_before_the_server_that_calls_it(world: World) -> None:
    leading = world.leading("--push-sink")
    server, intake = leading._server, leading._intake
    assert server is not None
    assert intake is not None
    assert server.push_url == intake.url
    world.start()
    assert leading.results is not None
    assert world.complaints == [], "the embedded server needs nobody to tell it"
    world.runner.quit()
    world.fire("quitting")

    assert leading._intake is None


def test_a_deployment_has_to_be_told_what_to_call(world: World) -> None:
    leading = world.leading("--push-sink", "--host", "http://chat:1")
    world.start()
    intake = leading._intake
    assert intake is not None
    assert world.complaints == [f"push sink: the deployment must call {intake.url}"]
    world.fire("quitting")


def test_a_push_sink_that_is_wished_later_comes_with_a_server_that_calls_it(world: World) -> None:
    leading = world.leading()
    first = leading._server
    options = world.environment.parsed_options
    assert options is not None
    options.push_sink = "127.0.0.1:0"
    world.start()
    second, intake = leading._server, leading._intake
    assert first is not None
    assert second is not None
    assert intake is not None
    assert not first.is_running
    assert second.push_url == intake.url
    world.runner.stop()
    options.push_sink = None
    world.start()

    assert leading._intake is None
    assert leading._server is not None
    assert leading._server.push_url == ""
    world.fire("quitting")


def test_a_push_sink_that_cannot_listen_ends_the_process(world: World) -> None:
    with pytest.raises(SystemExit):
        world.leading("--push-sink", "127.0.0.1:99999")
    assert "port is 99999" in world.complaints[0]


@pytest.mark.parametrize(
    ("arguments", "is_implied"),
    [
        pytest.param((), True, id="nobody named a profile"),
        pytest.param(("--profile", "smoke"), False, id="somebody did"),
        pytest.param(("--set", "thresholds=[]"), False, id="or the thresholds"),
    ],
)
def test_scripted_users_are_held_to_promises_as_far_as_these_concern_them(
    world: World, arguments: tuple[str, ...], *, is_implied: bool
) -> None:
    class Scripted(User):
        """Any other user."""

    scripted = world.leading(*arguments, user_class=Scripted)
    assert scripted._context(scripted.options, 1).has_implied_thresholds is is_implied


def test_a_profile_s_own_users_are_held_to_all_its_promises(world: World) -> None:
    leading = world.leading()
    assert leading._context(leading.options, 1).has_implied_thresholds is False


# --- the end ----------------------------------------------------------------------------------


def test_a_run_ends_with_its_results_once(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    leading = world.leading()
    world.start()
    world.runner.quit()
    world.fire("quitting")

    assert leading.drains == 1
    assert not leading.is_running
    assert capsys.readouterr().out.count("INCONCLUSIVE") == 1
    assert world.environment.process_exit_code == ExitCode.INCONCLUSIVE, "nothing was measured"


def test_a_run_that_still_goes_on_when_locust_quits_was_stopped(world: World) -> None:
    world.leading()
    world.start()
    world.fire("quitting")

    assert world.runner.calls == ["stop", "quit"]
    assert world.environment.process_exit_code == ExitCode.STOPPED


def test_a_person_may_stop_a_run(world: World) -> None:
    leading = world.leading()
    world.start()
    leading._stop()
    world.fire("quitting")

    assert world.runner.calls[:2] == ["stop", "quit"]
    assert world.environment.process_exit_code == ExitCode.STOPPED


def test_to_stop_a_run_that_is_being_ended_hurries_it(world: World) -> None:
    leading = world.leading()
    world.start()
    assert leading.results is not None
    leading.results.note_draining()
    leading._stop()

    assert leading.is_hurried
    assert world.runner.calls == []


def test_a_second_interrupt_says_what_it_does(world: World) -> None:
    leading = world.leading()
    world.start()
    leading._hurry()

    assert leading.is_hurried
    assert "what is still awaited is given up" in world.complaints[0]


def test_a_defect_at_the_end_takes_no_results_along(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading = world.leading()
    world.start()
    workers: dict[str, int] = {}
    monkeypatch.setattr(leading, "drain", lambda: workers["no such worker"])
    world.runner.quit()

    [folder] = world.folders()
    assert (folder / "summary.json").is_file()
    assert "KeyError: 'no such worker'" in world.complaints[0]
    assert leading.results is not None
    assert leading.results.exit_code is ExitCode.INCONCLUSIVE


def test_the_time_of_a_run_begins_with_it_and_is_ours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[float, object]] = []
    monkeypatch.setattr(gevent, "spawn_later", lambda *call: waits.append(call))
    leading = world.leading("-t", "1m")
    options = world.environment.parsed_options
    assert options is not None
    assert options.run_time is None, "so that Locust starts no timer"
    world.start()

    assert waits == [(60, world.runner.quit)]
    assert options.run_time == 60
    assert leading.plans[0].duration_s == 60


def test_a_run_that_is_stopped_at_the_web_ui_before_its_end_is_stopped(world: World) -> None:
    leading = world.leading("-t", "1m", has_web_ui=True)
    world.start()
    world.runner.stop()

    assert leading.results is not None
    assert leading.results.exit_code is ExitCode.STOPPED


def test_an_embedded_server_that_is_gone_ends_the_run_at_once(world: World) -> None:
    leading = world.leading()
    world.start()
    server = leading._server
    assert isinstance(server, FakeServer)
    server.end = "gone (ended by SIGKILL)"
    assert leading.results is not None
    with gevent.Timeout(20):
        while not leading.results.is_finished:
            gevent.sleep(0.05)

    assert world.complaints[0] == "the embedded server is gone (ended by SIGKILL): the run ends"
    assert leading.results.exit_code is ExitCode.INCONCLUSIVE
    [folder] = world.folders()
    reasons = json.loads((folder / "summary.json").read_text())["reasons"]
    found = {reason["code"]: reason["value"] for reason in reasons}
    assert found["target_ended"] == "gone (ended by SIGKILL)"
    assert "generator_error" not in found


def test_the_embedded_server_ends_with_the_process_and_not_with_a_run(world: World) -> None:
    leading = world.leading()
    world.start()
    world.runner.quit()
    server = leading._server
    assert server is not None
    assert server.is_running
    world.fire("quitting")

    assert not server.is_running


RAISED: dict[str, object] = {
    "1": {"count": 3, "msg": "no such text", "traceback": "  in greet\n", "nodes": {"w"}}
}


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        pytest.param((), 4, id="a code of its own"),
        pytest.param(("--exit-code-on-error", "5"), 5, id="or what Locust is told"),
        pytest.param(("--exit-code-on-error", "0"), 0, id="or none"),
    ],
)
def test_what_code_of_a_locustfile_raises_takes_the_pass_away(
    asked: tuple[str, ...], code: int, world: World
) -> None:
    leading = world.leading(*asked, "--set", "thresholds=[]", "-t", "1")
    world.runner.exceptions = RAISED
    world.start()
    assert leading.results is not None
    leading.results.take(measured(), is_final=True)
    world.runner.quit()
    world.fire("quitting")

    [folder] = world.folders()
    summary = json.loads((folder / "summary.json").read_text())
    assert [reason["code"] for reason in summary["reasons"]] == ["user_code_raised"]
    assert summary["generator"]["user_errors"] == 3
    assert "no such text (at: in greet)" in summary["reasons"][0]["remedy"]
    assert "raised 3 times in the locustfile" in (folder / "run.log").read_text()
    assert world.environment.process_exit_code == code


def measured() -> dict[str, Any]:
    """Return the report of a worker on which something was measured."""
    scene = Scene()
    scene.room(3)
    scene.send(1)
    scene.see(1, 1_010, 1, 2, 3)
    scene.settle(60_000)
    scene.ledger.finish(ns(60_000), drained=True)
    scene.ledger.roll(ns(60_000))
    return {**scene.ledger.snapshot(), "worker": 0}


def test_users_written_by_hand_carry_the_name_of_their_locustfile(world: World) -> None:
    class Scripted(User):
        """Any other user."""

    leading = world.leading(user_class=Scripted)
    world.environment.locustfile = "support_agent.py"

    assert leading.read_options().profile.name == "support_agent"


def test_nobody_changes_the_number_of_users_of_a_run(world: World) -> None:
    world.leading("-u", "30")
    runner: Any = world.runner
    world.start()
    runner.start(31, 100)
    runner.start(30, 100)

    assert world.complaints == ["the number of users is that of the plan, and stays"]
    assert world.runner.calls == ["start 30"]


def test_an_error_outside_of_a_run_is_told_all_the_same(world: World) -> None:
    world.leading().note_error("worker x: it has another version")

    assert world.complaints == ["worker x: it has another version"]


# --- users and channels that are made beforehand ------------------------------------------------


class FakeProvisioner:
    """Stands for the real one; what happens is up to a test."""

    made: ClassVar[list["FakeProvisioner"]] = []
    provide_: ClassVar[Callable[["FakeProvisioner"], Existing | None]] = lambda _self: None

    def __init__(self, options: RunOptions, host: str, *rest: Any) -> None:
        self.options, self.host, self.names = options, host, rest[2]
        self.stop = threading.Event()
        self.is_explained = False
        self.made.append(self)

    def provide(self) -> Existing | None:
        return type(self).provide_(self)

    def explain_remains(self) -> None:
        self.is_explained = True


@pytest.fixture
def provisioners(monkeypatch: pytest.MonkeyPatch) -> list[FakeProvisioner]:
    made: list[FakeProvisioner] = []
    monkeypatch.setattr(FakeProvisioner, "made", made)
    monkeypatch.setattr(leader_module, "Provisioner", FakeProvisioner)
    return made


def provides(
    monkeypatch: pytest.MonkeyPatch, provide: Callable[[FakeProvisioner], Existing | None]
) -> None:
    monkeypatch.setattr(FakeProvisioner, "provide_", provide)


PLATFORM = ("--set", "provisioning.mode=platform")


def test_what_was_made_goes_to_the_workers(
    world: World, monkeypatch: pytest.MonkeyPatch, provisioners: list[FakeProvisioner]
) -> None:
    existing = Existing((ExistingUser("jane", 7),), ())
    provides(monkeypatch, lambda _: existing)
    leading = world.leading(*PLATFORM, "--set", "provisioning.name=nightly")
    world.start()

    [plan], [provisioner] = leading.plans, provisioners
    assert plan.existing == existing.to_plain()
    assert plan.names == provisioner.names
    assert plan.names.startswith("nightly-")
    assert provisioner.host == ADDRESS


def test_devices_that_make_everything_are_told_of_nothing(
    world: World, provisioners: list[FakeProvisioner]
) -> None:
    leading = world.leading()
    world.start()

    [plan] = leading.plans
    assert plan.existing is None
    assert plan.names == plan.run == provisioners[0].names


def test_the_time_of_a_run_does_not_begin_before_its_users_are_made(
    world: World, monkeypatch: pytest.MonkeyPatch, provisioners: list[FakeProvisioner]
) -> None:
    later: list[float] = []
    monkeypatch.setattr(gevent, "spawn_later", lambda seconds, _function: later.append(seconds))
    leading = world.leading(*PLATFORM, "-t", "1m")
    options = world.environment.parsed_options
    assert options is not None
    assert options.run_time is None, "so that Locust starts no timer"
    world.start()

    assert later == [60]
    assert leading._context(leading.options, 1).duration_s == 60


def test_what_cannot_be_made_ends_the_attempt_without_results(
    world: World, monkeypatch: pytest.MonkeyPatch, provisioners: list[FakeProvisioner]
) -> None:
    def refuse(_provisioner: FakeProvisioner) -> None:
        raise TargetError("POST /users", "answered 403: no")

    provides(monkeypatch, refuse)
    leading = world.leading(*PLATFORM)
    world.start()
    world.fire("quitting")

    assert "POST /users: answered 403: no" in world.complaints
    assert provisioners[0].is_explained
    assert not world.went_on
    assert not leading.is_running
    [folder] = world.folders()
    assert [path.name for path in folder.iterdir()] == ["run.log"]
    assert world.environment.process_exit_code == ExitCode.USAGE


def test_a_person_may_stop_the_making(
    world: World, monkeypatch: pytest.MonkeyPatch, provisioners: list[FakeProvisioner]
) -> None:
    def interrupted(provisioner: FakeProvisioner) -> None:
        leading._stop()
        assert provisioner.stop.is_set()
        raise TargetError("chat", "stopped")

    provides(monkeypatch, interrupted)
    leading = world.leading(*PLATFORM)
    world.start()
    world.fire("quitting")

    assert world.environment.process_exit_code == ExitCode.STOPPED


def test_users_written_by_hand_make_their_own_channels(world: World) -> None:
    class Scripted(User):
        """Any other user."""

    with pytest.raises(SystemExit):
        world.leading(*PLATFORM, user_class=Scripted)

    assert 'it must be "guest"' in world.complaints[0]


def test_credentials_are_asked_for_before_the_server(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOADTEST_CLIENT_ID", raising=False)
    with pytest.raises(SystemExit) as leaving:
        world.leading(*PLATFORM, "--host", "http://chat:1")

    assert leaving.value.code == ExitCode.USAGE
    assert "LOADTEST_CLIENT_ID" in world.complaints[0]
    assert world.checked == []
