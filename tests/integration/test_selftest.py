"""The self-test of the counts, as people run it.

Its cases on latencies and cut connections are for a machine that is quiet: a connection that is cut
while it starts, or a generator that gets no processor, is no defect of the instrument.
"""

import subprocess
import sys

import pytest

from tests.support.runs import REPOSITORY


@pytest.mark.timeout(300)
@pytest.mark.parametrize("case", ["clean", "mixed"])
def test_counts_are_exactly_what_was_injected(case: str) -> None:
    command = [sys.executable, "-m", "loadtest", "selftest", "--only", case]
    found = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)

    assert found.returncode == 0, found.stdout + found.stderr
