"""The loop of a study, with trials that take no time: what ends it, and what it leaves behind."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from loadtest.capacity.folder import read_study
from loadtest.capacity.planning import AxisPlan
from loadtest.capacity.running.trial_process import TrialFailedError, TrialRun
from loadtest.capacity.studied import StudyFacts
from loadtest.capacity.study import Study
from loadtest.cli import capacity_study
from loadtest.cli.capacity_study import StudyRun, Target
from loadtest.profile import load_profile
from loadtest.report.summary import SCHEMA
from tests.support.studies import study

MESSAGE = "channel.message.created"
LIMIT = 100.0
PROFILE = load_profile("capacity")
PLAN = AxisPlan("message_rate", PROFILE, PROFILE.planned_load(), 20.0, 100.0)


def summary(run_id: str, load: float, **changes: Any) -> dict[str, Any]:
    """Return what a run leaves on a deployment whose limit is ``LIMIT``."""
    is_passed = load <= LIMIT
    threshold = {"expression": "fanout.p99 < 500", "value": 900.0, "held": is_passed}
    return {
        "schema": SCHEMA,
        "run_id": run_id,
        "verdict": "PASS" if is_passed else "FAIL",
        "reasons": [],
        "thresholds": [threshold],
        "load": {"devices_peak": 1200},
        "ledger": {MESSAGE: {"lost": 0}},
        "latency": {MESSAGE: {"count": 9999, "p50_ms": 5.0, "p99_ms": 60.0}},
        "generator": {"lag": {"p99_ms": 1.0}, "cpu_ratio_peak": 0.5},
        **changes,
    }


class Trials:
    """Stands in for processes: writes the folder of a run, and notes the arguments."""

    def __init__(self) -> None:
        self.arguments: list[list[str]] = []
        self.of: Callable[[int, float], dict[str, Any]] = lambda _number, _load: {}
        """Changes to the summary of a trial, by number and load."""
        self.stops_at: int | None = None

    def __call__(self, arguments: list[str], results: Path, log: Path, **_: object) -> TrialRun:
        self.arguments.append(arguments)
        number = len(self.arguments)
        if number == self.stops_at:
            return TrialRun(None, 3.0, is_stopped=True)
        rate = next(each for each in arguments if each.startswith("workload.message_rate_per_s="))
        load = float(rate.partition("=")[2])
        folder = results / f"run-{number:02}"
        folder.mkdir()
        content = summary(folder.name, load, **self.of(number, load))
        (folder / "summary.json").write_text(json.dumps(content))
        rows = [f"{second},100,{8 * min(load, LIMIT)}" for second in range(1, 200)]
        (folder / "timeline.csv").write_text("\n".join(["t_s,chat_sessions,deliveries", *rows]))
        return TrialRun(folder, 50.0, is_stopped=False)


@pytest.fixture
def trials(monkeypatch: pytest.MonkeyPatch) -> Trials:
    made = Trials()
    monkeypatch.setattr(capacity_study, "run_trial", made)
    return made


def run(folder: Path, earlier: Study | None = None, **settings: Any) -> tuple[int, Study, str]:
    known = study(profile=PROFILE.resolved())
    if settings:
        kept = {name: getattr(known.settings, name) for name in known.settings.__struct_fields__}
        known = study(
            profile=PROFILE.resolved(), settings=type(known.settings)(**{**kept, **settings})
        )
    console = Console(file=io.StringIO(), width=120)
    target = Target("capacity", ["--seed", "7"], None, None)
    code = StudyRun(console, PLAN, StudyFacts.of(known), folder, target, earlier).run()
    return code, read_study(folder), console.file.getvalue()  # type: ignore[attr-defined]


def test_a_study_runs_to_its_precision(tmp_path: Path, trials: Trials) -> None:
    code, found, shown = run(tmp_path)

    assert code == 0
    assert found.stopped_by == "precision"
    assert found.limit is not None
    assert found.limit.estimate == pytest.approx(LIMIT, rel=0.1)
    assert found.trials[0].run_id == "run-01"
    assert found.answer in " ".join(shown.split())
    assert trials.arguments[0][:3] == ["capacity", "--seed", "7"]
    assert {"capacity.md", "report.html"} <= {each.name for each in tmp_path.iterdir()}


def test_a_study_ends_with_its_budget(tmp_path: Path, trials: Trials) -> None:
    code, found, _ = run(tmp_path, budget_s=10.0)

    # The first trial is always made; a second one would not fit.
    assert (code, found.stopped_by, len(found.trials)) == (0, "budget", 1)


def test_a_person_ends_it_with_what_is_known_and_it_goes_on_later(
    tmp_path: Path, trials: Trials
) -> None:
    trials.stops_at = 4
    code, found, _ = run(tmp_path)
    trials.stops_at = None

    assert (code, found.stopped_by, len(found.trials)) == (130, "person", 3)
    assert found.answer.startswith("It carries at least 80 messages/s")
    code, found, _ = run(tmp_path, found)
    assert (code, found.stopped_by) == (0, "precision")
    assert [each.load for each in found.trials][:4] == [20, 40, 80, 160]


def test_a_slow_generator_claims_no_limit(tmp_path: Path, trials: Trials) -> None:
    late = {
        "verdict": "INCONCLUSIVE",
        "reasons": [
            {
                "code": "generator_lag",
                "figure": "generator.lag.p99_ms",
                "value": 90.0,
                "limit": 20,
                "remedy": "add workers",
            }
        ],
    }
    trials.of = lambda _number, load: late if load > 50 else {}
    code, found, shown = run(tmp_path)

    assert (code, found.stopped_by, found.is_at_least) == (3, "generator", True)
    assert found.limit is not None
    assert found.limit.high is None
    assert "the load generator was the limit" in " ".join(shown.split())


def test_a_trial_that_was_too_short_is_followed_by_a_longer_one(
    tmp_path: Path, trials: Trials
) -> None:
    few = {
        "verdict": "INCONCLUSIVE",
        "reasons": [
            {
                "code": "too_few_samples",
                "figure": "x",
                "value": 3,
                "limit": ">= 9",
                "remedy": "wait",
            }
        ],
    }
    trials.of = lambda number, _load: few if number == 1 else {}
    _, found, _ = run(tmp_path)

    lengths = [
        float(each.partition("=")[2])
        for arguments in trials.arguments[:2]
        for each in arguments
        if each.startswith("run.duration_s=")
    ]
    assert [each.load for each in found.trials][:2] == [20, 20]
    assert lengths[1] > lengths[0]


def test_a_trial_that_fails_ends_the_study_and_keeps_what_is_known(
    tmp_path: Path, trials: Trials
) -> None:
    def fail(number: int, load: float) -> dict[str, Any]:
        if number == 3:
            raise TrialFailedError("the run of a trial ended", "log")
        return {}

    trials.of = fail
    with pytest.raises(TrialFailedError):
        run(tmp_path)

    assert len(read_study(tmp_path).trials) == 2
    assert read_study(tmp_path).stopped_by is None
