"""How a run gets into a Locust process: the listeners that a locustfile's import registers.

Each process has one control, by what it does: ``LocalControl`` leads a run and carries its users,
``MasterControl`` leads one, ``WorkerControl`` carries users of one.
"""

from collections.abc import Callable
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from loadtest.users.local import LocalControl
from loadtest.users.master import MasterControl
from loadtest.users.options import add_arguments
from loadtest.users.worker import WorkerControl

__all__ = ["install"]


def install() -> None:
    """Register everything with Locust's events."""
    _listen(events.init_command_line_parser, _add_arguments)
    _listen(events.init, _control)


def _listen(hook: Any, listener: Callable[..., None]) -> None:  # noqa: ANN401 - Locust's hook
    hook.add_listener(listener)


def _add_arguments(parser: Any, **_: object) -> None:  # noqa: ANN401 - Locust's own parser
    add_arguments(parser)


def _control(environment: Environment, runner: Runner, **_: object) -> None:
    if isinstance(runner, WorkerRunner):
        WorkerControl(environment, runner).listen()
    elif isinstance(runner, MasterRunner):
        MasterControl(environment, runner).listen()
    else:
        LocalControl(environment, runner).listen()
