import pytest

from loadtest.server.settings import ServerSettings
from tests.support.chat_devices import ChatWorld

ACTIVE = "channel.participant.active"
INACTIVE = "channel.participant.inactive"


@pytest.fixture
def world() -> ChatWorld:
    return ChatWorld()


def test_a_device_does_not_see_its_own_entering(world: ChatWorld) -> None:
    alice = world.device("alice")

    alice.enter(world.lobby(alice))

    assert alice.take_types() == []


def test_the_first_session_of_a_user_is_announced(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    alice.enter(channel)

    bob.enter(channel)

    assert [(kind, user["name"]) for kind, user in alice.take_events()] == [(ACTIVE, "bob")]


def test_a_second_device_is_not_announced(world: ChatWorld) -> None:
    alice, bob, other = (world.device(name) for name in ("alice", "bob", "bob"))
    channel = world.lobby(alice, "bob")
    alice.enter(channel)
    bob.enter(channel)
    alice.take()

    session = other.enter(channel)
    other.unsubscribe(*session)

    assert alice.take_types() == []


def test_the_last_session_of_a_user_is_announced(world: ChatWorld) -> None:
    alice, bob, other = (world.device(name) for name in ("alice", "bob", "bob"))
    channel = world.lobby(alice, "bob")
    alice.enter(channel)
    bob.enter(channel)
    other.enter(channel)
    alice.take()

    bob.disconnect()
    before = alice.take_types()
    other.lose()

    assert before == []
    assert INACTIVE in alice.take_types()


def test_a_connection_may_hold_the_topic_twice(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.lobby(alice, "bob")
    alice.enter(channel)
    first, second = bob.enter(channel), bob.enter(channel)
    alice.take()

    bob.unsubscribe(*first)
    before = alice.take_types()
    bob.unsubscribe(*second)

    assert before == []
    assert alice.take_types() == [INACTIVE]
    assert world.chat.counters.chat_sessions_started == 2


def test_only_the_self_topic_is_a_session(world: ChatWorld) -> None:
    alice = world.device("alice")
    channel = world.lobby(alice)

    alice.subscribe(channel["_topics"]["messages"])

    assert world.chat.counters.chat_sessions_started == 0


def channels(world: ChatWorld, count: int) -> list[dict[str, dict[str, str]]]:
    alice = world.devices[0]
    create = alice.resource["_actions"]["createChannel"]
    return [alice.result(create, {"type": "PUBLIC", "name": f"room {n}"}) for n in range(count)]


def test_one_session_too_many_is_refused_without_a_receipt() -> None:
    world = ChatWorld(ServerSettings(session_limit=2))
    alice = world.device("alice")
    first, second, third = channels(world, 3)
    alice.enter(first)
    alice.enter(second)
    alice.take()

    subscription = alice.subscribe(third["_topics"]["self"])

    answers = alice.socket.frames[:]
    error = alice.take_error()
    assert len(answers) == 1
    assert error["error"] == "ChatSessionLimitExceededError"
    assert error["subscription-id"] == subscription


def test_the_limit_is_of_channels_at_once() -> None:
    world = ChatWorld(ServerSettings(session_limit=1))
    alice = world.device("alice")
    first, second = channels(world, 2)
    session = alice.enter(first)
    again = alice.enter(first)
    alice.unsubscribe(*session, *again)

    alice.enter(second)

    assert world.chat.counters.as_json(0, 0)["chat_sessions"]["open"] == 1


def test_a_limit_of_0_is_no_limit() -> None:
    world = ChatWorld(ServerSettings(session_limit=0))
    alice = world.device("alice")

    for channel in channels(world, 12):
        alice.enter(channel)

    assert world.chat.counters.chat_sessions_started == 12
