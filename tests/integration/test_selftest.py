"""The short self-test, once, as CI and people run it.

Counts must be equal. The bounds of its times contain how late the generator itself was, so that a
machine that others use as well makes them wider, and not the test fail.
"""

import subprocess
import sys
from pathlib import Path

import pytest

import loadtest
from loadtest.selftest import latest_outcome
from tests.support.runs import REPOSITORY


@pytest.mark.timeout(300)
def test_the_instrument_shows_what_was_injected(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loadtest", "selftest", "--quick", "--results", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)

    assert found.returncode == 0, found.stdout + found.stderr
    stamp = latest_outcome(tmp_path, loadtest.__version__)
    assert stamp is not None
    assert stamp["passed"] is True
