import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from loadtest.selftest.children import end_with_children, started


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_was_started_ends_with_the_self_test(number: signal.Signals) -> None:
    sleep = [sys.executable, "-c", "import signal; signal.pause()"]
    end_with_children()
    with subprocess.Popen(sleep) as process, started(process):
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        assert process.wait(20) == -signal.SIGTERM


def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_with_children()

    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
