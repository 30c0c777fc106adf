from typing import Any

import pytest

from loadtest.server.requests.channel_actions import MAX_DIRECT_MEMBERS
from tests.support.chat_devices import ChatWorld, FakeDevice


@pytest.fixture
def world() -> ChatWorld:
    return ChatWorld()


def create(device: FakeDevice, kind: str, *names: str, **fields: Any) -> Any:
    body = {"type": kind, "members": [{"username": name} for name in names], **fields}
    return device.result(device.resource["_actions"]["createChannel"], body)


def refused(device: FakeDevice, destination: str, body: object = None) -> str:
    device.take()
    device.act(destination, body)
    error: str = device.take_error()["error"]
    return error


# --- creating ---------------------------------------------------------------------------------


def test_the_creator_creates_and_the_members_join(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    body = {"type": "PUBLIC", "name": "lobby", "members": [{"username": "bob"}]}

    alice.act(alice.resource["_actions"]["createChannel"], body)

    assert alice.take_types() == ["user.channel.created"]
    ((kind, channel),) = bob.take_events()
    assert (kind, channel["name"], channel["displayName"]) == (
        "user.channel.joined",
        "lobby",
        "lobby",
    )


def test_members_who_do_not_exist_are_left_out(world: ChatWorld) -> None:
    alice = world.device("alice")

    channel = create(alice, "PRIVATE", "nobody", name="den")

    assert alice.relay(channel["_relays"]["members"])["page"]["totalElements"] == 1


def test_a_group_without_a_name_gets_one(world: ChatWorld) -> None:
    alice = world.device("alice")

    names = {create(alice, "PUBLIC")["name"] for _ in range(2)}

    assert len(names) == 2


def test_the_same_name_is_the_same_channel(world: ChatWorld) -> None:
    alice, bob, carol = (world.device(name) for name in ("alice", "bob", "carol"))
    first = create(alice, "PUBLIC", name="lobby")
    world.hush()

    bob.act(
        bob.resource["_actions"]["createChannel"],
        {"type": "PUBLIC", "name": "lobby", "members": [{"username": "carol"}]},
    )

    assert bob.take_types() == ["user.channel.joined", "user.channel.upserted"]
    ((kind, channel),) = carol.take_events()
    assert (kind, channel["id"]) == ("user.channel.joined", first["id"])
    assert alice.take() == []


def test_the_same_users_share_one_direct_channel(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")

    first = create(alice, "DIRECT", "bob")
    second = create(bob, "DIRECT", "alice")

    assert first["id"] == second["id"]
    assert {user["name"] for user in first["members"]} == {"alice", "bob"}


@pytest.mark.parametrize("others", [0, MAX_DIRECT_MEMBERS])
def test_a_direct_channel_has_two_to_ten_users(world: ChatWorld, others: int) -> None:
    alice = world.device("alice")
    names = [f"user {number}" for number in range(others)]
    for name in names:
        world.device(name)
    body = {"type": "DIRECT", "members": [{"username": name} for name in names]}

    assert refused(alice, alice.resource["_actions"]["createChannel"], body) == "ClientError"


def test_a_name_of_another_type_is_refused(world: ChatWorld) -> None:
    alice = world.device("alice")
    create(alice, "PUBLIC", name="lobby")
    body = {"type": "PRIVATE", "name": "lobby"}

    assert refused(alice, alice.resource["_actions"]["createChannel"], body) == "ClientError"


# --- joining and leaving ----------------------------------------------------------------------


def test_anybody_joins_a_public_channel(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice)
    alice.enter(channel)
    seen = bob.channel(channel["id"])
    world.hush()

    joined = bob.result(seen["_actions"]["join"], {"channel": seen})

    assert "leave" in joined["_actions"]
    assert "join" not in joined["_actions"]
    assert alice.take_types() == ["channel.member.joined"]


def test_a_private_channel_is_by_invitation(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, kind="PRIVATE")

    assert refused(bob, f"/application/channels/{channel['id']}.join") == "AccessDeniedError"


@pytest.mark.parametrize("dialect", [1, 2])
def test_an_invited_user_is_a_member(world: ChatWorld, dialect: int) -> None:
    alice, bob = world.device("alice", dialect), world.device("bob", dialect)
    channel = world.lobby(alice, kind="PRIVATE")

    user = alice.result(channel["_actions"]["invite"], {"user": {"username": "bob"}})

    assert user["name"] == "bob"
    assert bob.take_types() == ["user.channel.joined"]


def test_who_leaves_is_told_twice_and_the_channel_once(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    alice.enter(channel)
    world.hush()

    bob.act(channel["_actions"]["leave"])

    assert bob.take_types() == ["user.channel.left", "me.channel.left"]
    assert alice.take_types() == ["channel.member.left"]


def test_leaving_ends_the_chat_sessions(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    bob.enter(channel)
    bob.result(channel["_actions"]["leave"])

    alice.send_text(channel)

    assert bob.take_types() == []


def test_a_member_can_be_removed_by_another(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")

    result = alice.result(channel["_actions"]["leave"], {"user": {"username": "bob"}})

    assert result["id"] == channel["id"]
    assert "user.channel.left" in bob.take_types()
    assert refused(bob, channel["_actions"]["message"]) == "AccessDeniedError"


@pytest.mark.parametrize("action", ["leave", "invite"])
def test_a_direct_channel_keeps_its_users(world: ChatWorld, action: str) -> None:
    alice = world.device("alice")
    world.device("bob")
    channel = create(alice, "DIRECT", "bob")

    destination = f"/application/channels/{channel['id']}.{action}"
    assert refused(alice, destination, {"user": {"username": "bob"}}) == "ClientError"


# --- changing ---------------------------------------------------------------------------------


def test_a_changed_channel_is_told_to_sessions_and_members(world: ChatWorld) -> None:
    alice, bob, carol = (world.device(name) for name in ("alice", "bob", "carol"))
    channel = world.lobby(alice, "bob", "carol")
    bob.enter(channel)
    world.hush()

    updated = alice.result(
        channel["_actions"]["update"], {**channel, "displayName": "New", "properties": {"a": 1}}
    )

    assert (updated["displayName"], updated["properties"]) == ("New", {"a": 1})
    assert bob.take_types() == ["channel.self.updated", "user.channel.updated"]
    assert carol.take_types() == ["user.channel.updated"]


def test_a_refused_change_changes_nothing(world: ChatWorld) -> None:
    alice = world.device("alice")
    channel = world.lobby(alice)
    create(alice, "PUBLIC", name="taken")

    body = {"name": "taken", "displayName": "New"}

    assert refused(alice, channel["_actions"]["update"], body) == "ClientError"
    assert alice.channel(channel["id"])["displayName"] == "lobby"


def test_a_deleted_channel_ends_its_sessions_and_is_gone(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    bob.enter(channel)
    bob.take()

    deleted = alice.result(channel["_actions"]["delete"])

    assert deleted["id"] == channel["id"]
    assert bob.take_types() == ["channel.self.deleted", "user.channel.deleted"]
    assert bob.connection.chat_sessions == {}
    assert refused(alice, channel["_actions"]["message"]) == "ResourceNotFoundError"


def test_only_the_creator_deletes_a_channel(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")

    assert refused(bob, channel["_actions"]["delete"]) == "AccessDeniedError"


@pytest.mark.parametrize(
    ("action", "body", "event_type"),
    [
        ("mute", {"state": "ON"}, "user.channel.muted"),
        ("mute", {"state": "OFF"}, "user.channel.unmuted"),
        ("hide", {}, "user.channel.hidden"),
        ("clearHistory", {}, "user.channel.history_cleared"),
    ],
)
def test_how_a_user_sees_a_channel_is_told_to_that_user_alone(
    world: ChatWorld, action: str, body: dict[str, str], event_type: str
) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")

    alice.act(channel["_actions"][action], body)

    assert alice.take_types() == [event_type]
    assert bob.take() == []


# --- talking ----------------------------------------------------------------------------------


def test_reading_a_channel_reads_each_message_of_others_once(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    for text in ("one", "two"):
        alice.send_text(channel, text)
    bob.send_text(channel, "own")
    alice.enter(channel)
    alice.take()

    bob.act(channel["_actions"]["read"])
    bob.act(channel["_actions"]["read"])

    event = "message.read_receipt.created"
    assert len([1 for kind in alice.take_types(event)]) == 4  # on the channel's and her own topic
    assert bob.relay(bob.resource["_relays"]["unreadMessagesCount"]) == {"count": 0}


def test_an_event_of_the_application_reaches_all_sessions(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    alice.enter(channel)
    alice.take()

    bob.act(channel["_actions"]["triggerEvent"], {"type": "moved", "properties": {"x": 1}})

    ((kind, event),) = alice.take_events()
    assert (kind, event["type"], event["properties"]) == (
        "channel.event.triggered",
        "moved",
        {"x": 1},
    )
