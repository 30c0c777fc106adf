"""What a device costs without sockets: to bring it up, and to take each kind of event.

The peer's bytes are made beforehand, and the observer only counts: what is timed is the reading of
bytes, the device's own work, and what it writes. The bodies are those of the recorded SDK.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from loadtest.chat.correlation import KEYSTROKES_SEPARATOR
from loadtest.clock import process_cpu_ns
from loadtest.device import ChatSession, Device
from loadtest.observations import ChatEvent, Observer
from tests.benchmarks.errors import BenchmarkError
from tests.support import stompx_resources as resources
from tests.support.device_world import RUN, DeviceWorld, Rig
from tests.support.recordings import RecordedFrame, recording
from tests.support.stompx_peer import connected, message, receipt

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

    They go step by step together, so that a clock that is slow to read is read once a step, and
    what their peers do is not timed.

    Raises:
        BenchmarkError: One of them has no active chat session.
    """
    world, observer = _world()
    links = world.learn_channel()
    numbers = range(1, devices + 1)
    rigs = [Rig(world, Device(number, f"user{number}", world.fleet)) for number in numbers]
    cost_ns = _cost_ns(lambda: _each(rigs, Rig.start))
    world.asked.reverse()
    cost_ns += _cost_ns(lambda: _each(rigs, Rig.open))
    cost_ns += _feed(rigs, [rig.peer.accept() for rig in rigs])
    cost_ns += _feed(rigs, [rig.peer.say(connected()) for rig in rigs if rig.read()])
    for number in range(3):  # the current user, then two grants
        answers = [_answer(rig, number) for rig in rigs]
        cost_ns += _feed(rigs, answers)
    cost_ns += _grant(rigs)
    cost_ns += _cost_ns(lambda: [rig.ask_to_enter(links) for rig in rigs])
    for _ in range(2):
        cost_ns += _grant(rigs)
    if observer.counts["chat_session_started"] != devices:
        raise BenchmarkError(f"not all of {devices} chat sessions became active")
    return cost_ns


def _answer(rig: Rig, number: int) -> bytes:
    """Return the answer to the latest relay: the current user, or a grant."""
    user = resources.current_user(rig.world.dialect, rig.device.number, rig.device.username)
    resource = {"grant": "g"} if number else user
    subscribe = rig.read()[-1]
    return rig.peer.say(message(subscribe.require("id"), resources.relayed(resource)))


def _grant(rigs: list[Rig]) -> int:
    """Answer what was subscribed; return what the devices took for that."""
    wanted = [[frame.get("receipt") for frame in rig.read()] for rig in rigs]
    answers = [
        rig.peer.say(*(receipt(each) for each in receipts if each is not None))
        for rig, receipts in zip(rigs, wanted, strict=True)
    ]
    return _feed(rigs, answers)


def _feed(rigs: list[Rig], data: list[bytes]) -> int:
    pairs = list(zip(rigs, data, strict=True))

    def feed_all() -> None:
        for rig, each in pairs:
            rig.feed(each)

    return _cost_ns(feed_all)


def _each(rigs: list[Rig], work: Callable[[Rig], None]) -> None:
    for rig in rigs:
        work(rig)


def _cost_ns(work: Callable[[], object]) -> int:
    before_ns = process_cpu_ns()
    work()
    return process_cpu_ns() - before_ns
