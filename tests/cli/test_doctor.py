"""What a machine has, and what follows from it."""

import sys

import pytest

from loadtest.cli import doctor
from loadtest.cli.main import main
from loadtest.run.limits import MachineLimits


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return what was found by its name."""
    lines = [line for line in capsys.readouterr().out.splitlines() if line[1] in "✓!"]
    return {line[3:16].strip(): line for line in lines}


def test_it_says_what_runs_depend_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    found = said(capsys)

    assert set(found) == {
        *("versions", "reader", "system", "clock"),
        *("open files", "local ports", "memory", "processors"),
    }
    assert "locust 2." in found["versions"]
    assert "ns or less" in found["clock"]


def test_few_open_files_come_with_their_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "machine_limits", lambda: MachineLimits(1_064, 28_232))
    main(["doctor"])
    said = capsys.readouterr().out

    assert "! open files   1,000 devices in one process" in said
    assert "ulimit -Hn 28296" in said


def test_a_clock_that_stands_still_fits_no_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "monotonic_ns", lambda: 7)

    assert main(["doctor"]) == 3
    assert "its steps are too coarse to time a delivery" in capsys.readouterr().out


def test_another_system_is_said_to_be_untested(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert main(["doctor"]) == 3
    assert "only Linux is tested" in capsys.readouterr().out
