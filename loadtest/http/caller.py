"""One connection of a small HTTP server: bytes of a socket in, answers out, in order.

Every request is answered before the next one is read, within the callback that brought it. A
request that does not become whole in time ends the connection, so that halves keep no memory.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import orjson

from loadtest.http.conversation import Answer, Conversation, Request

__all__ = ["HttpCaller"]

REQUEST_TIMEOUT_S = 10.0
_log = logging.getLogger(__name__)


def _refusal(status: HTTPStatus, reason: str) -> Answer:
    return Answer(status, orjson.dumps({"error": "ClientError", "message": reason}))


class HttpCaller(asyncio.Protocol):
    """A caller whose requests are handed to ``answer``.

    Args:
        answer: Answers a request.
        on_lost: Is told when the connection is gone.
        on_read: Is called before anything that was read is looked at.
        on_refused: Is told why something that came is no request.
    """

    def __init__(
        self,
        answer: Callable[[Request], Answer],
        on_lost: Callable[["HttpCaller"], object],
        *,
        on_read: Callable[[], object] = lambda: None,
        on_refused: Callable[[str], object] = lambda _reason: None,
    ) -> None:
        self._on_lost = on_lost
        self._on_read = on_read
        self._on_refused = on_refused
        self._conversation = Conversation(answer, self._refused)
        self._transport: asyncio.Transport | None = None
        self._alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        # Those of uvloop are transports in all but name.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the connection is gone; what had not come whole is no request."""
        self._set_alarm(is_needed=False)
        self._on_lost(self)

    def data_received(self, data: bytes) -> None:
        """Answer what these bytes complete; a defect of ours ends this connection only."""
        assert self._transport is not None, "data comes after connection_made"
        self._on_read()
        try:
            answer = self._conversation.receive(data)
        except Exception:
            _log.exception("a request could not be answered")
            self._transport.abort()
            return
        self._write(answer)
        self._set_alarm(is_needed=self._conversation.is_partial)

    def close(self) -> None:
        """Close the connection behind what was written."""
        if self._transport is not None:
            self._transport.close()

    def _write(self, answer: bytes) -> None:
        assert self._transport is not None, "nothing is asked before connection_made"
        if answer:
            self._transport.write(answer)
        if self._conversation.is_over:
            self._transport.close()

    def _refused(self, status: HTTPStatus, reason: str) -> Answer:
        self._on_refused(reason)
        return _refusal(status, reason)

    def _set_alarm(self, *, is_needed: bool) -> None:
        """Have the present request end in time; one that has begun keeps its alarm."""
        if is_needed and self._alarm is None:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(REQUEST_TIMEOUT_S, self._time_out)
        elif not is_needed and self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _time_out(self) -> None:
        self._alarm = None
        reason = f"the request was not whole within {REQUEST_TIMEOUT_S:g} s"
        self._write(self._conversation.refuse(HTTPStatus.REQUEST_TIMEOUT, reason))
