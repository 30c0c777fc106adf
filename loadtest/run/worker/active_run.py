"""Which run goes on in a Locust environment.

Locust makes user instances with nothing but their environment; this is where they find the run that
they belong to.
"""

import logging
import weakref

import gevent
from locust.env import Environment

from loadtest.errors import LoadtestError
from loadtest.run.worker.runtime import WorkerRuntime

__all__ = [
    "NoRunError",
    "clear_runtime",
    "note_over",
    "runtime_of",
    "runtime_or_exit",
    "set_runtime",
]

_logger = logging.getLogger("loadtest")
_runtimes: "weakref.WeakKeyDictionary[Environment, WorkerRuntime]" = weakref.WeakKeyDictionary()
# Where users may still be started, of a run that is over already.
_over: "weakref.WeakSet[Environment]" = weakref.WeakSet()


class NoRunError(LoadtestError):
    """A user was started where no run goes on."""

    def __str__(self) -> str:
        return (
            "no run goes on in this Locust environment: a locustfile must import its user class "
            "from loadtest.users, and the test must have been started by Locust"
        )


def set_runtime(environment: Environment, runtime: WorkerRuntime) -> None:
    """Make ``runtime`` the run of ``environment``."""
    _runtimes[environment] = runtime
    _over.discard(environment)


def clear_runtime(environment: Environment) -> None:
    """Take note that no run goes on in ``environment``."""
    _runtimes.pop(environment, None)
    _over.discard(environment)


def note_over(environment: Environment) -> None:
    """Take note that the run of ``environment`` ended before it had begun."""
    _runtimes.pop(environment, None)
    _over.add(environment)


def runtime_of(environment: Environment) -> WorkerRuntime:
    """Return the run that goes on.

    Raises:
        NoRunError: There is none.
    """
    runtime = _runtimes.get(environment)
    if runtime is None:
        raise NoRunError
    return runtime


def runtime_or_exit(environment: Environment) -> WorkerRuntime:
    """Return the run that goes on; without one, say so and end the greenlet that starts users."""
    try:
        return runtime_of(environment)
    except NoRunError as error:
        if environment in _over:
            raise gevent.GreenletExit from None
        _logger.error(error)  # noqa: TRY400 - the traceback is Locust's and tells nothing
        raise gevent.GreenletExit from None
