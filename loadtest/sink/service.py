"""A push sink on an event loop of its own, for a program that waits in another one.

``run`` is to be called in a thread of its own. What came is handed over in batches, so
that a burst of pushes costs the other side one wake-up and not thousands; the instants were taken
before, when the bytes were read.
"""

import asyncio
from collections.abc import Callable

import uvloop

from loadtest.errors import UsageError
from loadtest.sink.pushes import PushLog
from loadtest.sink.receiver import PushSink

__all__ = ["Arrival", "SinkService"]

_BATCH_S = 0.05

Arrival = tuple[int, int, int, int]
"""User, channel, message, and the instant of arrival in nanoseconds of this host's clock."""


class SinkService:
    """One sink and its thread's loop.

    Args:
        on_pushes: Is called on the loop with what came since the last call.
        on_started: Is called on the loop once, with the URL, or with the reason why there is none.
    """

    def __init__(
        self,
        on_pushes: Callable[[list[Arrival]], object],
        on_started: Callable[[str | UsageError], object],
    ) -> None:
        self._on_pushes = on_pushes
        self._on_started = on_started
        self._sink = PushSink(self._take)
        self._waiting: list[Arrival] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_over = asyncio.Event()

    @property
    def log(self) -> PushLog:
        """What came so far."""
        return self._sink.log

    def run(self, host: str, port: int) -> None:
        """Take pushes until ``stop``."""
        uvloop.run(self._run(host, port))

    def stop(self) -> None:
        """Let ``run`` end, from any thread, once it has started."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._is_over.set)

    async def _run(self, host: str, port: int) -> None:
        try:
            url = await self._sink.start(host, port)
        except UsageError as error:
            self._on_started(error)
            return
        self._loop = asyncio.get_running_loop()
        self._on_started(url)
        await self._is_over.wait()
        self._loop = None
        await self._sink.stop()
        self._hand_over()

    def _take(self, user: int, channel: int, message: int, arrived_ns: int) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(_BATCH_S, self._hand_over)
        self._waiting.append((user, channel, message, arrived_ns))

    def _hand_over(self) -> None:
        if self._waiting:
            pushes, self._waiting = self._waiting, []
            self._on_pushes(pushes)
