"""Devices that talk to the server's gateway in memory, and the clock they share.

They say what the SDK says, so that a test is a scene of a chat; frames come back parsed. Nothing
waits: what an action causes has happened when it returns.
"""

import datetime
import json
from collections.abc import Mapping
from typing import Any

from loadtest.chat.dialect import DIALECTS
from loadtest.clock import NS_PER_S
from loadtest.server.chat.chat import Chat, Times, build_chat
from loadtest.server.requests.gateway import Gateway
from loadtest.server.settings import ServerSettings
from loadtest.wire.stomp import Frame, FrameParser, encode

__all__ = ["ChatWorld", "FakeDevice", "FakeSocket", "ScriptedClock"]

_START_NS = 1_000 * NS_PER_S
_START = datetime.datetime(2026, 11, 22, 13, 0, tzinfo=datetime.UTC)


class ScriptedClock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_ns = _START_NS

    def monotonic_ns(self) -> int:
        return self.now_ns

    def utc_now(self) -> datetime.datetime:
        return _START + datetime.timedelta(microseconds=(self.now_ns - _START_NS) // 1_000)

    def block(self, seconds: float) -> None:
        self.now_ns += round(seconds * NS_PER_S)


class FakeSocket:
    """Keeps what the server sends."""

    def __init__(self) -> None:
        self.frames: list[Frame | None] = []
        self.is_open = True
        self.was_aborted = False
        self._parser = FrameParser()

    def send(self, data: bytes) -> bool:
        if self.is_open:
            self.frames += self._parser.feed(data)
        return self.is_open

    def close(self) -> None:
        self.is_open = False

    def abort(self) -> None:
        self.is_open = False
        self.was_aborted = True


class FakeDevice:
    """One device; its methods are named after what it asks for."""

    def __init__(self, gateway: Gateway, dialect: int, api_key: str | None = None) -> None:
        self.dialect = DIALECTS[dialect]
        self.socket = FakeSocket()
        self.gateway = gateway
        self.connection = gateway.opened(self.socket, api_key)
        self.resource: dict[str, Any] = {}
        """The CurrentUser, after ``start``."""
        self._last_id = 0

    # --- frames -------------------------------------------------------------------------------

    def say(self, command: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        self.hear(encode(command, headers.items(), body))

    def hear(self, data: bytes) -> None:
        self.gateway.receive(self.connection, data)

    def take(self) -> list[Frame]:
        """Return and forget the frames that came since the last time, heart-beats apart."""
        frames = [frame for frame in self.socket.frames if frame is not None]
        self.socket.frames.clear()
        return frames

    def take_events(self, prefix: str = "") -> list[tuple[str, Any]]:
        """Return and forget what came; of it, type and resource of the events."""
        bodies = [json.loads(f.body) for f in self.take() if f.command == "MESSAGE"]
        return [
            (body["type"], body["resource"])
            for body in bodies
            if body.get("type", "").startswith(prefix) and "resource" in body
        ]

    def take_types(self, prefix: str = "") -> list[str]:
        return [event_type for event_type, _ in self.take_events(prefix)]

    def take_error(self) -> dict[str, Any]:
        """Return the one error that came, with its correlation, and forget everything."""
        (frame,) = [f for f in self.take() if f.body.startswith(b'{"error"')]
        correlation = {
            name: value
            for name, value in frame.headers
            if name in ("receipt-id", "subscription-id")
        }
        body: dict[str, Any] = json.loads(frame.body)
        return body | correlation

    def _next_id(self, kind: str) -> str:
        self._last_id += 1
        return f"{kind}-{self._last_id}"

    # --- what the SDK does --------------------------------------------------------------------

    def connect(self, name: str, **headers: str) -> None:
        standard = {"StompX-User": name, "accept-version": "1.2", "heart-beat": "60000,10000"}
        self.say("CONNECT", {**standard, **headers})

    def subscribe(self, destination: str) -> str:
        """Subscribe a topic; returns the id of the subscription."""
        subscription = self._next_id("subscription")
        headers = {
            "id": subscription,
            "receipt": self._next_id("receipt"),
            "ack": "client-individual",
            "destination": destination,
        }
        self.say("SUBSCRIBE", headers)
        return subscription

    def unsubscribe(self, *subscriptions: str) -> None:
        for subscription in subscriptions:
            self.say("UNSUBSCRIBE", {"id": subscription})

    def ask(self, destination: str, **parameters: str) -> str:
        """Subscribe a relay; returns the id of the subscription."""
        subscription = self._next_id("subscription")
        headers = {**parameters, "id": subscription, "destination": destination}
        self.say("SUBSCRIBE", headers)
        return subscription

    def relay(self, destination: str, **parameters: str) -> dict[str, Any]:
        """Return the resource that a relay answers with."""
        self.take()
        subscription = self.ask(destination, **parameters)
        (frame,) = self.take()
        body: dict[str, Any] = json.loads(frame.body)
        assert frame.get("subscription") == subscription, f"a relay was refused: {body}"
        resource: dict[str, Any] = body["resource"]
        return resource

    def act(self, destination: str, body: object = None) -> str:
        """Send an action; returns its receipt id."""
        receipt = self._next_id("receipt")
        headers = {"destination": destination, "receipt": receipt}
        self.say("SEND", headers, json.dumps({} if body is None else body).encode())
        return receipt

    def result(self, destination: str, body: object = None) -> Any:
        """Return the resource that completes an action; forgets everything that came."""
        self.take()
        receipt = self.act(destination, body)
        (frame,) = [
            frame
            for frame in self.take()
            if frame.command == "MESSAGE" and frame.get("receipt-id") == receipt
        ]
        content = json.loads(frame.body)
        assert "resource" in content, f"an action was refused: {content}"
        return content["resource"]

    def start(self, name: str) -> None:
        """Start a user session as the SDK does, grants left out."""
        self.connect(name)
        self.resource = self.relay(self.dialect.user_relay)
        self.say("SUBSCRIBE", {"id": "errors", "destination": self.dialect.errors_queue})
        for topic in self.dialect.user_topics:
            self.subscribe(self.resource["_topics"][topic])
        self.take()

    def enter(self, channel: Mapping[str, Any]) -> list[str]:
        """Start a chat session; returns its subscriptions in the order of their ending."""
        topics = self.dialect.channel_topics
        found = {name: self.subscribe(channel["_topics"][name]) for name in topics}
        return [found[name] for name in self.dialect.channel_topics_ended]

    def channel(self, channel_id: int) -> dict[str, Any]:
        return self.relay(self.dialect.channel_relay(channel_id))

    def send_text(self, channel: Mapping[str, Any], text: str = "hello") -> Any:
        return self.result(channel["_actions"]["message"], {"type": "TEXT", "body": text})

    def disconnect(self) -> None:
        self.say("DISCONNECT", {"receipt": "close-0"})

    def lose(self) -> None:
        """Lose the connection without a word."""
        self.socket.is_open = False
        self.gateway.lost(self.connection)


class ChatWorld:
    """A server without sockets, and the devices that were made for it."""

    def __init__(self, settings: ServerSettings | None = None) -> None:
        self.clock = ScriptedClock()
        settings = settings or ServerSettings()
        clock = self.clock
        times = Times(clock.monotonic_ns, clock.utc_now, clock.block)
        self.chat: Chat = build_chat(settings, times)
        self.chat.faults.apply(settings.faults)
        self.gateway = Gateway(self.chat)
        self.devices: list[FakeDevice] = []

    def device(self, name: str, dialect: int = 2) -> FakeDevice:
        """Return a device with a user session."""
        device = FakeDevice(self.gateway, dialect)
        device.start(name)
        self.devices.append(device)
        return device

    def lobby(self, creator: FakeDevice, *names: str, kind: str = "PUBLIC") -> dict[str, Any]:
        """Create a group channel; returns it as the creator sees it, everybody having heard."""
        body = {"type": kind, "name": "lobby", "members": [{"username": n} for n in names]}
        channel: dict[str, Any] = creator.result(
            creator.resource["_actions"]["createChannel"], body
        )
        self.hush()
        return channel

    def pass_time(self, seconds: float) -> None:
        """Let time pass in steps of a tick, or less if something is due, as a server does."""
        end_ns = self.clock.now_ns + round(seconds * NS_PER_S)
        step_ns = NS_PER_S // 20
        while self.clock.now_ns < end_ns:
            next_ns = min(end_ns, self.clock.now_ns + step_ns)
            due_ns = self.chat.agenda.next_due_ns
            if due_ns is not None:
                next_ns = min(next_ns, max(due_ns, self.clock.now_ns))
            self.clock.now_ns = next_ns
            self.chat.agenda.run()
            self.chat.timers.advance(self.clock.now_ns)

    def hush(self) -> None:
        """Forget what all devices were sent so far."""
        for device in self.devices:
            device.take()
