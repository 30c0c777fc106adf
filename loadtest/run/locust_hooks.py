"""How a run gets into a Locust process: the listeners that a locustfile's import registers.

Each process has one role: ``LocalLeader`` leads a run and carries its users,
``MasterLeader`` leads one, ``RunWorker`` carries users of one.
"""

import logging
from collections.abc import Callable
from typing import Any

from locust import events
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from loadtest.run.command_line import prepare_parser
from loadtest.run.interrupts import interrupt_without_trace
from loadtest.run.leader.local import LocalLeader
from loadtest.run.leader.master import MasterLeader
from loadtest.run.parent_death import end_forks_with_their_parent
from loadtest.run.worker.worker import RunWorker

__all__ = ["install"]


_is_installed = False


def install() -> None:
    """Register everything with Locust's events; only the first call counts."""
    global _is_installed
    if _is_installed:
        return
    _is_installed = True
    _listen(events.init_command_line_parser, _prepare_parser)
    _listen(events.init, _control)
    end_forks_with_their_parent()
    interrupt_without_trace()
    # At DEBUG it writes down each request, with the API key in its address.
    logging.getLogger("websockets.client").setLevel(logging.INFO)


def _listen(hook: Any, listener: Callable[..., None]) -> None:  # noqa: ANN401 - Locust's hook
    hook.add_listener(listener)


def _prepare_parser(parser: Any, **_: object) -> None:  # noqa: ANN401 - Locust's own parser
    prepare_parser(parser)


def _control(environment: Environment, runner: Runner, **_: object) -> None:
    if isinstance(runner, WorkerRunner):
        RunWorker(environment, runner).listen()
    elif isinstance(runner, MasterRunner):
        MasterLeader(environment, runner).listen()
    else:
        LocalLeader(environment, runner).listen()
