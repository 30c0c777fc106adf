"""The engine: a uvloop in a thread of its own, its clock work, and its way in and out.

Everything that has to happen at an instant goes through one timer: the devices' deadlines, the
workload's due actions, and the periodic work of the measuring side. What it takes in comes from
sockets and from the inbox.
"""

import asyncio
import contextlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import gevent
import gevent.event
import uvloop

from loadtest.clock import NS_PER_MS, NS_PER_S, Clock, monotonic_ns
from loadtest.engine.bridge import Inbox, Mailbox
from loadtest.engine.network import NetworkSettings
from loadtest.engine.opener import Opener
from loadtest.engine.sockets import NEVER_NS
from loadtest.engine.target import Target
from loadtest.engine.threads import start_native_thread
from loadtest.errors import LoadtestError

__all__ = ["Engine", "EngineSettings", "EngineStoppedError", "Periodic", "Scheduled"]

# The longest sleep between two looks at the clock. Work that is added for an earlier instant than
# the timer was set for waits for no longer than this.
_MAX_SLEEP_NS = 5 * NS_PER_MS
# Far above any pause of a thread that is only busy.
_CALL_TIMEOUT_S = 60.0
# How often, and how long each time, the end waits for sockets that were cut.
_CUT_POLLS = 100
_CUT_POLL_S = 0.01


class EngineStoppedError(LoadtestError):
    """The engine's thread has ended, or does not answer any more."""


class Scheduled(Protocol):
    """Something with work that comes due."""

    def next_due_ns(self) -> int | None:
        """Return the instant of the next work, None if there is none."""

    def run(self, now_ns: int) -> None:
        """Do the work that is due."""


