"""Pairs are planned by the seed, made in that order, and repeated or named when they fail."""

from pathlib import Path
from typing import Any

import pytest

from loadtest.comparison.replicates import Replicate
from loadtest.comparison.study import (
    Pair,
    SideName,
    Study,
    StudyStoppedError,
    make_pairs,
    planned_pairs,
    read_pairs,
    write_pairs,
)
from loadtest.errors import UsageError
from tests.support.replicates import replicate
from tests.support.runs_on_disk import write_run
from tests.support.summaries import inconclusive_summary


class Runs:
    """Makes runs: each is the next of the summaries given, or a passing one."""

    def __init__(self, *summaries: dict[str, Any] | None) -> None:
        self._summaries = list(summaries)
        self.made: list[tuple[SideName, int, int]] = []

    def __call__(self, side: SideName, pair: Pair) -> Replicate:
        self.made.append((side, pair.number, pair.seed))
        summary = self._summaries.pop(0) if self._summaries else None
        return Replicate(Path(f"run-{len(self.made)}"), summary or replicate())


def test_the_order_is_drawn_for_two_pairs_and_turned_round_for_the_second() -> None:
    for seed in range(20):
        pairs = planned_pairs(6, seed)
        for first, second in zip(pairs[::2], pairs[1::2], strict=True):
            assert first.order == second.order[::-1]
    firsts = {planned_pairs(2, seed)[0].order[0] for seed in range(20)}

    assert firsts == set(SideName)


def test_the_same_seed_plans_the_same_pairs_each_with_a_seed_of_its_own() -> None:
    assert planned_pairs(5, 7) == planned_pairs(5, 7)
    assert [pair.seed for pair in planned_pairs(5, 7)] == [7, 8, 9, 10, 11]


def test_both_runs_of_a_pair_follow_each_other() -> None:
    runs = Runs()
    study = make_pairs(planned_pairs(3, 1), runs, repeats=0)

    assert [number for _, number, _ in runs.made] == [1, 1, 2, 2, 3, 3]
    assert len(study.base) == len(study.candidate) == 3
    assert study.left_out == []


def test_a_pair_with_an_inconclusive_run_is_made_again_and_named() -> None:
    runs = Runs(None, inconclusive_summary())
    study = make_pairs(planned_pairs(2, 1), runs, repeats=1)

    assert [number for _, number, _ in runs.made] == [1, 1, 1, 1, 2, 2]
    assert len(study.base) == 2
    (text,) = study.left_out
    assert "INCONCLUSIVE: generator_lag (generator.lag.p99_ms), worker_lost" in text
    assert text.endswith("the pair was made again")


def test_the_second_run_of_a_pair_is_not_made_if_the_first_cannot_be_used() -> None:
    runs = Runs(inconclusive_summary())
    make_pairs(planned_pairs(1, 1), runs, repeats=0)

    assert len(runs.made) == 1


def test_what_is_above_the_limit_of_repeats_is_given_up_and_never_counts() -> None:
    bad = inconclusive_summary()
    study = make_pairs(planned_pairs(2, 1), Runs(bad, bad, bad), repeats=2)

    assert len(study.base) == 1
    assert [text.rpartition("; ")[2] for text in study.left_out] == [
        "the pair was made again",
        "the pair was made again",
        "the pair was given up",
    ]


def test_a_person_may_stop_and_keeps_the_whole_pairs() -> None:
    def run(side: SideName, pair: Pair) -> Replicate:
        if pair.number == 2:
            raise StudyStoppedError
        return Replicate(Path("run"), replicate())

    study = make_pairs(planned_pairs(3, 1), run, repeats=0)

    assert study.is_stopped
    assert len(study.base) == len(study.candidate) == 1


def test_pairs_are_read_back_where_they_were_written(tmp_path: Path) -> None:
    base, candidate = (write_run(tmp_path / side / f"run-{side}", replicate()) for side in SideName)
    study = Study([base], [candidate], ["pair 1, …"])
    write_pairs(tmp_path, study, ("old", "new"), ["workload.message_rate_per_s"])
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    stored = read_pairs(moved)

    assert (stored.base.label, stored.candidate.label) == ("old", "new")
    assert stored.base.replicates[0].folder == moved / "base" / "run-base"
    assert stored.candidate.replicates[0].summary["verdict"] == "PASS"
    assert stored.expected == ("workload.message_rate_per_s",)
    assert stored.left_out == ("pair 1, …",)


@pytest.mark.parametrize("content", [None, b"{", b'{"base": 3}'])
def test_a_folder_without_pairs_is_refused_by_its_name(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "pairs.json").write_bytes(content)
    with pytest.raises(UsageError, match=tmp_path.name):
        read_pairs(tmp_path)
