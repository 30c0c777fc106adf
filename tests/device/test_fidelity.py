"""Our devices write what the vendor's SDK wrote, frame by frame, in the recorded scenario.

Three devices are given exactly what the SDK received, at the same points, and do what its users
did. Two things differ, and nothing else:

* ids of subscriptions and STOMP receipts, which differ in every run of the SDK too
* our mark: ``properties`` of a message and the end of ``keys``, with the ``content-length`` of both
"""

import json
from collections import deque
from collections.abc import Callable

import pytest

from loadtest.chat.correlation import KEYSTROKES_SEPARATOR
from loadtest.chat.dialect import DIALECTS
from loadtest.chat.resources import ChannelLinks, MessageLinks, relayed_channel, relayed_message
from loadtest.device import Outcome, actions
from loadtest.wire.stomp import Frame, encode
from tests.support.device_world import DeviceWorld, Rig
from tests.support.recordings import RecordedEvent, RecordedFrame, recording

_IDS = ("id", "receipt", "subscription", "receipt-id")
_USERS = ("alice", "bob", "carol")

Deeds = deque[Callable[[Rig, RecordedFrame], None]]


class Scene:
    """The recorded scenario, played by our devices."""

    def __init__(self, dialect: int) -> None:
        uri = "ws://127.0.0.1:8080/rtm/websocket?api-key=test-api-key"
        self.world = DeviceWorld(uri=uri, dialect=DIALECTS[dialect])
        self.rigs = {name: self.world.rig(n, name) for n, name in enumerate(_USERS, start=1)}
        self.deeds: dict[str, Deeds] = {
            "alice": _alice(self),
            "bob": _bob(self),
            "carol": deque([self.end_session]),
        }
        self.links: dict[str, ChannelLinks] = {}
        self.messages: dict[str, MessageLinks] = {}
        """By the destination of the action that reads or edits them."""
        self.written: dict[str, deque[Frame]] = {name: deque() for name in _USERS}
        self.our_ids: dict[int, dict[str, str]] = {}
        """Our id for each of the SDK's, by connection."""

    def play(self, line: RecordedFrame | RecordedEvent) -> None:
        rig = self.rigs[line.device]
        if isinstance(line, RecordedEvent):
            self._play_event(rig, line)
        elif line.is_out:
            if not self.written[line.device]:
                self.deeds[line.device].popleft()(rig, line)
                self._collect(line.device)
            self._compare(line, self.written[line.device].popleft())
        else:
            self._hear(rig, line)
        self._collect(line.device)

    def _play_event(self, rig: Rig, line: RecordedEvent) -> None:
        if line.kind == "websocket":
            if line.connection > len(_USERS):
                self.deeds[line.device].append(self.end_session)
            rig.start()
            rig.open()
            self.our_ids[line.connection] = {}
        elif line.kind == "open":
            answer = rig.peer.accept()
            assert rig.peer.request is not None
            offered = rig.peer.request.headers.get_all("Sec-WebSocket-Protocol")

            assert rig.peer.request.path == line.path or not line.path
            assert offered == ["v12.stomp"]
            rig.feed(answer)
        else:
            assert rig.peer.closed_by_device is not None
            assert rig.peer.closed_by_device.data == b""
            rig.feed(rig.peer.answer_close())
            rig.close_link()

    def _collect(self, name: str) -> None:
        self.written[name] += self.rigs[name].read()

    def _hear(self, rig: Rig, line: RecordedFrame) -> None:
        ours = self.our_ids[line.connection]
        headers = [(name, ours.get(value, value)) for name, value in line.headers]
        if b'"type":"channel.message.created"' in line.body:
            message = relayed_message(line.body)
            self.messages[message.actions.read] = self.messages[message.actions.edit] = message
        rig.hear(encode(line.command, headers, line.body))

    def _compare(self, recorded: RecordedFrame, written: Frame) -> None:
        ours = self.our_ids[recorded.connection]
        assert written.command == recorded.command
        assert [name for name, _ in written.headers] == [name for name, _ in recorded.headers]
        body, recorded_body = written.body, recorded.body
        for (name, value), (_, recorded_value) in zip(
            written.headers, recorded.headers, strict=True
        ):
            if name == "content-length":
                assert (int(value), int(recorded_value)) == (len(body), len(recorded_body))
            elif name in _IDS:
                # The first use of an id says which of ours stands for it; then it must stay so.
                assert ours.setdefault(recorded_value, value) == value
            else:
                assert value == recorded_value
        assert _without_mark(body) == _without_mark(recorded_body)
        assert len(set(ours.values())) == len(ours)

    # --- what the users do ---------------------------------------------------------------------

    def learn_channel(self, name: str) -> Callable[[Outcome, int], None]:
        def done(outcome: Outcome, _now_ns: int) -> None:
            assert outcome.is_ok
            self.links[name] = self.world.fleet.learn_channel(*relayed_channel(outcome.body))

        return done

    def create_channel(self, rig: Rig, line: RecordedFrame) -> None:
        timing = rig.timing(self.learn_channel("alice"))
        actions.create_channel(rig.device, json.loads(line.body), timing)

    def get_channel(self, rig: Rig, line: RecordedFrame) -> None:
        channel = int(line.get("destination").split("/")[-1].split(".")[0])
        actions.get_channel(rig.device, channel, rig.timing(self.learn_channel("bob")))

    def enter(self, rig: Rig, line: RecordedFrame) -> None:
        rig.ask_to_enter(self.links[line.device])

    def leave(self, rig: Rig, _line: RecordedFrame) -> None:
        [chat_session] = rig.device.chat_sessions
        rig.device.chat_sessions.end(chat_session, self.world.now_ns)

    def send_message(self, rig: Rig, line: RecordedFrame) -> None:
        text = json.loads(line.body)["body"]
        actions.send_message(rig.device, self.links[line.device], text, rig.timing())

    def type_burst(self, rig: Rig, line: RecordedFrame) -> None:
        keys = json.loads(line.body)["keys"]
        for length in range(1, len(keys) + 1):
            actions.send_keystrokes(
                rig.device, self.links[line.device], keys[:length], rig.timing()
            )
            self.world.advance(0.05)
        self.world.advance(0.15)

    def read_message(self, rig: Rig, line: RecordedFrame) -> None:
        actions.read_message(rig.device, self.messages[line.get("destination")], rig.timing())

    def edit_message(self, rig: Rig, line: RecordedFrame) -> None:
        text = json.loads(line.body)["body"]
        message = self.messages[line.get("destination")]
        actions.edit_message(rig.device, message, text, rig.timing())

    def update_channel(self, rig: Rig, line: RecordedFrame) -> None:
        channel = json.loads(line.body)
        changes = {name: channel[name] for name in ("displayName", "properties")}
        actions.update_channel(rig.device, self.links[line.device], changes, rig.timing())

    def end_session(self, rig: Rig, _line: RecordedFrame) -> None:
        rig.device.end(self.world.now_ns)


