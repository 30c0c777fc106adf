"""What Ctrl-C means."""

import os
import signal
from collections.abc import Iterator

import gevent
import pytest

from loadtest.run.interrupts import Interrupts, interrupt_without_trace


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    gevent.idle()


def test_each_interrupt_takes_the_next_step() -> None:
    taken: list[str] = []
    steps = (lambda: taken.append("in order"), lambda: taken.append("at once"))
    Interrupts(steps, is_running=lambda: True).install()

    interrupt()
    assert taken == ["in order"]
    interrupt()
    assert taken == ["in order", "at once"]


def test_an_interrupt_after_the_last_step_reaches_the_main_greenlet() -> None:
    Interrupts((), is_running=lambda: True).install()

    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_where_no_run_goes_on_the_main_greenlet_is_interrupted() -> None:
    taken: list[str] = []
    Interrupts((lambda: taken.append("in order"),), is_running=lambda: False).install()

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert taken == []


def test_a_greenlet_that_happens_to_run_is_not_interrupted() -> None:
    Interrupts((lambda: None,), is_running=lambda: True).install()

    def work() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "done"

    assert gevent.spawn(work).get() == "done"


def test_an_interrupt_that_comes_while_the_hub_waits_leaves_no_trace() -> None:
    interrupt_without_trace()
    interrupt_without_trace()

    assert [*gevent.hub.Hub.NOT_ERROR].count(KeyboardInterrupt) == 1
