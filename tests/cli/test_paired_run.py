"""Runs in pairs as a person asks for them; each run is replaced by one that was made up."""

import argparse
import json
import re
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from loadtest.cli import paired_run
from loadtest.cli.main import main
from loadtest.comparison.study import read_pairs
from tests.support.replicates import replicate
from tests.support.runs_on_disk import write_run
from tests.support.summaries import inconclusive_summary

Command = Sequence[str]
SECOND = "workload.message_rate_per_s=5"


class MadeUp:
    """Stands for the runs: keeps their commands, and writes what ``summary_of`` returns."""

    def __init__(self, summary_of: Callable[[Command], dict[str, Any]]) -> None:
        self._summary_of = summary_of
        self.commands: list[Command] = []

    def __call__(self, command: Command, stop: object) -> tuple[int, tuple[str, ...]]:
        self.commands.append(command)
        results = Path(command[command.index("--results") + 1])
        write_run(results / f"run-{len(self.commands)}", self._summary_of(command))
        return 0, ()


def is_base(command: Command) -> bool:
    return command[command.index("--results") + 1].endswith("base")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return a function that runs pairs with made-up runs; the study is in ``results``."""
    monkeypatch.setenv("COLUMNS", "100")

    def started(runs: Callable[[Command], Any], *arguments: str) -> int:
        monkeypatch.setattr(paired_run, "_call", runs)
        results = str(tmp_path / "results")
        return main(["run", "smoke", "--results", results, "--seed", "7", *arguments])

    return started


def noisy(slower: float) -> Callable[[Command], dict[str, Any]]:
    """Return what makes runs whose candidates are slower, with a noise of 1 %."""
    noise = iter([1.0, 1.01, 0.99, 1.005, 0.995, 1.0, 1.002, 0.998, 1.01, 0.99] * 3)

    def summary_of(command: Command) -> dict[str, Any]:
        seed = int(command[command.index("--seed") + 1])
        return replicate(4.0 * next(noise) * (1 if is_base(command) else slower), seed=seed)

    return summary_of


def study_of(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "results").iterdir()
    return folder


@pytest.mark.parametrize(
    ("slower", "code"),
    [
        pytest.param(1.1, 1, id="10 % slower is found"),
        pytest.param(1.0, 0, id="the same is not worse"),
        pytest.param(0.9, 0, id="faster is not worse"),
    ],
)
def test_the_exit_code_is_that_of_the_comparison(
    run: Callable[..., int], tmp_path: Path, slower: float, code: int
) -> None:
    runs = MadeUp(noisy(slower))

    assert run(runs, "--against-set", SECOND, "--replicates", "5") == code
    assert len(runs.commands) == 10
    folder = study_of(tmp_path)
    assert re.fullmatch(r"\d{8}T\d{6}Z-smoke-pairs-[0-9a-f]{4}", folder.name)
    plain = json.loads((folder / "comparison.json").read_text())
    assert plain["method"] == "paired t"
    assert len(plain["base"]["runs"]) == len(plain["candidate"]["runs"]) == 5
    assert (folder / "comparison.html").is_file()
    assert (folder / "comparison.md").is_file()


def test_both_runs_of_a_pair_have_its_seed_and_their_own_settings(
    run: Callable[..., int],
) -> None:
    runs = MadeUp(noisy(1.0))
    run(
        runs, "--against-set", SECOND, "--replicates", "2", "--set", "workload.message_rate_per_s=9"
    )
    seeds = [command[command.index("--seed") + 1] for command in runs.commands]
    rates = {
        is_base(command): [word for word in command if word.startswith("workload.message_rate")]
        for command in runs.commands
    }

    assert seeds == ["7", "7", "8", "8"]
    assert rates == {True: [SECOND], False: ["workload.message_rate_per_s=9"]}


def test_every_other_option_reaches_both_sides(run: Callable[..., int]) -> None:
    runs = MadeUp(noisy(1.0))
    options = ["--devices", "40", "--duration", "5s", "--processes", "2"]
    run(runs, "--against-set", SECOND, "--replicates", "1", *options)

    for command in runs.commands:
        said = " ".join(command)
        assert "loadtest run smoke" in said
        assert "--devices 40" in said
        assert "--processes 2" in said
        assert "--duration 5s" in said
        assert "--against" not in said


def test_an_invalid_pair_is_made_again_and_never_counts(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = noisy(1.0)
    bad = iter([inconclusive_summary()])

    def summary_of(command: Command) -> dict[str, Any]:
        return next(bad, None) or good(command)

    runs = MadeUp(summary_of)
    run(runs, "--against-set", SECOND, "--replicates", "3")
    stored = read_pairs(study_of(tmp_path))

    assert len(runs.commands) == 7
    assert len(stored.base.replicates) == 3
    assert "run-1 is INCONCLUSIVE" in stored.left_out[0]
    assert "left out: pair 1" in capsys.readouterr().out


def test_without_any_usable_pair_nothing_is_decided(run: Callable[..., int]) -> None:
    runs = MadeUp(lambda command: inconclusive_summary())

    assert run(runs, "--against-set", SECOND, "--replicates", "2", "--repeats", "1") == 3
    assert len(runs.commands) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_person_who_stops_gets_what_was_measured(
    run: Callable[..., int], tmp_path: Path, number: signal.Signals
) -> None:
    runs = MadeUp(noisy(1.0))

    def stopping(command: Command, stop: object) -> tuple[int, tuple[str, ...]]:
        if len(runs.commands) == 4:
            signal.raise_signal(number)
        return runs(command, stop)

    assert run(stopping, "--against-set", SECOND) == 130
    assert len(read_pairs(study_of(tmp_path)).base.replicates) == 2


def test_a_run_that_cannot_begin_ends_the_study_with_its_words(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(command: Command, stop: object) -> tuple[int, tuple[str, ...]]:
        return 2, ("embedded server: it did not start",)

    assert run(refused, "--against-set", SECOND) == 2
    assert "embedded server: it did not start" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["--against-set", "x.y=1"], "x", id="no such key"),
        pytest.param(["--against", "ftp://here"], "ftp", id="no address of a chat server"),
        pytest.param(["--against-set", SECOND, "--gate", "fanout"], "--gate fanout", id="no gate"),
        pytest.param(["--against-set", SECOND, "--record", "f"], "--record names one", id="record"),
        pytest.param(
            ["--against", "https://api.chatkitty.com"],
            "is a public host of the vendor",
            id="the vendor's own host",
        ),
    ],
)
def test_what_is_wrong_is_found_before_anything_is_sent(
    run: Callable[..., int],
    arguments: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = MadeUp(noisy(1.0))

    assert run(runs, *arguments) == 2
    assert told in capsys.readouterr().err
    assert runs.commands == []


def test_a_dry_run_says_what_would_be_compared(
    run: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(MadeUp(noisy(1.0)), "--against-set", SECOND, "--dry-run") == 0
    told = capsys.readouterr().out
    assert f"5 pairs, at least 3.3 min: base embedded server, {SECOND}" in told
    assert "candidate embedded server, workload.message_rate_per_s as in the profile" in told
    assert not (tmp_path / "results").exists()


def test_the_self_test_is_stamped_into_these_runs_too(
    run: Callable[..., int], tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "selftest.json").write_text("{}")
    run(MadeUp(noisy(1.0)), "--against-set", SECOND, "--replicates", "1")
    (folder,) = (each for each in (tmp_path / "results").iterdir() if each.is_dir())

    assert (folder / "base" / "selftest.json").is_file()
    assert (folder / "candidate" / "selftest.json").is_file()


def test_a_single_run_is_asked_for_without_another_side() -> None:
    assert not paired_run.is_paired(argparse.Namespace(against=None, against_set=[]))


def test_quietly_it_prints_the_verdict_alone(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(MadeUp(noisy(1.1)), "--against-set", SECOND, "--quiet") == 1
    assert capsys.readouterr().out.startswith("WORSE: The candidate is worse in 2 of 5 gates: ")


def test_as_json_it_prints_nothing_else(
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run(MadeUp(noisy(1.1)), "--against-set", SECOND, "--json") == 1
    printed = capsys.readouterr()

    assert json.loads(printed.out)["outcome"] == "worse"
    assert printed.err.startswith("::error title=Load test%3A worse::The candidate is worse")
