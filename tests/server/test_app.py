"""The server on real sockets; what it says is tested without them."""

import asyncio
import contextlib
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedError,
    InvalidHandshake,
    InvalidStatus,
)
from websockets.typing import Subprotocol

from loadtest.errors import UsageError
from loadtest.server import app
from loadtest.server.app import ReferenceServer
from loadtest.server.http import fault_control
from loadtest.server.settings import ServerSettings
from loadtest.sink import PushSink
from loadtest.wire.stomp import Frame, FrameParser, encode
from tests.support.faults import plan

STOMP = [Subprotocol("v12.stomp")]
CONNECT = encode("CONNECT", (("StompX-User", "jane"), ("accept-version", "1.2")))


@asynccontextmanager
async def running(**values: Any) -> AsyncIterator[ReferenceServer]:
    server = ReferenceServer(ServerSettings(port=0, **values))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def websocket_url(server: ReferenceServer, query: str = "?api-key=key") -> str:
    return f"{server.url.replace('http', 'ws', 1)}{server.settings.websocket_path}{query}"


def opened(server: ReferenceServer, **options: Any) -> connect:
    return connect(websocket_url(server), subprotocols=STOMP, compression=None, **options)


class Talk:
    """Frames of one WebSocket."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self._parser = FrameParser()

    async def say(self, *frames: bytes) -> None:
        for frame in frames:
            await self.websocket.send(frame, text=True)

    async def hear(self, until: bytes = b"") -> Frame:
        """Return the next frame whose body holds some text."""
        while True:
            for frame in self._parser.feed(await self.websocket.recv(decode=False)):
                if frame is not None and until in frame.body:
                    return frame

    async def start(self, name: str, channel: bytes) -> dict[str, Any]:
        """Connect a user, create or join a channel and start a chat session in it."""
        await self.say(encode("CONNECT", (("StompX-User", name), ("accept-version", "1.2"))))
        await self.hear()
        await self.say(
            encode("SUBSCRIBE", (("id", "me"), ("destination", "/application/user.relay")))
        )
        me = json.loads((await self.hear()).body)["resource"]
        topic = encode("SUBSCRIBE", (("id", "c"), ("destination", me["_topics"]["channels"])))
        create = (("destination", me["_actions"]["createChannel"]), ("receipt", "r"))
        await self.say(topic, encode("SEND", create, channel))
        found: dict[str, Any] = json.loads((await self.hear(b"channel")).body)["resource"]
        for name_of_topic in ("participants", "messages", "self"):
            headers = (("id", name_of_topic), ("destination", found["_topics"][name_of_topic]))
            await self.say(encode("SUBSCRIBE", (*headers, ("receipt", name_of_topic))))
        for _ in range(3):
            await self.hear()
        return found


def fetched(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


async def fetch(server: ReferenceServer, path: str) -> tuple[int, bytes]:
    return await asyncio.to_thread(fetched, f"{server.url}{path}")


def run(scene: Callable[[], Awaitable[None]], runner: Callable[..., None] = asyncio.run) -> None:
    runner(asyncio.wait_for(scene(), 30))


on_both_loops = pytest.mark.parametrize(
    "runner", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"]
)


def test_health_and_statistics_are_on_the_same_port() -> None:
    async def scene() -> None:
        async with running() as server:
            assert await fetch(server, "/healthz") == (200, b"ok\n")
            status, body = await fetch(server, "/stats?x=y")

            assert status == 200
            assert json.loads(body)["connections"] == {"open": 0, "started": 0, "ended": 0}

    run(scene)


def test_other_paths_are_not_found() -> None:
    async def scene() -> None:
        async with running(path_prefix="/chat") as server:
            assert (await fetch(server, "/rtm/websocket"))[0] == 404
            assert (await fetch(server, "/chat/rtm/websocket"))[0] == 426

    run(scene)


def test_a_device_without_the_subprotocol_is_refused() -> None:
    async def scene() -> None:
        async with running() as server:
            with pytest.raises(InvalidStatus, match="400"):
                async with connect(websocket_url(server)):
                    pass

    run(scene)


def test_a_message_goes_from_device_to_device_and_is_counted() -> None:
    async def scene() -> None:
        async with running() as server, opened(server) as first, opened(server) as second:
            alice, bob = Talk(first), Talk(second)
            lobby = b'{"type":"PUBLIC","name":"lobby"}'
            channel = await alice.start("alice", lobby)
            await bob.start("bob", lobby)
            send = (("destination", channel["_actions"]["message"]), ("receipt", "m"))
            await bob.say(encode("SEND", send, b'{"type":"TEXT","body":"hello"}'))

            message = json.loads((await alice.hear(b"channel.message")).body)["resource"]
            assert message["body"] == "hello"
            stats = json.loads((await fetch(server, "/stats"))[1])
            assert stats["deliveries"]["channel.message.created"] == 2
            assert stats["chat_sessions"]["open"] == 2

    run(scene)


def test_frames_may_be_split_over_messages_fragments_and_binary() -> None:
    async def scene() -> None:
        async with running() as server, opened(server) as websocket:
            await websocket.send(CONNECT[:10], text=True)
            await websocket.send([CONNECT[10:14], CONNECT[14:20]], text=False)
            await websocket.send(CONNECT[20:] + CONNECT[:3], text=False)

            assert (await Talk(websocket).hear()).command == "CONNECTED"

    run(scene)


def test_the_key_in_the_url_is_decoded() -> None:
    async def scene() -> None:
        async with running(api_key="a key/+") as server:
            url = websocket_url(server, "?api-key=a%20key%2F%2B")
            async with connect(url, subprotocols=STOMP) as websocket:
                await websocket.send(CONNECT, text=True)

                assert (await Talk(websocket).hear()).command == "CONNECTED"

    run(scene)


def test_a_refused_device_gets_an_error_and_then_the_end() -> None:
    async def scene() -> None:
        async with running(api_key="right") as server, opened(server) as websocket:
            await websocket.send(CONNECT, text=True)

            error = await Talk(websocket).hear()
            assert json.loads(error.body)["error"] == "AccessDeniedError"
            with pytest.raises(ConnectionClosed):
                await websocket.recv()

    run(scene)


def test_a_device_that_does_not_read_is_disconnected_and_counted() -> None:
    async def scene() -> None:
        async with running(send_buffer_limit_bytes=65_536) as server, opened(server) as first:
            alice = Talk(first)
            lobby = b'{"type":"PUBLIC","name":"lobby"}'
            channel = await alice.start("alice", lobby)
            lazy = socket.create_connection(server.address)
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            # A queue of one message: from then on this device leaves its socket unread.
            async with opened(server, sock=lazy, max_queue=1, close_timeout=0.1) as second:
                await Talk(second).start("bob", lobby)
                send = (("destination", channel["_actions"]["message"]), ("receipt", "m"))
                body = b'{"type":"TEXT","body":"%b"}' % (b"x" * 500_000)
                while server.stats()["slow_readers_disconnected"] == 0:
                    await alice.say(encode("SEND", send, body))
                    await alice.hear(b"channel.message")

                left = json.loads((await alice.hear(b"participant.inactive")).body)
                assert left["resource"]["name"] == "bob"

    run(scene)


def test_a_defect_ends_one_connection_and_not_the_server(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("made up")

    async def scene() -> None:
        async with running() as server, opened(server) as websocket:
            monkeypatch.setattr(server.gateway, "receive", break_down)
            await websocket.send(CONNECT, text=True)
            with pytest.raises(ConnectionClosed):
                await websocket.recv()

            assert server.stats()["errors"] == {"InternalError": 1}
            assert (await fetch(server, "/healthz"))[0] == 200

    run(scene)
    assert "made up" in caplog.text


@on_both_loops
def test_faults_are_injected_live(runner: Callable[..., None]) -> None:
    async def scene() -> None:
        async with running() as server, opened(server) as first, opened(server) as second:
            alice, bob = Talk(first), Talk(second)
            lobby = b'{"type":"PUBLIC","name":"lobby"}'
            channel = await alice.start("alice", lobby)
            await bob.start("bob", lobby)
            send = (("destination", channel["_actions"]["message"]), ("receipt", "m"))
            query = "drop.channel.message.created=1"
            assert (await fetch(server, f"/faults/set?{query}"))[0] == 200
            await bob.say(encode("SEND", send, b'{"type":"TEXT","body":"lost"}'))
            await bob.hear(b"lost")
            query = "drop.channel.message.created=0&delay_ms=20&jitter_ms=5"
            assert (await fetch(server, f"/faults/set?{query}"))[0] == 200
            await bob.say(encode("SEND", send, b'{"type":"TEXT","body":"delayed"}'))

            assert b"delayed" in (await alice.hear(b"channel.message")).body
            faults = json.loads((await fetch(server, "/stats"))[1])["faults"]
            assert faults["drop"] == {"channel.message.created": 1}
            assert faults["delay"]["channel.message.created"] == 2
            assert json.loads((await fetch(server, "/faults/clear"))[1])["plan"] == {}

    run(scene, runner)


def test_faults_that_cannot_be_are_a_bad_request() -> None:
    async def scene() -> None:
        async with running() as server:
            status, body = await fetch(server, "/faults/set?drop=2")

            assert status == 400
            assert json.loads(body) == {"problems": ["fault drop is 2; it must be 0 to 1"]}

    run(scene)


def test_faults_are_injected_from_this_host_only(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with running() as server:
            monkeypatch.setattr(fault_control, "is_loopback", lambda _: False)

            for path in ("/faults", "/faults/set?drop=1", "/faults/clear", "/faults/cut"):
                status, body = await fetch(server, path)

                assert status == 403
                assert b"from this host only" in body
            assert server.stats()["uptime_s"]

    run(scene)


@on_both_loops
def test_a_refused_socket_is_closed_in_its_handshake(runner: Callable[..., None]) -> None:
    async def scene() -> None:
        async with running(faults=plan("refuse_socket=1")) as server:
            with pytest.raises((OSError, EOFError, InvalidHandshake)):
                async with opened(server):
                    pass

            stats = server.stats()
            assert stats["faults"]["refuse_socket"] == 1  # type: ignore[index]
            assert stats["connections"] == {"open": 0, "started": 0, "ended": 0}

    run(scene, runner)


@on_both_loops
def test_cut_connections_are_gone_at_once(runner: Callable[..., None]) -> None:
    async def scene() -> None:
        async with running() as server, opened(server) as websocket:
            await websocket.send(CONNECT, text=True)
            await websocket.recv()

            assert json.loads((await fetch(server, "/faults/cut"))[1]) == {"cut": 1}
            with pytest.raises(ConnectionClosedError):
                await websocket.recv()
            assert server.stats()["user_sessions"] == {"open": 0, "started": 1, "ended": 1}

    run(scene, runner)


def test_a_stall_stops_the_whole_server() -> None:
    async def scene() -> None:
        async with running(faults=plan("stall_s=0.02", "stall_every_s=0.05")) as server:
            while server.stats()["faults"]["stall"] < 2:  # type: ignore[index]
                assert (await fetch(server, "/healthz"))[0] == 200

            stalled_ms = server.stats()["faults"]["stalled_ms"]  # type: ignore[index]
            assert stalled_ms >= 40

    run(scene)


@on_both_loops
def test_who_is_not_connected_is_pushed_over_the_webhook(runner: Callable[..., None]) -> None:
    async def scene() -> None:
        pushed: asyncio.Queue[tuple[int, int, int, int]] = asyncio.Queue()
        sink = PushSink(lambda *push: pushed.put_nowait(push))
        url = await sink.start()
        async with running(push_url=url) as server, opened(server) as first:
            alice = Talk(first)
            async with opened(server) as second:
                await Talk(second).start("bob", b'{"type":"PUBLIC","name":"lobby"}')
            channel = await alice.start("alice", b'{"type":"PUBLIC","name":"lobby"}')
            send = (("destination", channel["_actions"]["message"]), ("receipt", "m"))
            await alice.say(encode("SEND", send, b'{"type":"TEXT","body":"hello"}'))
            message = json.loads((await alice.hear(b"channel.message")).body)["resource"]

            _, channel_id, message_id, _ = await pushed.get()
            assert (channel_id, message_id) == (channel["id"], message["id"])
        push = server.stats()["push"]
        assert (push["created"], push["sent"], push["failed"]) == (1, 1, 0)  # type: ignore[index]
        await sink.stop()

    run(scene, runner)


def test_a_stopped_server_says_that_it_goes_away() -> None:
    async def scene() -> None:
        async with running() as server, opened(server) as websocket:
            await websocket.send(CONNECT, text=True)
            await Talk(websocket).hear()

            await server.stop()

            with pytest.raises(ConnectionClosed) as closed:
                await websocket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1001

    run(scene)


def test_the_timers_run() -> None:
    async def scene() -> None:
        async with running(heart_beat_ms=100) as server, opened(server) as websocket:
            headers = (("StompX-User", "jane"), ("accept-version", "1.2"), ("heart-beat", "0,100"))
            await websocket.send(encode("CONNECT", headers), text=True)
            await websocket.recv()

            assert await websocket.recv() == "\n"

    run(scene)


def test_a_port_in_use_is_a_clear_error() -> None:
    async def scene() -> None:
        async with running() as server:
            port = server.address[1]
            with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1 port {port}"):
                await ReferenceServer(ServerSettings(port=port)).start()

    run(scene)


def test_a_server_that_was_not_started_can_be_stopped() -> None:
    run(ReferenceServer(ServerSettings(port=0)).stop)


def test_a_certificate_secures_the_port(tmp_path: Path) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def scene() -> None:
        async with (
            running(certificate=certificate, private_key=key) as server,
            opened(server, ssl=trusting) as websocket,
        ):
            assert server.url.startswith("https://")
            await websocket.send(CONNECT, text=True)
            assert (await Talk(websocket).hear()).command == "CONNECTED"

    run(scene)


def test_a_file_that_is_no_certificate_is_a_clear_error(tmp_path: Path) -> None:
    pem = tmp_path / "both.pem"
    pem.write_text("nonsense")

    with pytest.raises(UsageError, match="cannot be used"):
        run(ReferenceServer(ServerSettings(port=0, certificate=pem, private_key=pem)).start)


# --- the Platform API on the same port --------------------------------------------------------


def asked(url: str, method: str, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(url, method=method, headers=headers)
    if method == "POST":
        request.data = b"grant_type=client_credentials"
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@on_both_loops
def test_the_platform_api_is_on_the_same_port(runner: Callable[..., None]) -> None:
    async def scene() -> None:
        async with running(client_id="me", client_secret="secret") as server, opened(server) as one:
            await Talk(one).start("jane", b'{"type":"PUBLIC","name":"lobby"}')
            token = f"{server.url}/oauth/token"
            refused = await asyncio.to_thread(asked, token, "POST", Authorization="Basic bWU6eA==")
            basic = {"Authorization": "Basic bWU6c2VjcmV0"}
            status, given = await asyncio.to_thread(asked, token, "POST", **basic)
            bearer = {"Authorization": f"Bearer {given['access_token']}"}
            url = f"{server.url}/users?name=jane"
            found = await asyncio.to_thread(asked, url, "GET", **bearer)

            assert refused[0] == 401
            assert status == 200
            assert found[1]["_embedded"]["users"][0]["name"] == "jane"
            assert server.stats()["stored"] == {"users": 1, "channels": 1, "messages": 0}
            assert server.stats()["platform_answers"] == {"200": 2, "401": 1}

    run(scene, runner)


@on_both_loops
def test_a_connection_whose_first_line_does_not_come_is_closed(
    runner: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "_FIRST_LINE_TIMEOUT_S", 0.01)

    async def scene() -> None:
        async with running() as server:
            silent = await asyncio.open_connection(*server.address)
            halting = await asyncio.open_connection(*server.address)
            halting[1].write(b"GET /heal")
            for reader, writer in (silent, halting):
                with contextlib.suppress(ConnectionResetError):
                    assert await asyncio.wait_for(reader.read(), 10) == b""
                writer.close()
            assert not server.silent

    run(scene, runner)


@on_both_loops
def test_a_connection_that_says_nothing_or_half_a_line_does_not_keep_the_server(
    runner: Callable[..., None],
) -> None:
    async def scene() -> None:
        async with running() as server:
            silent = await asyncio.open_connection(*server.address)
            halting = await asyncio.open_connection(*server.address)
            halting[1].write(b"DELE")
            kept = await asyncio.open_connection(*server.address)
            kept[1].write(b"GET /us")
            kept[1].write(b"ers HTTP/1.1\r\nHost: x\r\n\r\n")

            assert (await kept[0].readline()).startswith(b"HTTP/1.1 401")
            silent[1].close()
        for _, writer in (halting, kept):
            writer.close()

    run(scene, runner)
