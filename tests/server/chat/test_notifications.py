from typing import Any

import pytest

from tests.support.chat_devices import ChatWorld, FakeDevice

NOTIFICATION = "user.notification.created"


@pytest.fixture
def world() -> ChatWorld:
    return ChatWorld()


def notifications(device: FakeDevice) -> list[Any]:
    return [resource for _, resource in device.take_events(NOTIFICATION)]


def test_a_member_without_a_session_is_notified_on_every_device(world: ChatWorld) -> None:
    alice, bob, other = (world.device(name) for name in ("alice", "bob", "bob"))
    channel = world.lobby(alice, "bob")

    message = alice.send_text(channel, "are you there?")

    for device in (bob, other):
        (notification,) = notifications(device)
        assert notification["data"]["type"] == "USER:SENT:MESSAGE"
        assert notification["data"]["message"]["id"] == message["id"]
        assert (notification["title"], notification["body"]) == ("alice", "are you there?")


def test_one_session_on_one_device_silences_all_devices(world: ChatWorld) -> None:
    alice, bob, other = (world.device(name) for name in ("alice", "bob", "bob"))
    channel = world.lobby(alice, "bob")
    bob.enter(channel)

    alice.send_text(channel)

    assert notifications(other) == []
    assert bob.take_types() == ["channel.message.created"]


def test_ending_one_of_two_sessions_activates_nothing(world: ChatWorld) -> None:
    alice, bob, other = (world.device(name) for name in ("alice", "bob", "bob"))
    channel = world.lobby(alice, "bob")
    session, last = bob.enter(channel), other.enter(channel)

    bob.unsubscribe(*session)
    alice.send_text(channel)
    before = notifications(bob)
    other.unsubscribe(*last)
    alice.send_text(channel)

    assert before == []
    assert len(notifications(bob)) == 1


def test_authors_are_not_notified_of_their_own_messages(world: ChatWorld) -> None:
    alice, other = world.device("alice"), world.device("alice")
    channel = world.lobby(alice)

    alice.send_text(channel)

    assert notifications(other) == []


def test_who_is_not_connected_is_not_counted(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    bob.disconnect()

    alice.send_text(channel)

    assert world.chat.counters.notifications_created == 0


def test_a_reply_notifies_the_author_of_the_parent_in_another_way(world: ChatWorld) -> None:
    alice, bob, carol = (world.device(name) for name in ("alice", "bob", "carol"))
    channel = world.lobby(alice, "bob", "carol")
    parent = bob.send_text(channel, "question")
    world.hush()

    alice.result(parent["_actions"]["reply"], {"type": "TEXT", "body": "answer"})

    (to_bob,), (to_carol,) = notifications(bob), notifications(carol)
    assert to_bob["data"]["type"] == "USER:REPLIED_TO:MESSAGE"
    assert to_bob["data"]["parent"]["id"] == parent["id"]
    assert to_carol["data"]["type"] == "USER:SENT:MESSAGE"


def test_a_muted_channel_marks_its_notifications(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    bob.result(channel["_actions"]["mute"], {"state": "ON"})

    alice.send_text(channel)

    assert [each["muted"] for each in notifications(bob)] == [True]


def test_devices_of_both_dialects_get_the_same_notification(world: ChatWorld) -> None:
    alice = world.device("alice")
    first, second = world.device("bob", dialect=1), world.device("bob", dialect=2)
    channel = world.lobby(alice, "bob")

    alice.send_text(channel)

    (one,), (two,) = notifications(first), notifications(second)
    assert one["id"] == two["id"]
    assert one["data"]["message"]["_relays"]["self"].startswith("/application/v1/messages/")
    assert two["data"]["message"]["_relays"]["self"].startswith("/application/messages/")
