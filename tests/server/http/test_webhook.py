"""The poster against receivers that are as bad as real ones."""

import asyncio
from collections.abc import Awaitable, Callable

from loadtest.server.http.webhook import WebhookPoster
from loadtest.server.state.statistics import PushCounts

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Receiver = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Post:
    """A poster and its receiver, on real sockets."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connection_count = 0
        self.counts = PushCounts()
        self.sent: list[str] = []

    async def run(self, *bodies: bytes, path: str = "/hook?a=b") -> None:
        """Post the bodies and wait for what comes of it."""
        server = await asyncio.start_server(self._receive, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        poster = WebhookPoster(f"http://user@127.0.0.1:{port}{path}", self.counts)
        poster.start()
        for body in bodies:
            poster.post(body, lambda: self.sent.append("sent"))
        await poster.stop()
        server.close()
        await server.wait_closed()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connection_count += 1
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.pop(0)
            writer.write(answer)
            if answer != OK:
                break
        writer.close()


def posted(post: Post, *bodies: bytes, path: str = "/hook?a=b") -> None:
    asyncio.run(asyncio.wait_for(post.run(*bodies, path=path), 20))


def test_a_post_is_json_to_the_url() -> None:
    post = Post(OK)

    posted(post, b"{}")

    head, _, body = post.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"Content-Type: application/json" in head
    assert b"user" not in head
    assert body == b"{}"
    assert (post.counts.sent, post.counts.failed, post.sent) == (1, 0, ["sent"])


def test_a_url_without_a_path_is_the_root() -> None:
    post = Post(OK)

    posted(post, b"{}", path="")

    assert post.requests[0].startswith(b"POST / HTTP/1.1\r\n")


def test_a_worker_keeps_its_connection() -> None:
    post = Post(*[OK] * 24)

    posted(post, *[b"{}"] * 24)

    assert post.counts.sent == 24
    assert post.connection_count == 8


def test_an_answer_that_is_no_success_is_a_failure_and_never_repeated() -> None:
    post = Post(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    posted(post, b"{}")

    assert (post.counts.sent, post.counts.failed, post.sent) == (0, 1, [])
    assert post.counts.last_error == "the receiver answered 404"
    assert len(post.requests) == 1


def test_an_interim_answer_is_passed_over() -> None:
    post = Post(b"HTTP/1.1 100 Continue\r\n\r\n" + OK)

    posted(post, b"{}")

    assert post.counts.sent == 1


def test_a_receiver_that_hangs_up_is_a_failure() -> None:
    post = Post(b"")

    posted(post, b"{}")

    assert (post.counts.failed, post.counts.waiting) == (1, 0)


def test_what_is_not_http_is_a_failure() -> None:
    post = Post(b"SSH-2.0-x\r\n\r\n")

    posted(post, b"{}")

    assert "illegal status line: bytearray(b'SSH-2.0-x')" in (post.counts.last_error or "")


def test_a_receiver_that_is_not_there_is_a_failure() -> None:
    async def scene() -> PushCounts:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        counts = PushCounts()
        poster = WebhookPoster(f"http://127.0.0.1:{port}", counts)
        poster.start()
        poster.post(b"{}")
        await poster.stop()
        return counts

    counts = asyncio.run(asyncio.wait_for(scene(), 20))

    assert counts.failed == 1
    assert "Connect call failed" in (counts.last_error or "")


def test_too_many_waiting_calls_overflow() -> None:
    async def scene() -> PushCounts:
        counts = PushCounts()
        poster = WebhookPoster("http://127.0.0.1:9", counts)
        for _ in range(20_003):
            poster.post(b"{}")
        return counts

    counts = asyncio.run(scene())

    assert (counts.waiting, counts.overflowed) == (20_000, 3)


def test_a_receiver_that_does_not_answer_does_not_hold_up_the_end() -> None:
    async def read_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def scene() -> PushCounts:
        server = await asyncio.start_server(read_only, "127.0.0.1", 0)
        counts = PushCounts()
        port = server.sockets[0].getsockname()[1]
        poster = WebhookPoster(f"http://127.0.0.1:{port}", counts, linger_s=0.01)
        poster.start()
        poster.post(b"{}")
        await poster.stop()
        server.close()
        return counts

    counts = asyncio.run(asyncio.wait_for(scene(), 4))

    assert (counts.sent, counts.failed, counts.waiting) == (0, 0, 1)
