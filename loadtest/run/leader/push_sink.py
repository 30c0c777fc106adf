"""The push sink of a process that leads runs.

A deployment calls one address, so that there is one sink, in the leading process, whatever the
number of workers; it stays for all runs of the process. Which worker's channel a push is about the
sink does not know: every worker is told of it, and takes what is its own.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import gevent
from gevent.event import AsyncResult

from loadtest.engine import Mailbox
from loadtest.engine.threads import start_native_thread
from loadtest.errors import UsageError
from loadtest.sink.service import Arrival, SinkService

__all__ = ["RunPushSink"]


class RunPushSink:
    """A sink in a thread of its own.

    Args:
        address: Where to listen, as ``HOST:PORT``; port 0 picks one.
        on_pushes: Is called in a greenlet of its own with what came.

    Raises:
        UsageError: The address cannot be used.
    """

    def __init__(self, address: str, on_pushes: Callable[[list[Arrival]], object]) -> None:
        self.address = address
        host, _, port = address.rpartition(":")
        self._mailbox = Mailbox()
        self._started: AsyncResult[str | UsageError] = AsyncResult()
        self._ended = gevent.event.Event()
        self._service = SinkService(
            on_pushes=lambda pushes: self._mailbox.put(gevent.spawn, on_pushes, pushes),
            on_started=lambda outcome: self._mailbox.put(self._started.set, outcome),
        )
        start_native_thread(partial(self._run, host.strip("[]"), int(port)))
        outcome = self._started.get()
        if isinstance(outcome, UsageError):
            self._ended.wait()
            self._mailbox.close()
            raise outcome
        self.url = outcome
        """What the deployment must call."""

    def _run(self, host: str, port: int) -> None:
        try:
            self._service.run(host, port)
        except Exception as error:
            # The thread's outer edge: whoever waits for its start must not wait for ever.
            reason = f"push sink: cannot listen on {host} port {port}: {error}"
            self._mailbox.put(self._started.set, UsageError(reason))
        finally:
            self._mailbox.put(self._ended.set)

    def begin_run(self) -> Callable[[], dict[str, Any]]:
        """Begin to count for a run; the result tells what has come since."""
        log = self._service.log
        received, unreadable = log.received_count, log.unreadable_count
        return lambda: {
            "url": self.url,
            "received": log.received_count - received,
            "unreadable": log.unreadable_count - unreadable,
        }

    def stop(self) -> None:
        """Listen no more."""
        self._service.stop()
        self._ended.wait()
        self._mailbox.close()
