import pytest

from tests.support.chat_devices import ChatWorld, FakeDevice


@pytest.fixture
def world() -> ChatWorld:
    world = ChatWorld()
    alice = world.device("alice")
    world.device("bob")
    world.lobby(alice)
    return world


@pytest.fixture
def alice(world: ChatWorld) -> FakeDevice:
    return world.devices[0]


@pytest.fixture
def bob(world: ChatWorld) -> FakeDevice:
    return world.devices[1]


@pytest.mark.parametrize(
    "path",
    [
        "user.poem.relay",
        "users/1.poem.relay",
        "channels/3.poem.relay",
        "threads/4.messages.relay",
    ],
)
def test_a_relay_that_is_in_no_table_is_refused(alice: FakeDevice, path: str) -> None:
    alice.ask(f"/application/{path}")

    error = alice.take_error()
    assert error["error"] == "ClientError"
    assert "does not support" in error["message"]


@pytest.mark.parametrize(
    "path",
    [
        "user.delete",
        "user.update_display_picture",
        "users/1.block",
        "channels/3.create_thread",
        "channels/3.add_moderator",
        "channels/3.block",
        "threads/4.message",
    ],
)
def test_what_the_server_does_not_do_is_refused(alice: FakeDevice, path: str) -> None:
    receipt = alice.act(f"/application/{path}")

    frames = [frame.command for frame in alice.socket.frames if frame]
    error = alice.take_error()
    assert frames == ["RECEIPT", "MESSAGE"]
    assert (error["error"], error["receipt-id"]) == ("ClientError", receipt)


@pytest.mark.parametrize(
    "path", ["users/99.relay", "channels/99.relay", "messages/99.relay", "threads/99.relay"]
)
def test_a_relay_of_what_does_not_exist_is_refused(alice: FakeDevice, path: str) -> None:
    subscription = alice.ask(f"/application/{path}")

    error = alice.take_error()
    assert (error["error"], error["subscription-id"]) == ("ResourceNotFoundError", subscription)


@pytest.mark.parametrize("path", ["channels/99.message", "messages/99.read", "channels/99.join"])
def test_an_action_on_what_does_not_exist_is_refused(alice: FakeDevice, path: str) -> None:
    alice.act(f"/application/{path}")

    assert alice.take_error()["error"] == "ResourceNotFoundError"


def test_visitors_see_a_public_channel_and_nothing_in_it(bob: FakeDevice) -> None:
    channel = bob.channel(3)

    assert "join" in channel["_actions"]
    bob.ask(channel["_relays"]["messages"])
    assert bob.take_error()["error"] == "AccessDeniedError"


def test_visitors_do_not_see_a_private_channel(world: ChatWorld, bob: FakeDevice) -> None:
    create = world.devices[0].resource["_actions"]["createChannel"]
    den = world.devices[0].result(create, {"type": "PRIVATE", "name": "den"})

    bob.ask(den["_relays"]["self"])

    assert bob.take_error()["error"] == "AccessDeniedError"


def test_visitors_do_not_act_in_a_channel(
    world: ChatWorld, alice: FakeDevice, bob: FakeDevice
) -> None:
    message = alice.send_text(alice.channel(3))

    for destination in ("/application/channels/3.message", message["_actions"]["read"]):
        bob.act(destination, {"type": "TEXT", "body": "x"})
        assert bob.take_error()["error"] == "AccessDeniedError"


def test_visitors_do_not_see_messages_and_threads(alice: FakeDevice, bob: FakeDevice) -> None:
    message = alice.send_text(alice.channel(3))

    for destination in (message["_relays"]["self"], "/application/threads/4.relay"):
        bob.ask(destination)
        assert bob.take_error()["error"] == "AccessDeniedError"
