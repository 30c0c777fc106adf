import pytest

from loadtest.errors import UsageError
from loadtest.selftest import CASES, Case, CaseResult, Evidence, Trial, TrialFailedError
from loadtest.selftest.cases import CLEAN
from loadtest.selftest.runner import chosen_cases, run_cases
from tests.support.selftest_evidence import evidence


class _Runs:
    """Trials that always find everything in order, or fail."""

    def __init__(self, *failing: Trial) -> None:
        self.trials: list[Trial] = []
        self._failing = failing

    def __call__(self, trial: Trial) -> Evidence:
        self.trials.append(trial)
        if trial in self._failing:
            raise TrialFailedError("a run left no summary", "the log")
        return evidence()


def _nobody(_case: Case, _result: CaseResult) -> None:
    """Listen to nothing."""


def test_the_short_form_has_the_short_cases() -> None:
    quick = chosen_cases([], is_quick=True)

    assert [case.name for case in quick] == [case.name for case in CASES if case.is_quick]
    assert chosen_cases([], is_quick=False) == CASES


def test_a_case_that_is_named_brings_the_clean_one_with_it() -> None:
    assert [case.name for case in chosen_cases(["drop"], is_quick=True)] == [CLEAN, "drop"]


def test_an_unknown_case_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"--only dorp: no such case; known are clean, delay"):
        chosen_cases(["drop", "dorp"], is_quick=False)


def test_the_clean_case_runs_first_and_results_stand_in_the_order_of_the_cases() -> None:
    runs = _Runs()
    cases = chosen_cases(["queue", "drop", "delay", "cuts"], is_quick=False)
    told: list[str] = []
    results = run_cases(cases, lambda case, _: told.append(case.name), runs)

    assert runs.trials[0] == cases[0].trial
    assert [result.name for result in results] == [CLEAN, "delay", "queue", "cuts", "drop"]
    assert sorted(told) == sorted(result.name for result in results)


def test_a_case_that_cannot_be_run_has_failed_and_stops_no_other() -> None:
    cases = chosen_cases(["delay", "drop", "cuts"], is_quick=False)
    failing = {case.name: case for case in cases}
    runs = _Runs(failing["delay"].trial, failing["drop"].trial)
    results = {result.name: result for result in run_cases(cases, _nobody, runs)}

    assert results[CLEAN].passed
    assert "a run left no summary" in results["delay"].failure
    assert "a run left no summary" in results["drop"].failure
    assert not results["cuts"].failure


def test_without_the_clean_case_nothing_can_be_compared() -> None:
    cases = chosen_cases(["drop"], is_quick=False)
    runs = _Runs(cases[0].trial)
    results = run_cases(cases, _nobody, runs)

    assert [result.name for result in results] == [CLEAN]
    assert len(runs.trials) == 1
