"""The API connection of dialect 2: two counts, one after the other, when they may have changed."""

from typing import Any

import pytest

from loadtest.device.state import State
from loadtest.observations import Action, ChatEvent
from loadtest.wire.stomp import Frame
from tests.support import stompx_resources as resources
from tests.support.device_world import DeviceWorld, Rig
from tests.support.stompx_peer import message

CHANNELS = "~user-relay~1~channelsCount"
MESSAGES = "~user-relay~1~unreadMessagesCount"
COUNT = b'{"type":"resource.relayed","version":"v1","resource":{"count":2}}'


def connected(**settings: Any) -> tuple[DeviceWorld, Rig]:
    world = DeviceWorld(**{"api_connection": True, **settings})
    return world, world.active_rig()


def relays(frames: list[Frame]) -> list[str]:
    return [
        frame.require("destination")
        for frame in frames
        if frame.command == "SUBSCRIBE" and frame.get("receipt") is None
    ]


def notified(rig: Rig, kind: str = "USER:SENT:MESSAGE") -> list[Frame]:
    resource = resources.notification(8)
    resource["data"]["type"] = kind
    rig.hear_event(rig.topic_id("notifications"), ChatEvent.NOTIFICATION_CREATED, resource)
    return rig.read()


def test_the_counts_are_relayed_right_behind_the_topics_of_the_user() -> None:
    rig = DeviceWorld(api_connection=True).rig()
    rig.start()
    rig.connect()
    rig.load()
    *topics, relay = rig.read()

    assert [topic.command for topic in topics] == ["SUBSCRIBE"] * 14
    assert all(topic.get("receipt") is not None for topic in topics)
    assert relays([relay]) == [CHANNELS]


def test_both_counts_are_relayed_after_a_notification_of_a_message() -> None:
    world, rig = connected()
    rig.read()
    relay, ack = notified(rig)
    assert (relay.headers[0], relay.require("destination")) == (("unread", "true"), CHANNELS)
    assert [name for name, _ in relay.headers] == ["unread", "id", "destination"]
    assert ack.command == "ACK"

    rig.hear(message(relay.require("id"), COUNT))
    [second] = rig.read()
    assert (second.headers[0], second.require("destination")) == (("unread", "true"), MESSAGES)

    rig.hear(message(second.require("id"), COUNT))
    assert rig.read() == []
    done = [call for call in world.observer.named("action_completed") if call[1] is Action.RELAY]
    assert len(done) >= 2


@pytest.mark.parametrize(
    ("kind", "is_relayed"),
    [("SYSTEM:SENT:MESSAGE", True), ("USER:MENTIONED:USER", False), ("OTHER", False)],
)
def test_not_every_notification_changes_the_counts(kind: str, is_relayed: bool) -> None:
    _, rig = connected()
    rig.read()

    assert relays(notified(rig, kind)) == [CHANNELS] * is_relayed


def test_an_unreadable_notification_changes_nothing() -> None:
    _, rig = connected()
    rig.read()
    rig.hear_event(rig.topic_id("notifications"), ChatEvent.NOTIFICATION_CREATED, {"data": 1})

    assert relays(rig.read()) == []


@pytest.mark.parametrize("change", ["created", "deleted"])
def test_a_read_receipt_of_the_user_changes_the_counts(change: str) -> None:
    _, rig = connected()
    rig.read()
    event = f"message.read_receipt.{change}"
    rig.hear_event(rig.topic_id("readReceipts"), event, resources.read_receipt(6))

    assert relays(rig.read()) == [CHANNELS]


def test_a_count_that_fails_does_not_keep_the_other_one_back() -> None:
    _, rig = connected()
    rig.read()
    relay, _ = notified(rig)
    rig.hear_error(resources.error("ClientError"), subscription_id=relay.require("id"))

    assert relays(rig.read()) == [MESSAGES]


def test_a_lost_connection_ends_it() -> None:
    world, rig = connected()
    notified(rig)
    rig.close_link()
    assert rig.device.state is State.WAITING

    world.advance(5)
    assert CHANNELS not in relays(rig.read())


def test_any_other_device_relays_no_counts() -> None:
    _, rig = connected(api_connection=False)
    rig.read()

    assert relays(notified(rig)) == []
