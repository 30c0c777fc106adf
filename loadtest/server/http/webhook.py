"""Posts JSON to one URL, in the background.

Posting never waits and never repeats: what cannot be queued or is not taken is counted
and gone, so that the receiver sees each call at most once and the chat is never slowed down. A few
workers keep a connection each; one that was idle for a while is not trusted any more.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

import h11

from loadtest.server.state.statistics import PushCounts

__all__ = ["WebhookPoster"]

_WORKER_COUNT = 8
_QUEUE_LIMIT = 20_000
_TIMEOUT_S = 5.0
# Below the idle time after which common servers close a connection, at which a call would be lost.
_TRUSTED_IDLE_S = 2.0
_READ_BYTES = 64 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}

_Job = tuple[bytes, Callable[[], None] | None]


class _RefusedPostError(Exception):
    """The receiver answered, and did not take it."""


class WebhookPoster:
    """The queue and the workers of one URL.

    Args:
        url: An http or https URL.
        counts: Where calls are counted.
        linger_s: How long ``stop`` waits for what is not posted yet.
    """

    def __init__(self, url: str, counts: PushCounts, *, linger_s: float = 1.0) -> None:
        self._url = url
        self._counts = counts
        self._linger_s = linger_s
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(_QUEUE_LIMIT)
        self._workers: list[asyncio.Task[None]] = []

    def post(self, body: bytes, on_sent: Callable[[], None] | None = None) -> None:
        """Post without waiting; ``on_sent`` is called once the receiver has taken it."""
        try:
            self._queue.put_nowait((body, on_sent))
        except asyncio.QueueFull:
            self._counts.overflowed += 1
        else:
            self._counts.waiting += 1

    def start(self) -> None:
        """Start the workers on the running loop."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(_WORKER_COUNT)]

    async def stop(self) -> None:
        """Post what still waits, for a moment; give up the rest."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), self._linger_s)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        link = _Link(self._url)
        try:
            while True:
                body, on_sent = await self._queue.get()
                try:
                    async with asyncio.timeout(_TIMEOUT_S):
                        await link.post(body)
                except _FAILURES as error:
                    self._counts.failed += 1
                    self._counts.last_error = str(error) or type(error).__name__
                    link.close()
                else:
                    self._counts.sent += 1
                    if on_sent is not None:
                        on_sent()
                self._counts.waiting -= 1
                self._queue.task_done()
        finally:
            link.close()


_FAILURES = (OSError, h11.RemoteProtocolError, _RefusedPostError)


class _Link:
    """One connection to the receiver, opened when it is needed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None, "the settings have checked the URL"
        self._host = parts.hostname
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._target = parts.path or "/"
        if parts.query:
            self._target += f"?{parts.query}"
        self._place = parts.netloc.rpartition("@")[2]
        self._http = h11.Connection(h11.CLIENT)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_s = 0.0

    async def post(self, body: bytes) -> None:
        """Post and wait for the answer.

        Raises:
            OSError: The receiver could not be reached, or not in time.
            h11.RemoteProtocolError: It closed the connection, or does not answer in HTTP.
            _RefusedPostError: Its answer is not 2xx.
        """
        reader, writer = await self._connected()
        headers = [
            ("Host", self._place),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ]
        request = h11.Request(method="POST", target=self._target, headers=headers)
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        writer.write(b"".join(self._http.send(event) or b"" for event in events))
        status = await self._read_answer(reader)
        self._used_s = asyncio.get_running_loop().time()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()
        if not 200 <= status < 300:
            raise _RefusedPostError(f"the receiver answered {status}")

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        idle_s = asyncio.get_running_loop().time() - self._used_s
        if self._streams is not None and (idle_s > _TRUSTED_IDLE_S or self._streams[0].at_eof()):
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
            self._http = h11.Connection(h11.CLIENT)
        return self._streams

    async def _read_answer(self, reader: asyncio.StreamReader) -> int:
        """Read one answer to its end, and return its status."""
        status = 0
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await reader.read(_READ_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.EndOfMessage):
                return status
            elif isinstance(event, h11.ConnectionClosed):
                raise h11.RemoteProtocolError("the receiver closed the connection")
