from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import loadtest
from loadtest.cli import selftest
from loadtest.cli.main import main
from loadtest.selftest import Case, CaseResult, latest_outcome
from loadtest.selftest.checks import between, exact

_ALL_WELL = (
    exact("messages lost", 36, 36),
    exact("messages duplicate", 0, 0),
    between("delivery p99, ms: unseen", 2.5, lowest=0, highest=100, injected=None),
)


@pytest.fixture
def find(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make every case find the same."""

    def replace_run(result: CaseResult) -> None:
        def run_cases(
            cases: Iterable[Case], on_result: Callable[[Case, CaseResult], None]
        ) -> tuple[CaseResult, ...]:
            results = [CaseResult(case.name, result.checks, result.failure) for case in cases]
            for case, each in zip(cases, results, strict=True):
                on_result(case, each)
            return tuple(results)

        monkeypatch.setattr(selftest, "run_cases", run_cases)

    return replace_run


def test_a_self_test_that_passes_exits_with_0_and_is_stamped_into_later_runs(
    tmp_path: Path, find: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    find(CaseResult("", _ALL_WELL))

    assert main(["selftest", "--quick", "--results", str(tmp_path)]) == 0
    stamp = latest_outcome(tmp_path, loadtest.__version__)
    assert stamp is not None
    assert (stamp["passed"], stamp["quick"]) == (True, True)
    assert "36" in capsys.readouterr().out


def test_a_difference_exits_with_1(
    tmp_path: Path, find: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    find(CaseResult("", (exact("messages lost", 36, 35),)))

    assert main(["selftest", "--results", str(tmp_path)]) == 1
    stamp = latest_outcome(tmp_path, loadtest.__version__)
    assert stamp is not None
    assert stamp["passed"] is False
    output = capsys.readouterr().out
    assert "NO" in output
    assert "cannot be believed" in output


def test_a_case_that_could_not_be_run_says_why(
    tmp_path: Path, find: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    find(CaseResult("", failure="a run left no summary"))

    assert main(["selftest", "--results", str(tmp_path)]) == 1
    assert "drop: a run left no summary" in capsys.readouterr().out


def test_some_cases_alone_are_no_self_test(tmp_path: Path, find: Callable[..., None]) -> None:
    find(CaseResult("", _ALL_WELL))

    assert main(["selftest", "--only", "drop", "--results", str(tmp_path)]) == 0
    assert latest_outcome(tmp_path, loadtest.__version__) is None


def test_what_held_and_says_nothing_is_one_row(
    tmp_path: Path, find: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    find(CaseResult("", _ALL_WELL))
    main(["selftest", "--only", "drop", "--results", str(tmp_path)])
    output = capsys.readouterr().out

    assert "messages duplicate" not in output
    assert "1 more" in output


def test_an_unknown_case_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--only", "dorp"]) == 2
    assert "no such case" in capsys.readouterr().err
