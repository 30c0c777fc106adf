"""Devices on scripted time, each with a peer that plays its server.

``Rig`` holds one device and the peer of its newest connection. A scene is written as what the
server says (``hear``) and what the device wrote since (``read``); time goes only by ``advance``.
"""

import random
from typing import Any

from loadtest.chat.dialect import DIALECT_2
from loadtest.chat.resources import ChannelLinks, relayed_channel, relayed_message
from loadtest.clock import NS_PER_S
from loadtest.device import (
    ChatSession,
    Device,
    DeviceCore,
    DeviceSettings,
    Fleet,
    LinkOwner,
    actions,
)
from loadtest.device.actions import Timing
from loadtest.device.pending import Done
from loadtest.wire.stomp import Frame
from tests.support import stompx_resources as resources
from tests.support.recording_observer import RecordingObserver
from tests.support.stompx_peer import FakeLink, StompxPeer, connected, message, receipt

__all__ = ["RUN", "URI", "DeviceWorld", "HearingListener", "Rig"]

RUN = "00c0ffee"
URI = "ws://chat.test:8080/rtm/websocket?api-key=k"
_START_NS = 1_000 * NS_PER_S


class HearingListener:
    """Keeps what a listener hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def chat_event(
        self,
        _device: DeviceCore,
        chat_session: ChatSession,
        event: str,
        _body: bytes,
        _now_ns: int,
    ) -> None:
        self.heard.append(("chat_event", chat_session.ordinal, event))

    def relayed_event(
        self,
        _device: DeviceCore,
        chat_session: ChatSession,
        event: str,
        _body: bytes,
        message: bytes,
        _now_ns: int,
    ) -> None:
        self.heard.append(("relayed_event", chat_session.ordinal, event, message))

    def user_event(self, _device: DeviceCore, event: str, _body: bytes, _now_ns: int) -> None:
        self.heard.append(("user_event", event))

    def user_session_changed(self, device: DeviceCore, _now_ns: int) -> None:
        self.heard.append(("user_session_changed", device.state.name))


class DeviceWorld:
    """A fleet whose connections are opened when a test says so."""

    def __init__(self, **settings: Any) -> None:
        random_bits = settings.pop("random_bits", random.Random(1).getrandbits)
        self.now_ns = _START_NS
        self.observer = RecordingObserver()
        self.asked: list[LinkOwner] = []
        """Who asked for a connection, in order."""
        self.fleet = Fleet(
            DeviceSettings(**{"uri": URI, "dialect": DIALECT_2, **settings}),
            self.observer.as_observer(),
            run=RUN,
            worker=0,
            random_bits=random_bits,
            open_link=self.asked.append,
        )
        self.dialect = self.fleet.settings.dialect

    def advance(self, seconds: float) -> None:
        """Let time go by; what is due on the way happens at its very instant."""
        end_ns = self.now_ns + round(seconds * NS_PER_S)
        while (due_ns := self.fleet.timers.next_due_ns()) is not None and due_ns <= end_ns:
            self.now_ns = max(due_ns, self.now_ns)
            self.fleet.timers.run(self.now_ns)
        self.now_ns = end_ns

    def rig(self, number: int = 1, username: str = "alice", **arguments: Any) -> "Rig":
        """Return a device that is idle."""
        return Rig(self, Device(number, username, self.fleet, **arguments))

    def active_rig(self, number: int = 1, username: str = "alice") -> "Rig":
        """Return a device with an active user session; the observer has forgotten how."""
        rig = self.rig(number, username)
        rig.activate()
        self.observer.calls.clear()
        return rig

    def learn_channel(self, number: int = 4, **changes: object) -> ChannelLinks:
        """Return the links of a channel, as a device learns them."""
        body = resources.relayed(resources.channel(self.dialect, number, **changes))
        return self.fleet.learn_channel(*relayed_channel(body))


class Rig:
    """One device, and the peer of its newest connection."""

    def __init__(self, world: DeviceWorld, device: Device) -> None:
        self.world = world
        self.device = device
        self.link = FakeLink()
        self.peer = StompxPeer(self.link)
        self.owner: LinkOwner = device
        self._acks = 0

    # --- connection ----------------------------------------------------------------------------

    def start(self) -> None:
        """Have the device ask for a connection."""
        self.device.start(due_ns=self.world.now_ns, now_ns=self.world.now_ns)

    def open(self) -> None:
        """Give the device the connection that it asked for."""
        self.owner = self.world.asked.pop()
        self.link = FakeLink()
        self.peer = StompxPeer(self.link)
        self.owner.link_opened(self.link, self.world.now_ns)

    def feed(self, data: bytes) -> None:
        """Give the device bytes of its socket."""
        self.owner.receive(data, self.world.now_ns)

    def hear(self, *frames: bytes) -> None:
        """Give the device frames of its server."""
        self.feed(self.peer.say(*frames))

    def read(self) -> list[Frame]:
        """Return the frames that the device wrote since the last time."""
        return self.peer.read()

    def close_link(self, reason: str = "connection closed by the server") -> None:
        """Tell the device that its connection is closed."""
        self.owner.link_closed(reason, self.world.now_ns)

    # --- user session --------------------------------------------------------------------------

    def connect(self, **answer: str) -> Frame:
        """Open the connection that was asked for, up to CONNECTED; return CONNECT."""
        self.open()
        self.feed(self.peer.accept())
        [connect] = self.read()
        self.hear(connected(**answer))
        return connect

    def load(self) -> None:
        """Answer the three relays of the start-up; the topics are written then."""
        user = resources.current_user(self.world.dialect, self.device.number, self.device.username)
        for resource in (user, {"grant": "w"}, {"grant": "r"}):
            self.answer_relay(self.read()[-1], resource)

    def activate(self) -> None:
        """Start the user session and bring it up."""
        self.start()
        self.connect()
        self.load()
        self.grant_receipts(self.read())

    def grant_receipts(self, frames: list[Frame]) -> None:
        """Give every frame the RECEIPT that it asks for."""
        wanted = [frame.get("receipt") for frame in frames]
        self.hear(*[receipt(identifier) for identifier in wanted if identifier is not None])

    def answer_relay(self, subscribe: Frame, resource: dict[str, Any]) -> None:
        """Answer a relay."""
        self.hear(message(subscribe.require("id"), resources.relayed(resource)))

    # --- chat sessions and actions -------------------------------------------------------------

    def enter(self, links: ChannelLinks, **arguments: Any) -> ChatSession:
        """Start a chat session and bring it up."""
        chat_session = self.ask_to_enter(links, **arguments)
        self.grant_receipts(self.read())
        self.grant_receipts(self.read())
        assert chat_session.is_active
        return chat_session

    def ask_to_enter(self, links: ChannelLinks, **arguments: Any) -> ChatSession:
        """Start a chat session that the device may start."""
        now_ns = self.world.now_ns
        chat_session = self.device.chat_sessions.start(
            links, due_ns=now_ns, now_ns=now_ns, **arguments
        )
        assert chat_session is not None
        return chat_session

    def act_and_relay(self, links: ChannelLinks) -> None:
        """Have a message, a read and a relay under way."""
        actions.send_message(self.device, links, "hello", self.timing())
        body = resources.relayed(resources.message(6))
        actions.read_message(self.device, relayed_message(body), self.timing())
        actions.get_channel(self.device, links.id, self.timing())

    def topic_id(self, topic: str, ordinal: int = 0) -> str:
        """Return the subscription id of a topic: of the user, or of a chat session."""
        dialect = self.world.dialect
        names = dialect.channel_topics if ordinal else dialect.user_topics
        return f"subscription-id-{self.device.prefix}{ordinal << 4 | names.index(topic):012x}"

    def errors_queue_id(self) -> str:
        """Return the subscription id of the errors queue."""
        return f"subscription-id-{self.device.prefix}{15:012x}"

    def hear_event(
        self, subscription: str, kind: str, resource: dict[str, Any], *, receipt_id: str = ""
    ) -> str:
        """Give the device one event; return the id that its ACK must carry."""
        self._acks += 1
        ack = f"ack-{self._acks}"
        extra = (("receipt-id", receipt_id),) if receipt_id else ()
        self.hear(message(subscription, resources.event(kind, resource), ack=ack, extra=extra))
        return ack

    def hear_error(self, body: bytes, **headers: str) -> None:
        """Give the device an error on the errors queue."""
        extra = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        self.hear(message(self.errors_queue_id(), body, extra=extra))

    def timing(self, done: Done | None = None) -> Timing:
        """Return the timing of an action that is due now."""
        return Timing(self.world.now_ns, self.world.now_ns, done)
