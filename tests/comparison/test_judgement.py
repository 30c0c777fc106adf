"""Verdicts follow from intervals, tolerance and Holm's correction, and from nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from loadtest.comparison.catalogue import figures
from loadtest.comparison.judgement import (
    Change,
    Finding,
    Settings,
    compare_figures,
    outcome,
    power_of,
)
from loadtest.comparison.texts import difference_text, value_text
from tests.support.replicates import MESSAGE, replicates

P50 = f"latency.{MESSAGE}.p50_ms"
P99 = f"latency.{MESSAGE}.p99_ms"
LOST = f"ledger.{MESSAGE}.lost"
SETTINGS = Settings(gates=(P50,))
STEADY = (4.0, 4.04, 3.97, 4.02, 3.99)


def found(
    base: list[dict[str, Any]],
    candidate: list[dict[str, Any]],
    settings: Settings = SETTINGS,
    *,
    is_paired: bool = True,
) -> dict[str, Finding]:
    findings = compare_figures(figures(), base, candidate, settings, is_paired=is_paired)
    return {finding.figure.path: finding for finding in findings}


def times(factor: float) -> list[float]:
    return [factor * value for value in STEADY]


def nudged(factor: float) -> list[float]:
    """Return candidates with a noise of their own of about 1 %."""
    noise = (1.01, 0.99, 1.005, 0.992, 1.003)
    return [factor * value * each for value, each in zip(STEADY, noise, strict=True)]


@pytest.mark.parametrize(
    ("factor", "change"),
    [
        pytest.param(1.1, Change.WORSE, id="10 % slower is worse"),
        pytest.param(0.9, Change.BETTER, id="10 % faster is better"),
        pytest.param(1.0, Change.NONE, id="the same is no change"),
        pytest.param(1.03, Change.NONE, id="3 % slower, for sure, is within the tolerance"),
        pytest.param(1.045, Change.UNDECIDED, id="an interval across the tolerance is undecided"),
    ],
)
@pytest.mark.parametrize("is_paired", [True, False])
def test_the_verdict_of_a_latency(factor: float, change: Change, is_paired: bool) -> None:
    finding = found(replicates(STEADY), replicates(nudged(factor)), is_paired=is_paired)[P50]

    assert finding.change is change
    assert finding.difference == pytest.approx(factor - 1, abs=0.01)
    assert finding.interval is not None
    assert finding.interval[0] <= finding.difference <= finding.interval[1]


def test_noise_leaves_a_figure_undecided() -> None:
    candidate = replicates([4.0, 6.0, 3.0, 5.5, 3.5])
    assert found(replicates(STEADY), candidate)[P50].change is Change.UNDECIDED


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_replicates_show_a_plain_difference(count: int) -> None:
    base, candidate = replicates(STEADY[:count]), replicates(times(2)[:count])
    finding = found(base, candidate)[P50]

    assert finding.change is Change.UNDECIDED
    assert finding.difference == pytest.approx(1)
    assert finding.interval is None
    assert finding.p is None


def test_losses_are_found_though_the_base_lost_nothing() -> None:
    base = replicates(STEADY)
    candidate = replicates(STEADY, lost=[38, 45, 40, 41, 47])
    finding = found(base, candidate)[LOST]

    assert finding.change is Change.WORSE
    assert finding.difference == pytest.approx(0.001, abs=0.0001)
    assert finding.note.startswith("base: none in ")


def test_no_loss_at_all_is_no_change_within_what_so_many_can_show() -> None:
    finding = found(replicates(STEADY), replicates(STEADY))[LOST]
    bound = 3 / (5 * 41_873)

    assert finding.change is Change.NONE
    assert finding.interval == pytest.approx((-bound, bound))
    assert "candidate: none in 209,365" in finding.note


def test_no_loss_in_few_is_undecided() -> None:
    runs = replicates(STEADY)
    for run in runs:
        run["ledger"][MESSAGE] |= {"expected": 100, "delivered": 100}
    assert found(runs, runs)[LOST].change is Change.UNDECIDED


def test_more_gates_need_more_certainty() -> None:
    """What one gate alone would call worse is undecided among five that share the level."""
    base, candidate = replicates(STEADY), replicates([4.1, 4.9, 4.05, 4.6, 4.2])
    alone = found(base, candidate)[P50]
    gates = (P50, "sessions.user_session_start.p50_ms", "notifications.latency.p50_ms")
    among = found(base, candidate, replace(SETTINGS, gates=gates))[P50]

    assert alone.change is Change.WORSE
    assert among.p == pytest.approx(3 * (alone.p or 0))
    assert among.change is Change.UNDECIDED


def test_a_percentile_with_too_few_samples_decides_nothing() -> None:
    base, candidate = replicates(STEADY), replicates(times(2))
    for run in (*base, *candidate):
        run["latency"][MESSAGE]["count"] = 500
    finding = found(base, candidate)

    assert finding[P99].change is Change.UNDECIDED
    assert finding[P99].note == "too few samples: 500 in one run, 1,000 are needed"
    assert finding[P50].change is Change.WORSE


def test_a_figure_that_one_run_lacks_is_not_compared() -> None:
    base, candidate = replicates(STEADY), replicates(STEADY)
    del candidate[2]["latency"][MESSAGE]
    assert P50 not in found(base, candidate)


@pytest.mark.parametrize(
    ("candidate", "gates", "change"),
    [
        pytest.param(times(1.2), (P50, LOST), Change.WORSE, id="one worse gate decides"),
        pytest.param(times(0.8), (P50, LOST), Change.BETTER, id="better and no change is better"),
        pytest.param(times(1.0), (P50, LOST), Change.NONE, id="no gate has changed"),
        pytest.param(times(1.0), (P50, "recovery.p50_ms"), Change.UNDECIDED, id="a gate is absent"),
        pytest.param([4, 6, 3, 5.5, 3.5], (P50, LOST), Change.UNDECIDED, id="one is undecided"),
    ],
)
def test_the_gates_decide_together(
    candidate: list[float], gates: tuple[str, ...], change: Change
) -> None:
    settings = Settings(gates=gates)
    findings = found(replicates(STEADY), replicates(candidate), settings)
    if "recovery.p50_ms" in gates:
        findings.pop("recovery.p50_ms", None)

    assert outcome(list(findings.values()), settings) is change


def test_power_follows_from_the_spread_that_was_seen() -> None:
    finding = found(replicates(STEADY), replicates(nudged(1.0)))[P50]
    power = power_of(finding, SETTINGS, 0.1)

    assert power is not None
    assert list(power.smallest) == [3, 5, 10, 20]
    assert 0.05 < power.smallest[5] < 0.07
    assert list(power.smallest.values()) == sorted(power.smallest.values(), reverse=True)
    assert 0.005 < power.spread < 0.02
    assert power.needed == 3


def test_a_share_has_no_power_of_its_own() -> None:
    finding = found(replicates(STEADY), replicates(STEADY))[LOST]
    assert power_of(finding, SETTINGS, 0.1) is None


def test_a_time_that_never_came_has_no_ratio_and_says_how_often() -> None:
    base, candidate = replicates(STEADY), replicates(STEADY)
    for run in candidate[:2]:
        run["completion"]["all"]["last"]["p99_ms"] = "never"
    finding = found(base, candidate)["completion.all.last.p99_ms"]

    assert finding.change is Change.UNDECIDED
    assert finding.note == ("never in 0 of 5 base and 2 of 5 candidate runs: see what was lost")
    assert (value_text(finding, finding.candidate_value), difference_text(finding)) == (
        "never",
        "\N{EN DASH}",
    )
