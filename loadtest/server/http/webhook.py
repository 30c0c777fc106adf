"""Posts JSON to one URL, in the background.

One rule: posting never waits and never repeats: what cannot be queued or is not taken is counted
and gone, so that the receiver sees each call at most once and the chat is never slowed down. A few
workers keep a connection each; one that was idle for a while is not trusted any more.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Callable
from urllib.parse import urlsplit

from loadtest.server.state.statistics import PushCounts

__all__ = ["WebhookPoster"]

_WORKER_COUNT = 8
_QUEUE_LIMIT = 20_000
_TIMEOUT_S = 5.0
# Below the idle time after which common servers close a connection, at which a call would be lost.
_TRUSTED_IDLE_S = 2.0
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})\b")
_FIRST_FINAL_STATUS = 200
_NO_CONTENT = 204
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


# A head that is too long is a LimitOverrunError.
_FAILURES = (OSError, EOFError, ValueError, asyncio.LimitOverrunError, _RefusedPostError)


class _Link:
    """One connection to the receiver, opened when it is needed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None, "the settings have checked the URL"
        self._host = parts.hostname
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        place = parts.netloc.rpartition("@")[2]
        self._head = (
            f"POST {target} HTTP/1.1\r\nHost: {place}\r\nContent-Type: application/json\r\n"
            "Content-Length: "
        ).encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used_s = 0.0

    async def post(self, body: bytes) -> None:
        """Post and wait for the answer.

        Raises:
            OSError: The receiver could not be reached, or not in time.
            EOFError: It closed the connection.
            ValueError: It does not answer in HTTP.
            _RefusedPostError: Its answer is not 2xx.
        """
        reader, writer = await self._connected()
        writer.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        status, is_reusable = await _read_answer(reader)
        self._used_s = asyncio.get_running_loop().time()
        if not is_reusable:
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
        return self._streams


async def _read_answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Read one answer; return its status and whether another may follow on the connection."""
    status = 0
    while status < _FIRST_FINAL_STATUS:
        first, _, rest = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
        found = _STATUS_LINE.match(first)
        if found is None:
            raise ValueError(f"the receiver does not answer in HTTP: {first[:60]!r}")
        status = int(found[1])
    headers = {
        name.strip().lower(): value.strip().lower()
        for name, _, value in (line.partition(b":") for line in rest.split(b"\r\n"))
    }
    length = headers.get(b"content-length", b"")
    if length.isdigit():
        await reader.readexactly(int(length))
    # Without a length the end of the answer is the end of the connection, or not worth finding.
    is_reusable = (length.isdigit() or status == _NO_CONTENT) and headers.get(
        b"connection"
    ) != b"close"
    return status, is_reusable
