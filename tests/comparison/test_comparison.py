"""What a comparison as a whole says: its gates, its outcome, its exit code."""

from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.comparison.catalogue import DEFAULT_GATES
from loadtest.comparison.comparison import ComparisonExit, compare, settings_for
from loadtest.comparison.judgement import Change
from loadtest.comparison.replicates import Side
from loadtest.errors import UsageError
from tests.support.comparisons import compared, undecided, worse
from tests.support.replicates import MESSAGE, replicates
from tests.support.runs_on_disk import write_side
from tests.support.summaries import without_notifications

P50 = f"latency.{MESSAGE}.p50_ms"


def gates_for(base: Side | None, *named: str) -> tuple[str, ...]:
    return settings_for(named, confidence=0.9, tolerance=0.05, base=base).gates


def test_a_gate_that_is_worse_makes_exit_code_1(tmp_path: Path) -> None:
    found = worse(tmp_path)

    assert found.change is Change.WORSE
    assert found.exit_code(requires_decision=False) is ComparisonExit.WORSE
    assert [gate.figure.path for gate in found.gates] == list(DEFAULT_GATES)


def test_an_undecided_gate_matters_only_where_a_decision_is_required(tmp_path: Path) -> None:
    found = undecided(tmp_path)

    assert found.change is Change.UNDECIDED
    assert found.exit_code(requires_decision=False) is ComparisonExit.NOT_WORSE
    assert found.exit_code(requires_decision=True) is ComparisonExit.UNDECIDED


def test_a_comparison_without_any_run_is_undecided_whatever_is_required() -> None:
    nothing = Side("none", ())
    found = compare(
        nothing, nothing, settings_for((), confidence=0.9, tolerance=0.05), is_paired=True
    )

    assert found.exit_code(requires_decision=False) is ComparisonExit.UNDECIDED


def test_figures_that_did_not_change_are_not_worse(tmp_path: Path) -> None:
    found = compared(tmp_path)
    decided = replace(found, change=Change.NONE)

    assert found.gates[0].change is Change.NONE
    assert decided.exit_code(requires_decision=True) is ComparisonExit.NOT_WORSE


def test_the_usual_gates_are_those_that_the_base_has_with_enough_samples(tmp_path: Path) -> None:
    quiet = write_side(tmp_path / "quiet", [without_notifications()] * 3)
    few = replicates([4.0, 4.1, 4.2])
    for run in few:
        run["latency"][MESSAGE]["count"] = 400

    assert gates_for(None) == DEFAULT_GATES
    assert not [gate for gate in gates_for(quiet) if gate.startswith("notifications")]
    assert f"latency.{MESSAGE}.p99_ms" not in gates_for(write_side(tmp_path / "few", few))


def test_a_gate_that_the_candidate_lost_stays_a_gate(tmp_path: Path) -> None:
    """A candidate that delivers nothing must not get rid of the gate on deliveries."""
    base = write_side(tmp_path / "base", replicates([4.0, 4.1, 4.2]))
    broken = write_side(tmp_path / "broken", [without_notifications()] * 3)
    settings = settings_for((), confidence=0.9, tolerance=0.05, base=base)
    found = compare(base, broken, settings, is_paired=True)

    assert found.absent_gates == ("notifications.latency.p50_ms", "notifications.missed")
    assert found.change is Change.UNDECIDED


def test_wrong_gates_are_refused_with_advice() -> None:
    names = [f"ledger.{MESSAGE}.{key}" for key in ("lost", "late", "duplicate", "out_of_order")]
    names += ["notifications.missed", "notifications.duplicate"]
    with pytest.raises(UsageError, match="6 gates are named; 5 at most"):
        gates_for(None, *names)
    with pytest.raises(UsageError, match=r"did you mean fanout\.p99"):
        gates_for(None, "fanoot.p99")
    with pytest.raises(UsageError, match="it is not compared; `loadtest compare --figures`"):
        gates_for(None, "load.users")


def test_a_gate_may_have_a_short_name() -> None:
    assert gates_for(None, "fanout.p50", P50, "notifications.missed") == (
        P50,
        "notifications.missed",
    )


def test_power_is_computed_for_gates_when_it_is_asked_for(tmp_path: Path) -> None:
    assert compared(tmp_path / "a").powers == {}
    assert set(compared(tmp_path / "b", wanted=0.1).powers) == set(DEFAULT_GATES[:2])


def test_what_differs_is_found_in_target_versions_and_profile(tmp_path: Path) -> None:
    other = replicates([4.0])[0]
    other["versions"]["python"] = "3.12.1"
    other["target"]["host"] = "http://127.0.0.1:1"
    base = write_side(tmp_path / "a", replicates([4.0]))
    found = compare(
        base,
        write_side(tmp_path / "b", [other]),
        settings_for((), confidence=0.9, tolerance=0.05),
        is_paired=False,
    )

    assert [each.name for each in found.apart] == ["versions.python"]
