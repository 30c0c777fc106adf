"""The verb ``capacity``: its plan, what it refuses, and what it keeps for later."""

import argparse
from pathlib import Path

import pytest

from loadtest.capacity.folder import write_study
from loadtest.cli import capacity
from loadtest.cli.main import main
from loadtest.profile import load_profile
from tests.support.studies import study

KEY = "target.api_key=a-secret"


def planned(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main(["capacity", *options, "--dry-run"]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_the_plan_is_printed_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    text = planned(capsys)

    assert "20, 40, 80, 160, 320, 640, 1,280 messages/s until one fails" in text
    assert "a trial passes if " in text
    assert "after 15 min" in text


def test_axis_range_and_thresholds_are_those_that_were_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    threshold = "fanout.p90 < 200"
    options = [
        *("--axis", "deliveries", "--from", "100", "--to", "500", "--precision", "5%"),
        *("--budget", "20m", "--hold", "20s", "--settle", "9s", "--threshold", threshold),
    ]
    text = planned(capsys, *options)

    assert "loads 100, 200, 400, 500 deliveries/s until" in text
    assert "settle 9 s, hold 20 s" in text
    assert f"; {threshold} ends at ±5% (95% interval), or after 20 min" in text


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--duration", "30s"], "--duration 30s: a trial is as long as --hold asks"),
        (["--record", "x"], "--record: a study has many runs"),
        (["--axis", "devices", "--devices", "40"], "the search sets the devices"),
        (["--server-prometheus", "http://127.0.0.1:9"], "--server-prometheus needs --server-query"),
        (["--server-query", "a=b"], "--server-query needs --server-prometheus URL"),
        (["--hold", "soon"], "--hold is 'soon'; it must be a time above 0"),
        (["--to", "20"], "--to is 20; it must be above the first load, 20"),
        (["--threshold", "p99 <"], "--threshold: threshold 'p99 <' cannot be read"),
        (["--set", "workload.message_rate_per_s=0"], "plans 0 messages/s"),
        (["--resume", "nowhere"], "name the folder of a study"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    capsys: pytest.CaptureFixture[str], options: list[str], problem: str
) -> None:
    assert main(["capacity", *options]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0%", "150%", "wide"])
def test_a_precision_is_a_share(text: str) -> None:
    assert main(["capacity", "--precision", text]) == 2


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    capacity.add_arguments(parser)
    return parser.parse_args(options)


def test_a_study_is_resumed_with_its_options_and_what_is_given_on_top(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = study(
        profile=load_profile("capacity").resolved(),
        command=["capacity", "--devices", "120", "--set", "target.api_key=(hidden)"],
    )
    write_study(tmp_path, earlier)

    assert main(["capacity", "--resume", str(tmp_path), "--dry-run"]) == 2
    assert "--resume needs --set target.api_key=(hidden) again" in capsys.readouterr().err
    text = planned(capsys, "--resume", str(tmp_path), "--set", KEY, "--budget", "1h")
    assert "120 devices of 90 users" in text
    assert "after 60 min" in text


def test_a_secret_is_not_kept() -> None:
    kept = capacity.run_arguments(parsed("--set", KEY))

    assert KEY in kept
    assert "target.api_key=(hidden)" in capacity.without_secrets(kept)
    assert KEY not in capacity.without_secrets(kept)
