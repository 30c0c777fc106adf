import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvloop

from loadtest.errors import UsageError
from loadtest.server.http.webhook import WebhookPoster
from loadtest.server.state.statistics import PushCounts
from loadtest.sink.receiver import PushSink

BODY = json.dumps({"user": {"id": 7, "name": "jane"}, "channelId": 4, "messageId": 99}).encode()

Pushed = list[tuple[int, int, int, int]]


class Scene:
    """A sink with a scripted clock, and a caller."""

    def __init__(self) -> None:
        self.pushed: Pushed = []
        self.now_ns = 1_000
        self.sink = PushSink(lambda *push: self.pushed.append(push), clock=lambda: self.now_ns)

    async def call(self, *requests: bytes) -> list[tuple[bytes, Any]]:
        """Send requests on one connection; returns status line and content of each answer."""
        reader, writer = await asyncio.open_connection(*self.address)
        answers = []
        for request in requests:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            answers.append((head.partition(b"\r\n")[0], json.loads(body)))
        writer.close()
        await writer.wait_closed()
        return answers

    async def start(self) -> str:
        url = await self.sink.start("127.0.0.1", 0)
        self.address = ("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))
        return url


def run(act: Callable[[Scene], Awaitable[None]], runner: Callable[..., Any] = asyncio.run) -> Scene:
    async def whole() -> Scene:
        scene = Scene()
        await scene.start()
        try:
            await asyncio.wait_for(act(scene), 20)
        finally:
            await scene.sink.stop()
        return scene

    scene: Scene = runner(whole())
    return scene


def post(body: bytes) -> bytes:
    return b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize("runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_push_is_handed_on_with_its_instant(runner: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        assert await scene.call(post(BODY)) == [(b"HTTP/1.1 200 OK", {})]

    assert run(act, runner).pushed == [(7, 4, 99, 1_000)]


def test_what_came_can_be_asked_for() -> None:
    async def act(scene: Scene) -> None:
        gets = [
            b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % path
            for path in (b"stats", b"pushes", b"healthz")
        ]
        _, _, (_, stats), (_, pushes), (_, health) = await scene.call(post(BODY), post(BODY), *gets)

        assert (stats["received"], stats["duplicates"]) == (2, 1)
        assert [push["user_name"] for push in pushes] == ["jane", "jane"]
        assert health == {"ok": True}

    run(act)


def test_what_is_no_push_is_refused_and_counted() -> None:
    async def act(scene: Scene) -> None:
        answers = await scene.call(post(b"{}"), post(BODY), b"nonsense\r\n\r\n")

        statuses = [status for status, _ in answers]
        assert statuses == [b"HTTP/1.1 400 Bad Request", b"HTTP/1.1 200 OK", statuses[0]]
        assert "no id of the user" in answers[0][1]["problem"]
        assert scene.sink.log.unreadable_count == 2

    assert len(run(act).pushed) == 1


def test_other_paths_are_not_found() -> None:
    async def act(scene: Scene) -> None:
        ((status, answer),) = await scene.call(b"GET /hook HTTP/1.1\r\nHost: x\r\n\r\n")

        assert status == b"HTTP/1.1 404 Not Found"
        assert answer["problem"] == "nothing is at GET /hook; pushes are POST"

    run(act)


def test_a_caller_that_waits_to_be_told_is_told_to_continue() -> None:
    async def act(scene: Scene) -> None:
        reader, writer = await asyncio.open_connection(*scene.address)
        head, _, body = post(BODY).partition(b"\r\n\r\n")
        writer.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reader.readline()) == b"HTTP/1.1 200 OK\r\n"
        writer.close()

    assert len(run(act).pushed) == 1


def test_the_poster_of_the_embedded_server_and_the_sink_understand_each_other() -> None:
    counts = PushCounts()

    async def act(scene: Scene) -> None:
        poster = WebhookPoster(f"http://127.0.0.1:{scene.address[1]}/hook", counts)
        poster.start()
        for _ in range(100):
            poster.post(BODY)
        await poster.stop()

    assert len(run(act).pushed) == 100
    assert (counts.sent, counts.failed) == (100, 0)


def test_an_address_in_use_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1 port {port}"):
            asyncio.run(Scene().sink.start("127.0.0.1", port))


def test_an_impossible_port_is_a_clear_error() -> None:
    with pytest.raises(UsageError, match="port is 70000; it must be 0 to 65535"):
        asyncio.run(Scene().sink.start("127.0.0.1", 70_000))


def test_a_sink_that_was_not_started_can_be_stopped() -> None:
    asyncio.run(Scene().sink.stop())
