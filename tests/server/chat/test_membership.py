import pytest

from loadtest.server.chat.bodies import UserReference
from loadtest.server.chat.membership import add_member, find_member, referred_user
from loadtest.server.state.refusals import RefusedError
from tests.support.chat_devices import ChatWorld


@pytest.fixture
def world() -> ChatWorld:
    return ChatWorld()


def test_a_reference_is_an_id_or_a_name(world: ChatWorld) -> None:
    user = world.device("alice").connection.user

    assert referred_user(world.chat, UserReference(id=user.id)) is user
    assert referred_user(world.chat, UserReference(username="alice")) is user


@pytest.mark.parametrize("reference", [UserReference(), UserReference(id=99)])
def test_a_reference_to_nobody_is_refused(world: ChatWorld, reference: UserReference) -> None:
    with pytest.raises(RefusedError, match="does not exist"):
        referred_user(world.chat, reference)


def test_a_user_who_is_no_member_is_not_found_as_one(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    channel = world.chat.store.channel(world.lobby(alice)["id"])

    with pytest.raises(RefusedError, match="member 'bob' of channel"):
        find_member(world.chat, channel, UserReference(username="bob"))
    assert bob.take() == []


def test_a_new_member_is_announced_to_the_channel_and_told(world: ChatWorld) -> None:
    alice, bob = world.device("alice"), world.device("bob")
    lobby = world.lobby(alice)
    alice.enter(lobby)
    world.hush()
    channel = world.chat.store.channel(lobby["id"])

    add_member(world.chat, channel, bob.connection.user)
    add_member(world.chat, channel, bob.connection.user)

    assert alice.take_types() == ["channel.member.joined"]
    assert bob.take_types() == ["user.channel.joined"]