@dataclass(slots=True)
class Periodic:
    """Work that is due every ``period_ns``; a period that was missed is not made up."""

    period_ns: int
    function: Callable[[int], None]
    due_ns: int = 0

    def next_due_ns(self) -> int:
        """Return the instant of the next call."""
        return self.due_ns

    def run(self, now_ns: int) -> None:
        """Call the function, once it is due."""
        if now_ns >= self.due_ns:
            self.due_ns += self.period_ns
            if self.due_ns <= now_ns:
                self.due_ns = now_ns + self.period_ns
            self.function(now_ns)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Where the engine connects to, and how."""

    target: Target
    network: NetworkSettings = field(default_factory=NetworkSettings)
    connect_concurrency: int = 256


class Engine:
    """The thread with its loop. Made, started and stopped by a greenlet.

    Args:
        settings: Where to connect to.
        mailbox: The way back to greenlets.
        on_error: Is called in the hub with a traceback if something in the engine's thread fails
            that no rule of the wire explains: a defect of ours, never swallowed.
        clock: For tests.
    """

    def __init__(
        self,
        settings: EngineSettings,
        mailbox: Mailbox,
        *,
        on_error: Callable[[str], None],
        clock: Clock = monotonic_ns,
    ) -> None:
        self.mailbox = mailbox
        self.clock = clock
        self.lateness_ns = 0
        """How late the loop looked at the clock since ``take_lateness_ns`` was last called."""
        self._on_error = on_error
        self._loop = uvloop.new_event_loop()
        self._inbox = Inbox(self._wake)
        self._opener = Opener(
            settings.target,
            clock,
            network=settings.network,
            concurrency=settings.connect_concurrency,
            catch_up=self._catch_up,
        )
        self._scheduled: list[Scheduled] = []
        self._expected_ns = 0
        self._is_stopped = gevent.event.Event()
        self._calls: set[gevent.event.AsyncResult[Any]] = set()

    @property
    def open_link(self) -> Callable[..., None]:
        """Opens a connection for a device; only in the engine's thread."""
        return self._opener.open

    @property
    def open_count(self) -> int:
        """Connections that are open."""
        return self._opener.crowd.open_count

    @property
    def unsent_bytes(self) -> int:
        """What was written and the server does not read; in the engine's thread."""
        return self._opener.crowd.unsent_bytes

    def schedule(self, *work: Scheduled) -> None:
        """Add work with deadlines; before ``start``, or in the engine's thread."""
        self._scheduled.extend(work)

    def start(self) -> None:
        """Start the thread."""
        start_native_thread(self._run)

    def submit(self, function: Callable[..., object], *arguments: Any) -> None:  # noqa: ANN401
        """Have ``function(*arguments)`` called in the engine's thread, in order.

        Once the engine has stopped, nothing is called any more.
        """
        self._inbox.put(function, *arguments)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401
        """Call ``function(*arguments)`` in the engine's thread and wait for what it returns.

        Raises:
            EngineStoppedError: The thread has ended, ends before it comes to it, or does not come
                to it within a minute.
        """
        if self._is_stopped.is_set():
            raise EngineStoppedError("the engine has stopped")
        result: gevent.event.AsyncResult[Any] = gevent.event.AsyncResult()

        def run() -> None:
            try:
                returned = function(*arguments)
            except BaseException as error:
                self.mailbox.put(result.set_exception, error)
            else:
                self.mailbox.put(result.set, returned)

        self._calls.add(result)
        self._inbox.put(run)
        try:
            result.wait(_CALL_TIMEOUT_S)
            if not result.ready():
                raise EngineStoppedError(f"the engine did not answer for {_CALL_TIMEOUT_S:g} s")
            return result.get()
        finally:
            self._calls.discard(result)

    def stop(self, timeout_s: float = 5) -> bool:
        """Stop the thread; return whether it has ended in time."""
        self._inbox.put(self._loop.stop)
        return bool(self._is_stopped.wait(timeout_s))

    def take_lateness_ns(self) -> int:
        """Return by how much the loop was late at most since the last call."""
        lateness_ns, self.lateness_ns = self.lateness_ns, 0
        return lateness_ns

    def _wake(self) -> None:
        # A loop that is closed makes no calls; whoever waits for one is told by `_ended`.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._inbox.run)

    def _ended(self) -> None:
        """Tell everyone who waits that the thread has ended; in the hub."""
        self._is_stopped.set()
        for result in self._calls:
            if not result.ready():
                result.set_exception(EngineStoppedError("the engine has stopped"))

    # --- in the engine's thread ----------------------------------------------------------------

    def _run(self) -> None:
        loop = self._loop
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(self._failed)
        loop.call_soon(self._tick)
        try:
            self._report_failure(loop.run_forever)
            self._report_failure(lambda: loop.run_until_complete(self._leave()))
        finally:
            loop.close()
            self.mailbox.put(self._ended)

    def _report_failure(self, function: Callable[[], object]) -> None:
        try:
            function()
        except BaseException:
            # The outer edge of the thread: whoever waits is told of its end, and the run ends so.
            self.mailbox.put(self._on_error, traceback.format_exc())

    async def _leave(self) -> None:
        """Close what is open: a loop that is closed goes on reading from sockets that are not."""
        self._scheduled.clear()
        await _cancel_all()
        crowd = self._opener.crowd
        for link in tuple(crowd.links):
            link.cut()
        for _ in range(_CUT_POLLS):
            if not crowd.open_count:
                break
            await asyncio.sleep(_CUT_POLL_S)

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        text = str(context.get("message"))
        if isinstance(error, BaseException):
            text += "\n" + "".join(traceback.format_exception(error))
        self.mailbox.put(self._on_error, text)

    def _tick(self) -> None:
        now_ns = self.clock()
        if self._expected_ns:
            self.lateness_ns = max(self.lateness_ns, now_ns - self._expected_ns)
        try:
            self._run_due(now_ns)
        finally:
            self._set_timer()

    def _catch_up(self) -> None:
        """Do what is due between two reads; the timer stays as it is."""
        self._report_failure(lambda: self._run_due(self.clock()))

    def _run_due(self, now_ns: int) -> None:
        crowd = self._opener.crowd
        crowd.due_ns = NEVER_NS
        try:
            for work in self._scheduled:
                work.run(now_ns)
        finally:
            crowd.due_ns = self._next_due_ns(NEVER_NS)

    def _next_due_ns(self, latest_ns: int) -> int:
        for work in self._scheduled:
            due_ns = work.next_due_ns()
            if due_ns is not None and due_ns < latest_ns:
                latest_ns = due_ns
        return latest_ns

    def _set_timer(self) -> None:
        now_ns = self.clock()
        wake_ns = self._next_due_ns(now_ns + _MAX_SLEEP_NS)
        self._expected_ns = max(wake_ns, now_ns)
        self._loop.call_later(max(wake_ns - now_ns, 0) / NS_PER_S, self._tick)


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