def _alice(scene: Scene) -> Deeds:
    return deque(
        [
            scene.create_channel,
            scene.enter,
            scene.send_message,
            scene.type_burst,
            scene.edit_message,
            scene.update_channel,
            scene.send_message,
            scene.send_message,
            scene.leave,
            scene.end_session,
        ]
    )


def _bob(scene: Scene) -> Deeds:
    return deque(
        [
            scene.get_channel,
            scene.enter,
            scene.read_message,
            scene.leave,
            scene.enter,
            scene.leave,
            scene.end_session,
        ]
    )


def _without_mark(body: bytes) -> bytes:
    """Return a body without what carries our mark; everything else stays byte for byte."""
    fields = json.loads(body or b"{}")
    if fields.get("type") == "TEXT":
        fields.pop("properties", None)
    elif "keys" in fields:
        fields["keys"] = fields["keys"].partition(KEYSTROKES_SEPARATOR)[0]
    else:
        return body
    return json.dumps(fields).encode()


@pytest.mark.parametrize("dialect", [1, 2])
def test_devices_write_what_the_sdk_wrote(dialect: int) -> None:
    scene = Scene(dialect)
    for line in recording(dialect):
        scene.play(line)

    assert not any(scene.written.values())
    assert not any(scene.deeds.values())
    assert scene.world.observer.named("action_failed", "connection_lost") == []
    assert all(rig.device.may_start for rig in scene.rigs.values())
