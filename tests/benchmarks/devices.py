"""What a device costs without sockets: to bring it up, and to take each kind of event.

The peer's bytes are made beforehand, and the observer only counts: what is timed is the reading of
bytes, the device's own work, and what it writes. The bodies are those of the recorded SDK.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from loadtest.chat.correlation import KEYSTROKES_SEPARATOR
from loadtest.chat.resources import ChannelLinks
from loadtest.clock import process_cpu_ns
from loadtest.device import ChatSession, Device
from loadtest.observations import ChatEvent, Observer
from tests.benchmarks.errors import BenchmarkError
from tests.support.device_world import RUN, DeviceWorld, Rig
from tests.support.recordings import RecordedFrame, recording
from tests.support.stompx_peer import message

__all__ = ["EVENTS", "CountingObserver", "bring_up_cost", "event_cost"]

_DIALECT = 2
_KEY = 7
_ACK = "dbf6bd5e-1f8e-47a0-8295-93bea170cee0"


class CountingObserver:
    """Counts what it is told, by the name of the call."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not hasattr(Observer, name):
            raise AttributeError(name)
        counts = self.counts
        counts[name] = 0

        def count(*_: object) -> None:
            counts[name] += 1

        setattr(self, name, count)
        return count


@dataclass(frozen=True, slots=True)
class EventKind:
    """One event as a device gets it."""

    type: str
    topic: str
    """The topic that brings it; of the user, if it is a notification."""
    observation: str
    """The call of the observer that it must lead to."""


EVENTS = (
    EventKind(ChatEvent.MESSAGE_CREATED, "messages", "message_delivered"),
    EventKind(ChatEvent.MESSAGE_UPDATED, "messages", "event_delivered"),
    EventKind(ChatEvent.KEYSTROKES_CREATED, "keystrokes", "keystrokes_delivered"),
    EventKind(ChatEvent.TYPING_STARTED, "typing", "event_delivered"),
    EventKind(ChatEvent.PARTICIPANT_ENTERED, "participants", "event_delivered"),
    EventKind(ChatEvent.PRESENCE_CHANGED, "participants", "event_delivered"),
    EventKind(ChatEvent.CHANNEL_UPDATED, "self", "event_delivered"),
    EventKind(ChatEvent.MESSAGE_READ, "readReceipts", "read_receipt_delivered"),
    EventKind(ChatEvent.NOTIFICATION_CREATED, "notifications", "notification_delivered"),
)


def recorded_body(event: str) -> bytes:
    """Return the body of an event as the SDK got it, with our mark in it."""
    for line in recording(_DIALECT):
        if isinstance(line, RecordedFrame) and line.command == "MESSAGE" and not line.is_out:
            body = json.loads(line.body)
            if body.get("type") == event:
                _mark(body["resource"])
                return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    raise BenchmarkError(f"the recording of dialect {_DIALECT} has no {event}")


def _mark(resource: dict[str, Any]) -> None:
    marked = resource.get("data", {}).get("message", resource)
    if "keys" in marked:
        marked["keys"] += f"{KEYSTROKES_SEPARATOR}{RUN}.{_KEY:x}"
    elif "body" in marked:
        marked["properties"] = {"loadtest": [RUN, _KEY, 1, 1, 2**40, 2**40]}


def _world() -> tuple[DeviceWorld, CountingObserver]:
    world = DeviceWorld(heart_beats=False)
    observer = CountingObserver()
    world.fleet.observer = cast(Observer, observer)
    return world, observer


def _entered(world: DeviceWorld, number: int = 1) -> tuple[Rig, ChatSession]:
    rig = world.rig(number)
    rig.activate()
    chat_session = rig.enter(world.learn_channel())
    return rig, chat_session


def event_cost(kind: EventKind, count: int) -> int:
    """Return the CPU nanoseconds of ``count`` events, each in a read of its own.

    A read receipt is one that this worker knows the message of; its relay is written, not answered.

    Raises:
        BenchmarkError: The observer was not told of every event.
    """
    world, observer = _world()
    rig, _ = _entered(world)
    is_of_user = kind.type == ChatEvent.NOTIFICATION_CREATED
    topic = rig.topic_id(kind.topic, 0 if is_of_user else 1)
    body = recorded_body(kind.type)
    links = json.loads(body)["resource"].get("_relays", {})
    world.fleet.learn_message_link(links.get("message", "~"), 6)
    data = rig.peer.say(message(topic, body, ack=_ACK))
    receive, now_ns = rig.owner.receive, world.now_ns
    rig.link.take()
    before_ns = process_cpu_ns()
    for _ in range(count):
        receive(data, now_ns)
    cost_ns = process_cpu_ns() - before_ns
    seen = observer.counts.get(kind.observation, 0)
    if seen != count or rig.link.take().count(b"\x81") < count:
        raise BenchmarkError(f"{seen} of {count} {kind.type} were observed and acknowledged")
    return cost_ns


def bring_up_cost(devices: int) -> int:
    """Return the CPU nanoseconds that ``devices`` take to an active chat session each.

    Raises:
        BenchmarkError: One of them has no active chat session.
    """
    world, observer = _world()
    links = world.learn_channel()
    cost_ns = 0
    for number in range(1, devices + 1):
        rig = _TimedRig(world, Device(number, f"user{number}", world.fleet))
        rig.activate()
        rig.enter(links)
        cost_ns += rig.cost_ns
    if observer.counts["chat_session_started"] != devices:
        raise BenchmarkError(f"not all of {devices} chat sessions became active")
    return cost_ns


class _TimedRig(Rig):
    """Counts the CPU time of the device, without that of its peer."""

    cost_ns = 0

    def start(self) -> None:
        self.cost_ns += _cost_ns(super().start)

    def open(self) -> None:
        self.cost_ns += _cost_ns(super().open)

    def feed(self, data: bytes) -> None:
        self.cost_ns += _cost_ns(lambda: super(_TimedRig, self).feed(data))

    def ask_to_enter(self, links: ChannelLinks, **arguments: Any) -> ChatSession:
        before_ns = process_cpu_ns()
        chat_session = super().ask_to_enter(links, **arguments)
        self.cost_ns += process_cpu_ns() - before_ns
        return chat_session


def _cost_ns(work: Callable[[], None]) -> int:
    before_ns = process_cpu_ns()
    work()
    return process_cpu_ns() - before_ns
