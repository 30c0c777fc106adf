import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.faults import FaultyRoom


class Receiver:
    """Takes every call."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def post(self, body: bytes, on_sent: Callable[[], None] | None = None) -> None:
        self.calls.append(json.loads(body))
        if on_sent is not None:
            on_sent()


@pytest.fixture
def room() -> FaultyRoom:
    """A room that bob has left, and carol without a device."""
    room = FaultyRoom(names=("alice", "bob", "carol"))
    room.leave("bob")
    room.devices["carol"].lose()
    room.world.hush()
    return room


@pytest.fixture
def receiver(room: FaultyRoom) -> Receiver:
    receiver = Receiver()
    room.world.chat.pushes.poster = receiver
    return receiver


def test_only_who_is_not_connected_at_all_is_pushed(room: FaultyRoom, receiver: Receiver) -> None:
    room.say("alice", "hello")

    (call,) = receiver.calls
    assert call["user"]["name"] == "carol"
    assert room.world.chat.counters.pushes.created == 1
    assert room.devices["bob"].take_types() == ["user.notification.created"]


def test_a_push_names_everything_it_is_about(room: FaultyRoom, receiver: Receiver) -> None:
    message = room.devices["alice"].send_text(room.channel, "hello")

    (call,) = receiver.calls
    carol = room.devices["carol"].resource
    assert call["type"] == "user.received.notification"
    assert call["user"] == {"id": carol["id"], "name": "carol"}
    assert (call["channelId"], call["messageId"]) == (room.channel["id"], message["id"])
    assert call["notification"]["data"]["message"]["id"] == message["id"]
    assert call["notification"]["body"] == "hello"


def test_authors_are_not_pushed(room: FaultyRoom, receiver: Receiver) -> None:
    room.devices["alice"].say("DISCONNECT", {})
    room.devices["bob"].enter(room.channel)

    room.say("bob", "hello")

    assert {call["user"]["name"] for call in receiver.calls} == {"alice", "carol"}


def test_without_a_receiver_nothing_is_made(room: FaultyRoom) -> None:
    room.say("alice", "hello")

    assert room.world.chat.counters.pushes.created == 0


def test_a_push_can_be_dropped(room: FaultyRoom, receiver: Receiver) -> None:
    room.apply("drop.push=1")

    room.say("alice", "hello")

    assert receiver.calls == []
    assert room.faults("drop") == {"push": 1}


def test_a_push_can_be_doubled(room: FaultyRoom, receiver: Receiver) -> None:
    room.apply("duplicate.push=1")

    room.say("alice", "hello")

    one, two = receiver.calls
    assert one == two
    assert room.faults("duplicate") == {"push": 1}


def test_a_push_can_be_delayed(room: FaultyRoom, receiver: Receiver) -> None:
    room.apply("delay_ms.push=200", "duplicate.push=1")

    room.say("alice", "hello")
    before = len(receiver.calls)
    room.world.pass_time(0.2)

    assert (before, len(receiver.calls)) == (0, 2)
    assert room.faults("delay") == {"push": 1}
