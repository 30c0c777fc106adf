"""Runs the cases: those with narrow bounds one after the other, the others a few at a time.

The clean case comes first, because the others are compared with it; without it nothing can be
said. A case that fails to run is a case that failed, and does not stop the others.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from loadtest.errors import UsageError
from loadtest.selftest.cases import CASES, CLEAN, Case
from loadtest.selftest.outcome import CaseResult
from loadtest.selftest.trial import Evidence, Trial, TrialFailedError, run_trial

__all__ = ["chosen_cases", "run_cases"]

_AT_ONCE = 3

RunTrial = Callable[[Trial], Evidence]


def chosen_cases(names: Sequence[str], *, is_quick: bool) -> tuple[Case, ...]:
    """Return the cases to run: those of these names, or all that the form has.

    Raises:
        UsageError: A name is unknown.
    """
    known = {case.name: case for case in CASES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"--only {', '.join(unknown)}: no such case; known are {', '.join(known)}")
    if not names:
        return tuple(case for case in CASES if case.is_quick or not is_quick)
    return tuple(case for case in CASES if case.name in names or case.name == CLEAN)


def run_cases(
    cases: Iterable[Case],
    on_result: Callable[[Case, CaseResult], None],
    run: RunTrial = run_trial,
) -> tuple[CaseResult, ...]:
    """Run the cases, tell each result as it comes, and return them in the order of the cases."""
    cases = tuple(cases)
    results: dict[str, CaseResult] = {}

    def note(case: Case, result: CaseResult) -> None:
        results[case.name] = result
        on_result(case, result)

    clean_case = next(case for case in cases if case.name == CLEAN)
    try:
        clean = run(clean_case.trial)
    except TrialFailedError as error:
        note(clean_case, CaseResult(CLEAN, failure=str(error)))
        return tuple(results.values())
    note(clean_case, CaseResult(CLEAN, tuple(clean_case.judge(clean, clean))))
    others = [case for case in cases if case.name != CLEAN]
    for case in others:
        if case.is_alone:
            note(case, _result(case, clean, run))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        together = [case for case in others if not case.is_alone]
        for case, result in zip(
            together, pool.map(lambda case: _result(case, clean, run), together), strict=True
        ):
            note(case, result)
    return tuple(results[case.name] for case in cases)


def _result(case: Case, clean: Evidence, run: RunTrial) -> CaseResult:
    try:
        return CaseResult(case.name, tuple(case.judge(run(case.trial), clean)))
    except TrialFailedError as error:
        return CaseResult(case.name, failure=str(error))
