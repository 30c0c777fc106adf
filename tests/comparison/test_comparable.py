"""Runs that cannot be compared are refused with every reason."""

from pathlib import Path
from typing import Any

import pytest

from loadtest.comparison.comparable import (
    Difference,
    differences,
    obstacles,
    settings_of,
    why_unusable,
)
from loadtest.comparison.replicates import Replicate
from tests.support.replicates import replicate
from tests.support.summaries import (
    failed_summary,
    inconclusive_summary,
    passing_summary,
    stopped_summary,
)


def side(name: str, *summaries: dict[str, Any]) -> list[Replicate]:
    return [Replicate(Path(f"{name}-{n}"), each) for n, each in enumerate(summaries, start=1)]


def of(**changed: Any) -> dict[str, Any]:
    return {**replicate(), **changed}


def test_runs_of_the_same_load_can_be_compared() -> None:
    assert obstacles(side("a", replicate()), side("b", replicate(9.0))) == ()


def test_a_failed_run_is_valid_and_can_be_compared() -> None:
    assert why_unusable(failed_summary()) == ""


def test_a_threshold_without_enough_samples_says_nothing_against_a_run() -> None:
    reasons = [{"code": "too_few_samples", "figure": "recovery.p99_ms"}]
    assert why_unusable(of(verdict="INCONCLUSIVE", reasons=reasons)) == ""


@pytest.mark.parametrize(
    ("summary", "why"),
    [
        pytest.param(inconclusive_summary(), "INCONCLUSIVE: generator_lag", id="inconclusive"),
        pytest.param(stopped_summary(), "STOPPED", id="stopped"),
        pytest.param({}, "\N{EN DASH}", id="no verdict at all"),
        pytest.param(of(verdict="INCONCLUSIVE", reasons=[]), "INCONCLUSIVE", id="without a reason"),
    ],
)
def test_an_invalid_run_is_unusable_and_says_why(summary: dict[str, Any], why: str) -> None:
    assert why_unusable(summary).startswith(why)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"seed": 8}, "seeds of base and candidate differ: 7 against 8", id="seed"),
        pytest.param(
            {"target": {"host": "x", "dialect": 1}},
            "dialect of base and candidate differ: 2 against 1",
            id="dialect",
        ),
        pytest.param(
            {"schema": "chatkitty-loadtest/2"},
            "schema of base and candidate differ: chatkitty-loadtest/1 against"
            " chatkitty-loadtest/2",
            id="schema",
        ),
        pytest.param({"workload": "closed"}, "workload of base and candidate", id="workload"),
        pytest.param(
            {"verdict": "STOPPED"}, "candidate run b-1 is STOPPED", id="a run that is no good"
        ),
    ],
)
def test_each_obstacle_is_named(changed: dict[str, Any], said: str) -> None:
    found = obstacles(side("a", replicate()), side("b", of(**changed)))

    assert len(found) == 1
    assert found[0].startswith(said)


def test_another_profile_is_an_obstacle_unless_the_comparison_is_about_it() -> None:
    other = replicate()
    other["profile"]["workload"]["message_rate_per_s"] = 90.0
    base, candidate = side("a", replicate()), side("b", other)
    key = "workload.message_rate_per_s"

    assert obstacles(base, candidate) == (
        f"the profile of b-1 is not that of a-1: {key} 60 against 90",
    )
    assert obstacles(base, candidate, expected=[key]) == ()


def test_names_and_thresholds_of_a_profile_are_free() -> None:
    other = replicate()
    other["profile"] |= {"name": "mine", "description": "", "thresholds": []}
    assert obstacles(side("a", replicate()), side("b", other)) == ()


def test_all_obstacles_are_named_at_once() -> None:
    found = obstacles(side("a", replicate()), side("b", of(seed=8, workload="closed")))
    assert len(found) == 2


def test_what_differs_is_listed_by_its_dotted_name() -> None:
    other = passing_summary()
    other["versions"]["python"] = "3.12.1"
    del other["target"]["embedded"]

    assert differences(passing_summary(), other, "target", "versions") == (
        Difference("target.embedded", "true", "not set"),
        Difference("versions.python", "3.11.9", "3.12.1"),
    )


def test_channel_groups_are_found_by_their_names() -> None:
    channels = {"channels": [{"group": "direct", "size": 2}, {"size": 3}], "plain": [1, 2]}
    assert settings_of(channels) == {
        "channels.direct.group": "direct",
        "channels.direct.size": "2",
        "channels.1.size": "3",
        "plain": "1, 2",
    }
