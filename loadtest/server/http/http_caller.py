"""One connection of the Platform API: whole HTTP requests in, answers out, in order.

It takes over a socket of the chat's port once its first line shows that no WebSocket is meant. One
rule: every request is answered before the next one is read, within the callback that brought it.
"""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import orjson

from loadtest.errors import RemoteProtocolError
from loadtest.wire.http import Request, RequestParser, encode_answer

__all__ = ["HttpCaller"]

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_log = logging.getLogger(__name__)


class HttpCaller(asyncio.Protocol):
    """A caller whose requests are handed to ``answer``.

    Args:
        answer: Returns the bytes of the answer to a request.
        on_lost: Is told when the connection is gone.
    """

    def __init__(
        self, answer: Callable[[Request], bytes], on_lost: Callable[["HttpCaller"], None]
    ) -> None:
        self._answer = answer
        self._on_lost = on_lost
        self._parser = RequestParser()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        # Those of uvloop are transports in all but name.
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the connection is gone."""
        self._on_lost(self)

    def data_received(self, data: bytes) -> None:
        """Answer what these bytes complete; a defect of ours ends this connection only."""
        assert self._transport is not None, "data comes after connection_made"
        try:
            for request in self._parser.feed(data):
                self._transport.write(self._answer(request))
                if request.is_last:
                    self._transport.close()
        except RemoteProtocolError as error:
            self._refuse(str(error))
            return
        except Exception:
            _log.exception("a request could not be answered")
            self._transport.abort()
            return
        if self._parser.take_continue():
            self._transport.write(_CONTINUE)

    def close(self) -> None:
        """Close the connection behind what was written."""
        if self._transport is not None:
            self._transport.close()

    def _refuse(self, problem: str) -> None:
        assert self._transport is not None, "nothing is asked before connection_made"
        body = orjson.dumps({"error": "ClientError", "message": problem})
        self._transport.write(
            encode_answer(HTTPStatus.BAD_REQUEST, "application/json", body, is_last=True)
        )
        self._transport.close()
