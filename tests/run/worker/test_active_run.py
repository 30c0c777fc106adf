"""Where user instances find their run."""

from typing import Any

import gevent
import pytest
from locust.env import Environment

from loadtest.run.worker.active_run import (
    NoRunError,
    clear_runtime,
    runtime_of,
    runtime_or_exit,
    set_runtime,
)


def test_each_environment_has_its_own_run() -> None:
    one, other = Environment(), Environment()
    first: Any = object()
    second: Any = object()
    set_runtime(one, first)
    set_runtime(other, second)

    assert runtime_of(one) is first
    assert runtime_of(other) is second


def test_without_a_run_the_message_says_what_to_do() -> None:
    environment = Environment()
    run: Any = object()
    set_runtime(environment, run)
    clear_runtime(environment)
    clear_runtime(environment)

    with pytest.raises(NoRunError, match=r"must import its user class from loadtest\.users"):
        runtime_of(environment)


def test_what_starts_users_without_a_run_ends_with_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    greenlet = gevent.spawn(runtime_or_exit, Environment())
    greenlet.join()

    assert isinstance(greenlet.value, gevent.GreenletExit)
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is None
