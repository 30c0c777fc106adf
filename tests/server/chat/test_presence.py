import pytest

from loadtest.server.chat.presence import contacts_of
from loadtest.server.settings import PresenceFanout, ServerSettings
from tests.support.chat_devices import ChatWorld


def test_the_first_connection_is_announced_to_chats_and_contacts() -> None:
    world = ChatWorld()
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    bob.disconnect()
    alice.enter(channel)
    world.hush()

    world.device("bob")

    events = alice.take_events()
    assert [event_type for event_type, _ in events] == [
        "participant.presence.changed",
        "contact.presence.changed",
    ]
    assert all(user["presence"] == {"status": "AVAILABLE", "online": True} for _, user in events)


def test_a_second_device_changes_nothing() -> None:
    world = ChatWorld()
    alice, bob = world.device("alice"), world.device("bob")
    alice.enter(world.lobby(alice, "bob"))
    world.hush()

    world.device("bob")
    bob.disconnect()

    assert alice.take_types() == []


def test_the_last_connection_goes_offline() -> None:
    world = ChatWorld()
    alice, bob = world.device("alice"), world.device("bob")
    alice.enter(world.lobby(alice, "bob"))
    world.hush()

    bob.lose()

    (_, user), _ = alice.take_events()
    assert user["presence"] == {"status": "UNAVAILABLE", "online": False}


@pytest.mark.parametrize(
    ("fanout", "expected"),
    [
        (PresenceFanout.CONTACTS, ["participant.presence.changed", "contact.presence.changed"]),
        (PresenceFanout.CHANNELS, ["participant.presence.changed"]),
        (PresenceFanout.OFF, []),
    ],
)
def test_who_is_told_is_a_setting(fanout: PresenceFanout, expected: list[str]) -> None:
    world = ChatWorld(ServerSettings(presence_fanout=fanout))
    alice, bob = world.device("alice"), world.device("bob")
    alice.enter(world.lobby(alice, "bob"))
    world.hush()

    bob.disconnect()

    assert alice.take_types() == expected


def test_strangers_are_not_told() -> None:
    world = ChatWorld()
    alice = world.device("alice")

    world.device("bob")

    assert alice.take_types() == []


def test_contacts_share_a_channel() -> None:
    world = ChatWorld()
    alice, bob = world.device("alice"), world.device("bob")
    world.device("carol")
    world.lobby(alice, "bob")

    assert contacts_of(alice.connection.user) == [bob.connection.user]
