"""The end of a terminal ends a run in order."""

import os
import signal
from collections.abc import Iterator

import pytest

from loadtest.run.hang_up import end_at_hang_up


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_it_is_an_end_like_sigterm() -> None:
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    end_at_hang_up()
    os.kill(os.getpid(), signal.SIGHUP)

    assert told == [signal.SIGTERM]


def test_who_wants_it_ignored_is_obeyed() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_at_hang_up()

    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
