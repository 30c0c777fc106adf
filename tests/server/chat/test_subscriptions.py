import pytest

from loadtest.server.chat.subscriptions import end_channel_subscriptions
from tests.support.chat_devices import ChatWorld


@pytest.fixture
def world() -> ChatWorld:
    return ChatWorld()


def test_a_topic_is_confirmed_by_its_receipt(world: ChatWorld) -> None:
    alice = world.device("alice")
    channel = world.lobby(alice)

    alice.subscribe(channel["_topics"]["messages"])

    assert [frame.command for frame in alice.take()] == ["RECEIPT"]


@pytest.mark.parametrize(
    ("topic", "error"),
    [
        pytest.param("/topic/users/2", "AccessDeniedError", id="another user's"),
        pytest.param("/topic/channels/99", "ResourceNotFoundError", id="missing channel"),
        pytest.param("/topic/threads/99", "ResourceNotFoundError", id="missing thread"),
        pytest.param("/topic/channels/3.weather", "ResourceNotFoundError", id="unknown name"),
        pytest.param("/topic/users/1.weather", "ResourceNotFoundError", id="unknown user topic"),
        pytest.param("undefined", "ClientError", id="no topic at all"),
    ],
)
def test_a_refused_topic_gets_an_error_and_no_receipt(
    world: ChatWorld, topic: str, error: str
) -> None:
    alice = world.device("alice")
    world.device("bob")
    world.lobby(alice)

    subscription = alice.subscribe(topic)

    assert len(alice.socket.frames) == 1
    refusal = alice.take_error()
    assert (refusal["error"], refusal["subscription-id"]) == (error, subscription)


@pytest.mark.parametrize("name", ["self", "messages"])
def test_only_members_subscribe_a_channel(world: ChatWorld, name: str) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice)

    bob.subscribe(channel["_topics"][name])

    assert bob.take_error()["error"] == "AccessDeniedError"


def test_the_main_thread_has_topics_of_its_own(world: ChatWorld) -> None:
    alice = world.device("alice")
    channel = world.chat.store.channel(world.lobby(alice)["id"])

    alice.subscribe(f"/topic/threads/{channel.thread_id}.typing")

    assert [frame.command for frame in alice.take()] == ["RECEIPT"]


def test_an_id_in_use_is_refused(world: ChatWorld) -> None:
    alice = world.device("alice")
    headers = {"id": "one", "destination": alice.resource["_topics"]["self"]}

    alice.say("SUBSCRIBE", headers)
    alice.say("SUBSCRIBE", headers)

    assert "in use" in alice.take_error()["message"]


def test_an_unsubscribed_topic_is_silent(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    subscription = bob.subscribe(channel["_topics"]["messages"])
    bob.unsubscribe(subscription)
    bob.take()

    alice.send_text(channel)

    assert bob.take_types() == ["user.notification.created"]


def test_subscriptions_of_one_user_can_be_ended(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    lobby = world.lobby(alice, "bob")
    alice.enter(lobby)
    bob.enter(lobby)
    world.hush()

    channel = world.chat.store.channel(lobby["id"])
    end_channel_subscriptions(world.chat, channel, bob.connection.user)

    assert bob.take_types() == []
    assert alice.take_types() == ["channel.participant.inactive"]
    assert bob.connection.chat_sessions == {}
    assert alice.connection.chat_sessions == {channel.id: 1}
