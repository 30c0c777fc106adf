"""The plan of a run, for a person."""

from pathlib import Path

from loadtest.run.options import run_options
from loadtest.run.plan_lines import plan_lines
from tests.support.locust_process import parsed


def test_it_says_target_size_load_and_time(tmp_path: Path) -> None:
    lines = plan_lines(run_options(parsed(tmp_path, "--devices", "130", "--run-time", "30")))

    assert lines[0] == "target embedded server, started for this run"
    assert lines[1].startswith("130 devices were asked for; 126")
    assert lines[2].startswith("126 devices of ")
    assert lines[-1] == "30 s, of which users start in the first 4 s"


def test_it_says_what_the_devices_do_otherwise_than_the_sdk(tmp_path: Path) -> None:
    asked = parsed(tmp_path, "--set", "device.acknowledge=false", "--host", "http://chat:1")
    lines = plan_lines(run_options(asked))

    assert lines[0] == "target http://chat:1"
    assert lines[-1] == "deviates from the SDK: no ACK for events"


def test_it_says_what_so_short_a_run_cannot_judge(tmp_path: Path) -> None:
    asked = parsed(tmp_path, "--devices", "60", "--threshold", "fanout.last.p99 < 1s")
    lines = plan_lines(run_options(asked))

    assert lines[-1].startswith("not judged: fanout.last.p99 < 1s: needs 1,000 samples")


def test_it_says_when_nothing_is_left_of_what_the_profile_is_about(tmp_path: Path) -> None:
    curve = "{ kind = 'curve', points = [[0, 1], [60, 1], [65, 10]] }"
    asked = parsed(tmp_path, "--set", f"workload.arrivals={curve}")
    lines = plan_lines(run_options(asked))

    assert lines[-1].startswith("cannot pass with its description: the peak of workload.arrivals")
