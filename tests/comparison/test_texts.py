import re
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.comparison.comparison import Comparison, compare, settings_for
from loadtest.comparison.judgement import Change
from loadtest.comparison.texts import (
    difference_text,
    headline,
    interval_text,
    notes,
    power_lines,
    share_of_text,
    value_text,
    what_was_compared,
)
from tests.support.comparisons import STEADY, compared, undecided, worse
from tests.support.replicates import MESSAGE, replicates
from tests.support.runs_on_disk import write_side


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.1, "10.0 %"),
        (0.0042, "0.42 %"),
        (0.00042, "0.042 %"),
        (0.000014, "0.0014 %"),
        (23.5, "2,350 %"),
    ],
)
def test_a_share_has_as_many_digits_as_it_needs(share: float, text: str) -> None:
    assert share_of_text(share) == text


def test_a_latency_changes_by_a_ratio_and_a_share_by_points(tmp_path: Path) -> None:
    p50, _, _, lost, missed = worse(tmp_path).gates

    assert (value_text(p50, p50.base_value), difference_text(p50)) == ("4.00 ms", "+10.0 %")
    assert interval_text(p50) == "+9.1 … +10.9 %"
    assert (value_text(lost, lost.candidate_value), difference_text(lost)) == (
        "0.097 %",
        "+0.097 pp",
    )
    assert interval_text(lost) == "+0.083 … +0.11 pp"
    assert interval_text(missed) == "within 0.026 pp"


def test_the_headline_names_the_gates_that_decided(tmp_path: Path) -> None:
    assert headline(worse(tmp_path / "w")) == (
        "The candidate is worse in 3 of 5 gates: fanout.p50, fanout.p99, delivery.message.lost."
    )
    assert headline(undecided(tmp_path / "u")).startswith("Too few runs: 2 on a side")
    assert headline(compared(tmp_path / "s")) == (
        "The runs cannot tell whether these gates have changed: notifications.missed."
    )


@pytest.mark.parametrize("change", list(Change))
def test_every_outcome_has_a_sentence(tmp_path: Path, change: Change) -> None:
    assert headline(replace(compared(tmp_path), change=change)).endswith(".")


def test_what_was_overruled_left_out_or_not_seen_is_noted(tmp_path: Path) -> None:
    found = notes(undecided(tmp_path))

    assert found[0].startswith("compared with --force although seeds of base and candidate differ")
    assert found[1].startswith("left out: pair 3, base run r-1 is INCONCLUSIVE")
    assert found[2] == (
        "delivery.message.lost: base: none in 83,746, so at most 0.0036 %;"
        " candidate: none in 83,746, so at most 0.0036 %"
    )


def held_back(found: Comparison) -> Comparison:
    first = replace(found.findings[0], change=Change.UNDECIDED, interval=(0.01, 0.2), p=0.2)
    return replace(found, findings=(first, *found.findings[1:]))


def test_a_gate_that_only_holms_correction_held_back_is_explained(tmp_path: Path) -> None:
    (text,) = [note for note in notes(held_back(compared(tmp_path))) if "Holm" in note]
    assert text == (
        "fanout.p50: its interval is beyond 0, but not after Holm's correction for 5 gates"
    )


def test_the_method_is_said(tmp_path: Path) -> None:
    assert what_was_compared(compared(tmp_path)).startswith("5 pairs, paired t; 90% intervals;")
    stored = replace(compared(tmp_path / "s"), is_paired=False)
    assert what_was_compared(stored).startswith("5 and 5 stored runs, Welch's t;")


def test_power_says_what_is_found_and_what_a_wanted_change_needs(tmp_path: Path) -> None:
    first, *_ = power_lines(compared(tmp_path / "a", wanted=0.1))
    assert re.fullmatch(
        r"fanout\.p50: spread of a pair 0\.\d\d %; found with power 0\.8: \d\.\d % by 3,"
        r" \d\.\d % by 5, \d\.\d % by 10, \d\.\d % by 20 replicates; 10\.0 % needs 3",
        first,
    )
    within = power_lines(compared(tmp_path / "b", wanted=0.05))[0]
    assert within.endswith("5.0 % is within the tolerance, so that no number finds it")
    assert power_lines(compared(tmp_path / "c")) == ()


def test_a_usual_gate_that_the_base_cannot_support_is_named(tmp_path: Path) -> None:
    few = replicates(STEADY)
    for run in few:
        run["latency"][MESSAGE]["count"] = 400
    base = write_side(tmp_path / "few", few)
    settings = settings_for((), confidence=0.9, tolerance=0.05, base=base)
    found = compare(base, base, settings, is_paired=True)

    assert notes(found)[-1] == (
        "fanout.p99 is no gate here: too few samples: 400 in one run, 1,000 are needed"
    )
