from pathlib import Path

import pytest

from loadtest.observations import ChatEvent
from loadtest.selftest import Trial, TrialFailedError
from loadtest.selftest.trial import _command, _environment, run_trial
from tests.support.selftest_evidence import evidence

_URL = "http://127.0.0.1:1"


def test_a_profile_is_run_by_the_command_that_anybody_uses() -> None:
    trial = Trial(overrides=("run.drain_s=4",), duration_s=8.5)
    command = _command(trial, _URL, Path("there"), "")

    assert command[1:4] == ["-m", "loadtest", "run"]
    assert command[4].endswith("steady.toml")
    assert command[5:7] == ["--duration", "8.5s"]
    assert command[7:] == ["--host", _URL, "--results", "there", "--set", "run.drain_s=4"]


def test_scripted_users_are_run_by_locust_for_whole_seconds() -> None:
    trial = Trial(locustfile="closed.py", users=4, duration_s=11.9)
    command = _command(trial, _URL, Path("there"), "")

    assert command[1:4] == ["-m", "locust", "-f"]
    assert command[command.index("--run-time") + 1] == "12s"
    assert command[command.index("--users") + 1] == "4"


def test_a_push_sink_is_where_the_server_calls() -> None:
    command = _command(Trial(), _URL, Path("there"), "127.0.0.1:8085")

    assert command[-2:] == ["--push-sink", "127.0.0.1:8085"]


def test_settings_of_locust_do_not_reach_a_trial(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCUST_USERS", "1")
    monkeypatch.setenv("PYTHONPATH", "mine")
    found = _environment(tmp_path)

    assert not [name for name in found if name.startswith("LOCUST_")]
    assert found["HOME"] == str(tmp_path)
    assert found["PYTHONPATH"].endswith(":mine")


def test_the_noise_of_a_maximum_is_the_longest_lag_of_all() -> None:
    assert evidence().noise_ms("p99") == 0.2
    assert evidence().noise_ms("max") == 0.5
    found = evidence({"generator": {"loop_lag": {"max_ms": 7.5}}})
    assert found.noise_ms("max") == 7.5
    assert evidence({"generator": {"lag": {"p95_ms": None}}}).noise_ms("p95") == 0


def test_faults_are_read_by_kind_and_subject() -> None:
    stats = {
        "faults": {"drop": {"channel.message.created": 3, "message.read": 2}, "cut": 4},
        "faults_on_channel_topics": {"drop": {"channel.message.created": 1}},
    }
    found = evidence({}, stats)

    assert found.faults("drop") == 5
    assert found.faults("drop", "channel.message.created") == 3
    assert found.faults("drop", "thread.typing.started") == 0
    assert found.faults("cut") == 4
    assert found.channel_faults("drop", ChatEvent.MESSAGE_CREATED) == 1
    assert found.channel_faults("reorder", ChatEvent.MESSAGE_CREATED) == 0


def test_a_latency_that_was_not_measured_is_no_number() -> None:
    found = evidence({"latency": {"channel.message.created": {"p99_ms": None}}})

    assert found.latency_ms("p50") == 2.0
    assert found.latency_ms("p99") != found.latency_ms("p99")


def test_a_run_that_leaves_no_summary_says_what_it_said() -> None:
    with pytest.raises(TrialFailedError, match=r"left no summary(.|\n)*no_such_key"):
        run_trial(Trial(overrides=("run.no_such_key=1",)))


def test_a_server_that_does_not_start_is_a_failed_trial() -> None:
    with pytest.raises(TrialFailedError, match="the server did not start"):
        run_trial(Trial(faults=("no_such_fault=1",)))
