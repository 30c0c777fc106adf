"""One trial as a process: its folder is found, and an interrupt ends it as it ends a run."""

import sys
from pathlib import Path

import pytest

from loadtest.capacity.running.trial_process import TrialFailedError, TrialRun, run_trial

MAKES_A_RUN = """
import pathlib, sys
folder = pathlib.Path(sys.argv[-1]) / "a-run"
folder.mkdir()
(folder / "summary.json").write_text("{}")
print("arguments", *sys.argv[1:])
sys.exit(1)
"""
WAITS = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
time.sleep(60)
"""
WANTS_TWO = """
import signal, sys, time
count = 0
def take(*_):
    global count
    count += 1
    if count == 2:
        print("impatient", flush=True)
        sys.exit(130)
signal.signal(signal.SIGINT, take)
time.sleep(60)
"""


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Trial":
    return Trial(tmp_path, monkeypatch)


class Trial:
    """Runs a few lines of Python in place of ``python -m loadtest run``."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.log = folder / "trials.log"
        self._monkeypatch = monkeypatch
        self._python = sys.executable

    def __call__(self, code: str, *, interrupt_at: int | None = None) -> TrialRun:
        script = self.folder / "python"
        script.write_text(f"#!{self._python}\n{code}")
        script.chmod(0o755)
        self._monkeypatch.setattr(sys, "executable", str(script))
        ticks: list[float] = []

        def interrupts() -> int:
            return 0 if interrupt_at is None else max(0, len(ticks) - interrupt_at)

        return run_trial(
            ["a-profile"],
            self.folder,
            self.log,
            each_tick=lambda _pid, at_s: ticks.append(at_s),
            interrupts=interrupts,
        )


def test_the_folder_of_the_run_is_found(trial: Trial) -> None:
    done = trial(MAKES_A_RUN)

    assert done.folder == trial.folder / "a-run"
    assert not done.is_stopped
    assert "arguments -m loadtest run a-profile --results" in trial.log.read_text()


def test_a_run_without_a_result_is_said_with_its_last_lines(trial: Trial) -> None:
    with pytest.raises(TrialFailedError, match="exit code 2 and no result; its last lines:\nwrong"):
        trial("import sys\nprint('wrong')\nsys.exit(2)")


def test_an_interrupt_ends_the_trial(trial: Trial) -> None:
    done = trial(WAITS, interrupt_at=2)

    assert (done.folder, done.is_stopped) == (None, True)


def test_a_second_interrupt_is_passed_on(trial: Trial) -> None:
    done = trial(WANTS_TWO, interrupt_at=2)

    assert done.is_stopped
    assert "impatient" in trial.log.read_text()


def test_a_run_that_a_person_stopped_is_no_trial(trial: Trial) -> None:
    done = trial("import sys\nsys.exit(130)")

    assert (done.folder, done.is_stopped) == (None, True)
